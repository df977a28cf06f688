"""What is asked about CORS: by which pages, with which requests."""

from harness.model.probe import CorsAsk, Decision, Group, Reads
from harness.scenario.types import Case, CorsPlan
from harness.security import cors
from tests.unit.security.builder import asked, case, draft, left, many

PAGE, FOREIGN = "https://shop.example", "https://foreign.invalid"
PLAN = CorsPlan(origins=(PAGE,), methods=("GET", "POST"), headers=("X-Tenant", "Accept"), credentials=True)
ORDERS = case(0, "GET /orders?limit=2", "partner", headers=(("Origin", "https://old.example"), ("X-A", "1")))
CREATE = case(1, "POST /orders", "partner", body=b"{}", unsafe="run")
HEALTH = case(2, "GET /health")


def columns(cases: list[Case]) -> dict[str, Case]:
    found = {one.probe.column: one for one in cases if one.probe is not None}
    assert len(found) == len(cases)
    return found


def ask_of(one: Case) -> CorsAsk:
    assert one.probe is not None
    assert one.probe.cors is not None
    assert (one.probe.group, one.probe.reads) == (Group.CORS, Reads.CORS)
    return one.probe.cors


def test_what_is_asked_on_a_path() -> None:
    found = columns(asked(draft(cors.add, ORDERS, CREATE, cors=PLAN)))
    assert list(found) == [
        f"preflight of GET from {PAGE}",
        f"preflight of POST from {PAGE}",
        f"answer to {PAGE} with credentials",
        f"error answer to {PAGE}",
        f"preflight of POST from {FOREIGN}",
        f"answer to {FOREIGN}",
        f"answer to {FOREIGN} with credentials",
        "preflight of POST from null",
        "answer to null",
        "answer to null with credentials",
        f"error answer to {FOREIGN}",
    ]


def test_a_preflight_is_what_a_browser_sends() -> None:
    one = columns(asked(draft(cors.add, ORDERS, CREATE, cors=PLAN)))[f"preflight of POST from {PAGE}"]
    step = one.steps[0]
    assert (step.method, step.target, step.identity, step.body) == ("OPTIONS", "/orders", None, None)
    assert step.headers == (
        ("Origin", PAGE),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "content-type,x-tenant"),
    )
    assert ask_of(one) == CorsAsk(
        origin=PAGE, method="POST", headers=("content-type", "x-tenant"), credentials=True, preflight=True
    )


def test_an_actual_request_has_one_origin_and_its_caller() -> None:
    one = columns(asked(draft(cors.add, ORDERS, cors=PLAN)))[f"answer to {FOREIGN}"]
    step = one.steps[0]
    assert (step.method, step.target, step.identity) == ("GET", "/orders?limit=2", "partner")
    assert step.headers == (("X-A", "1"), ("Origin", FOREIGN))
    assert one.probe is not None
    assert one.probe.control is not None


def test_only_credentials_for_strangers_are_dangerous() -> None:
    made = asked(draft(cors.add, ORDERS, CREATE, cors=PLAN))
    assert [one.probe.column for one in made if one.probe and one.probe.dangerous] == [
        f"answer to {FOREIGN} with credentials",
        "answer to null with credentials",
    ]


def test_letting_in_an_allowed_origin_is_no_weakness() -> None:
    made = asked(draft(cors.add, ORDERS, cors=PLAN))
    allowed = {ask_of(one).origin for one in made if one.probe and one.probe.excused is Decision.THROUGH}
    assert allowed == {PAGE}
    assert {one.probe.excused for one in made if one.probe and ask_of(one).origin != PAGE} == {None}


def test_an_error_is_asked_for_by_nobody_or_on_a_path_that_is_not_there() -> None:
    made = asked(draft(cors.add, ORDERS, cors=PLAN))
    assert columns(made)[f"error answer to {PAGE}"].steps[0].identity is None
    open_ = asked(draft(cors.add, case(0, "GET /health?a=1"), case(1, "POST /health", unsafe="run"), cors=PLAN))
    assert columns(open_)[f"error answer to {PAGE}"].steps[0].target == "/health/cutover-no-such-path?a=1"


def test_without_origins_only_strangers_ask() -> None:
    made = draft(cors.add, ORDERS)
    assert {ask_of(one).origin for one in asked(made)} == {FOREIGN, "null"}
    assert left(made)["allowed origin: CORS of the API's own pages"] == "not askable: add `security.cors.origins`"


def test_the_foreign_origin_is_the_plans() -> None:
    made = asked(draft(cors.add, ORDERS, cors=CorsPlan(foreign="https://elsewhere.example")))
    assert {ask_of(one).origin for one in made} == {"https://elsewhere.example", "null"}


def test_what_may_not_be_sent_gets_preflights_alone() -> None:
    made = asked(draft(cors.add, case(0, "DELETE /orders/7", "partner"), cors=PLAN))
    assert {one.steps[0].method for one in made} == {"OPTIONS"}
    assert all(one.safe for one in made)


def test_an_open_api_is_asked_too() -> None:
    assert asked(draft(cors.add, HEALTH, cors=PLAN))


def test_no_paths_no_questions() -> None:
    made = draft(cors.add, cors=PLAN)
    assert made.cases == []


def test_two_hundred_paths_stay_reasonable() -> None:
    plan = CorsPlan(origins=tuple(f"https://{number}.example" for number in range(20)))
    made = draft(cors.add, *many(200), cors=plan)
    rows = {one.probe.row for one in asked(made) if one.probe}
    assert len(rows) == cors.MOST_PLACES
    assert len(asked(made)) <= 15 * cors.MOST_PLACES
    assert (
        "left: /area-1/thing-41, /area-2/thing-42, /area-3/thing-43 and 144 more" in left(made)["further paths: CORS"]
    )
    assert made.cases == draft(cors.add, *many(200), cors=plan).cases
    assert len({one.name for one in made.cases}) == len(made.cases)
