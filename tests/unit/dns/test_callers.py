"""Who calls past DNS, as access logs tell; nothing is passed that a log does not tell."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from harness.dns.facts import Survey, View
from harness.dns.new_side.callers import is_raw, raw_callers
from harness.model.event import CaseInfo, Checked
from harness.model.gateway import Gateway
from harness.model.side import Side
from harness.scenario.moving import Dns, Move, RawCallers, Target
from harness.scenario.types import Scenario
from tests.unit.security.check_bench import FakeTools

NAME = "api.example.com"
RAW = "a1b2.execute-api.eu-west-1.amazonaws.com"
MOVE = Move(name=NAME, old=Target(cname="d-1.execute-api.eu-west-1.amazonaws.com"), new=Target(cname="n.azure-api.net"))
NOW = 1_800_000_000.0


def line(host: str | None = NAME, client: str = "203.0.113.7", **more: Any) -> str:
    told = {
        "requestTimeEpoch": 1_700_000_000_000,
        "httpMethod": "GET",
        "path": "/orders",
        "status": "200",
        "ip": client,
    }
    return json.dumps(told | ({} if host is None else {"domainName": host}) | more)


def seen(
    tmp_path: Path, lines: Iterable[str], *, old: str = "https://a1b2.example.net/prod", stop: bool = False, **more: Any
) -> Checked:
    log = tmp_path / "access.log"
    log.write_text("\n".join(lines) + "\n")
    dns = Dns(moves=(MOVE,), callers=RawCallers(log=log, **more))
    scenario = Scenario(
        name="s",
        files=(Path("s.yaml"),),
        digest="",
        old=Gateway(side=Side.OLD, kind="aws-rest", url=old),
        new=Gateway(side=Side.NEW, kind="azure-apim", url=f"https://{NAME}"),
        identities={},
        cases=(),
        dns=dns,
    )
    survey = Survey(move=MOVE, began=NOW, ended=NOW)
    view = View(scenario=scenario, dns=dns, move=MOVE, now=NOW)
    tools = FakeTools(stop_after=0 if stop else None)
    return raw_callers(survey, view, tools).checked(CaseInfo(index=0, name="callers", operation=NAME), "dns")


def test_callers_past_dns_are_counted_and_named_by_a_hash(tmp_path: Path) -> None:
    lines = [line()] * 388 + [line(RAW, "198.51.100.1")] * 11 + [line(RAW, "k", apiKeyId="key-1")]
    found = seen(tmp_path, lines)
    (point,) = found.points
    assert (found.outcome, point.severity, point.at) == ("FAIL", "major", "dns:callers")
    assert point.title == f"12 of 400 calls (3 %) by {RAW}: they stay on old whatever DNS says"
    hashes = [hashlib.sha256(one).hexdigest()[:8] for one in (b"198.51.100.1", b"key-1")]
    assert f"by 2 callers (SHA-256 of key id or address): {hashes[0]} (11), {hashes[1]} (1)" in point.note
    assert "198.51.100.1" not in repr(found)
    assert NAME in point.remedy
    assert found.facts["from, to"] == {"old": "2023-11-14 22:13 UTC, 2023-11-14 22:13 UTC"}


def test_what_is_accepted_is_told_with_its_reason(tmp_path: Path) -> None:
    lines = [line()] * 99 + [line(RAW)]
    found = seen(tmp_path, lines, accepted=0.02, because="batch jobs, ORD-7")
    assert found.outcome == "PASS"
    assert "1 of 100 calls (1 %)" in found.points[0].title
    assert "batch jobs, ORD-7" in found.points[0].title
    assert seen(tmp_path, [*lines, line(RAW), line(RAW)], accepted=0.02, because="x").outcome == "FAIL"


def test_a_log_without_such_callers_passes(tmp_path: Path) -> None:
    found = seen(tmp_path, [line()] * 20)
    assert (found.outcome, found.points) == ("PASS", ())
    assert found.facts[f"calls by {NAME}"] == {"old": "20"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([line(None)] * 100, "does not tell the host"),
        ([line("-")] * 100, "does not tell the host"),
        (['10.0.0.1 - - [09/Apr/2019:22:36:14 +0000] "GET / HTTP/1.1" 200 85'] * 100, "Common or Combined Log"),
        ([line()] * 19, "19 calls in the access log are too few"),
        ([line()] * 95 + [line(None)] * 5, "5 lines of the access log do not tell the host"),
        ([line()] * 95 + ["{"] * 5, "5 lines of the access log do not tell the host"),
        (["nothing of a log"], "nothing is known of callers"),
        ([""], "nothing is known of callers"),
    ],
)
def test_no_data_is_no_pass(tmp_path: Path, lines: list[str], said: str) -> None:
    found = seen(tmp_path, lines)
    assert found.outcome == "INCONCLUSIVE"
    assert said in found.why[0]


def test_few_lines_are_enough_to_fail(tmp_path: Path) -> None:
    assert seen(tmp_path, [line(), line(RAW)]).outcome == "FAIL"
    (point,) = seen(tmp_path, [line(RAW)] * 3).points
    assert point.title.startswith(f"3 of 3 calls by {RAW}")
    assert "a CDN or proxy of your own" in point.note


def test_the_old_side_s_own_addresses_are_raw(tmp_path: Path) -> None:
    lines = [line()] * 50
    assert seen(tmp_path, [*lines, line("a1b2.example.net")]).outcome == "FAIL"
    assert seen(tmp_path, [*lines, line("10.1.2.3")], old="https://10.1.2.3:8443").outcome == "FAIL"
    assert seen(tmp_path, lines, old=f"https://{NAME}/prod").outcome == "PASS"


def test_hosts_that_the_scenario_names(tmp_path: Path) -> None:
    lines = [line()] * 50 + [line("orders.internal.example")]
    found = seen(tmp_path, lines)
    assert (found.outcome, found.points[0].severity) == ("PASS", "minor")
    assert "orders.internal.example" in found.points[0].title
    assert seen(tmp_path, lines, hosts=("*.Internal.example",)).outcome == "FAIL"


@pytest.mark.parametrize(
    ("host", "raw"),
    [
        (RAW, True),
        ("a1b2.execute-api.cn-north-1.amazonaws.com.cn", True),
        ("a1b2-vpce-0f1.execute-api.eu-west-1.amazonaws.com", True),
        ("vpce-0f1-abc.execute-api.eu-west-1.vpce.amazonaws.com", True),
        (NAME, False),
        ("execute-api.eu-west-1.amazonaws.com", False),
        ("a.execute-api.eu-west-1.amazonaws.com.evil.example", False),
        ("d-1.cloudfront.net", False),
    ],
)
def test_raw_hosts(host: str, raw: bool) -> None:
    assert is_raw(host, (), ()) is raw


def test_hostile_logs_are_bounded(tmp_path: Path) -> None:
    lines = [line(f"{'a' * 60}.{number}.execute-api.eu-west-1.amazonaws.com", f"c{number}") for number in range(3000)]
    found = seen(tmp_path, [*lines, line("<script>"), line("a\x1b[2Jb.example"), line("x" * 20_000)])
    assert found.outcome == "FAIL"
    assert "and 2995 more" in found.points[0].title
    assert "and 2995 more" in found.points[0].note
    assert all(len(text) < 1000 for text in (found.points[0].title, found.points[0].note))
    assert "<script>" not in repr(found)
    assert "\x1b" not in repr(found)
    assert len(found.facts) < 12


def test_a_changed_log_is_read_again(tmp_path: Path) -> None:
    assert seen(tmp_path, [line()] * 30).outcome == "PASS"
    assert seen(tmp_path, [line()] * 30 + [line(RAW)]).outcome == "FAIL"


def test_stops(tmp_path: Path) -> None:
    assert seen(tmp_path, [line(RAW)] * 30, stop=True).outcome == "INCONCLUSIVE"
