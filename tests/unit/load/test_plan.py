"""The plan that the generator is given."""

import base64
import json
from pathlib import Path

import pytest

from harness.load.asking import asked
from harness.load.mix import shares
from harness.load.plan import Asked, allowed, in_flight, most, over_http_1, plan_of, slice_length, unnamed_proxy
from harness.model.rule import Expect, ExpectSide
from harness.model.side import Side
from harness.scenario.types import Load, Profile, Scenario
from tests.unit.load.scenario_text import HEAD, scenario


def plain(found: Scenario) -> list[Asked]:
    return [(one.case, one.caller, one.plain[Side.OLD], one.plain[Side.NEW]) for one in asked(found, shares(found))]


def test_a_plan_says_all_that_is_sent(tmp_path: Path) -> None:
    section = (
        "{profile: {rate: 50, for: 2m}, warm_up: 10s, workers: 2, as: [partner, clerk], backend_time: {new: x-ms}, "
    )
    found = scenario(tmp_path, section + "mix: {list: 3, make: 1}}")
    plan = plan_of(found, shares(found), plain(found), seed=7, arrivals=[])
    assert json.loads(json.dumps(plan)) == plan
    assert [request["weight"] for request in plan["requests"]] == [0.375, 0.375, 0.125, 0.125]
    assert plan["operations"] == ["GET /orders", "POST /orders"]
    assert [request["operation"] for request in plan["requests"]] == [0, 0, 1, 1]
    first, last = plan["requests"][0], plan["requests"][-1]
    assert first["old"]["url"] == "http://127.0.0.1:8081/prod/orders?limit=10"
    assert first["new"]["url"] == "http://127.0.0.1:8082/shop/orders?limit=10"
    assert first["old"]["ok"] == [200]
    assert last["old"]["ok"] is None
    assert json.loads(base64.b64decode(last["old"]["body"])) == {"sku": "A1-hush", "n": 1}
    del plan["requests"], plan["operations"]
    assert plan.pop("sides")["old"] == {
        "url": "http://127.0.0.1:8081/prod", "connect_to": "", "ca": "", "proxy": "", "cert": "", "key": ""
    }  # fmt: skip
    assert plan == {
        "schema": 1, "segments": [[50.0, 50.0, 120.0]], "arrivals": [], "poisson": False, "warm_up": 10.0,
        "order": "interleaved", "seed": 7, "workers": 2, "timeout": 35.0, "body_limit": 10_000_000,
        "max_in_flight": 875, "max_requests": 100_000, "abort_at": 0.5, "slice": 1.0,
        "backend_header": {"old": "", "new": "x-ms"},
    }  # fmt: skip


def test_a_load_of_http_2_is_told_to_be_http_1(tmp_path: Path) -> None:
    head = HEAD.replace('8082"', '8082", http: 2')
    assert over_http_1(scenario(tmp_path)) == ""
    assert over_http_1(scenario(tmp_path, head=head)).startswith("new over HTTP/1.1, although `http: 2` is set")


def test_a_proxy_of_the_environment_is_put_under_load_on_this_machine_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = scenario(tmp_path, head=HEAD.replace('8082"', '8082", proxy: environment'))
    monkeypatch.setenv("no_proxy", "")
    for proxy, refused in (("", False), ("http://127.0.0.1:3128", False), ("http://me:hush@proxy.example:3128", True)):
        monkeypatch.setenv("http_proxy", proxy)
        why = unnamed_proxy(found)
        assert ("proxy.example" in why) is refused
        assert bool(why) is refused
        assert "hush" not in why


def test_most_is_known_beforehand(tmp_path: Path) -> None:
    found = scenario(tmp_path, "{profile: {rate: 50, for: 2m}, warm_up: 10s, workers: 4}")
    planned = most(found, [])
    assert (planned.requests, planned.warm_up, planned.per_worker) == (6000, 500, (1500,) * 4)
    assert (planned.seconds, planned.whole, planned.peak) == (120, 130, 50)
    assert most(scenario(tmp_path, "{profile: {rate: 50, for: 2m}, order: one-after-another}"), []).whole == 241
    replayed = most(found, [0.0, 0.5, 3.0])
    assert (replayed.requests, replayed.per_worker, replayed.warm_up, replayed.peak) == (3, (1, 1, 1, 0), 10, 2)


@pytest.mark.parametrize(
    ("expect", "old", "new"),
    [
        (Expect(), None, None),
        (Expect(both=ExpectSide(status=(404, 200))), [200, 404], [200, 404]),
        (Expect(old=ExpectSide(status=(403,)), new=ExpectSide(status=(401,))), [403], [401]),
        (Expect(both=ExpectSide(status=(200, 404)), new=ExpectSide(status=(404,))), [200, 404], [404]),
        (Expect(both=ExpectSide(status=(200,)), new=ExpectSide(status=(404,))), [200], []),
    ],
)
def test_allowed_are_the_statuses_that_are_expected(
    expect: Expect, old: list[int] | None, new: list[int] | None
) -> None:
    assert (allowed(expect, Side.OLD), allowed(expect, Side.NEW)) == (old, new)


@pytest.mark.parametrize("seconds", [10, 20, 45, 60, 119, 120, 121, 300, 1800, 3600, 86_400, 7 * 86_400])
def test_slices_are_neither_few_nor_many(seconds: float) -> None:
    length = slice_length(seconds)
    assert length >= 0.5
    assert 20 <= seconds / length <= 240
    assert seconds < 20 or seconds / length >= 40


@pytest.mark.parametrize(
    ("peak", "workers", "wanted"), [(50, 1, 1750), (1000, 1, 2000), (1000, 4, 500), (0.1, 1, 16), (10, 64, 16)]
)
def test_in_flight_is_bounded_for_all_workers(peak: float, workers: int, wanted: int) -> None:
    load = Load(profile=Profile(kind="", text=""), workers=workers)
    assert in_flight(load, 35.0, peak) == wanted
