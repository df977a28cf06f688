"""What a plain-text address answers, and what that means beside the other side's."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.model.probe import Decision
from harness.model.request import Request
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.model.side import Side
from harness.scenario.types import Security
from harness.security import plain_check
from harness.security.plain_check import in_the_clear, judge
from tests.unit.security.check_bench import FakeTools, draft_of, scenario

R, T, U = Decision.REFUSED, Decision.THROUGH, Decision.UNCLEAR
URL = "https://api.example/orders"


def said(status: int, location: str = "") -> Response:
    return Response(status=status, headers=(("Location", location),) if location else ())


def silence(reason: Reason) -> NoResponse:
    return NoResponse(reason=reason, detail="")


ROWS: dict[str, tuple[Answer, Answer, Decision]] = {
    "served": (said(200), said(200), T),
    "asks for a key in the clear": (said(401), said(401), T),
    "breaks down": (said(500), said(200), T),
    "to https": (said(301, "https://api.example/orders"), said(200), R),
    "to https, written large": (said(308, "HTTPS://API.example"), said(200), R),
    "to https of another name": (said(301, "https://elsewhere.example/"), said(200), T),
    "to plain text": (said(302, "http://api.example/x"), said(200), T),
    "nowhere": (said(301), said(200), T),
    "forbidden": (said(403), said(403), R),
    "upgrade required": (said(426), said(200), R),
    "not served in the clear": (said(404), said(401), R),
    "not found either way": (said(404), said(404), T),
    "not found, by https silent": (said(404), silence(Reason.RESET), U),
    "refused": (silence(Reason.CONNECT), said(200), R),
    "broken off": (silence(Reason.RESET), said(200), R),
    "silent": (silence(Reason.TIMEOUT_HEADERS), said(200), R),
    "nothing by https either": (silence(Reason.CONNECT), silence(Reason.CONNECT), U),
    "no such name": (silence(Reason.NAME), said(200), U),
    "no HTTP": (silence(Reason.PROTOCOL), said(200), U),
}


@pytest.mark.parametrize("row", ROWS)
def test_reads(row: str) -> None:
    plain, secure, expected = ROWS[row]
    decision, words = in_the_clear(plain, secure, URL, proxied=False)
    assert decision is expected
    assert words


def test_a_proxy_may_be_what_refuses() -> None:
    assert in_the_clear(silence(Reason.CONNECT), said(200), URL, proxied=True)[0] is U
    assert in_the_clear(said(403), said(200), URL, proxied=True)[0] is R
    given = scenario()
    new = replace(given.new, proxy="http://proxy.example:3128")
    (check,) = plain_check.checks(draft_of(replace(given, new=new)), 0)
    silent = FakeTools(answer=lambda request: said(401) if request.url.startswith("https") else silence(Reason.CONNECT))
    assert check.run(silent).decisions == {"old": "refused", "new": "unclear"}


JUDGED = {
    (R, R): ("PASS", ""),
    (R, T): ("FAIL", "weaker"),
    (R, U): ("INCONCLUSIVE", ""),
    (T, R): ("FAIL", "unexplained"),
    (T, T): ("PASS", ""),
    (T, U): ("INCONCLUSIVE", ""),
    (U, R): ("INCONCLUSIVE", ""),
    (U, T): ("INCONCLUSIVE", ""),
    (U, U): ("INCONCLUSIVE", ""),
    (None, R): ("PASS", ""),
    (None, T): ("INCONCLUSIVE", ""),
}


@pytest.mark.parametrize(("old", "new"), JUDGED)
def test_judges(old: Decision | None, new: Decision) -> None:
    read = {Side.NEW: (new, "words"), **({Side.OLD: (old, "words")} if old is not None else {})}
    found = judge(read)
    draft = draft_of(scenario())
    (check,) = plain_check.checks(draft, 0)
    seen = found.checked(check.info, check.suite)
    causes = [point.cause for point in seen.points if point.outcome == "FAIL"]
    assert (seen.outcome, "".join(causes)) == JUDGED[old, new]


def run(answer: Callable[[Request], Answer]) -> tuple[str, FakeTools]:
    (check,) = plain_check.checks(draft_of(scenario()), 0)
    tools = FakeTools(answer=answer)
    seen = check.run(tools)
    assert seen.requests == {side.value: most for side, most in check.requests.items()} == {"old": 2, "new": 2}
    return seen.outcome, tools


def test_asks_without_a_credential() -> None:
    outcome, tools = run(lambda request: said(401) if request.url.startswith("https") else silence(Reason.CONNECT))
    assert outcome == "PASS"
    assert [(one.url, one.door) for one in tools.sent] == [
        ("http://old.example/orders", "http old"),
        ("https://old.example/orders", ""),
        ("http://new.example/orders", "http new"),
        ("https://new.example/orders", ""),
    ]
    assert not any(name == "x-api-key" for one in tools.sent for name, _ in one.headers)


def test_finds_new_in_the_clear() -> None:
    outcome, _ = run(lambda request: said(200) if request.door != "http old" else silence(Reason.CONNECT))
    assert outcome == "FAIL"


LEFT_OUT = {
    "new is plain": scenario(new="http://new.example"),
    "no address known": scenario(new="https://new.example:8443"),
    "nothing safe": scenario(security=Security(operations=("POST *",))),
}


@pytest.mark.parametrize("row", LEFT_OUT)
def test_leaves_out(row: str) -> None:
    draft = draft_of(LEFT_OUT[row])
    plain_check.add(draft)
    assert len(draft.cases) == 1
    assert plain_check.checks(draft, 1) == []


def test_stops() -> None:
    (check,) = plain_check.checks(draft_of(scenario()), 0)
    assert check.run(FakeTools(stop_after=0)).outcome == "INCONCLUSIVE"
    assert check.run(FakeTools(stop_after=2)).outcome == "INCONCLUSIVE"
