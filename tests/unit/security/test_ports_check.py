"""Ports that must be closed: what each end of a knock means."""

import socket
from contextlib import closing

import pytest

from harness.model.seen import Knock, Port
from harness.scenario.types import Security
from harness.security import ports_check
from harness.security.ports_check import PortCheck, judge
from tests.unit.security.check_bench import FakeTools, draft_of, scenario

ROWS = {
    "open": (Knock(state=Port.OPEN, peer="10.0.0.1:22", here="10.0.0.9:5000"), "FAIL", "let through"),
    "refused": (Knock(state=Port.REFUSED, here="10.0.0.9"), "PASS", "refused"),
    "silent": (Knock(state=Port.SILENT), "PASS", "refused"),
    "no host there": (Knock(state=Port.UNREACHABLE, detail="No route to host"), "PASS", "refused"),
    "no network here": (Knock(state=Port.UNTRIED, detail="Network is unreachable"), "INCONCLUSIVE", "unclear"),
    "no such name": (Knock(state=Port.UNRESOLVED), "INCONCLUSIVE", "unclear"),
}


@pytest.mark.parametrize("row", ROWS)
def test_judges(row: str) -> None:
    knock, outcome, decision = ROWS[row]
    draft = draft_of(scenario(security=Security(closed=(("db.example", 22),))))
    (check,) = ports_check.checks(draft, 7)
    seen = judge(knock, "db.example", 22).checked(check.info, check.suite)
    assert (seen.outcome, seen.decisions, seen.index) == (outcome, {"new": decision}, 7)
    assert socket.gethostname() in seen.facts["tried from"]["new"]
    if outcome == "FAIL":
        (point,) = seen.points
        assert (point.cause, point.severity) == ("weaker", "critical")
        assert "db.example:22 answers a TCP connection from" in point.title
        assert "10.0.0.9:5000" in point.title


def check_of(host: str, port: int) -> PortCheck:
    (check,) = ports_check.checks(draft_of(scenario(security=Security(closed=((host, port),)))), 0)
    assert isinstance(check, PortCheck)
    return check


def test_knocks_at_a_real_port() -> None:
    tools = FakeTools()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        seen = check_of("127.0.0.1", port).run(tools)
        assert (seen.outcome, seen.requests, tools.pauses) == ("FAIL", {"new": 1}, 1)
    assert check_of("127.0.0.1", port).run(tools).outcome == "PASS"


def test_counts_every_address_of_a_name() -> None:
    assert list(check_of("10.0.0.1", 1).requests.values()) == [1]
    assert list(check_of("[::1]", 1).requests.values()) == [1]
    assert list(check_of("db.example", 1).requests.values()) == [16]
    two = judge(Knock(state=Port.REFUSED, detail="a: refused; b: refused", tried=2), "db.example", 1)
    assert two.requests["new"] == 2


def test_stops() -> None:
    seen = check_of("127.0.0.1", 1).run(FakeTools(stop_after=0))
    assert (seen.outcome, seen.requests) == ("INCONCLUSIVE", {})
    assert "interrupted" in seen.why[0]
