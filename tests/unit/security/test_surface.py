"""The surface's probes: what is asked, as whom, how often; and what is not."""

import pytest

from harness.model.probe import Decision, Group, Reads
from harness.scenario.types import Case
from harness.security import surface
from harness.security.tricks import CLIMBS, ENDINGS, SPELLINGS, climbed
from tests.unit.security.builder import asked, case, draft, left, many

ORDERS = case(0, "GET /orders?limit=2", "partner", headers=(("Accept", "application/json"),))
CREATE = case(1, "POST /orders", "partner", body=b'{"sku": "A"}', unsafe="run")
HEALTH = case(2, "GET /health")
DELETE = case(3, "DELETE /orders/7", "partner", operation="DELETE /orders/{id}", unsafe="run")


def by_column(cases: list[Case]) -> dict[str, Case]:
    found = {one.probe.column: one for one in cases if one.probe is not None}
    assert len(found) == len(cases)
    return found


def targets(*cases: Case, row: str, caller: str = "partner") -> dict[str, str]:
    made = asked(draft(surface.add, *cases))
    of_row = [one for one in made if one.probe and (one.probe.row, one.probe.caller) == (row, caller)]
    return {one.probe.column: one.steps[-1].target for one in of_row if one.probe}


def test_methods_that_no_case_uses() -> None:
    made = asked(draft(surface.add, ORDERS, CREATE))
    methods = [one for one in made if one.probe and one.probe.column.startswith("method ")]
    assert [one.steps[0].method for one in methods] == [
        "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "CONNECT", "HEAD",
    ]  # fmt: skip
    assert {one.steps[0].target for one in methods} == {"/orders?limit=2"}
    assert [one.steps[0].identity for one in methods] == ["partner"] * 8 + [None]
    assert methods[-1].name == "/orders: method HEAD, no credential"
    assert {one.steps[0].body for one in methods} == {None}
    assert [one.name for one in methods if one.probe and one.probe.dangerous] == ["/orders, partner: method TRACE"]


