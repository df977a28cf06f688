"""The causes gateway, identity and weaker: what the two products account for, and what they do not."""

from typing import Any

import pytest

from harness.model.request import Headers
from harness.model.response import Response

JSON = (("Content-Type", "application/json"),)
AWS = (*JSON, ("x-amzn-RequestId", "6a1e"), ("x-amz-apigw-id", "Zk=="))
CHALLENGE = ("WWW-Authenticate", 'AzureApiManagementKey realm="https://contoso.azure-api.net/o",name="k",type="header"')
MISSING_KEY = "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API."
ACTIVITY = ', "activityId": "2d4b0f4e"'


def aws(
    pairs: Any,
    status: int,
    error_type: str,
    message: str,
    *,
    key: str = "message",
    total: float = 5.0,
    more: Headers = (),
) -> Response:
    headers = (*AWS, ("x-amzn-ErrorType", error_type), *more)
    found: Response = pairs.answer(status, headers, f'{{"{key}":"{message}"}}', total)
    return found


def apim(pairs: Any, status: int, message: str, *, more: Headers = (), tail: str = "", total: float = 5.0) -> Response:
    body = f'{{ "statusCode": {status}, "message": "{message}"{tail} }}'
    found: Response = pairs.answer(status, (*JSON, *more), body, total)
    return found


