"""Amazon API Gateway, REST APIs: §1.1 and §1.4 of the facts about gateways.

Its own errors carry x-amzn-ErrorType besides the x-amzn-RequestId that every answer has. Texts that any backend
might use ("Forbidden") count only with both; texts that are its alone count by themselves. A body that is not its
own under its own error type is a customised gateway response.
"""

import re

from harness.dialects.dialect import Dialect
from harness.dialects.generic import HEADERS, product
from harness.dialects.rows import ANY, Body, ErrorRow, Facts, Grade, Reading, Situation, is_preflight, words
from harness.model.request import Request

REMAPPED = "x-amzn-remapped-"

# Backend fields under another name say no more than under their own: only these name the product or the connection.
AWS_HEADERS = (
    product("x-amzn-requestid", "§1.4 All responses", Grade.RECORDED),
    product("x-amz-apigw-id", "§1.4 All responses", Grade.RECORDED),
    product("x-amzn-trace-id", "§1.4 X-Amzn-Trace-Id", Grade.RECORDED),
    product("x-amzn-remapped-date", "§1.4 HTTP_PROXY response", Grade.RECORDED),
    product("x-amzn-remapped-connection", "§1.4 HTTP_PROXY response", Grade.RECORDED),
    product("x-amzn-remapped-content-length", "§1.4 HTTP_PROXY response", Grade.RECORDED),
    product("x-amzn-remapped-server", "§1.4 HTTP_PROXY response", Grade.RECORDED),
    product("x-amzn-remapped-x-amzn-requestid", "§1.4 HTTP_PROXY response", Grade.RECORDED),
    product("x-cache", "§1.4 Edge-optimised only", Grade.RECORDED),
    product("x-amz-cf-pop", "§1.4 Edge-optimised only", Grade.RECORDED),
    product("x-amz-cf-id", "§1.4 Edge-optimised only", Grade.RECORDED),
    product("apigw-requestid", "§1.2 Headers", Grade.OBSERVED),
)

S = Situation
_DENIED_BY_POLICY = re.compile(
    r"User: \S+ is not authorized to perform: execute-api:Invoke on resource: \S+( with an explicit deny.*)?"
)
_NOT_KEY_VALUE = re.compile(
    r"('.*' not a valid key=value pair \(missing equal-sign\) in Authorization header: '.*'\."
    r"|Invalid key=value pair \(missing equal-sign\) in Authorization header .*)",
    re.DOTALL,
)


def _error(
    name: str,
    status: int,
    text: re.Pattern[str] | str,
    error_type: str,
    *situations: Situation,
    grade: Grade,
    source: str = "§1.1",
    key: str = "message",
    body: Body = Body.JSON,
    own: bool = False,
) -> ErrorRow:
    pattern = words(text) if isinstance(text, str) else text
    return ErrorRow(
        name=name, situations=situations, status=status, text=pattern, body=body, key=key, error_type=error_type,
        own=own, grade=grade, source=f"{source} {name}",
    )  # fmt: skip


