"""Bursts and quotas: what is sent, what two sides' throttling means, and that no more is asked than was said."""

from dataclasses import replace
from typing import Any

import pytest

from harness.credentials.trouble import CredentialUnavailable
from harness.model.exchange import Exchange
from harness.model.probe import Decision
from harness.model.request import Request
from harness.model.response import Answer, Body, NoResponse, Reason, Response
from harness.model.side import Side
from harness.scenario.types import PlanLimit, Scenario, Security
from harness.security import limits, quota_points
from harness.security.limits import QuotaCheck, RateCheck, burst_size
from harness.security.limits_points import Burst, Throttling, burst_of, judge, kind_of, refill, sane, with_others
from tests.unit.security.check_bench import FakeTools, case, draft_of, scenario

PLAN = PlanLimit(caller="partner", rate=10.0, burst=20)
SENT = 45
BOTH = (case(0, "GET", "/orders", "partner"), case(1, "GET", "/orders", "shop"))


def burst(passed: int, first: int = 0, **changes: Any) -> Burst:
    default = {
        "sent": SENT,
        "seconds": 0.5,
        "statuses": (429,) if first else (),
        "retry_after": "1" if first else None,
        "other": Decision.THROUGH,
        "stranger": "shop",
    }
    return Burst(passed=passed, first=first, **{**default, **changes})


DECLARED = burst(25, 21)
EARLY = burst(10, 11)
NONE = burst(SENT)
AT_ONCE = burst(0, 1)
SLOW = burst(SENT, seconds=30.0)
REFUSED = burst(0, refused=SENT)
TROUBLE = burst(20, failed=25)
UNASKED = burst(20, unasked=25)

KINDS = {
    "declared": (DECLARED, Throttling.DECLARED),
    "a little early": (burst(17, 18), Throttling.DECLARED),
    "early": (burst(15, 16), Throttling.EARLY),
    "not": (NONE, Throttling.NONE),
    "from the first": (AT_ONCE, Throttling.AT_ONCE),
    "too slow to tell": (SLOW, Throttling.SLOW),
    "not let in": (REFUSED, Throttling.REFUSED),
    "some not let in": (burst(40, refused=5), Throttling.REFUSED),
    "down": (burst(0, failed=SENT), Throttling.TROUBLE),
    "some fail": (TROUBLE, Throttling.TROUBLE),
    "our own fault": (UNASKED, Throttling.UNASKED),
}


@pytest.mark.parametrize("row", KINDS)
def test_reads_a_burst(row: str) -> None:
    seen, expected = KINDS[row]
    assert kind_of(PLAN, seen) is expected


def outcome(old: Burst, new: Burst) -> tuple[str, list[tuple[str, str, str]]]:
    check = limits.checks(draft_of(scenario(*BOTH, security=Security(limits=(PLAN,)))), 0)[0]
    seen = judge(PLAN, old, new).checked(check.info, check.suite)
    return seen.outcome, [(point.at, point.severity, point.cause) for point in seen.points]


