"""The `load` section: profiles, mixes, hosts, bounds and defaults."""

from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml

from harness.model.errors import ScenarioError
from harness.model.side import Side
from harness.scenario.load import load
from harness.scenario.profiles import requests_of
from harness.scenario.schema import json_schema
from harness.scenario.thresholds import DEFAULTS
from harness.scenario.types import Load, Mix, Scenario, Segment
from tests.unit.scenario.broken_load import CALLERS, CASES
from tests.unit.scenario.broken_row import NEW, TOP

PROFILE = "profile: {rate: 50, for: 2m}"
Read = Callable[..., Scenario]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that reads a scenario with cases of all kinds, and holds it against the schema."""
    (tmp_path / "access.log").write_text("-")

    def run(text: str, *, top: str = TOP, cases: str = CASES) -> Scenario:
        file = tmp_path / "scenario.yaml"
        whole = top + cases + CALLERS + text
        file.write_text(whole, encoding="utf-8")
        jsonschema.Draft202012Validator(json_schema()).validate(yaml.safe_load(whole))
        return load(file, environ={"HOST": "canary.example.com"})

    return run


@pytest.fixture
def section(read: Read) -> Callable[[str], Load]:
    """Return a function that reads the keys of a `load` section."""

    def run(text: str) -> Load:
        found = read("load:\n  " + (text if "profile:" in text else f"{PROFILE}\n  {text}") + "\n").load
        assert found is not None
        return found

    return run


Section = Callable[[str], Load]


def test_defaults(section: Section) -> None:
    found = section("")
    assert found == Load(profile=found.profile, thresholds=DEFAULTS)
    assert found.profile.segments == (Segment(start=50.0, end=50.0, seconds=120.0),)
    assert requests_of(found.profile.segments) == 6000
    assert found.written is not None
    assert (found.written.line, found.written.column) == (len((TOP + CASES + CALLERS).splitlines()) + 2, 3)


@pytest.mark.parametrize(
    ("text", "kind", "words", "segments"),
    [
        ("{rate: 50/s, for: 90s}", "constant", "50/s for 90s", [(50, 50, 90)]),
        ("{rate: 3000/m, for: 500ms}", "constant", "50/s for 500ms", [(50, 50, 0.5)]),
        ("{rate: {from: 0, to: 100}, for: 5m}", "ramp", "0 to 100/s in 5m", [(0, 100, 300)]),
        (
            "{steps: [{rate: 10, for: 1m}, {rate: 0, for: 10s}, {rate: {from: 10, to: 20}, for: 1m}]}",
            "steps",
            "10/s for 1m, then 0/s for 10s, then 10 to 20/s in 1m",
            [(10, 10, 60), (0, 0, 10), (10, 20, 60)],
        ),
        (
            "{steps: [{rate: 1, for: 1m}, {rate: 2, for: 1m}, {rate: 3, for: 1m}, {rate: 4, for: 1m}, {rate: 5, for: 1m}]}",
            "steps",
            "5 steps of up to 5/s, 5m in all",
            [(rate, rate, 60) for rate in range(1, 6)],
        ),
        (
            "{rate: 20, for: 5m, spike: {rate: 200, at: 2m, for: 10s}}",
            "spike",
            "20/s for 5m, with 200/s for 10s after 2m",
            [(20, 20, 120), (200, 200, 10), (20, 20, 170)],
        ),
        (
            "{rate: 20, for: 1m, spike: {rate: 90, at: 0s, for: 10s}}",
            "spike",
            "20/s for 1m, with 90/s for 10s after 0s",
            [(90, 90, 10), (20, 20, 50)],
        ),
        (
            "{rate: 20, for: 1m, arrivals: poisson}",
            "constant",
            "20/s for 1m, at random times",
            [(20, 20, 60)],
        ),
    ],
)
def test_profiles(
    text: str, kind: str, words: str, segments: list[tuple[float, float, float]], section: Section
) -> None:
    found = section(f"profile: {text}").profile
    assert (found.kind, found.text) == (kind, words)
    assert [(part.start, part.end, part.seconds) for part in found.segments] == segments
    assert found.poisson == ("poisson" in text)


def test_a_replay(section: Section, tmp_path: Path) -> None:
    found = section("profile: {replay: access.log, speed: 2.5, for: 10m}").profile
    assert (found.kind, found.replay, found.speed, found.seconds) == ("replay", tmp_path / "access.log", 2.5, 600.0)
    assert found.text == "access.log at 2.5 times its speed, for 10m at most"
    assert section("profile: {replay: access.log}").profile.text == "access.log as recorded"


@pytest.mark.parametrize(
    ("segments", "count"),
    [
        ([(50, 50, 120)], 6000),
        ([(0, 100, 10)], 500),
        ([(1, 1, 1.5)], 2),
        ([(0.1, 0.1, 1)], 1),
        ([(0.1, 0.1, 30)], 3),
    ],
)
def test_how_many_requests(segments: list[tuple[float, float, float]], count: int) -> None:
    assert requests_of([Segment(start=start, end=end, seconds=seconds) for start, end, seconds in segments]) == count


def test_everything_else(section: Section, tmp_path: Path) -> None:
    found = section(
        "warm_up: 10s\n  mix: {list: 3, one: 0.5, make: 1}\n  as: [partner, partner]\n  order: one-after-another\n"
        "  workers: 4\n  max_rate: 6000/m\n  max_requests: 6500\n  abort_at: 12.5%\n  max_lateness: 20ms\n"
        "  backend_time: {old: X-Backend-Ms, new: Server-Timing:app}\n  allow: [127.0.0.1]\n"
        "  thresholds: [p95 <= old * 1.5 of GET /orders/1, 'errors <= 0.5%']"
    )
    assert (found.warm_up, found.callers, found.order, found.workers) == (10.0, ("partner",), "one-after-another", 4)
    assert found.mix == Mix(weights={"list": 3.0, "one": 0.5, "make": 1.0})
    assert found.mix.written["one"].file == tmp_path / "scenario.yaml"
    assert (found.max_rate, found.max_requests, found.abort_at, found.max_lateness) == (100.0, 6500, 0.125, 20.0)
    assert found.backend_time == {Side.OLD: "x-backend-ms", Side.NEW: "server-timing:app"}
    assert section("backend_time: x-ms").backend_time == dict.fromkeys(Side, "x-ms")
    first, second = found.thresholds
    assert first.operation == "GET /orders/{id}"  # as the case has it, though it was written as one request
    assert first.file == second.file == str(tmp_path / "scenario.yaml")
    assert first.line == len((TOP + CASES + CALLERS).splitlines()) + 14


def test_mix_of_a_recording(section: Section, tmp_path: Path) -> None:
    assert section("mix: {from: access.log}").mix.recording == tmp_path / "access.log"
    assert section("as: partner").callers == ("partner",)


def test_thresholds_take_vars(read: Read) -> None:
    text = f'vars: {{factor: 1.3}}\nload: {{{PROFILE}, thresholds: ["p95 <= old * ${{var:factor}}"]}}\n'
    found = read(text).load
    assert found is not None
    assert found.thresholds[0].bound.factor == 1.3


@pytest.mark.parametrize(
    ("new", "allow"),
    [
        ('url: "https://api.example.com"', "api.example.com"),
        ('url: "https://API.example.com:8443/x"', "Api.Example.com"),
        ('url: "https://api.example.com", connect_to: "gw.example.net:443"', "gw.example.net"),
        ('url: "https://api.example.com", connect_to: "gw.example.net:443"', "gw.example.net, api.example.com"),
        ('url: "http://[2001:db8::1]:80"', '"[2001:db8::1]"'),
        ('url: "http://127.0.0.1:2", proxy: "http://u:p@proxy.example:3128"', "proxy.example"),
    ],
)
def test_hosts_that_are_allowed(new: str, allow: str, read: Read) -> None:
    top = TOP.replace(NEW, f"new: {{kind: generic, {new}}}\n")
    assert read(f"load: {{{PROFILE}, allow: [{allow}]}}\n", top=top).load
    with pytest.raises(ScenarioError, match="outside this machine"):
        read(f"load: {{{PROFILE}}}\n", top=top)


@pytest.mark.parametrize("host", ["127.0.0.1:5", "localhost", "127.8.9.1", "[::1]:5"])
def test_this_machine_needs_no_leave(host: str, read: Read) -> None:
    assert read(f"load: {{{PROFILE}}}\n", top=TOP.replace("127.0.0.1:2", host)).load


def test_the_load_of_a_production_name_may_go_to_this_machine(read: Read) -> None:
    top = TOP.replace("http://127.0.0.1:2", "https://api.example.com").replace("}\n", ", connect_to: '127.0.0.1:5'}\n")
    assert read(f"load: {{{PROFILE}}}\n", top=top).load


def test_all_that_is_wrong_is_told(read: Read) -> None:
    text = (
        "load:\n  profile: {rate: 500, for: 1h}\n  max_rate: 5\n  mix: {lst: 1, life: 2}\n  allow: [h.example]\n"
        "  thresholds: [p95 <= old of GET /x, errors <= 1%, errors <= 1.0%]\n"
    )
    with pytest.raises(ScenarioError) as caught:
        read(text, top=TOP.replace("127.0.0.1:2", "api.example.com"))
    parts = (
        "1,800,000 requests",
        "a peak of 500/s",
        "'lst'",
        "'life'",
        "api.example.com",
        "'h.example'",
        "there twice",
    )
    said = " ".join(problem.message for problem in caught.value.problems)
    assert all(part in said for part in parts)
    # What the load sends is not known while none of its cases can be sent.
    assert len(caught.value.problems) == len(parts)


def test_go_needs_it(read: Read) -> None:
    assert read(f"load: {{{PROFILE}}}\n").gates.require == ("parity", "load")
    assert read(f"load: {{{PROFILE}}}\ngates: {{require: [load]}}\n").gates.require == ("load",)
    assert read("").load is None


def test_it_is_merged_with_what_is_included(tmp_path: Path) -> None:
    (tmp_path / "common.yaml").write_text(f"load: {{{PROFILE}, thresholds: [p95 <= old], workers: 2}}\n")
    file = tmp_path / "scenario.yaml"
    file.write_text(TOP + CASES + "include: [common.yaml]\nload: {workers: 3, thresholds: [errors <= 1%]}\n")
    found = load(file, environ={}).load
    assert found is not None
    assert found.workers == 3
    assert [threshold.text for threshold in found.thresholds] == ["p95 <= old", "errors <= 1%"]
    assert [Path(threshold.file).name for threshold in found.thresholds] == ["common.yaml", "scenario.yaml"]


def test_every_key_is_explained() -> None:
    """Editors show `about` beside each key; one without is a riddle."""
    defs = json_schema()["$defs"]
    names = ("load", "load_profile", "load_step", "ramp", "spike", "backend_time", "history")
    for name in (*names, "aws_control", "azure_control"):
        assert defs[name]["description"], name
        for key, shape in defs[name]["properties"].items():
            assert shape.get("description"), f"{name}.{key}"