ERRORS: tuple[ErrorRow, ...] = (
    _error("ACCESS_DENIED", 403,
           re.compile(r"User is not authorized to access this resource( with an explicit deny.*)?"),
           "AccessDeniedException", S.DENIED, key="Message", own=True, grade=Grade.DOCUMENTED),
    _error("resource policy / IAM deny", 403, _DENIED_BY_POLICY, "AccessDeniedException", S.DENIED, key="Message",
           own=True, grade=Grade.OBSERVED),
    _error("API_CONFIGURATION_ERROR", 500, "Internal server error", "InternalServerErrorException",
           S.CONFIG_ERROR, S.BACKEND_UNREACHABLE, grade=Grade.RECORDED),
    _error("AUTHORIZER_CONFIGURATION_ERROR", 500, "", "AuthorizerConfigurationException", S.AUTHORIZER_FAILED,
           own=True, grade=Grade.OBSERVED),
    _error("AUTHORIZER_FAILURE", 500, "", "AuthorizerFailureException", S.AUTHORIZER_FAILED, grade=Grade.UNCONFIRMED),
    _error("BAD_REQUEST_PARAMETERS", 400, re.compile(r"Missing required request parameters: \[.*\]"),
           "BadRequestException", S.BAD_REQUEST, own=True, grade=Grade.RECORDED),
    _error("BAD_REQUEST_BODY", 400, "Invalid request body", "BadRequestException", S.BAD_REQUEST,
           grade=Grade.RECORDED),
    _error("EXPIRED_TOKEN", 403, "The security token included in the request is expired", "ExpiredTokenException",
           S.SIGNATURE_INVALID, own=True, grade=Grade.UNCONFIRMED),
    _error("unknown IAM key", 403, "The security token included in the request is invalid.", "AccessDeniedException",
           S.SIGNATURE_INVALID, own=True, grade=Grade.DOCUMENTED, source="§1.1 EXPIRED_TOKEN:"),
    _error("INTEGRATION_FAILURE", 504, "Network error communicating with endpoint", "InternalServerErrorException",
           S.BACKEND_UNREACHABLE, own=True, grade=Grade.OBSERVED),
    _error("INTEGRATION_TIMEOUT", 504, "Endpoint request timed out", "InternalServerErrorException", S.TIMEOUT,
           own=True, grade=Grade.OBSERVED),
    _error("INVALID_API_KEY", 403, "Forbidden", "ForbiddenException", S.KEY_MISSING, S.KEY_INVALID,
           grade=Grade.OBSERVED),
    _error("INVALID_SIGNATURE", 403,
           re.compile(r"(The request signature we calculated does not match|Signature expired).*", re.DOTALL),
           "InvalidSignatureException", S.SIGNATURE_INVALID, own=True, grade=Grade.DOCUMENTED),
    _error("MISSING_AUTHENTICATION_TOKEN", 403, "Missing Authentication Token",
           "MissingAuthenticationTokenException", S.NO_ROUTE, S.NOT_SIGNED, own=True, grade=Grade.RECORDED),
    _error("unknown route with a bearer token", 403, _NOT_KEY_VALUE, "IncompleteSignatureException",
           S.NO_ROUTE, S.NOT_SIGNED, own=True, grade=Grade.OBSERVED),
    _error("QUOTA_EXCEEDED", 429, "Limit Exceeded", "LimitExceededException", S.QUOTA, grade=Grade.OBSERVED),
    _error("REQUEST_TOO_LARGE", 413, re.compile(r"HTTP content length exceeded \d+ bytes\."),
           "RequestTooLargeException", S.TOO_LARGE, body=Body.TEXT, own=True, grade=Grade.OBSERVED),
    _error("THROTTLED", 429, "Too Many Requests", "TooManyRequestsException", S.THROTTLED, grade=Grade.OBSERVED),
    _error("UNAUTHORIZED", 401, "Unauthorized", "UnauthorizedException", S.TOKEN_MISSING, S.TOKEN_INVALID,
           grade=Grade.OBSERVED),
    _error("UNAUTHORIZED, expired Cognito token", 401, "The incoming token has expired", "UnauthorizedException",
           S.TOKEN_INVALID, own=True, grade=Grade.OBSERVED),
    _error("UNSUPPORTED_MEDIA_TYPE", 415, "Unsupported Media Type", "BadRequestException", S.UNSUPPORTED_MEDIA_TYPE,
           grade=Grade.INFERRED),
    _error("WAF_FILTERED", 403, "Forbidden", "ForbiddenException", S.WAF_BLOCKED, grade=Grade.OBSERVED,
           source="§1.1, §6"),
    _error("AWS WAF on CloudFront", 403, re.compile(r"<.*cloudfront.*", re.DOTALL | re.IGNORECASE), "",
           S.WAF_BLOCKED, S.BAD_REQUEST, body=Body.TEXT, own=True, grade=Grade.DOCUMENTED, source="§6"),
    _error("Lambda crash or malformed output", 502, "Internal server error", "InternalServerErrorException",
           S.BACKEND_CRASH, grade=Grade.OBSERVED),
    _error("no stage or unmapped path", 403, "Forbidden", "ForbiddenException", S.NO_STAGE, grade=Grade.OBSERVED,
           source="§1.1, §1.8"),
    _error("static CORS answer", 200, ANY, "", S.CORS_MISMATCH, body=Body.EMPTY, own=True, grade=Grade.DOCUMENTED,
           source="§1.6 CORS REST:"),
)  # fmt: skip


def match(row: ErrorRow, facts: Facts, request: Request) -> Reading | None:
    """Hold an answer against one row."""
    if S.CORS_MISMATCH in row.situations:
        return _reading(row) if static_cors(facts, request) else None
    if any(name.startswith(REMAPPED) for name in facts.headers):
        return None  # a backend's answer: only what an integration returns is remapped
    text = facts.text_of(row)
    own_words = text is not None and row.text.fullmatch(text) is not None
    if own_words and row.own:
        return _reading(row)
    if not row.error_type or not _says(row.error_type, facts):
        return None
    return _reading(row, customised=not own_words and not facts.head)


def static_cors(facts: Facts, request: Request) -> bool:
    """Tell whether a preflight was answered with fixed CORS headers that do not allow the request's origin."""
    allowed = facts.headers.get("access-control-allow-origin")
    if allowed in (None, "*") or facts.content or not is_preflight(request):
        return False
    return all(value != allowed for name, value in request.headers if name.lower() == "origin")


def _says(error_type: str, facts: Facts) -> bool:
    said = facts.headers.get("x-amzn-errortype", "").partition(":")[0]
    return said == error_type and "x-amzn-requestid" in facts.headers


def _reading(row: ErrorRow, *, customised: bool = False) -> Reading:
    return Reading(situation=row.situations[0], row=row, customised=customised)