WEAKER = [("limits", "critical", "weaker")]
STRICTER = [("limits", "major", "unexplained")]
TOLD = [("limits", "minor", "")]
JUDGED: dict[tuple[str, str], tuple[str, list[tuple[str, str, str]]]] = {
    ("DECLARED", "DECLARED"): ("PASS", []),
    ("DECLARED", "EARLY"): ("FAIL", STRICTER),
    ("DECLARED", "NONE"): ("FAIL", WEAKER),
    ("DECLARED", "AT_ONCE"): ("INCONCLUSIVE", []),
    ("DECLARED", "SLOW"): ("INCONCLUSIVE", []),
    ("DECLARED", "REFUSED"): ("INCONCLUSIVE", []),
    ("DECLARED", "TROUBLE"): ("FAIL", STRICTER),
    ("DECLARED", "UNASKED"): ("ERROR", []),
    ("EARLY", "DECLARED"): ("PASS", TOLD),
    ("EARLY", "EARLY"): ("PASS", TOLD),
    ("EARLY", "NONE"): ("FAIL", WEAKER),
    ("NONE", "DECLARED"): ("PASS", TOLD),
    ("NONE", "EARLY"): ("FAIL", STRICTER),
    ("NONE", "NONE"): ("INCONCLUSIVE", []),
    ("AT_ONCE", "DECLARED"): ("INCONCLUSIVE", []),
    ("SLOW", "SLOW"): ("INCONCLUSIVE", []),
    ("SLOW", "NONE"): ("INCONCLUSIVE", []),
    ("REFUSED", "REFUSED"): ("INCONCLUSIVE", []),
    ("TROUBLE", "NONE"): ("ERROR", []),
    ("TROUBLE", "TROUBLE"): ("ERROR", []),
    ("UNASKED", "DECLARED"): ("ERROR", []),
}
NAMED = {
    "DECLARED": DECLARED,
    "EARLY": EARLY,
    "NONE": NONE,
    "AT_ONCE": AT_ONCE,
    "SLOW": SLOW,
    "REFUSED": REFUSED,
    "TROUBLE": TROUBLE,
    "UNASKED": UNASKED,
}


@pytest.mark.parametrize(("old", "new"), JUDGED)
def test_judges(old: str, new: str) -> None:
    assert outcome(NAMED[old], NAMED[new]) == JUDGED[old, new]


WAITING: dict[str, tuple[Burst, Burst, str, list[tuple[str, str, str]]]] = {
    "gained": (replace(DECLARED, retry_after=None), DECLARED, "PASS", [("limits:retry-after", "info", "gateway")]),
    "lost": (DECLARED, replace(DECLARED, retry_after=None), "FAIL", [("limits:retry-after", "major", "unexplained")]),
    "no time": (
        DECLARED,
        replace(DECLARED, retry_after="soon"),
        "FAIL",
        [("limits:retry-after", "major", "unexplained")],
    ),
    "another status": (DECLARED, replace(DECLARED, statuses=(403,)), "PASS", [("limits:status", "minor", "gateway")]),
    "another throttled too": (
        DECLARED,
        replace(DECLARED, other=Decision.REFUSED),
        "FAIL",
        [("limits:others", "critical", "unexplained")],
    ),
    "another throttled on both": (
        replace(DECLARED, other=Decision.REFUSED),
        replace(DECLARED, other=Decision.REFUSED),
        "PASS",
        [("limits:others", "major", "")],
    ),
    "another unclear": (DECLARED, replace(DECLARED, other=Decision.UNCLEAR), "INCONCLUSIVE", []),
    "another throttled, old shows no limit": (
        replace(NONE, other=Decision.THROUGH),
        replace(DECLARED, other=Decision.REFUSED),
        "FAIL",
        [("limits", "minor", ""), ("limits:others", "critical", "unexplained")],
    ),
    "nobody else": (DECLARED, replace(DECLARED, other=None), "PASS", []),
}


@pytest.mark.parametrize("row", WAITING)
def test_judges_what_goes_with_it(row: str) -> None:
    old, new, expected, points = WAITING[row]
    assert outcome(old, new) == (expected, points)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", True),
        (" 30 ", True),
        ("Wed, 21 Oct 2026 07:28:00 GMT", True),
        ("", False),
        ("soon", False),
        ("-1", False),
        ("1.5", False),
        ("9" * 40, False),
        ("٣", False),
    ],
)
def test_knows_times_to_wait(value: str, expected: bool) -> None:
    assert sane(value) is expected


def exchange(answer: Answer, at: float = 0.0) -> Exchange:
    request = Request(side=Side.NEW, method="GET", url="https://new.example/orders")
    return Exchange(request=request, answer=answer, sent_at=at)


