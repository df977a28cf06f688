"""The firewall's probes: only where hostile traffic is agreed to, in every place, exactly as written."""

import json
from urllib.parse import parse_qs

import pytest

from harness.model.probe import Group, Reads
from harness.scenario.marks import fill, fill_body, names
from harness.scenario.types import Case
from harness.security import waf
from harness.security.payloads import PAYLOADS, SCANNER
from tests.unit.security.builder import asked, case, draft, left, many

FORM = (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),)
ORDERS = case(0, "GET /orders?limit=2", "partner")
CREATE = case(1, "POST /orders", "partner", body=b'{"sku": "A"}', unsafe="run")
SIGN_UP = case(2, "POST /form", "clerk", body=b"name=Zo%C3%AB", body_kind="form", unsafe="run")
TEXTS = {payload.name: payload.text for payload in PAYLOADS}


def cells(*cases: Case, place: str) -> dict[str, Case]:
    made = asked(draft(waf.add, *cases, hostile=True))
    ending = f", {place}"
    return {
        one.probe.column.removesuffix(ending): one for one in made if one.probe and one.probe.column.endswith(ending)
    }


def test_nothing_hostile_without_the_word() -> None:
    made = draft(waf.add, ORDERS, CREATE, SIGN_UP)
    assert asked(made) == []
    (why,) = left(made).values()
    assert "security: {hostile: run}" in why
    assert [one.accepted for one in made.cases] == [True]


def test_required_but_off_holds_the_verdict() -> None:
    made = draft(waf.add, ORDERS, require=("WAF",))
    assert [one.accepted for one in made.cases] == [False]


def test_in_the_query() -> None:
    found = cells(ORDERS, place="in the query")
    assert found.keys() == TEXTS.keys()
    for name, one in found.items():
        target = fill(one.steps[0].target, {})
        assert target.startswith("/orders?limit=2&cutover_probe=")
        assert target.isascii()
        assert parse_qs(target.partition("?")[2])["cutover_probe"] == [TEXTS[name]]


def test_in_a_header() -> None:
    found = cells(ORDERS, place="in a header")
    assert found.keys() == TEXTS.keys()
    for name, one in found.items():
        assert names(one.steps[0].headers[-1][1]) == (), "a payload's ${ is no capture"
        assert fill(one.steps[0].headers[-1][1], {}) == TEXTS[name]


def test_in_json() -> None:
    found = cells(CREATE, place="in JSON")
    assert found.keys() == TEXTS.keys()
    for name, one in found.items():
        body = fill_body(one.steps[0], {})
        assert json.loads(body or b"") == {"sku": "A", "cutover_probe": TEXTS[name]}


@pytest.mark.parametrize(
    "case_", [SIGN_UP, case(2, "POST /form", "clerk", body=b"name=Zo%C3%AB", headers=FORM, unsafe="run")]
)
def test_in_a_form(case_: Case) -> None:
    found = cells(case_, place="in a form")
    assert found.keys() == TEXTS.keys()
    for name, one in found.items():
        body = fill_body(one.steps[0], {})
        assert parse_qs((body or b"").decode()) == {"name": ["Zoë"], "cutover_probe": [TEXTS[name]]}
        assert one.steps[0].identity == "clerk"


@pytest.mark.parametrize(("kb", "case_"), [(9, CREATE), (33, CREATE), (9, SIGN_UP), (33, SIGN_UP)])
def test_behind_what_a_firewall_inspects(kb: int, case_: Case) -> None:
    made = asked(draft(waf.add, case_, hostile=True))
    (one,) = [one for one in made if one.probe and f"behind {kb} KB" in one.probe.column]
    body = one.steps[0].body or b""
    assert body.index(b"OR") > kb * 1024
    assert len(body) < (kb + 1) * 1024


def test_a_scanner_names_itself_once() -> None:
    with_agent = case(0, "GET /orders", "partner", headers=(("user-agent", "app/1"),))
    made = asked(draft(waf.add, with_agent, hostile=True))
    (one,) = [one for one in made if one.probe and one.probe.column == "a scanner's User-Agent"]
    assert one.steps[0].headers == (("User-Agent", SCANNER),)


@pytest.mark.parametrize(
    ("cases", "rows"),
    [
        ((ORDERS,), {"in JSON", "in a form"}),
        ((ORDERS, CREATE), {"in a form"}),
        ((ORDERS, SIGN_UP), {"in JSON"}),
        ((CREATE, SIGN_UP), {"in the query and in headers"}),
        ((ORDERS, case(1, "POST /orders", "partner", body=b'{"sku": "A"}')), {"in JSON", "in a form"}),
        ((ORDERS, case(1, "POST /orders", "partner", body=b"[1]", unsafe="run")), {"in JSON", "in a form"}),
        ((ORDERS, case(1, "POST /orders", "partner", body=b"\xff", unsafe="run")), {"in JSON", "in a form"}),
        ((ORDERS, case(1, "POST /orders", "partner", body=b"[" * 99999, unsafe="run")), {"in JSON", "in a form"}),
    ],
)
def test_what_cannot_be_asked_is_said(cases: tuple[Case, ...], rows: set[str]) -> None:
    assert set(left(draft(waf.add, *cases, hostile=True))) == {f"{row}: WAF parity" for row in rows}


def test_every_probe_has_a_control_and_is_read_as_a_block() -> None:
    made = draft(waf.add, ORDERS, CREATE, SIGN_UP, hostile=True)
    for one in asked(made):
        assert one.probe is not None
        assert (one.probe.group, one.probe.reads) == (Group.WAF, Reads.BLOCK)
        assert one.probe.control is not None
        assert made.cases[one.probe.control].operation == one.operation
        assert one.phase == (1 if one.safe else 2)
    assert len({one.name for one in made.cases}) == len(made.cases)


def test_bounded_and_the_same_each_time() -> None:
    first, second = (draft(waf.add, *many(200), hostile=True) for _ in range(2))
    assert first.cases == second.cases
    assert len(asked(first)) <= 60


def test_the_table_has_every_kind() -> None:
    kinds = [name.partition(",")[0] for name in TEXTS]
    least = {"SQL injection": 3, "XSS": 3, "path traversal": 2, "command injection": 2, "Log4Shell": 2}
    assert all(kinds.count(kind) >= number for kind, number in least.items())
    assert any("169.254.169.254" in text for text in TEXTS.values())
    assert all(text.isascii() and text.isprintable() for text in TEXTS.values())
