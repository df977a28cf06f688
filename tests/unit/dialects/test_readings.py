"""Every error row of every dialect, read from a literal answer; and answers of backends that look alike."""

import re

import pytest

from harness.dialects.dialect import Dialect
from harness.dialects.registry import DIALECTS, dialect
from harness.dialects.rows import Grade, Situation
from harness.model.errors import HarnessError
from harness.model.request import Headers, Request
from harness.model.response import Body, Response
from harness.model.side import Side

S = Situation
AWS = (("Content-Type", "application/json"), ("x-amzn-RequestId", "6a1e"), ("x-amz-apigw-id", "Zk=="))
HTTP = (("content-type", "application/json"), ("apigw-requestid", "Zk="))
APIM = (("Content-Type", "application/json"),)
CHALLENGE = (
    "WWW-Authenticate",
    'AzureApiManagementKey realm="https://contoso.azure-api.net/orders",name="Ocp-Apim-Subscription-Key",type="header"',
)
PREFLIGHT = (("Origin", "https://evil.example"), ("Access-Control-Request-Method", "GET"))
MISSING_KEY = "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API."
INVALID_KEY = (
    "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."
)


def answer(status: int, headers: Headers, body: str) -> Response:
    content = body.encode()
    return Response(status=status, headers=headers, body=Body(content=content, size=len(content)))


def request(method: str = "GET", headers: Headers = ()) -> Request:
    return Request(side=Side.OLD, method=method, url="https://a1.example/prod/orders", headers=headers)


def typed(error_type: str) -> Headers:
    return (*AWS, ("x-amzn-ErrorType", error_type))


def situations(
    kind: str, status: int, headers: Headers, body: str, method: str = "GET", sent: Headers = ()
) -> set[Situation]:
    found = dialect(kind).readings(answer(status, headers, body), request(method, sent))
    return {reading.situation for reading in found}


ARN = "arn:aws:execute-api:eu-west-1:********3333:a1b2/prod/GET/orders"
AWS_REST = [
    (403, "AccessDeniedException", '{"Message":"User is not authorized to access this resource"}', {S.DENIED}),
    (403, "AccessDeniedException", '{"Message":"User is not authorized to access this resource with an explicit deny"}', {S.DENIED}),
    (403, "AccessDeniedException", '{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}', {S.DENIED}),
    (403, "AccessDeniedException", f'{{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {ARN} with an explicit deny in a resource-based policy"}}', {S.DENIED}),
    (403, "AccessDeniedException", f'{{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {ARN}"}}', {S.DENIED}),
    (500, "InternalServerErrorException", '{"message": "Internal server error"}', {S.CONFIG_ERROR, S.BACKEND_UNREACHABLE}),
    (500, "AuthorizerConfigurationException", '{"message":null}', {S.AUTHORIZER_FAILED}),
    (500, "", '{"message":null}', {S.AUTHORIZER_FAILED}),
    (400, "BadRequestException", '{"message":"Missing required request parameters: [limit, page]"}', {S.BAD_REQUEST}),
    (400, "BadRequestException", '{"message":"Invalid request body"}', {S.BAD_REQUEST}),
    (403, "AccessDeniedException", '{"message":"The security token included in the request is invalid."}', {S.SIGNATURE_INVALID}),
    (403, "ExpiredTokenException", '{"message":"The security token included in the request is expired"}', {S.SIGNATURE_INVALID}),
    (504, "InternalServerErrorException", '{"message": "Network error communicating with endpoint"}', {S.BACKEND_UNREACHABLE}),
    (504, "InternalServerErrorException", '{"message": "Endpoint request timed out"}', {S.TIMEOUT}),
    (403, "ForbiddenException", '{"message":"Forbidden"}', {S.KEY_MISSING, S.KEY_INVALID, S.WAF_BLOCKED, S.NO_STAGE}),
    (403, "InvalidSignatureException", '{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key"}', {S.SIGNATURE_INVALID}),
    (403, "InvalidSignatureException", '{"message":"Signature expired: 20261120T000000Z is now earlier than 20261121T000000Z"}', {S.SIGNATURE_INVALID}),
    (403, "MissingAuthenticationTokenException", '{"message":"Missing Authentication Token"}', {S.NO_ROUTE, S.NOT_SIGNED}),
    (403, "IncompleteSignatureException", "{\"message\":\"'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'.\"}", {S.NO_ROUTE, S.NOT_SIGNED}),
    (403, "IncompleteSignatureException", "{\"message\":\"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'aGk='.\"}", {S.NO_ROUTE, S.NOT_SIGNED}),
    (429, "LimitExceededException", '{"message":"Limit Exceeded"}', {S.QUOTA}),
    (413, "", "HTTP content length exceeded 10485760 bytes.", {S.TOO_LARGE}),
    (429, "TooManyRequestsException", '{"message":"Too Many Requests"}', {S.THROTTLED}),
    (401, "UnauthorizedException", '{"message":"Unauthorized"}', {S.TOKEN_MISSING, S.TOKEN_INVALID}),
    (401, "UnauthorizedException", '{"message":"The incoming token has expired"}', {S.TOKEN_INVALID}),
    (415, "BadRequestException", '{"message":"Unsupported Media Type"}', {S.UNSUPPORTED_MEDIA_TYPE}),
    (502, "InternalServerErrorException", '{"message": "Internal server error"}', {S.BACKEND_CRASH}),
    (403, "", "<HTML><BODY>Request blocked.<PRE>Generated by cloudfront (CloudFront)</PRE></BODY></HTML>", {S.WAF_BLOCKED, S.BAD_REQUEST}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "error_type", "body", "wanted"), AWS_REST)