def apim(status: int, message: str, **headers: str) -> Response:
    body = f'{{ "statusCode": {status}, "message": "{message}" }}'
    pairs = (("Content-Type", "application/json"), *headers.items())
    return Response(status=status, headers=pairs, body=Body(content=body.encode()))


def test_reads_answers_in_the_order_of_sending() -> None:
    late = exchange(Response(status=429, headers=(("Retry-After", "7"),)), at=3.0)
    later = exchange(apim(403, "Out of call volume quota. Quota will be replenished in 00:10:00."), at=4.0)
    answers = [later, late, exchange(Response(status=200), at=1.0), exchange(Response(status=404), at=2.0)]
    others = (exchange(Response(status=200)), exchange(Response(status=429)))
    seen = with_others(burst_of("azure-apim", answers, 1.0), "azure-apim", "shop", others)
    assert (seen.passed, seen.first, seen.statuses, seen.retry_after) == (2, 3, (403, 429), "7")
    assert (seen.other, seen.asked_others) == (Decision.REFUSED, 2)


OTHERS = {
    "let in both times": ((200, 200), Decision.THROUGH),
    "throttled before": ((429, 429), Decision.UNCLEAR),
    "not let in": ((401, 401), Decision.UNCLEAR),
    "fails after": ((200, 500), Decision.UNCLEAR),
    "asked before alone": ((200,), Decision.UNCLEAR),
    "could not be asked": ((), Decision.UNCLEAR),
}


@pytest.mark.parametrize("row", OTHERS)
def test_reads_how_another_fared(row: str) -> None:
    statuses, expected = OTHERS[row]
    others = tuple(exchange(Response(status=status)) for status in statuses)
    assert with_others(DECLARED, "azure-apim", "shop", others).other is expected


def test_nobody_else_fared_no_way() -> None:
    assert with_others(DECLARED, "azure-apim", "", ()).other is None


def test_counts_failures() -> None:
    answers = [
        exchange(Response(status=500)),
        exchange(NoResponse(reason=Reason.RESET, detail="")),
        exchange(NoResponse(reason=Reason.HARNESS, detail="")),
        exchange(Response(status=401)),
        exchange(Response(status=200)),
    ]
    seen = burst_of("generic", answers, 1.0)
    assert (seen.failed, seen.unasked, seen.refused, seen.passed) == (2, 1, 1, 1)


SIZES = {
    "rate and burst": (PLAN, 45),
    "rate alone": (PlanLimit(caller="p", rate=10.0), 35),
    "burst alone": (PlanLimit(caller="p", burst=20), 25),
    "high rate": (PlanLimit(caller="p", rate=1000.0, burst=100), 500),
    "high burst": (PlanLimit(caller="p", rate=1000.0, burst=2000), 2005),
    "slow rate": (PlanLimit(caller="p", rate=0.2, burst=1), 7),
}


@pytest.mark.parametrize("row", SIZES)
def test_sends_a_little_more_than_the_plan(row: str) -> None:
    plan, expected = SIZES[row]
    assert burst_size(plan) == expected


class Limited:
    """Both sides: each caller may ask so often; `shared` counts all callers of the new side as one."""

    def __init__(self, old: int, new: int, *, shared: bool = False) -> None:
        self.most = {Side.OLD: old, Side.NEW: new}
        self.shared = shared
        self.asked: dict[tuple[Side, str], int] = {}

    def __call__(self, request: Request) -> Answer:
        caller = next(value for name, value in request.headers if name == "x-api-key")
        key = request.side, "all" if self.shared and request.side is Side.NEW else caller
        self.asked[key] = self.asked.get(key, 0) + 1
        return Response(status=429 if self.asked[key] > self.most[request.side] else 200)


def made(*plans: PlanLimit) -> Scenario:
    return scenario(*BOTH, security=Security(limits=plans or (PLAN,)))