def test_nothing_is_changed_where_no_case_agrees() -> None:
    made = draft(surface.add, ORDERS, HEALTH)
    assert {one.steps[0].method for one in asked(made)} == {"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "CONNECT"}
    (why,) = [why for name, why in left(made).items() if "methods that change" in name]
    assert "`unsafe: run`" in why
    assert "/orders" in why
    assert all(one.accepted for one in made.cases if not one.steps)


@pytest.mark.parametrize("unsafe", ["", "skip"])
def test_an_operation_that_may_not_be_sent_is_not_sent(unsafe: str) -> None:
    made = draft(surface.add, case(0, "POST /orders", "partner", unsafe=unsafe))
    assert asked(made) == []
    assert not any(one.steps for one in made.cases)
    assert "paths without a request: surface" in left(made)


PUT_ONE = case(0, "PUT /orders/7", "partner", body=b"{}", unsafe="run")


@pytest.mark.parametrize(
    ("other", "chosen"),
    [
        (case(1, "DELETE /orders/7", "partner"), ()),
        (case(1, "DELETE /orders/7", "partner", unsafe="skip"), ()),
        (case(1, "DELETE /orders/9", "partner", operation="DELETE /orders/{id}"), ()),
        (case(1, "DELETE /orders/7", "partner", operation="DELETE /{kind}/{id}"), ()),
        (case(1, "DELETE /orders/7", "partner"), ("PUT *",)),
    ],
)
def test_a_method_that_some_case_uses_is_no_probe(other: Case, chosen: tuple[str, ...]) -> None:
    """Somebody deletes this, and did not agree to its being deleted for a test."""
    made = asked(draft(surface.add, PUT_ONE, other, operations=chosen))
    assert "DELETE" not in {one.steps[0].method for one in made}
    assert "DELETE" in {one.steps[0].method for one in asked(draft(surface.add, PUT_ONE))}


def test_what_changes_something_waits_for_the_others() -> None:
    made = asked(draft(surface.add, ORDERS, CREATE, DELETE))
    late = {one.steps[0].method for one in made if one.phase == 2}
    assert late == {"POST", "PUT", "PATCH", "DELETE"}
    assert not [one.name for one in made if one.steps[0].method in late and (one.phase < 2 or one.unsafe != "run")]


def test_override_goes_under_a_method_that_the_path_does_not_have() -> None:
    made = asked(draft(surface.add, DELETE))
    found = by_column([one for one in made if one.probe and one.probe.column.startswith("X-")])
    assert list(found) == [
        "X-HTTP-Method-Override: DELETE on POST",
        "X-Method-Override: DELETE on POST",
        "X-HTTP-Method: DELETE on POST",
    ]
    for column, one in found.items():
        assert one.steps[0].method == "POST"
        assert (column.partition(":")[0], "DELETE") in one.steps[0].headers
        assert not one.safe, "so that it is synced before it is sent, and never sent twice"


def test_override_of_what_is_only_read_stays_safe() -> None:
    made = [one for one in asked(draft(surface.add, ORDERS)) if one.probe and "Override" in one.probe.column]
    assert {(one.steps[0].method, one.steps[0].headers[-1][1]) for one in made} == {("OPTIONS", "GET")}


@pytest.mark.parametrize(("old", "excused"), [("aws-rest", 1), ("generic", 0)])
def test_amazon_obeys_overrides(old: str, excused: int) -> None:
    """Facts §1.4: documented, so that not obeying it is a difference of the products."""
    made = asked(draft(surface.add, ORDERS, old=old))
    known = [one for one in made if one.probe and one.probe.excused is Decision.REFUSED]
    assert len(known) == excused
    assert all(one.probe and one.probe.excuse for one in known)


def test_spellings_are_verbatim() -> None:
    found = targets(ORDERS, row="/orders")
    assert {name: found[name] for name, _ in (*SPELLINGS, *ENDINGS)} == {
        "path in other letters": "/ORDERS?limit=2",
        "slash at the end": "/orders/?limit=2",
        "double slash": "//orders?limit=2",
        "dot segment /./": "/./orders?limit=2",
        "path parameter ;x=1": "/orders;x=1?limit=2",
        "encoded letter": "/%6frders?limit=2",
        "encoded slash %2f at the end": "/orders%2f?limit=2",
        "%00 at the end": "/orders%00?limit=2",
        "backslash at the end": "/orders\\?limit=2",
    }


def test_nobody_tries_the_spellings_of_what_is_guarded() -> None:
    assert set(targets(ORDERS, HEALTH, row="/orders", caller="")) >= {f"{name}, no credential" for name, _ in SPELLINGS}
    made = asked(draft(surface.add, ORDERS, HEALTH))
    nobody = [one for one in made if one.probe and "no credential" in one.probe.column]
    assert {one.steps[0].identity for one in nobody} == {None}
    assert {one.probe.row for one in nobody if one.probe and " to " not in one.probe.column} == {"/orders"}


def test_a_request_that_carries_its_own_key_goes_without_it() -> None:
    made = asked(
        draft(surface.add, case(0, "GET /orders", "partner"), case(1, "GET /mine", headers=(("x-api-key", "k"),)))
    )
    nobody = [one for one in made if one.probe and "no credential" in one.probe.column]
    assert not [one.name for one in nobody if any(name.lower() == "x-api-key" for name, _ in one.steps[0].headers)]


@pytest.mark.parametrize(
    ("path", "name", "written"),
    [
        ("/", "slash at the end", None),
        ("/", "path in other letters", None),
        ("/42", "path in other letters", None),
        ("/42", "encoded letter", None),
        ("/V1", "path in other letters", "/v1"),
        ("/a/b/", "slash at the end", "/a/b"),
        ("/%2f/a", "encoded letter", "/%2f/%61"),
    ],
)
def test_spellings_at_the_edges(path: str, name: str, written: str | None) -> None:
    assert targets(case(0, f"GET {path}", "partner"), row=path).get(name) == written


CLIMBED = {
    "/../": ("/health/../orders", "/a/b/../../orders"),
    "..;/": ("/health/..;/orders", "/a/b/..;/..;/orders"),
    "%2e%2e/": ("/health/%2e%2e/orders", "/a/b/%2e%2e/%2e%2e/orders"),
    "double encoded %252e%252e/": ("/health/%252e%252e/orders", "/a/b/%252e%252e/%252e%252e/orders"),
    "encoded slash ..%2f": ("/health%2f..%2forders", "/a/b%2f..%2f..%2forders"),
    "backslash ..\\": ("/health\\..\\orders", "/a/b\\..\\..\\orders"),
}


@pytest.mark.parametrize("climb", CLIMBS, ids=lambda climb: climb[0])
def test_climbs(climb: tuple[str, str]) -> None:
    assert (climbed(climb, "/health", "/orders"), climbed(climb, "/a/b/", "/orders")) == CLIMBED[climb[0]]


def test_nobody_climbs_from_an_open_path_to_a_guarded_one() -> None:
    made = draft(surface.add, ORDERS, HEALTH)
    found = [one for one in asked(made) if one.probe and " to /orders" in one.probe.column]
    assert [one.steps[0].target for one in found] == [f"{short}?limit=2" for short, _ in CLIMBED.values()]
    for one in found:
        assert one.probe is not None
        assert (one.steps[0].identity, one.probe.reads, one.probe.row) == (None, Reads.ANSWER, "/health")
        assert one.probe.control is not None
        assert made.cases[one.probe.control].name == "GET /orders, partner: as it is"


def test_a_caller_climbs_to_what_it_does_not_use() -> None:
    made = asked(draft(surface.add, ORDERS, case(1, "GET /invoices", "clerk")))
    climbs = {
        (one.steps[0].identity, one.steps[0].target) for one in made if one.probe and "..;/ to" in one.probe.column
    }
    assert climbs == {("partner", "/orders/..;/invoices"), ("clerk", "/invoices/..;/orders?limit=2")}


def test_where_all_belongs_to_one_caller_nobody_climbs() -> None:
    made = asked(draft(surface.add, ORDERS, case(1, "GET /invoices", "partner")))
    climbs = {
        (one.steps[0].identity, one.steps[0].target) for one in made if one.probe and "..;/ to" in one.probe.column
    }
    assert climbs == {(None, "/invoices/..;/orders?limit=2")}


def test_another_host() -> None:
    made = asked(draft(surface.add, ORDERS, HEALTH))
    found = [one for one in made if one.probe and one.probe.column == "Host of another name"]
    assert [(one.steps[0].identity, one.steps[0].headers[0]) for one in found] == [
        (None, ("Host", surface.OTHER_HOST)),
        ("partner", ("Host", surface.OTHER_HOST)),
    ]


def test_sizes() -> None:
    made = [one for one in asked(draft(surface.add, ORDERS, CREATE)) if one.probe and one.probe.row == "sizes"]
    found = by_column(made)
    assert list(found) == [
        "header of 7 KB", "header of 9 KB", "header of 12 KB", "header of 70 KB",
        "URL of 7 KB", "URL of 9 KB", "URL of 12 KB", "body over 10 MB",
    ]  # fmt: skip
    assert len(dict(found["header of 70 KB"].steps[0].headers)["X-Cutover-Padding"]) == 70 * 1024
    assert len(found["URL of 12 KB"].steps[0].target) == 12 * 1024
    assert found["URL of 9 KB"].steps[0].target.startswith("/orders?limit=2&cutover-padding=aaa")
    big = found["body over 10 MB"].steps[0].body
    assert big is not None
    assert (len(big), big.lstrip()) == (10_485_761, b'{"sku": "A"}')
    assert {one.probe.excused for one in made if one.probe} == {Decision.THROUGH}, "a larger limit is no open door"


def test_no_large_body_without_an_agreement() -> None:
    made = draft(surface.add, ORDERS)
    assert "`unsafe: run`" in left(made)["sizes: body over 10 MB"]
    assert max(len(step.body or b"") for one in made.cases for step in one.steps) == 0


def test_require_holds_the_verdict_where_a_question_cannot_be_asked() -> None:
    made = draft(surface.add, ORDERS, require=("body over 10 MB",))
    assert {one.name: one.accepted for one in made.cases if not one.steps}["sizes: body over 10 MB"] is False


def test_two_hundred_paths_stay_reasonable() -> None:
    made = draft(surface.add, *many(200))
    found = asked(made)
    tricks = [one for one in found if one.probe and "method " not in one.probe.column]
    rows = {one.probe.row for one in tricks if one.probe} - {"sizes"}
    assert len(rows) <= surface.MOST_PLACES
    assert len(tricks) <= 550
    assert len(found) <= 1600
    callers = {one.steps[0].identity for one in tricks}
    assert callers == {None, *(f"caller-{number}" for number in range(5))}
    assert "not on" in left(made)["further paths: path tricks"]


def test_the_same_scenario_gives_the_same_cases_with_names_of_their_own() -> None:
    first, second = (draft(surface.add, *many(60)) for _ in range(2))
    assert first.cases == second.cases
    assert len({one.name for one in first.cases}) == len(first.cases)
    assert [one.index for one in first.cases] == list(range(len(first.cases)))
    assert {one.probe.group for one in asked(first) if one.probe} == {Group.SURFACE}


def test_every_control_is_a_valid_caller_asked_first() -> None:
    made = draft(surface.add, *many(30))
    for one in asked(made):
        assert one.probe is not None
        assert one.probe.control is not None
        control = made.cases[one.probe.control]
        assert control.probe is not None
        assert control.probe.valid
        assert control.phase == 0


def test_no_cases_no_questions() -> None:
    made = draft(surface.add)
    assert asked(made) == []