def test_rest_apis_own_errors(status: int, error_type: str, body: str, wanted: set[Situation]) -> None:
    assert situations("aws-rest", status, typed(error_type) if error_type else AWS, body) == wanted


@pytest.mark.parametrize(
    "body",
    ['{ "message" : "Missing Authentication Token" }\n', '{"message":"Missing\\u0020Authentication Token"}'],
)
def test_bodies_are_compared_as_json_never_as_bytes(body: str) -> None:
    assert situations("aws-rest", 403, typed("MissingAuthenticationTokenException"), body) == {S.NO_ROUTE, S.NOT_SIGNED}


def test_text_that_is_the_products_alone_needs_no_error_type() -> None:
    assert situations("aws-rest", 403, AWS, '{"message":"Missing Authentication Token"}') == {S.NO_ROUTE, S.NOT_SIGNED}


def test_error_type_may_name_its_namespace() -> None:
    headers = typed("ForbiddenException:http://internal.amazon.com/coral/")
    assert S.KEY_MISSING in situations("aws-rest", 403, headers, '{"message":"Forbidden"}')


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        pytest.param(403, AWS, '{"message":"Forbidden"}', id="a Lambda's own refusal: no error type"),
        pytest.param(401, AWS, '{"message":"Unauthorized"}', id="a backend's 401"),
        pytest.param(500, AWS, '{"message": "Internal server error"}', id="a backend's 500"),
        pytest.param(429, AWS, '{"message":"Too Many Requests"}', id="a backend's throttle"),
        pytest.param(403, (("x-amzn-ErrorType", "ForbiddenException"),), '{"message":"Forbidden"}', id="no request id"),
        pytest.param(403, typed("ForbiddenException")[:2], '{"message":"Forbidden"}', id="type cut off"),
        pytest.param(404, AWS, '{"message":"Missing Authentication Token"}', id="another status"),
        pytest.param(403, AWS, '{"message":"Missing Authentication Token","code":1}', id="one key more"),
        pytest.param(403, AWS, '{"Message":"Missing Authentication Token"}', id="another key"),
        pytest.param(403, AWS, '{"message":"User is not authorized to access this resource"}', id="small m"),
        pytest.param(403, AWS, "Missing Authentication Token", id="no JSON"),
        pytest.param(403, AWS, "", id="a status alone"),
        pytest.param(200, AWS, '{"message":"Missing Authentication Token"}', id="no error"),
        pytest.param(
            403,
            (*typed("ForbiddenException"), ("x-amzn-Remapped-Server", "nginx")),
            '{"message":"Forbidden"}',
            id="remapped: a backend answered",
        ),
        pytest.param(
            403,
            (*typed("ForbiddenException"), ("ETag", '"1"')),
            '{"message":"Forbidden"}',
            id="ETag: a backend answered",
        ),
        pytest.param(403, AWS, '{"message":' + "[" * 100_000, id="deep"),
        pytest.param(403, AWS, '{"message":"' + "x" * 100_000 + '"}', id="long"),
    ],
)
def test_backends_that_look_like_rest_apis(status: int, headers: Headers, body: str) -> None:
    assert situations("aws-rest", status, headers, body) == set()


def test_a_customised_gateway_response_is_read_and_said_to_be_so() -> None:
    response = answer(403, typed("MissingAuthenticationTokenException"), '{"error":"no such thing"}')
    found = dialect("aws-rest").readings(response, request())
    assert {reading.situation for reading in found} == {S.NO_ROUTE, S.NOT_SIGNED}
    assert all(reading.customised for reading in found)


