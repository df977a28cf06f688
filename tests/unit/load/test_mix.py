"""What a load is made of: weights, a recording's own shares, or every case alike."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from harness.load.matching import Matcher
from harness.load.mix import shares
from harness.load.recorded import unread
from harness.model.errors import ScenarioError
from tests.servers.tls import Authority
from tests.unit.load.scenario_text import HEAD, scenario

PROFILE = "profile: {rate: 50, for: 2m}"


def test_all_candidates_alike(tmp_path: Path) -> None:
    found = shares(scenario(tmp_path))
    assert found.weights == dict.fromkeys(("list", "list again", "one", "health"), 0.25)
    assert found.operations == ("GET /orders", "GET /orders/{id}", "GET /health")
    assert set(found.left_out) == {"item", "make", "skipped", "many"}
    assert "2 steps" in found.left_out["many"]
    assert "different statuses" in found.left_out["item"]


def test_weights_are_shares(tmp_path: Path) -> None:
    found = shares(scenario(tmp_path, f"{{{PROFILE}, mix: {{make: 1, health: 3}}}}"))
    assert found.weights == {"health": 0.75, "make": 0.25}
    assert found.left_out["list"] == "the mix does not name it"


def recorded(folder: Path, requests: Iterable[str]) -> None:
    lines = [json.dumps(dict(zip(("method", "target"), one.split(), strict=True))) for one in requests]
    (folder / "traffic.log").write_text("\n".join(lines))


MATCHES = [
    ("GET /orders?limit=10", ("list", "list again")),
    ("GET /prod/orders?limit=10", ("list", "list again")),
    ("GET /shop/orders?limit=10", ("list", "list again")),
    ("GET /orders?limit=99", ("list", "list again")),
    ("GET /orders", ("list", "list again")),
    ("GET /orders/17", ("one",)),
    ("GET /prod/orders/abc?x=1", ("one",)),
    ("GET /shop/orders/abc", ("one",)),
    ("GET /orders/{id}", ("one",)),
    ("GET /items/b22", ("item",)),
    ("GET /prod/items/{item}", ("item",)),
    ("GET /items/search", ()),
    ("GET /orders/1/lines", ()),
    ("HEAD /orders", ()),
    ("POST /orders", ()),
    ("GET /prod/health", ("health",)),
    ("GET /test/health", ()),
]


@pytest.mark.parametrize(("request_line", "names"), MATCHES)
def test_a_recorded_request_finds_its_case(tmp_path: Path, request_line: str, names: tuple[str, ...]) -> None:
    found = scenario(tmp_path)
    candidates = [case for case in found.cases if case.name not in {"make", "skipped", "many"}]
    method, target = request_line.split()
    assert Matcher(found, candidates).match(method, target) == names


def test_a_recording_gives_its_own_shares(tmp_path: Path) -> None:
    recorded(tmp_path, ["GET /orders/1"] * 3 + ["GET /orders"] * 4 + ["POST /orders"] * 2 + ["GET /favicon.ico?v=1"])
    found = shares(scenario(tmp_path, f"{{{PROFILE}, mix: {{from: traffic.log}}}}"))
    assert found.weights == pytest.approx({"list": 2 / 7, "list again": 2 / 7, "one": 3 / 7})
    assert found.operations == ("GET /orders", "GET /orders/{id}")
    assert found.uncovered == pytest.approx(0.3)
    assert found.examples == ("POST /orders (2)", "GET /favicon.ico (1)")
    assert found.source == "traffic.log (JSON lines, 10 requests)"


@pytest.mark.parametrize(
    ("content", "said"),
    [("hello", "reads as a recorded request"), ('{"method":"GET","path":"/else?key=hush"}', "no case stands for any")],
)
def test_a_recording_that_says_nothing_is_told_at_its_place(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "traffic.log").write_text(content)
    with pytest.raises(ScenarioError, match=said) as raised:
        shares(scenario(tmp_path, f"{{{PROFILE}, mix: {{from: traffic.log}}}}"))
    problem = raised.value.problems[0]
    assert (problem.file.name, problem.line) == ("orders.yaml", 25)
    assert "hush" not in str(problem)


def test_a_side_is_shown_one_certificate_alone(tmp_path: Path, authority: Authority) -> None:
    files = authority.certificate("clerk", client=True)
    shown = f"  shown: {{both: {{client_cert: {{cert: {files.cert}, key: {files.key}}}}}}}\ncases:"
    head = HEAD.replace("cases:", shown)
    shares(scenario(tmp_path, f"{{{PROFILE}, as: shown}}", head=head))
    with pytest.raises(ScenarioError, match="different client certificates"):
        shares(scenario(tmp_path, f"{{{PROFILE}, as: [shown, clerk]}}", head=head))


def test_what_of_a_recording_was_not_read_is_told(tmp_path: Path) -> None:
    lines = ['{"method": "GET", "target": "/orders", "at": 1.5}', '{"method": "GET", "target": "/orders"}', "rubbish"]
    (tmp_path / "traffic.log").write_text("\n".join(lines))
    load = scenario(tmp_path, "{profile: {replay: traffic.log}, mix: {from: traffic.log}}").load
    assert load is not None
    told = list(unread(load))
    assert len(told) == 2
    assert told[0].startswith("traffic.log: lines or entries that could not be read: 1; the first is number 3: ")
    assert told[1] == "traffic.log: requests without a time, which a replay leaves out: 1"


def test_weights_and_rates_need_no_recording(tmp_path: Path) -> None:
    load = scenario(tmp_path).load
    assert load is not None
    assert not list(unread(load))