@pytest.mark.parametrize(
    ("limited", "expected", "sent"),
    [
        (Limited(22, 22), "PASS", 47),
        (Limited(22, 999), "FAIL", 47),
        (Limited(22, 3), "INCONCLUSIVE", 92),  # and nothing at all when asked again: no window refills here
        (Limited(22, 22, shared=True), "FAIL", 47),
        (Limited(999, 999), "INCONCLUSIVE", 47),
    ],
)
def test_bursts(limited: Limited, expected: str, sent: int) -> None:
    (check,) = limits.checks(draft_of(made()), 4)
    assert isinstance(check, RateCheck)
    tools = FakeTools(answer=limited)
    check.clock = lambda: tools.pauses / 20
    seen = check.run(tools)
    assert seen.outcome == expected, seen.why
    assert seen.requests == {"old": 47, "new": sent}
    assert all(seen.requests[side.value] <= most == 92 for side, most in check.requests.items())
    assert len(tools.sent) == 47 + sent
    assert all(one is not None and one.rate >= 450 and one.concurrency <= 50 for one in tools.limits)


@pytest.mark.parametrize(("most", "expected"), [(22, "PASS"), (8, "FAIL")])
def test_bursts_again_where_the_window_was_used_before(most: int, expected: str) -> None:
    """What this run asked before has used most of the window; it is full again after two seconds."""
    asked: list[float] = []
    tools = FakeTools()

    def clock() -> float:
        return tools.pauses / 20

    def answer(request: Request) -> Answer:
        if request.side is Side.OLD or ("x-api-key", "shop") in request.headers:
            return Response(status=200 if len(tools.sent) <= 23 or request.side is Side.NEW else 429)
        asked.append(clock())
        used = (20 if clock() < 2 else 0) + sum((one >= 2) == (clock() >= 2) for one in asked) - 1
        return Response(status=200 if used < most else 429)

    tools.answer = answer
    (check,) = limits.checks(draft_of(made()), 4)
    assert isinstance(check, RateCheck)
    check.clock = clock
    seen = check.run(tools)
    assert (seen.outcome, clock()) == (expected, 2.0), seen.why
    assert seen.requests["new"] == 92
    assert "asked again" in seen.facts


def test_another_caller_without_a_credential_proves_nothing() -> None:
    class Without(FakeTools):
        def present(self, identity: str, request: Request) -> Request:
            if identity == "shop":
                raise CredentialUnavailable("no token")
            return FakeTools.present(self, identity, request)

    (check,) = limits.checks(draft_of(made()), 4)
    seen = check.run(Without(answer=Limited(22, 22)))
    assert (seen.outcome, len(seen.why)) == ("INCONCLUSIVE", 1)
    assert "shop could not be asked" in seen.why[0]


def test_what_was_sent_is_told_where_the_other_sides_credential_is_missing() -> None:
    class Half(FakeTools):
        def present(self, identity: str, request: Request) -> Request:
            if request.side is Side.NEW:
                raise CredentialUnavailable("no token")
            return FakeTools.present(self, identity, request)

    (check,) = limits.checks(draft_of(made()), 4)
    tools = Half(answer=Limited(22, 22))
    seen = check.run(tools)
    assert (seen.outcome, seen.requests) == ("ERROR", {"old": len(tools.sent)})


REFILL = {
    "as the plan says": (PLAN, None, 2.0),
    "as the gateway says": (PLAN, "7", 7.0),
    "sooner than the plan": (PLAN, "1", 2.0),
    "no time": (PLAN, "soon", 2.0),
    "too long": (PLAN, "86400", 60.0),
    "no rate": (PlanLimit(caller="p", burst=5), None, 1.0),
}


@pytest.mark.parametrize("row", REFILL)
def test_waits_for_the_window(row: str) -> None:
    plan, told, expected = REFILL[row]
    assert refill(plan, replace(EARLY, retry_after=told)) == expected