def test_head_has_no_body_to_read_but_an_error_type() -> None:
    found = dialect("aws-rest").readings(answer(403, typed("ForbiddenException"), ""), request("HEAD"))
    assert {S.KEY_MISSING, S.WAF_BLOCKED} <= {reading.situation for reading in found}
    assert not any(reading.customised for reading in found)


AWS_HTTP = [
    (404, HTTP, '{"message":"Not Found"}', {S.NO_ROUTE}),
    (401, (*HTTP, ("www-authenticate", 'Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"')), '{"message":"Unauthorized"}', {S.TOKEN_INVALID}),
    (401, HTTP, '{"message":"Unauthorized"}', {S.TOKEN_MISSING}),
    (500, HTTP, '{"message":"Internal Server Error"}', {S.AUTHORIZER_FAILED, S.CONFIG_ERROR}),
    (503, HTTP, '{"message":"Service Unavailable"}', {S.BACKEND_UNREACHABLE, S.TIMEOUT}),
    (500, HTTP, '{"message":"Internal server error"}', set()),
    (404, APIM, '{"message":"Not Found"}', set()),
    (404, HTTP, '{"message":"Not Found","path":"/x"}', set()),
    (404, HTTP, '{"message":"not found"}', set()),
    (404, (*HTTP, ("x-powered-by", "Express")), '{"message":"Not Found"}', set()),
    (404, HTTP, "", set()),
]  # fmt: skip


@pytest.mark.parametrize(("status", "headers", "body", "wanted"), AWS_HTTP)
def test_http_apis_own_errors(status: int, headers: Headers, body: str, wanted: set[Situation]) -> None:
    assert situations("aws-http", status, headers, body) == wanted


def apim(status: int, message: str, more: str = "") -> str:
    return f'{{ "statusCode": {status}, "message": "{message}"{more} }}'


ACTIVITY = ', "activityId": "2d4b0f4e-6f1a-4d43-9d0e-000000000000"'
AZURE_APIM = [
    (401, (*APIM, CHALLENGE), apim(401, MISSING_KEY), {S.KEY_MISSING}),
    (401, APIM, apim(401, MISSING_KEY.replace("an API", "this API")), {S.KEY_MISSING}),
    (401, (*APIM, CHALLENGE), apim(401, INVALID_KEY), {S.KEY_INVALID}),
    (404, APIM, apim(404, "Resource not found"), {S.NO_ROUTE}),
    (404, APIM, '{"message":"Resource not found","statusCode":404}', {S.NO_ROUTE}),
    (429, (*APIM, ("Retry-After", "7")), apim(429, "Rate limit is exceeded. Try again in 7 seconds."), {S.THROTTLED}),
    (429, APIM, apim(429, "Rate limit is exceeded. Try again in 1 second."), {S.THROTTLED}),
    (403, APIM, apim(403, "Out of call volume quota. Quota will be replenished in 2.12:30:00."), {S.QUOTA}),
    (403, APIM, apim(403, "Out of bandwidth quota. Quota will be replenished in 00:30:00."), {S.QUOTA}),
    (403, APIM, apim(403, "Out of call volume quota. Quota will be replenished in 2.12 days."), {S.QUOTA}),
    (403, APIM, apim(403, "Forbidden"), {S.DENIED}),
    (401, APIM, apim(401, "JWT not present."), {S.TOKEN_MISSING}),
    (401, APIM, apim(401, "Invalid JWT."), {S.TOKEN_INVALID}),
    (500, APIM, apim(500, "Internal server error", ACTIVITY), {S.CONFIG_ERROR, S.BACKEND_UNREACHABLE, S.TIMEOUT}),
    (400, APIM, apim(400, "Request's body is 99 bytes long and it exceeds the limit of 50 bytes."), {S.TOO_LARGE}),
    (400, APIM, apim(400, "Unspecified content type text/csv is not allowed."), {S.UNSUPPORTED_MEDIA_TYPE, S.BAD_REQUEST}),
    (400, APIM, apim(400, "Body of the request does not conform to the definition Order, which is associated with the content type application/json."), {S.BAD_REQUEST}),
    (400, APIM, apim(400, "Unspecified query parameter x is not allowed."), {S.BAD_REQUEST}),
    (400, APIM, apim(400, "The request could not be processed due to an internal error. Contact the API owner."), {S.CONFIG_ERROR}),
    (502, APIM, apim(502, "The request could not be processed due to an internal error. Contact the API owner."), {S.BACKEND_CRASH}),
    (403, (("X-Azure-Ref", "0abc"),), "The request is blocked. 0abc", {S.WAF_BLOCKED}),
    (429, (("X-Azure-Ref", "0abc"),), "<html><body>The request is blocked.</body></html>", {S.WAF_BLOCKED}),
    # lookalikes of frameworks and backends
    (404, APIM, '{"statusCode":404,"message":"Cannot GET /orders","error":"Not Found"}', set()),
    (404, APIM, '{"statusCode":404,"message":"Resource not found","error":"Not Found"}', set()),
    (404, APIM, apim(404, "Order not found"), set()),
    (404, APIM, apim(400, "Resource not found"), set()),
    (404, APIM, '{ "statusCode": "404", "message": "Resource not found" }', set()),
    (404, APIM, '{ "message": "Resource not found" }', set()),
    (404, (*APIM, ("X-Powered-By", "Express")), apim(404, "Resource not found"), set()),
    (500, APIM, apim(500, "Internal server error"), set()),
    (401, (*APIM, CHALLENGE), "", set()),
    (404, APIM, "", set()),
    (200, APIM, apim(200, "Resource not found"), set()),
]  # fmt: skip


