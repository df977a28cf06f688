"""Azure API Management: §2.1 and §2.2 of the facts about gateways, and the WAFs that stand before it (§6).

Its errors are `{ "statusCode": N, "message": … }` with N equal to the HTTP status. Some frameworks answer alike, so
the message must be one that it is known to use, and no key may be there besides.
"""

import re

from harness.dialects.dialect import Dialect
from harness.dialects.generic import HEADERS, product
from harness.dialects.rows import ANY, Body, ErrorRow, Facts, Grade, Reading, Situation, headers_match, is_preflight
from harness.model.request import Request

S = Situation
_ENVELOPE = frozenset({"statusCode", "message"})
_KEY_CHALLENGE = {"www-authenticate": re.compile(r"AzureApiManagementKey\b.*", re.DOTALL)}

APIM_HEADERS = (
    product("request-context", "§2.2 APIM-added response headers", Grade.OBSERVED),
    product("ocp-apim-trace-location", "§2.2 APIM-added response headers", Grade.OBSERVED),
    product("apim-request-id", "§2.2 APIM-added response headers", Grade.OBSERVED),
)


def _error(
    name: str,
    status: int,
    text: str,
    *situations: Situation,
    grade: Grade,
    source: str = "§2.1",
    needs: frozenset[str] = frozenset(),
    headers: dict[str, re.Pattern[str]] | None = None,
) -> ErrorRow:
    needed = _ENVELOPE | needs
    return ErrorRow(
        name=name, situations=situations, status=status, text=re.compile(text, re.DOTALL), keys=needed, needs=needed,
        headers=headers or {}, grade=grade, source=f"{source} {name}",
    )  # fmt: skip


def _waf(name: str, status: int, source: str) -> ErrorRow:
    text = re.compile(r".*The request is blocked\..*", re.DOTALL)
    return ErrorRow(
        name=name, situations=(S.WAF_BLOCKED,), status=status, text=text, body=Body.TEXT, own=True,
        grade=Grade.DOCUMENTED, source=source,
    )  # fmt: skip


_VALIDATION = "includes/api-management-validation-policy-error-reference.md:"
ERRORS: tuple[ErrorRow, ...] = (
    _error("SubscriptionKeyNotFound", 401,
           r"Access denied due to missing subscription key\. "
           r"Make sure to include subscription key when making requests to (an|this) API\.",
           S.KEY_MISSING, headers=_KEY_CHALLENGE, grade=Grade.OBSERVED),
    _error("SubscriptionKeyInvalid", 401,
           r"Access denied due to invalid subscription key\. "
           r"Make sure to provide a valid key for an active subscription\.",
           S.KEY_INVALID, headers=_KEY_CHALLENGE, grade=Grade.DOCUMENTED),
    _error("OperationNotFound", 404, r"Resource not found", S.NO_ROUTE, grade=Grade.OBSERVED),
    _error("RateLimitExceeded", 429, r"Rate limit is exceeded\. Try again in \d+ seconds?\.", S.THROTTLED,
           grade=Grade.DOCUMENTED),
    _error("QuotaExceeded", 403, r"Out of (call volume|bandwidth) quota\. Quota will be replenished in .+\.", S.QUOTA,
           grade=Grade.DOCUMENTED),
    _error("CallerIpNotAllowed", 403, r"Forbidden", S.DENIED, grade=Grade.OBSERVED),
    _error("TokenNotPresent", 401, r"JWT not present\.", S.TOKEN_MISSING, grade=Grade.DOCUMENTED),
    _error("JwtInvalid", 401, r"Invalid JWT\.", S.TOKEN_INVALID, grade=Grade.UNCONFIRMED),
    _error("expression error, unreachable backend, unhandled", 500, r"Internal server error",
           S.CONFIG_ERROR, S.BACKEND_UNREACHABLE, S.TIMEOUT, needs=frozenset({"activityId"}), grade=Grade.OBSERVED),
    _error("validate-content, size", 400, r"Request's body is \d+ bytes long and it exceeds the limit of \d+ bytes\.",
           S.TOO_LARGE, grade=Grade.DOCUMENTED),
    _error("validate-content, media type", 400, r"Unspecified content type .* is not allowed\.",
           S.UNSUPPORTED_MEDIA_TYPE, S.BAD_REQUEST, grade=Grade.DOCUMENTED, source=_VALIDATION),
    _error("validate-content, schema", 400, r"Body of the request does not conform to the definition .*",
           S.BAD_REQUEST, grade=Grade.DOCUMENTED, source=_VALIDATION),
    _error("validate-parameters", 400,
           r"(Unspecified (path parameter|query parameter|header) .* is not allowed\."
           r"|Request cannot contain multiple values for the (path parameter|query parameter|header) .*"
           r"|The value of the (path parameter|query parameter|header) .*)",
           S.BAD_REQUEST, grade=Grade.DOCUMENTED, source=_VALIDATION),
    _error("validation, inner", 400,
           r"The request could not be processed due to an internal error\. Contact the API owner\.",
           S.CONFIG_ERROR, grade=Grade.DOCUMENTED, source=_VALIDATION),
    _error("validation, outbound", 502,
           r"The request could not be processed due to an internal error\. Contact the API owner\.",
           S.BACKEND_CRASH, grade=Grade.DOCUMENTED),
    _waf("Front Door or Application Gateway WAF", 403, "§6"),
    _waf("Front Door WAF, rate rule", 429, "§6"),
    ErrorRow(name="cors, preflight mismatch", situations=(S.CORS_MISMATCH,), status=200, text=ANY, body=Body.EMPTY,
             own=True, grade=Grade.DOCUMENTED, source="§2.2 CORS"),
)  # fmt: skip


