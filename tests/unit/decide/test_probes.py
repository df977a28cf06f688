"""What each pair of answers to a probe proves, row by row."""

from dataclasses import replace
from typing import Any

import pytest

from harness.decide.held import ControlSeen
from harness.decide.probes import Judged, Jury
from harness.model.difference import Cause, Difference, Kind
from harness.model.exchange import Exchange
from harness.model.outcome import Outcome
from harness.model.probe import CorsAsk, Decision, Group, Probe, Reads, Wants
from harness.model.request import Request
from harness.model.response import Answer, Body, NoResponse, Reason, Response
from harness.model.side import Side

R, T, U = Decision.REFUSED, Decision.THROUGH, Decision.UNCLEAR
PASS, FAIL, DOUBT, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.ERROR
PROBE = Probe(group=Group.CALLERS, row="GET /orders", column="expired token", caller="clerk", control=0)
VALID = replace(PROBE, column="as it is", valid=True, control=None)
UNCHANGED = replace(PROBE, column="old credential, unchanged", wants=Wants.UNCHANGED)
TRICK = replace(PROBE, group=Group.SURFACE, reads=Reads.ANSWER, column="path: //")
WAF = replace(PROBE, group=Group.WAF, reads=Reads.BLOCK, column="SQL injection in the query")
DOOR = replace(PROBE, group=Group.DOORS, reads=Reads.REACH, wants=Wants.REFUSED, control=None)
ORIGIN = "https://foreign.example"
CORS = replace(PROBE, group=Group.CORS, reads=Reads.CORS, cors=CorsAsk(origin=ORIGIN, method="GET"), control=None)
LARGER = replace(PROBE, group=Group.SURFACE, column="10 MB", excused=T, excuse="no such limit")
ALLOWED = (("Access-Control-Allow-Origin", ORIGIN),)
BLOCKED = Body(content=b"The request is blocked.")
LET_IN = {side: ControlSeen(status=200, decision=T) for side in Side}
SILENT = NoResponse(reason=Reason.TIMEOUT_HEADERS, detail="5 s")
NO_TLS = NoResponse(reason=Reason.TLS, detail="SSL routines::tlsv13 alert certificate required")
SLOW_TLS = NoResponse(reason=Reason.TLS, detail="Connection timed out after 5000 milliseconds")
RESET = NoResponse(reason=Reason.RESET, detail="by peer")
STALLED = NoResponse(reason=Reason.HARNESS, detail="gap of 600 ms")
JURY = Jury(kinds={Side.OLD: "aws-rest", Side.NEW: "azure-apim"})


def answer(status: int, **more: Any) -> Response:
    return Response(status=status, **more)


def apim(status: int, message: str) -> Response:
    body = Body(content=f'{{ "statusCode": {status}, "message": "{message}" }}'.encode())
    return Response(status=status, headers=(("Content-Type", "application/json"),), body=body)


def exchange(side: Side, given: Answer, method: str = "GET") -> Exchange:
    request = Request(side=side, method=method, url=f"http://{side}.example/orders")
    return Exchange(request=request, answer=given, sent_at=0.0)


def judged(
    probe: Probe,
    old: Answer,
    new: Answer,
    *,
    controls: dict[Side, ControlSeen] | None = LET_IN,
    explained: tuple[Difference, ...] = (),
    method: str = "GET",
) -> Judged:
    sent = exchange(Side.OLD, old, method), exchange(Side.NEW, new, method)
    return JURY.pair(probe, *sent, controls=controls, explained=explained)