def no_route(pairs: Any) -> tuple[Response, Response]:
    return (
        aws(pairs, 403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        apim(pairs, 404, "Resource not found"),
    )


def no_key(pairs: Any) -> tuple[Response, Response]:
    return aws(pairs, 403, "ForbiddenException", "Forbidden"), apim(pairs, 401, MISSING_KEY, more=(CHALLENGE,))


def test_the_same_situation_in_two_dialects(pairs: Any) -> None:
    for old, new in (
        no_route(pairs),
        no_key(pairs),
        (
            aws(pairs, 429, "TooManyRequestsException", "Too Many Requests"),
            apim(pairs, 429, "Rate limit is exceeded. Try again in 7 seconds.", more=(("Retry-After", "7"),)),
        ),
        (
            aws(pairs, 429, "LimitExceededException", "Limit Exceeded"),
            apim(pairs, 403, "Out of call volume quota. Quota will be replenished in 2.12:30:00.", more=(("Retry-After", "7"),)),
        ),
        (aws(pairs, 401, "UnauthorizedException", "Unauthorized"), apim(pairs, 401, "JWT not present.")),
        (
            aws(pairs, 403, "AccessDeniedException", "User is not authorized to access this resource", key="Message"),
            apim(pairs, 403, "Forbidden"),
        ),
        (
            aws(pairs, 504, "InternalServerErrorException", "Endpoint request timed out", total=29_000.0),
            apim(pairs, 500, "Internal server error", tail=ACTIVITY, total=29_200.0),
        ),
        (
            aws(pairs, 504, "InternalServerErrorException", "Network error communicating with endpoint"),
            apim(pairs, 500, "Internal server error", tail=ACTIVITY),
        ),
        (aws(pairs, 400, "BadRequestException", "Invalid request body"),
         apim(pairs, 400, "Body of the request does not conform to the definition Order, which is associated with it")),
    ):  # fmt: skip
        found = pairs.explain(old, new).differences
        assert {one.cause.value for one in found} <= {"gateway", "identity"}, new
        told = [one for one in found if one.cause.value == "gateway"]
        assert told
        assert all(one.remedy and "both gateways say: " in one.note for one in told)
        assert all(one.cause.value == "gateway" for one in pairs.explain(new, old, kinds=("azure-apim", "aws-rest")).differences
                   if one.at == "status")  # fmt: skip


def test_the_remedy_names_policy_and_status(pairs: Any) -> None:
    found = {one.at: one for one in pairs.explain(*no_route(pairs)).differences}
    assert "OperationNotFound" in found["status"].remedy
    assert "status 403" in found["status"].remedy
    old, new = no_route(pairs)
    back = {one.at: one for one in pairs.explain(new, old, kinds=("azure-apim", "aws-rest")).differences}
    assert "MISSING_AUTHENTICATION_TOKEN: status 404" in back["status"].remedy


def test_other_headers_of_such_a_pair_stay(pairs: Any) -> None:
    old, _ = no_key(pairs)
    more = (
        ("Access-Control-Allow-Origin", "*"),
        ("Cache-Control", "no-store"),
        ("Set-Cookie", "a=1"),
        ("Strict-Transport-Security", "max-age=1"),
    )
    new = apim(pairs, 401, MISSING_KEY, more=(CHALLENGE, *more))
    found = pairs.causes(old, new)
    assert {at for at, cause in found.items() if cause == "unexplained"} == {
        "header:access-control-allow-origin",
        "header:cache-control",
        "header:set-cookie[a]",
        "header:strict-transport-security",
    }
    assert found["header:www-authenticate"] == "gateway"


def test_a_lost_retry_after_is_a_loss(pairs: Any) -> None:
    old = apim(pairs, 429, "Rate limit is exceeded. Try again in 7 seconds.", more=(("Retry-After", "7"),))
    new = aws(pairs, 429, "TooManyRequestsException", "Too Many Requests")
    found = pairs.causes(old, new, kinds=("azure-apim", "aws-rest"))
    assert found["header:retry-after"] == "unexplained"
    assert found["body:$.message"] == "gateway"


@pytest.mark.parametrize("kind", ["aws-rest", "azure-apim"])
def test_one_sided_errors_are_never_explained_away(pairs: Any, kind: str) -> None:
    old = pairs.answer(200, AWS, '{"ok": true}')
    new = no_route(pairs)[0] if kind == "aws-rest" else no_route(pairs)[1]
    found = {one.at: one for one in pairs.explain(old, new, kinds=("aws-rest", kind)).differences}
    status = found["status"]
    assert status.cause.value == "unexplained"
    assert "made this answer itself: no operation matches" in status.note
    assert status.remedy
    if kind == "azure-apim":
        assert status.note.startswith("Azure API Management made this answer itself: no operation matches (404 ")
    assert all(one.cause.value in {"unexplained", "identity"} for one in found.values())


NOT_SHARED = [
    ("situations differ", 403, "ForbiddenException", "Forbidden", 404, "Resource not found", ""),
    ("a backend's 404", 403, "MissingAuthenticationTokenException", "Missing Authentication Token", 404, "Order not found", ""),
    ("unconfirmed text", 401, "UnauthorizedException", "Unauthorized", 401, "Invalid JWT.", ""),
    ("inferred", 415, "BadRequestException", "Unsupported Media Type", 400, "Unspecified content type a/b is not allowed.", ""),
    ("throttle and quota", 429, "TooManyRequestsException", "Too Many Requests", 403, "Out of call volume quota. Quota will be replenished in 1:00.", ""),
    ("crash and unreachable", 502, "InternalServerErrorException", "Internal server error", 500, "Internal server error", ACTIVITY),
]  # fmt: skip


@pytest.mark.parametrize(("what", "status", "kind", "text", "new_status", "new_text", "tail"), NOT_SHARED)
def test_what_is_not_the_same_situation(
    pairs: Any, what: str, status: int, kind: str, text: str, new_status: int, new_text: str, tail: str
) -> None:
    found = pairs.causes(aws(pairs, status, kind, text), apim(pairs, new_status, new_text, tail=tail))
    assert "gateway" not in found.values(), what
    assert "unexplained" in found.values() or "weaker" in found.values()


def test_a_body_that_somebody_wrote_is_not_excused(pairs: Any) -> None:
    headers = (*AWS, ("x-amzn-ErrorType", "MissingAuthenticationTokenException"))
    old = pairs.answer(403, headers, '{"error": "unknown path"}')
    found = pairs.causes(old, no_route(pairs)[1])
    assert found["status"] == "gateway"
    assert found["body:$.error"] == "unexplained"
    assert found["body:$.message"] == "unexplained"

    new = pairs.answer(404, (*AWS, ("x-amzn-ErrorType", "MissingAuthenticationTokenException")), '{"error": "mine"}')
    back = pairs.causes(no_route(pairs)[1], new, kinds=("azure-apim", "aws-rest"))
    assert back["body:$.error"] == "unexplained"


def test_time_limits_that_differ(pairs: Any) -> None:
    def both(a: float, b: float) -> Any:
        old = aws(pairs, 504, "InternalServerErrorException", "Endpoint request timed out", total=a)
        new = apim(pairs, 500, "Internal server error", tail=ACTIVITY, total=b)
        return next(one for one in pairs.explain(old, new).differences if one.at == "status")

    assert both(29_000.0, 29_100.0).cause.value == "gateway"
    near = both(29_000.0, 40_000.0)
    assert (near.cause.value, "time limits differ" in near.note) == ("gateway", True)
    far = both(29_000.0, 300.0)
    assert (far.cause.value, "the old side gave up after 29.0 s, the new after 0.3 s" in far.note) == (
        "unexplained",
        True,
    )


def test_preflights(pairs: Any) -> None:
    sent = (("Origin", "https://evil.example"), ("Access-Control-Request-Method", "GET"))
    fixed = pairs.answer(
        200, (*AWS, ("Access-Control-Allow-Origin", "https://app.example"), ("Access-Control-Allow-Methods", "GET"))
    )
    empty = pairs.answer(200)
    found = pairs.causes(fixed, empty, method="OPTIONS", sent=sent)
    assert found["header:access-control-allow-origin"] == found["header:access-control-allow-methods"] == "gateway"
    mine = (("Origin", "https://app.example"), sent[1])
    refused = {one.at: one for one in pairs.explain(fixed, empty, method="OPTIONS", sent=mine).differences}
    assert refused["header:access-control-allow-origin"].cause.value == "unexplained"
    assert any("no CORS rule allows the origin" in one.note for one in refused.values())
    old = no_route(pairs)[0]
    assert pairs.causes(old, empty, method="OPTIONS", sent=sent)["status"] == "unexplained"


def test_names_of_products_and_requests(pairs: Any) -> None:
    old = pairs.answer(
        200,
        (
            *AWS,
            ("Date", "a"),
            ("X-Amzn-Trace-Id", "Root=1"),
            ("Via", "1.1 x"),
            ("x-request-id", "1"),
            ("x-correlation-id", "c"),
        ),
    )
    new = pairs.answer(
        200,
        (*JSON, ("Server", "x"), ("Request-Context", "appId=cid-v1:1"), ("x-request-id", "2"), ("Traceparent", "00-1")),
    )
    found = pairs.causes(old, new)
    assert {at for at, cause in found.items() if cause == "unexplained"} == {
        "header:x-correlation-id",
        "header:traceparent",
    }
    assert {cause for at, cause in found.items() if at not in {"header:x-correlation-id", "header:traceparent"}} == {
        "identity"
    }


def test_an_identifier_that_is_sent_back_is_a_promise(pairs: Any) -> None:
    old = pairs.answer(200, (("x-request-id", "mine"),))
    new = pairs.answer(200, (("x-request-id", "other"),))
    assert pairs.causes(old, new, sent=(("X-Request-Id", "mine"),)) == {"header:x-request-id": "unexplained"}
    assert pairs.causes(old, new) == {"header:x-request-id": "identity"}


def test_remapped_fields_of_the_backend(pairs: Any) -> None:
    value = 'Basic realm="orders"'
    old = pairs.answer(
        401, (("x-amzn-Remapped-WWW-Authenticate", value), ("x-amzn-Remapped-Date", "d"), ("x-amzn-Remapped-Host", "h"))
    )
    new = pairs.answer(401, (("WWW-Authenticate", value), ("Date", "d")))
    assert pairs.causes(old, new) == {
        "header:x-amzn-remapped-www-authenticate": "gateway",
        "header:www-authenticate": "gateway",
        "header:x-amzn-remapped-date": "identity",
        "header:date": "identity",
        "header:x-amzn-remapped-host": "unexplained",
    }
    other = pairs.answer(401, (("WWW-Authenticate", "Bearer"),))
    assert set(pairs.causes(old, other).values()) == {"unexplained", "identity"}
    back = pairs.causes(new, old, kinds=("azure-apim", "aws-rest"))
    assert back["header:www-authenticate"] == "unexplained"


def weaker(pairs: Any, old: Response, new: Response, **kwargs: Any) -> bool:
    found = {one.at: one for one in pairs.explain(old, new, **kwargs).differences}
    assert set(found["status"].cause.value.split()) <= {"weaker", "unexplained", "gateway"}
    if found["status"].cause.value == "weaker":
        assert found["status"].remedy
        assert found["status"].note
    assert all(one.cause.value != "weaker" for at, one in found.items() if at != "status")
    return bool(found["status"].cause.value == "weaker")


def test_a_new_side_that_lets_callers_through(pairs: Any) -> None:
    key, unauthorized = no_key(pairs)[0], pairs.answer(401, JSON, '{"error": "login"}')
    route = no_route(pairs)[0]
    waf = apim(pairs, 429, "x")
    waf = pairs.answer(429, (("X-Azure-Ref", "1"),), "The request is blocked.")
    for old in (key, unauthorized, route):
        for status in (200, 201, 204, 302):
            assert weaker(pairs, old, pairs.answer(status, JSON, "{}")), (old, status)
    for status in (400, 404, 405, 422, 500):
        assert weaker(pairs, key, pairs.answer(status, JSON, '{"error": "backend"}')), status
    assert weaker(pairs, waf, pairs.answer(200), kinds=("azure-apim", "azure-apim"))
    timed_out = aws(pairs, 504, "InternalServerErrorException", "Endpoint request timed out")
    assert weaker(pairs, unauthorized, timed_out, kinds=("aws-rest", "aws-rest"))


def test_a_new_side_that_does_not(pairs: Any) -> None:
    key = no_key(pairs)[0]
    for new in (
        apim(pairs, 404, "Resource not found"),
        apim(pairs, 429, "Rate limit is exceeded. Try again in 7 seconds."),
        apim(pairs, 500, "Internal server error", tail=ACTIVITY),
        pairs.answer(401, JSON, '{"error": "login"}'),
        pairs.answer(503),
        pairs.answer(502),
        pairs.answer(429),
    ):
        assert not weaker(pairs, key, new), new
    assert not weaker(pairs, no_route(pairs)[0], pairs.answer(404, JSON, '{"error": "no such order"}'))
    assert not weaker(pairs, key, pairs.answer(404, (), "nginx"), kinds=("aws-rest", "generic"))
    assert not weaker(pairs, key, pairs.answer(404), method="HEAD")
    assert weaker(pairs, key, pairs.answer(200), method="HEAD")
    assert not weaker(pairs, pairs.answer(429), pairs.answer(200))
    assert not weaker(pairs, pairs.answer(200), pairs.answer(401))
    assert weaker(pairs, pairs.answer(401), pairs.answer(200), kinds=("generic", "generic"))