def match(row: ErrorRow, facts: Facts, request: Request) -> Reading | None:
    """Hold an answer against one row."""
    if row.body is Body.EMPTY:
        refused = is_preflight(request) and not any(name.startswith("access-control-") for name in facts.headers)
        return _reading(row) if refused and not facts.content else None
    if facts.head:
        return _reading(row) if row.headers and headers_match(row, facts) else None
    text = facts.text_of(row)
    if text is None or not row.text.fullmatch(text):
        return None
    if row.body is Body.JSON and not _same_status(facts):
        return None
    return _reading(row)


def _same_status(facts: Facts) -> bool:
    said = facts.document["statusCode"]
    return type(said) is int and said == facts.status


def _reading(row: ErrorRow) -> Reading:
    return Reading(situation=row.situations[0], row=row)


def _on_error(reason: str) -> str:
    return (
        f"In Azure API Management's `on-error` section: when `context.LastError.Reason` is {reason}, "
        "`return-response` with status {status} and the old body."
    )


_SAME_ANSWER = {
    S.NO_ROUTE: _on_error('"OperationNotFound" (All APIs policy)'),
    S.NO_STAGE: _on_error('"OperationNotFound" (All APIs policy)'),
    S.KEY_MISSING: _on_error('"SubscriptionKeyNotFound"')
    + " The API's subscription key header can have the old name (x-api-key).",
    S.KEY_INVALID: _on_error('"SubscriptionKeyInvalid"')
    + " The API's subscription key header can have the old name (x-api-key).",
    S.TOKEN_MISSING: '`validate-jwt failed-validation-httpcode="{status}"` with the old text as '
    "`failed-validation-error-message`; for the old body, `on-error` with `return-response`.",
    S.TOKEN_INVALID: '`validate-jwt failed-validation-httpcode="{status}"` with the old text as '
    "`failed-validation-error-message`; for the old body, `on-error` with `return-response`.",
    S.NOT_SIGNED: "`return-response` with status {status} where the credential that replaces the signature is missing.",
    S.SIGNATURE_INVALID: "`return-response` with status {status} where the credential is not accepted.",
    S.DENIED: "A `choose` with `return-response` (status {status}, the old body) where the policy denies the caller.",
    S.THROTTLED: _on_error('"RateLimitExceeded"') + " Retry-After can be renamed or dropped there.",
    S.QUOTA: _on_error('"QuotaExceeded"') + " Retry-After can be renamed or dropped there.",
    S.TOO_LARGE: _on_error('"RequestTooLarge" or the validation\'s') + " `validate-content max-size` sets the limit.",
    S.TIMEOUT: '`forward-request timeout="…"` with the old limit, and in `on-error`, where Reason is "Timeout", '
    "`return-response` with status {status} and the old body.",
    S.BACKEND_UNREACHABLE: "In `on-error` of the `forward-request` section: `return-response` with status {status} "
    "and the old body.",
    S.BAD_REQUEST: "`on-error` of the validation policy: `return-response` with status {status} and the old body.",
    S.WAF_BLOCKED: "Set the custom block response of the WAF policy: status {status} and the old body.",
    S.CORS_MISMATCH: "List the origin in the `cors` policy, or answer OPTIONS by an operation of its own "
    "(`return-response` with fixed headers).",
}

_REPAIRS = {
    S.NO_ROUTE: "Add the operation (method and URL template) to the API, or correct `paths` and the API's URL suffix.",
    S.KEY_MISSING: "Check the case's `as`, the credential for this side and the API's subscription key header name; "
    "or the API requires a subscription where the other side asks for no key.",
    S.KEY_INVALID: "Check that the subscription is active and its scope covers this API.",
    S.TOKEN_MISSING: "Check the credential for this side and `validate-jwt header-name`.",
    S.TOKEN_INVALID: "Check `validate-jwt`: issuers, audiences, OpenID configuration, required claims.",
    S.DENIED: "Check `ip-filter` and the policies that refuse callers.",
    S.THROTTLED: "Raise `rate-limit` to what the other side allows, or lower `limits.rate`.",
    S.QUOTA: "Raise `quota` to what the other side allows.",
    S.TOO_LARGE: "Raise `validate-content max-size`.",
    S.CONFIG_ERROR: "A policy expression failed, the backend cannot be reached, or it took longer than "
    "`forward-request timeout`: look up the activityId in the gateway's logs.",
    S.BACKEND_CRASH: "An outbound validation policy refuses the backend's answer.",
    S.BAD_REQUEST: "A validation policy refuses what the other side takes: compare schema and parameters.",
    S.UNSUPPORTED_MEDIA_TYPE: "Add the media type to `validate-content`.",
    S.WAF_BLOCKED: "A WAF rule before the gateway matches: compare the rules of both sides.",
    S.CORS_MISMATCH: "Add the origin, method and headers to the `cors` policy: a preflight that it does not allow "
    "gets an empty 200.",
}

AZURE_APIM = Dialect(
    kind="azure-apim",
    product="Azure API Management",
    headers=(*APIM_HEADERS, *HEADERS),
    errors=ERRORS,
    match=match,
    same_answer=_SAME_ANSWER,
    same_answer_else="In Azure API Management's `on-error`: `return-response` with status {status} and the old body.",
    repairs=_REPAIRS,
)