ROWS: dict[str, tuple[Probe, Answer, Answer, Decision, Decision, Outcome]] = {
    "both refuse": (PROBE, answer(401), answer(401), R, R, PASS),
    "both refuse, otherwise": (PROBE, answer(403), answer(401), R, R, PASS),
    "open on both": (PROBE, answer(200), answer(200), T, T, PASS),
    "weaker": (PROBE, answer(401), answer(200), R, T, FAIL),
    "weaker, no content": (PROBE, answer(403), answer(204), R, T, FAIL),
    "stricter": (PROBE, answer(200), answer(401), T, R, FAIL),
    "sent to a login page": (PROBE, answer(302), answer(401), R, R, PASS),
    "hidden": (PROBE, answer(403), answer(404), R, R, PASS),
    "new crashes": (PROBE, answer(401), answer(500), R, U, FAIL),
    "new is silent": (PROBE, answer(401), SILENT, R, U, FAIL),
    "new throttles": (PROBE, answer(401), answer(429), R, U, DOUBT),
    "old crashes": (PROBE, answer(500), answer(401), U, R, DOUBT),
    "old throttles": (PROBE, answer(429), answer(200), U, T, DOUBT),
    "old is silent": (PROBE, SILENT, answer(200), U, T, ERROR),
    "refused in the handshake": (PROBE, NO_TLS, NO_TLS, R, R, PASS),
    "a handshake that broke off is no refusal": (PROBE, answer(401), SLOW_TLS, R, U, FAIL),
    "nor on the old side": (PROBE, SLOW_TLS, answer(401), U, R, ERROR),
    "weaker than a handshake": (PROBE, NO_TLS, answer(200), R, T, FAIL),
    "a handshake fails for the valid caller": (VALID, answer(200), NO_TLS, T, U, FAIL),
    "valid": (VALID, answer(200), answer(200), T, T, PASS),
    "valid, not found": (VALID, answer(404), answer(404), T, T, PASS),
    "valid, no such route on new": (VALID, answer(200), apim(404, "Resource not found"), T, R, FAIL),
    "valid, refused by new": (VALID, answer(200), answer(401), T, R, FAIL),
    "valid, refused by old": (VALID, answer(403), answer(200), R, T, FAIL),
    "valid, refused by both": (VALID, answer(403), answer(403), R, R, DOUBT),
    "nobody has to change": (UNCHANGED, answer(200), answer(200), T, T, PASS),
    "clients would have to change": (UNCHANGED, answer(200), answer(401), T, R, FAIL),
    "announced": (replace(UNCHANGED, change="told"), answer(200), answer(401), T, R, PASS),
    "old refuses its own": (UNCHANGED, answer(403), answer(401), R, R, DOUBT),
    "a trick is not served": (TRICK, answer(403), answer(501), R, R, PASS),
    "a trick breaks the connection": (TRICK, answer(403), RESET, R, R, PASS),
    "a reset says nothing of a caller": (PROBE, answer(401), RESET, R, U, FAIL),
    "blocked by both": (WAF, answer(403), answer(403, body=BLOCKED), R, R, PASS),
    "blocked with a status of its own": (WAF, answer(403), answer(200, body=BLOCKED), R, R, PASS),
    "no longer blocked": (WAF, answer(403), answer(200), R, T, FAIL),
    "blocked only now": (WAF, answer(200), answer(403, body=BLOCKED), T, R, FAIL),
    "origin refused by both": (CORS, answer(200), answer(200), R, R, PASS),
    "origin reflected by new": (CORS, answer(200), answer(200, headers=ALLOWED), R, T, FAIL),
    "origin allowed before": (CORS, answer(200, headers=ALLOWED), answer(200), T, R, FAIL),
    "a known difference, in its direction": (LARGER, answer(413), answer(200), R, T, PASS),
    "a known difference, the other way round": (LARGER, answer(200), answer(413), T, R, FAIL),
    "the harness stalled": (PROBE, STALLED, answer(200), U, T, ERROR),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_a_pair_proves(row: tuple[Probe, Answer, Answer, Decision, Decision, Outcome]) -> None:
    probe, old, new, before, after, outcome = row
    found = judged(probe, old, new)
    assert found.decisions == {"old": before, "new": after}
    assert found.judgement.outcome is outcome, found.judgement.why
    weaker = [one for one in found.differences if one.cause is Cause.WEAKER]
    assert bool(weaker) is ((before, after) == (R, T) and outcome is FAIL)
    assert all(one.remedy for one in weaker)
    assert outcome is PASS or found.judgement.why


def test_refusals_prove_nothing_where_the_valid_caller_is_refused_too() -> None:
    shut = {**LET_IN, Side.NEW: ControlSeen(status=401, decision=R)}
    assert judged(PROBE, answer(401), answer(401), controls=shut).judgement.outcome is DOUBT
    assert judged(PROBE, answer(401), answer(401), controls=None).judgement.outcome is DOUBT
    assert judged(PROBE, answer(401), answer(200), controls=shut).judgement.outcome is FAIL


@pytest.mark.parametrize(("method", "status"), [("PUT", 404), ("PUT", 405), ("POST", 413), ("CONNECT", 400)])
def test_a_method_that_nobody_serves_is_refused(method: str, status: int) -> None:
    """Whoever says so, an unknown product or its backend: no control left such a thing behind."""
    jury = Jury(kinds=dict.fromkeys(Side, "generic"))
    probe = replace(TRICK, column=f"method {method}")
    sent = exchange(Side.OLD, answer(404), method), exchange(Side.NEW, answer(status), method)
    found = jury.pair(probe, *sent, controls=LET_IN, explained=())
    assert found.decisions == {"old": R, "new": R}
    assert found.judgement.outcome is PASS


def test_what_the_control_left_behind_is_no_refusal() -> None:
    made = {side: ControlSeen(status=201, decision=T) for side in Side}
    conflict = judged(PROBE, answer(401), answer(409), controls=made, method="POST")
    assert conflict.judgement.outcome is FAIL  # Azure API Management makes no 409: a backend answered
    jury = Jury(kinds=dict.fromkeys(Side, "generic"))
    sent = exchange(Side.OLD, answer(401), "POST"), exchange(Side.NEW, answer(409), "POST")
    assert jury.pair(PROBE, *sent, controls=made, explained=()).judgement.outcome is DOUBT


@pytest.mark.parametrize("status", [413, 414, 431])
def test_too_large_is_a_refusal_whoever_says_so(status: int) -> None:
    made = {side: ControlSeen(status=201, decision=T) for side in Side}
    assert judged(PROBE, answer(413), answer(status), controls=made, method="POST").decisions["new"] == R


def test_the_same_error_as_the_valid_caller_is_letting_through() -> None:
    missing = {side: ControlSeen(status=404, decision=T) for side in Side}
    found = judged(PROBE, answer(403), answer(404), controls=missing)
    assert found.judgement.outcome is FAIL
    assert found.decisions["new"] == T


def test_an_old_side_that_is_silent_is_one_trouble_whatever_new_says() -> None:
    told = {judged(PROBE, SILENT, answer(status)).judgement.why for status in (200, 401, 501)}
    assert told == {(f"old is unclear: no answer ({SILENT.reason}): {SILENT.detail}",)}


def test_other_words_for_a_refusal_are_the_products() -> None:
    explained = (
        Difference(at="status", kind=Kind.VALUE, old="403", new="401"),
        Difference(at="body", kind=Kind.VALUE, old="a", new="b"),
        Difference(at="header:date", kind=Kind.VALUE, old="a", new="b", cause=Cause.IDENTITY),
    )
    found = judged(PROBE, answer(403), answer(401), explained=explained)
    assert [one.cause for one in found.differences] == [Cause.GATEWAY, Cause.GATEWAY, Cause.IDENTITY]
    assert "403" in found.differences[0].remedy


def test_a_refused_valid_caller_is_no_measure_of_letting_in() -> None:
    refused = {side: ControlSeen(status=404, decision=R) for side in Side}
    found = judged(PROBE, answer(403), answer(404), controls=refused)
    assert found.decisions["new"] == R
    assert found.judgement.outcome is DOUBT


def test_what_a_browser_refuses_is_no_refusal_of_the_gateway() -> None:
    new = answer(200, headers=(("X-Powered-By", "somebody"),))
    assert judged(CORS, answer(403), new).judgement.outcome is PASS


def test_both_let_a_trick_through_but_it_leads_elsewhere() -> None:
    other = Difference(at="body:$.id", kind=Kind.VALUE, old="1", new="2")
    assert judged(TRICK, answer(200), answer(200), explained=(other,)).judgement.outcome is FAIL
    assert judged(PROBE, answer(200), answer(200), explained=(other,)).judgement.outcome is PASS


def test_lost_protection_is_weaker() -> None:
    old = answer(200, headers=(("Strict-Transport-Security", "max-age=31536000"),))
    found = judged(VALID, old, answer(200))
    assert found.judgement.outcome is FAIL
    assert [(one.at, one.cause) for one in found.differences] == [("header:strict-transport-security", Cause.WEAKER)]


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (answer(403), PASS),
        (NoResponse(reason=Reason.CONNECT, detail="refused"), PASS),
        (answer(200), FAIL),
        (answer(500), FAIL),
        (NoResponse(reason=Reason.NAME, detail="no such name"), DOUBT),
        (STALLED, DOUBT),
    ],
)
def test_doors_must_be_shut(given: Answer, outcome: Outcome) -> None:
    found = JURY.alone(DOOR, exchange(Side.NEW, given), controls=None)
    assert found.judgement.outcome is outcome
    assert (outcome is FAIL) == any(one.cause is Cause.WEAKER for one in found.differences)
    assert all(one.old == "not asked" for one in found.differences)


def test_a_broken_connection_is_confirmed_or_no_refusal() -> None:
    assert judged(WAF, answer(403), RESET).decisions["new"] == R
    assert judged(WAF, answer(403), RESET, method="POST").decisions["new"] == U
