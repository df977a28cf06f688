"""The security suite through the front door: what a user asks for, and what comes of it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.command import ROOT, Done, cutover, environment
from tests.servers.plain import Answer, Asked, PlainServer

KEY = "partner-key-0f3a9c71d2"
SCENARIO = """\
version: 1
name: doors
old: {{kind: generic, url: "{old}"}}
new: {{kind: generic, url: "{new}"}}
limits: {{rate: 500}}
compare: {{noise: {{repeats: 0}}}}
credentials:
  partner: {{both: {{header: {{x-api-key: {key}}}}}}}
  suspended: {{both: {{header: {{x-api-key: suspended-key-77b1}}}}}}
cases:
  - {{name: list, request: GET /orders, as: partner}}
  - {{name: health, request: GET /health}}
  - {{name: make, request: POST /orders, json: {{a: 1}}, as: partner, unsafe: {unsafe}}}
security: {security}
"""
Rule = Callable[[Asked, Answer], Answer]


def gateway(rule: Rule | None = None) -> PlainServer:
    """A gateway that wants the key everywhere but for /health, and knows two paths; `rule` changes its answers."""

    def behave(asked: Asked) -> Answer:
        path = asked.target.partition("?")[0]
        headers = {name.lower(): value for name, value in asked.headers.items()}
        known = {("GET", "/orders"), ("HEAD", "/orders"), ("POST", "/orders"), ("GET", "/health"), ("HEAD", "/health")}
        if len(asked.target) + sum(len(name) + len(value) for name, value in headers.items()) > 16_000:
            answer = Answer(status=431)
        elif (asked.method, path) not in known:
            answer = Answer(status=404, body=b'{"no": "route"}')
        elif path != "/health" and headers.get("x-api-key") != KEY:
            answer = Answer(status=401, body=b'{"no": "key"}')
        else:
            answer = Answer(body=b'{"ok": true}')
        return rule(asked, answer) if rule else answer

    return PlainServer(behave)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two gateways and the scenario that names them."""

    old: PlainServer
    new: PlainServer
    file: Path

    def rehearse(self, *more: str) -> Done:
        return cutover("rehearse", self.file, *more, cwd=self.file.parent)


Make = Callable[..., Pair]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:

        def pair(new: Rule | None = None, security: str = "{}", unsafe: str = "run", old: Rule | None = None) -> Pair:
            one, two = stack.enter_context(gateway(old)), stack.enter_context(gateway(new))
            file = tmp_path / "doors.yaml"
            text = SCENARIO.format(old=one.url, new=two.url, key=KEY, security=security, unsafe=unsafe)
            file.write_text(text, encoding="utf-8")
            return Pair(old=one, new=two, file=file)

        yield pair


def told(done: Done) -> str:
    return f"{done.out[-5000:]}\n{done.err[-2000:]}"


def weaker(done: Done) -> set[str]:
    return {case for one in done.findings() if one["cause"] == "weaker" for case in one["cases"]}


def test_two_gateways_that_refuse_alike_are_go(make: Make) -> None:
    done = make().rehearse()
    assert done.code == 0, told(done)
    assert done.report["suites"]["security"]["outcome"] == "PASS"
    assert not [one for one in done.report["unproven"] if one.get("holding")]


def test_another_status_for_a_refusal_is_the_product_speaking(make: Make) -> None:
    def other(asked: Asked, answer: Answer) -> Answer:
        return Answer(status=403, body=b"<p>no</p>") if answer.status == 401 else answer

    done = make(other).rehearse("--suite", "security")
    assert done.code == 0, told(done)
    assert done.report["differences"]["gateway"] > 0


def test_an_open_operation_is_critical(make: Make) -> None:
    def open_(asked: Asked, answer: Answer) -> Answer:
        return Answer(body=b'{"ok": true}') if answer.status == 401 and asked.method == "GET" else answer

    done = make(open_).rehearse()
    assert done.code == 1, told(done)
    assert "GET /orders: no credential" in weaker(done)
    assert "GET /orders, partner: wrong key" in weaker(done)
    assert not any(case.startswith("POST") for case in weaker(done))
    assert all(one["severity"] == "critical" for one in done.findings() if one["cause"] == "weaker")