def _response(kind: str) -> str:
    return f"In Amazon API Gateway set the gateway response {kind}: status {{status}} and a template with the old body."


_SAME_ANSWER = {
    S.NO_ROUTE: _response("MISSING_AUTHENTICATION_TOKEN"),
    S.NO_STAGE: "Map the path to an API, or let a {proxy+} resource with a mock integration answer {status}.",
    S.KEY_MISSING: _response("INVALID_API_KEY"),
    S.KEY_INVALID: _response("INVALID_API_KEY"),
    S.TOKEN_MISSING: _response("UNAUTHORIZED"),
    S.TOKEN_INVALID: _response("UNAUTHORIZED"),
    S.NOT_SIGNED: _response("MISSING_AUTHENTICATION_TOKEN"),
    S.SIGNATURE_INVALID: _response("INVALID_SIGNATURE"),
    S.DENIED: _response("ACCESS_DENIED"),
    S.THROTTLED: _response("THROTTLED") + " A gateway response can add Retry-After, as a fixed value.",
    S.QUOTA: _response("QUOTA_EXCEEDED") + " A gateway response can add Retry-After, as a fixed value.",
    S.TOO_LARGE: "Amazon API Gateway's REQUEST_TOO_LARGE cannot be customised; agree on it with the clients.",
    S.TIMEOUT: _response("INTEGRATION_TIMEOUT") + " The limit itself is the integration's `timeoutInMillis`.",
    S.BACKEND_UNREACHABLE: _response("INTEGRATION_FAILURE"),
    S.BACKEND_CRASH: _response("DEFAULT_5XX"),
    S.BAD_REQUEST: _response("BAD_REQUEST_BODY (BAD_REQUEST_PARAMETERS for parameters)"),
    S.UNSUPPORTED_MEDIA_TYPE: _response("UNSUPPORTED_MEDIA_TYPE"),
    S.WAF_BLOCKED: "Set a custom response on the AWS WAF rule, or the gateway response WAF_FILTERED: status {status}.",
    S.AUTHORIZER_FAILED: _response("AUTHORIZER_CONFIGURATION_ERROR and AUTHORIZER_FAILURE"),
    S.CONFIG_ERROR: _response("API_CONFIGURATION_ERROR"),
    S.CORS_MISMATCH: "Answer OPTIONS from a Lambda function that looks at Origin instead of a mock with fixed headers.",
}

REPAIRS = {
    S.NO_ROUTE: "Add the resource and method to the API and deploy the stage, or correct `paths`.",
    S.NO_STAGE: "Check the stage in the gateway's `url` and the custom domain's API mappings.",
    S.KEY_MISSING: "Check the case's `as` and the credential for this side, or the method's `apiKeyRequired`.",
    S.KEY_INVALID: "Check that the key is enabled and its usage plan covers this stage.",
    S.TOKEN_MISSING: "Check the credential for this side and the authorizer's identity source.",
    S.TOKEN_INVALID: "Check the authorizer: issuer, audience, scopes, token's lifetime.",
    S.NOT_SIGNED: "The route may ask for IAM signatures: check the method's authorization type.",
    S.SIGNATURE_INVALID: "Check the signing credential, region, service name (execute-api) and clock.",
    S.DENIED: "Check the authorizer's policy and the API's resource policy for this method and path.",
    S.THROTTLED: "Raise the stage's or usage plan's rate and burst, or lower `limits.rate`.",
    S.QUOTA: "Raise the usage plan's quota.",
    S.TOO_LARGE: "REST and HTTP APIs take 10 MB at most: hand large payloads over by a pre-signed S3 address.",
    S.TIMEOUT: "The integration took longer than its `timeoutInMillis` (29 s by default for REST).",
    S.BACKEND_UNREACHABLE: "Check the integration's address, its VPC link and security groups.",
    S.BACKEND_CRASH: "The Lambda function failed or returned another shape than proxy integrations ask for.",
    S.BAD_REQUEST: "A request validator refuses what the other side takes: compare the models and required parameters.",
    S.UNSUPPORTED_MEDIA_TYPE: "Add a mapping template for the media type, or let `passthroughBehavior` pass it.",
    S.WAF_BLOCKED: "An AWS WAF rule matches: compare the rules of both sides.",
    S.AUTHORIZER_FAILED: "The authorizer itself failed: look at its logs.",
    S.CONFIG_ERROR: "The API's configuration fails: check integration, permissions and mapping templates.",
}

AWS_REST = Dialect(
    kind="aws-rest",
    product="Amazon API Gateway",
    headers=(*AWS_HEADERS, *HEADERS),
    errors=ERRORS,
    match=match,
    same_answer=_SAME_ANSWER,
    same_answer_else="In Amazon API Gateway set the gateway response of this error type: status {status}.",
    repairs=REPAIRS,
    renames=REMAPPED,
)
