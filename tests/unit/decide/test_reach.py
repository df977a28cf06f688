"""What the answer of a back door says about it."""

import pytest

from harness.decide.reach import reach
from harness.model.probe import Decision
from harness.model.response import Answer, Body, NoResponse, Reason, Response

R, T, U = Decision.REFUSED, Decision.THROUGH, Decision.UNCLEAR


def said(status: int, text: str = "", **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status=status, headers=pairs, body=Body(content=text.encode()))


def silence(reason: Reason, detail: str = "", status: int | None = None) -> NoResponse:
    return NoResponse(reason=reason, detail=detail, status=status)


ROWS: dict[str, tuple[Answer, int | None, Decision]] = {
    "success": (said(200), 200, T),
    "not modified": (said(304), 200, T),
    "no credential": (said(401), 200, R),
    "forbidden": (said(403, '{"error": "of the backend itself"}'), 200, R),
    "proxy wants to know": (said(407), 200, R),
    "block page with another status": (said(405, "The request is blocked. 0abc"), 200, R),
    "not there, as through the front": (said(404, '{"error": "no such order"}'), 404, T),
    "not there, though through the front it is": (said(404, "nothing here"), 200, R),
    "not there, and nothing to hold it against": (said(404), None, U),
    "the gateway's own word for no operation": (
        said(404, '{ "statusCode": 404, "message": "Resource not found" }'),
        404,
        R,
    ),
    "gone": (said(410), 200, R),
    "another host's": (said(421), None, R),
    "method not allowed": (said(405), 200, T),
    "bad request of a backend": (said(400, "missing parameter"), 200, T),
    "a certificate is wanted": (said(400, "<h1>400</h1>No required SSL certificate was sent"), 200, R),
    "no such host": (said(400, "Bad Request - Invalid Hostname"), 200, R),
    "plain text to a TLS port": (said(400, "The plain HTTP request was sent to HTTPS port"), 200, U),
    "backend breaks down": (said(500), 200, T),
    "nothing behind the proxy": (said(502), 200, U),
    "busy": (said(429), 200, U),
    "sent elsewhere": (said(302, location="https://login.example/"), 200, U),
    "connection refused": (silence(Reason.CONNECT, "refused"), 200, R),
    "the proxy does not lead there": (silence(Reason.CONNECT, "CONNECT tunnel failed, response 403"), 200, U),
    "no such name": (silence(Reason.NAME), 200, U),
    "no TLS": (silence(Reason.TLS), 200, U),
    "taken and silent": (silence(Reason.TIMEOUT_HEADERS), 200, U),
    "taken and broken off": (silence(Reason.RESET), 200, U),
    "no HTTP": (silence(Reason.PROTOCOL), 200, U),
    "too slow ourselves": (silence(Reason.HARNESS), 200, U),
    "broken off in the body": (silence(Reason.TIMEOUT_BODY, status=200), 200, T),
    "refused, broken off in the body": (silence(Reason.TIMEOUT_BODY, status=403), 200, R),
}


@pytest.mark.parametrize("row", ROWS)
def test_reads(row: str) -> None:
    answer, control, expected = ROWS[row]
    decision, why = reach(answer, control)
    assert decision is expected, why
    assert why


def test_says_what_a_hidden_path_may_mean() -> None:
    _, why = reach(said(404), 200)
    assert "write that base path" in why


def test_bounds_what_a_redirect_says() -> None:
    _, why = reach(said(301, location="https://x/" + "a" * 5000), 200)
    assert len(why) < 400