def test_a_key_that_only_old_takes_makes_clients_change(make: Make) -> None:
    def renamed(asked: Asked, answer: Answer) -> Answer:
        return Answer(status=401) if "x-api-key" in {name.lower() for name in asked.headers} else answer

    done = make(renamed).rehearse("--suite", "security")
    assert done.code == 1, told(done)
    assert any("stricter" in one["title"] for one in done.findings())


def test_what_nobody_can_ask_holds_only_if_required(make: Make) -> None:
    done = make().rehearse("--suite", "security")
    assert done.code == 0, told(done)
    assert any("disabled key" in one["what"] for one in done.report["unproven"])
    done = make(security="{require: [disabled key]}").rehearse("--suite", "security")
    assert done.code == 5, told(done)
    assert any("cannot be asked" in reason for reason in done.report["reasons"])
    done = make(security="{require: [disabled key], identities: {disabled key: suspended}}").rehearse()
    assert done.code == 0, told(done)


def test_unsafe_operations_are_asked_only_when_the_scenario_says_so(make: Make) -> None:
    pair = make(unsafe="skip, because: later")
    done = pair.rehearse("--suite", "security")
    assert done.code == 0, told(done)
    assert {asked.method for asked in pair.new.asked} <= {"GET", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"}


def test_a_selection_brings_its_controls_along(make: Make) -> None:
    pair = make()
    done = pair.rehearse("--suite", "security", "-k", "wrong and key and GET and orders")
    assert done.code == 0, told(done)
    assert done.report["partial"]
    assert done.report["suites"]["security"]["passed"] >= 2
    assert "parity" not in done.report["suites"]


def test_one_sided_runs_leave_the_security_suite_out(make: Make) -> None:
    pair = make()
    assert pair.rehearse("--only", "old").code == 5
    assert not pair.new.asked
    done = pair.rehearse("--against", "latest")
    assert done.code == 5, told(done)
    assert done.report["suites"]["security"]["passed"] == 0
    assert any(reason.startswith("security") for reason in done.report["reasons"])


def test_a_suite_without_a_section_is_a_usage_error(make: Make) -> None:
    pair = make()
    pair.file.write_text(pair.file.read_text().partition("security:")[0])
    done = pair.rehearse("--suite", "security")
    assert done.code == 4
    assert "no `security` section" in done.err


def test_plan_counts_exactly_what_is_sent(make: Make) -> None:
    pair = make()
    planned = json.loads(cutover("plan", pair.file, "--json", cwd=pair.file.parent).out)
    assert not pair.new.asked
    done = pair.rehearse()
    assert done.code == 0, told(done)
    assert planned["requests"]["new"] == len(pair.new.asked)
    assert planned["requests"]["old"] == len(pair.old.asked)


def test_pytest_is_the_other_door(make: Make) -> None:
    pair = make()
    call = subprocess.run(
        [sys.executable, "-m", "pytest", str(ROOT / "suites" / "security"), "--scenario", str(pair.file), "-q"],
        cwd=pair.file.parent,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert call.returncode == 0, call.stdout[-3000:] + call.stderr[-2000:]
    assert re.search(r"\d+ passed", call.stdout)
    assert "GO" in call.stderr


def test_a_run_that_was_cut_goes_on(make: Make) -> None:
    pair = make()
    done = pair.rehearse()
    assert done.code == 0, told(done)
    journal = done.run / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: len(lines) // 2]))
    (done.run / "report.json").unlink()  # a kill leaves no report
    pair.old.asked.clear()
    pair.new.asked.clear()
    again = pair.rehearse("--resume", done.run.name)
    assert again.code == 0, told(again)
    assert pair.new.asked
    rounds = [(one["suite"], one["index"], one["round"]) for one in again.rounds()]
    assert len(rounds) == len(set(rounds))


def test_a_connection_that_broke_once_is_no_refusal(make: Make) -> None:
    """Whoever hangs up on what is hostile does so again; a broken connection alone proves nothing."""
    hung_up: set[str] = set()

    def blocks(asked: Asked, answer: Answer) -> Answer:
        return Answer(status=403) if "etc" in asked.target and "passwd" in asked.target else answer

    def breaks_once(asked: Asked, answer: Answer) -> Answer:
        if "passwd" not in asked.target or asked.target in hung_up:
            return answer
        hung_up.add(asked.target)
        return Answer(raw=b"")

    done = make(breaks_once, security="{hostile: run}", old=blocks).rehearse("--suite", "security")
    assert hung_up
    assert done.code == 1, told(done)
    assert any("traversal" in case for case in weaker(done)), told(done)
