"""Amazon API Gateway, HTTP APIs: §1.2 of the facts about gateways.

Its errors have no header of their own (apigw-requestid is on every answer), so only the exact body of one `message`
counts, with that header. Gateway responses cannot be customised.
"""

import re
from collections.abc import Mapping

from harness.dialects.aws_rest import AWS_HEADERS, REPAIRS
from harness.dialects.dialect import Dialect
from harness.dialects.generic import HEADERS
from harness.dialects.rows import ErrorRow, Facts, Grade, Reading, Situation, headers_match, words
from harness.model.request import Request

S = Situation
_EVERY = {"apigw-requestid": re.compile(r".+")}
_INVALID_TOKEN = {"www-authenticate": re.compile(r'Bearer .*error="invalid_token".*', re.DOTALL)}


def _error(
    name: str,
    status: int,
    text: str,
    *situations: Situation,
    grade: Grade,
    headers: Mapping[str, re.Pattern[str]] | None = None,
) -> ErrorRow:
    return ErrorRow(
        name=name, situations=situations, status=status, text=words(text), headers={**_EVERY, **(headers or {})},
        grade=grade, source=f"§1.2 {name}",
    )  # fmt: skip


ERRORS: tuple[ErrorRow, ...] = (
    _error("no route", 404, "Not Found", S.NO_ROUTE, grade=Grade.DOCUMENTED),
    _error("JWT failure", 401, "Unauthorized", S.TOKEN_INVALID, headers=_INVALID_TOKEN, grade=Grade.DOCUMENTED),
    _error("missing identity source", 401, "Unauthorized", S.TOKEN_MISSING, grade=Grade.DOCUMENTED),
    _error("authorizer or integration not usable", 500, "Internal Server Error", S.AUTHORIZER_FAILED, S.CONFIG_ERROR,
           grade=Grade.DOCUMENTED),
    _error("backend unreachable", 503, "Service Unavailable", S.BACKEND_UNREACHABLE, S.TIMEOUT,
           grade=Grade.UNCONFIRMED),
)  # fmt: skip


def match(row: ErrorRow, facts: Facts, request: Request) -> Reading | None:  # noqa: ARG001  a Match like the others
    """Hold an answer against one row."""
    if not headers_match(row, facts):
        return None
    if S.TOKEN_MISSING in row.situations and "invalid_token" in facts.headers.get("www-authenticate", ""):
        return None
    text = facts.text_of(row)
    if text is None or not row.text.fullmatch(text):
        return None
    return Reading(situation=row.situations[0], row=row)


AWS_HTTP = Dialect(
    kind="aws-http",
    product="Amazon API Gateway",
    headers=(*AWS_HEADERS, *HEADERS),
    errors=ERRORS,
    match=match,
    same_answer={
        S.NO_ROUTE: "HTTP APIs cannot customise their errors: a `$default` route to a function can answer {status}.",
        S.DENIED: "HTTP APIs cannot customise their errors: let the backend, not an authorizer, refuse with {status}.",
    },
    same_answer_else=(
        "HTTP APIs cannot customise their errors: a REST API with gateway responses can answer {status}, "
        "or agree on the new answer with the clients."
    ),
    repairs=REPAIRS,
)