@pytest.mark.parametrize(("status", "headers", "body", "wanted"), AZURE_APIM)
def test_api_managements_own_errors(status: int, headers: Headers, body: str, wanted: set[Situation]) -> None:
    assert situations("azure-apim", status, headers, body) == wanted


def test_a_challenge_says_it_all_to_head() -> None:
    assert situations("azure-apim", 401, (CHALLENGE,), "", "HEAD") == {S.KEY_MISSING, S.KEY_INVALID}
    assert situations("azure-apim", 404, APIM, "", "HEAD") == set()


def test_preflights_that_no_rule_allows() -> None:
    allow = (("access-control-allow-origin", "https://app.example"),)
    mismatch = {S.CORS_MISMATCH}
    assert situations("azure-apim", 200, (), "", "OPTIONS", PREFLIGHT) == mismatch
    assert situations("azure-apim", 200, (), "", "OPTIONS") == set()
    assert situations("azure-apim", 200, allow, "", "OPTIONS", PREFLIGHT) == set()
    assert situations("azure-apim", 200, (), "x", "OPTIONS", PREFLIGHT) == set()
    assert situations("aws-rest", 200, allow, "", "OPTIONS", PREFLIGHT) == mismatch
    assert situations("aws-rest", 200, (("access-control-allow-origin", "*"),), "", "OPTIONS", PREFLIGHT) == set()
    same = (("Origin", "https://app.example"), PREFLIGHT[1])
    assert situations("aws-rest", 200, allow, "", "OPTIONS", same) == set()


def test_nothing_is_known_of_other_products() -> None:
    assert situations("generic", 404, AWS, '{"message":"Missing Authentication Token"}') == set()
    with pytest.raises(HarnessError, match="wso2"):
        dialect("wso2")


@pytest.mark.parametrize("one", DIALECTS.values(), ids=DIALECTS)
def test_rows_name_their_source_and_remedies_are_sentences(one: Dialect) -> None:
    assert all(row.source and isinstance(row.grade, Grade) for row in one.errors)
    assert all(row.source and row.name == row.name.lower() for row in one.headers)
    for situation in Situation:
        assert "{" not in one.remedy(situation, 403).replace("{proxy+}", "")
        assert one.remedy(situation, 403).endswith(".")


def test_every_error_row_is_read_by_some_literal_answer() -> None:
    read: dict[str, set[str]] = {}
    tables = (
        ("aws-rest", [(s, typed(t) if t else AWS, b) for s, t, b, _ in AWS_REST]),
        ("aws-http", [(s, h, b) for s, h, b, _ in AWS_HTTP]),
        ("azure-apim", [(s, h, b) for s, h, b, _ in AZURE_APIM]),
    )
    for kind, answers in tables:
        for status, headers, body in answers:
            for reading in dialect(kind).readings(answer(status, headers, body), request()):
                read.setdefault(kind, set()).add(reading.row.name)
    for kind, names in read.items():
        unread = {row.name for row in dialect(kind).errors} - names
        assert unread <= {
            "AUTHORIZER_FAILURE",
            "static CORS answer",
            "cors, preflight mismatch",
            "validate-content, schema",
        }, kind


def test_only_proven_grades_excuse() -> None:
    assert [grade.value for grade in Grade if grade.proven] == ["D", "S", "O"]
    assert re.search("§", dialect("azure-apim").errors[0].source)
