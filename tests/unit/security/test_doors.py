"""Which questions are asked at back doors, and where the doors are."""

from dataclasses import replace

import pytest

from harness.model.gateway import Gateway
from harness.model.probe import Reads, Wants
from harness.model.side import Side
from harness.scenario.types import Security
from harness.security import doors
from harness.security.doors import MOST_OPERATIONS, gateways
from tests.unit.security.check_bench import ORDERS, case, draft_of, scenario

SECURITY = Security(direct=("https://contoso.azure-api.net/",), backend=("http://10.0.0.1:8080/base",))


def test_asks_each_door_as_the_caller_and_as_nobody() -> None:
    draft = draft_of(scenario(security=SECURITY))
    doors.add(draft)
    asked = [one for one in draft.cases if one.steps[0].door]
    assert [(one.steps[0].door, one.steps[0].identity) for one in asked] == [
        ("direct 1", "partner"),
        ("direct 1", None),
        ("backend 1", "partner"),
        ("backend 1", None),
    ]
    for one in asked:
        assert one.probe is not None
        assert (one.probe.reads, one.probe.wants, one.steps[0].side) == (Reads.REACH, Wants.REFUSED, Side.NEW)
        assert one.probe.control is not None
        assert draft.cases[one.probe.control].steps[0].identity == "partner"
    assert asked[0].name == "direct: https://contoso.azure-api.net/, partner: GET /orders"
    assert asked[1].name == "direct: https://contoso.azure-api.net/: GET /orders, no credential"


def test_asks_few_operations_the_protected_ones_first() -> None:
    public = [case(number, "GET", f"/public/{number}") for number in range(8)]
    protected = [case(8 + number, "GET", f"/protected/{number}", "partner") for number in range(8)]
    draft = draft_of(scenario(*public, *protected, security=Security(direct=("https://d.example",))))
    doors.add(draft)
    targets = list(dict.fromkeys(one.steps[0].target for one in draft.cases if one.steps[0].door))
    assert len(targets) == MOST_OPERATIONS
    assert targets[:8] == [f"/protected/{number}" for number in range(8)]


def test_changes_nothing_unless_a_case_says_so() -> None:
    unsafe = case(0, "DELETE", "/orders/1", "partner")
    draft = draft_of(scenario(unsafe, security=SECURITY))
    doors.add(draft)
    assert [one.skip for one in draft.cases if not one.probe or not one.probe.valid] == [
        "not askable: no operation can be asked there without changing something"
    ] * 2
    draft = draft_of(scenario(replace(unsafe, unsafe="run"), security=SECURITY))
    doors.add(draft)
    assert sum(bool(one.steps and one.steps[0].door) for one in draft.cases) == 4


def test_takes_off_the_credential_that_a_request_carries_itself() -> None:
    step = replace(ORDERS.steps[0], identity=None, headers=(("X-Api-Key", "own"), ("Accept", "text/plain")))
    draft = draft_of(scenario(replace(ORDERS, steps=(step,)), security=Security(direct=("https://d.example",))))
    doors.add(draft)
    asked = [one.steps[0].headers for one in draft.cases if one.steps[0].door]
    assert asked == [step.headers, (("Accept", "text/plain"),)]


def test_knows_the_doors() -> None:
    found = gateways(scenario(security=SECURITY))
    assert (found["direct 1"].url, found["direct 1"].kind) == ("https://contoso.azure-api.net", "azure-apim")
    assert (found["backend 1"].url, found["backend 1"].kind) == ("http://10.0.0.1:8080/base", "generic")
    assert found["http old"].url == "http://old.example"
    assert gateways(replace(scenario(), security=None)) == {}


def test_goes_through_the_proxy_of_the_new_side() -> None:
    made = scenario(security=SECURITY)
    made = replace(made, new=replace(made.new, proxy="http://proxy.example:3128"))
    assert {door.proxy for name, door in gateways(made).items() if "old" not in name} == {"http://proxy.example:3128"}


PLAIN: dict[str, tuple[str, str | None, str, tuple[str, str | None] | None]] = {
    "by default": ("https://api.example/v1", None, "", ("http://api.example/v1", None)),
    "said": ("https://api.example/v1", None, "http://plain.example/v1/", ("http://plain.example/v1", None)),
    "another port": ("https://api.example:8443", None, "", None),
    "plain itself": ("http://api.example", None, "", None),
    "not yet in DNS": ("https://api.example", "10.0.0.1:443", "", ("http://api.example", "10.0.0.1:80")),
    "not yet in DNS, odd port": ("https://api.example", "10.0.0.1:9443", "", None),
    "not yet in DNS, said": (
        "https://api.example",
        "[::1]:9443",
        "http://api.example:9080",
        ("http://api.example:9080", "[::1]:9080"),
    ),
    "address": ("https://[::1]", None, "", ("http://[::1]", None)),
}


@pytest.mark.parametrize("row", PLAIN)
def test_finds_the_plain_text_address(row: str) -> None:
    url, connect_to, said, expected = PLAIN[row]
    new = Gateway(side=Side.NEW, kind="azure-apim", url=url, connect_to=connect_to)
    made = replace(scenario(security=Security(http={Side.NEW: said} if said else {})), new=new)
    door = gateways(made).get("http new")
    assert (None if door is None else (door.url, door.connect_to)) == expected