def test_changes_nothing_and_leaves_out_what_cannot_be_tried() -> None:
    plans = (
        replace(PLAN, quota=80),
        PlanLimit(caller="shop", rate=1.0),
        PlanLimit(caller="stranger", quota=5),
    )
    draft = draft_of(made(*plans))
    limits.add(draft)
    assert [(one.name, one.skip.partition(": ")[2][:30]) for one in draft.cases] == [
        ("GET /orders, partner: rate", "the bursts take up to 90 reque"),
        ("GET /orders, shop: leaves others alone", "there is no other caller whom "),
        ("plan of stranger, stranger: quota", "no operation that stranger may"),
    ]
    checks = limits.checks(draft, 10)
    assert [(one.info.index, one.info.name) for one in checks] == [
        (10, "GET /orders, partner: quota"),
        (11, "GET /orders, shop: rate"),
    ]
    unsafe = draft_of(scenario(case(0, "POST", "/orders", "partner", unsafe="run"), security=Security(limits=(PLAN,))))
    assert limits.checks(unsafe, 0) == []


def test_stops() -> None:
    (check,) = limits.checks(draft_of(made()), 0)
    for after in (0, 20, 47):
        assert check.run(FakeTools(answer=Limited(22, 22), stop_after=after)).outcome == "INCONCLUSIVE"


Left = tuple[Answer, Answer, str, list[tuple[str, str]]]


def left(**headers: str) -> Response:
    return Response(status=200, headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()))


USED_UP = apim(403, "Out of call volume quota. Quota will be replenished in 00:10:00.")
QUOTA: dict[str, Left] = {
    "not told": (left(), left(), "INCONCLUSIVE", []),
    "told by new": (left(), left(X_Quota_Remaining="800"), "PASS", []),
    "told by APIM's own header": (left(), left(remaining_calls="800"), "PASS", []),
    "told with a window": (left(), left(RateLimit_Remaining="800, 800;w=60"), "PASS", []),
    "low": (left(), left(X_Quota_Remaining="3"), "PASS", [("major", "")]),
    "more than there is": (left(), left(X_Quota_Remaining="5000"), "FAIL", [("critical", "weaker")]),
    "more on both": (
        left(X_Quota_Remaining="5000"),
        left(X_Quota_Remaining="5000"),
        "FAIL",
        [("critical", "unexplained")],
    ),
    "used up on new": (left(), USED_UP, "FAIL", [("major", "unexplained")]),
    "used up on both": (Response(status=429), USED_UP, "INCONCLUSIVE", []),
    "no number": (left(), left(X_Quota_Remaining="plenty"), "INCONCLUSIVE", []),
    "new silent": (left(), NoResponse(reason=Reason.RESET, detail=""), "FAIL", []),
    "old silent": (NoResponse(reason=Reason.RESET, detail=""), left(), "ERROR", []),
}


@pytest.mark.parametrize("row", QUOTA)
def test_asks_what_is_left(row: str) -> None:
    old, new, expected, points = QUOTA[row]
    (check,) = limits.checks(draft_of(made(PlanLimit(caller="partner", quota=1000))), 0)
    assert isinstance(check, QuotaCheck)
    tools = FakeTools(answer=lambda request: old if request.side is Side.OLD else new)
    seen = check.run(tools)
    assert (seen.outcome, [(point.severity, point.cause) for point in seen.points]) == (expected, points)
    assert seen.requests == {"old": 1, "new": 1}
    assert len(tools.sent) == 2


def test_a_quota_that_is_not_told_holds_only_where_required() -> None:
    plan = PlanLimit(caller="partner", quota=1000)
    (check,) = limits.checks(draft_of(made(plan)), 0)
    assert check.info.accepted
    required = scenario(*BOTH, security=Security(limits=(plan,), require=("quota",)))
    (check,) = limits.checks(draft_of(required), 0)
    assert not check.info.accepted


def test_quota_is_read_from_bounded_headers() -> None:
    answer = left(**{"X_Quota_Remaining" + "a" * 500: "5"})
    seen = quota_points.quota_of("generic", exchange(answer))
    assert len(seen.header) <= 80
