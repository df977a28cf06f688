"""What the engine sends, in which order, and what it tells, with a wire that answers from a table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.credentials.keyring import Keyring
from harness.engine.plan import cost, units
from harness.engine.requests import Outbound
from harness.engine.run import Engine
from harness.engine.unit import Asked, Running
from harness.model.event import Event, Intent, RecordedPair, Round
from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.place import JsonPath
from harness.model.place import Step as PlaceStep
from harness.model.request import Request
from harness.model.response import Answer, Body, NoResponse, Reason, Response
from harness.model.rule import CompareRules
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.types import Capture, Case, Scenario, Step

ID = Capture(name="id", path=JsonPath(text="$.id", steps=(PlaceStep(names=("id",)),)))


class TableWire:
    """Answers each request by a function; counts how many are in flight."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        self.sent: list[Request] = []
        self.queue: list[tuple[object, Request]] = []
        self.most = 0

    def submit(self, request: Request, token: object) -> None:
        self.sent.append(request)
        self.queue.append((token, request))
        self.most = max(self.most, len(self.queue))

    def wait(self, timeout: float) -> list[tuple[object, Exchange]]:
        assert timeout > 0
        token, request = self.queue.pop(0)
        return [(token, Exchange(request=request, answer=self.answer(request), sent_at=0.0))]

    def targets(self, side: Side) -> list[str]:
        return [f"{r.method} {r.url.removeprefix('http://' + side)}" for r in self.sent if r.side is side]


class Notes:
    """Keeps what it is shown."""

    def __init__(self) -> None:
        self.pairs: list[Asked] = []
        self.secrets: list[Secret] = []

    def pair(self, running: Running, asked: Asked) -> RecordedPair:
        self.pairs.append(asked)
        return RecordedPair(step=asked.index, counts={}, outcome="PASS", why=(asked.skipped,) if asked.skipped else ())

    def keep_secret(self, secret: Secret) -> None:
        self.secrets.append(secret)

    def shown(self, text: str) -> str:
        return text


def outbound_of(scenario: Scenario) -> Outbound:
    return Outbound(scenario=scenario, keyring=Keyring(lambda secret: None), identities=scenario.identities)


def case(index: int, *steps: Step, **changes: Any) -> Case:
    return Case(index=index, name=f"case {index}", operation="GET /", steps=steps, **changes)


def get(target: str = "/", **changes: Any) -> Step:
    return Step(method="GET", target=target, **changes)


def post(target: str = "/", **changes: Any) -> Step:
    return Step(method="POST", target=target, **changes)


def scenario(*cases: Case, noise: int = 0, concurrency: int = 4) -> Scenario:
    return Scenario(
        name="s",
        files=(Path("s.yaml"),),
        digest="d",
        old=Gateway(side=Side.OLD, kind="generic", url="http://old"),
        new=Gateway(side=Side.NEW, kind="generic", url="http://new"),
        limits=Limits(concurrency=concurrency),
        compare=CompareRules(noise_repeats=noise),
        cases=cases,
    )


def run(
    given: Scenario, answer: Callable[[Request], Answer] = lambda _: Response(status=200), sides: Any = tuple(Side)
) -> tuple[TableWire, Notes, list[Event]]:
    wire, notes = TableWire(answer), Notes()
    engine = Engine(scenario=given, wire=wire, outbound=outbound_of(given), examiner=notes, sides=sides, seed=7)
    return wire, notes, list(engine.run(units(given.cases)))


def rounds(events: list[Event]) -> list[tuple[int, int]]:
    return [(event.index, event.round) for event in events if isinstance(event, Round)]


def created(request: Request) -> Answer:
    number = 17 if request.side is Side.OLD else 18
    return Response(status=200, body=Body(content=b'{"id": %d}' % number))


def test_who_wants_to_stop_is_heard_where_nothing_can_be_sent() -> None:
    """Cases whose credential cannot be had are over at once; each may cost the wait for a dead token endpoint."""
    given = scenario(*[case(n, get("/${id}")) for n in range(50)])
    started = 0

    def stopping() -> bool:
        nonlocal started
        started += 1
        return started > 3

    wire, notes = TableWire(lambda _: Response(status=200)), Notes()
    engine = Engine(scenario=given, wire=wire, outbound=outbound_of(given), examiner=notes, stopping=stopping)
    with pytest.raises(KeyboardInterrupt):
        list(engine.run(units(given.cases)))
    assert len(notes.pairs) == 3


def test_each_case_asks_both_sides_once() -> None:
    wire, _, events = run(scenario(*[case(n, get(f"/{n}")) for n in range(50)]))
    assert sorted(wire.targets(Side.OLD)) == sorted(wire.targets(Side.NEW)) == sorted(f"GET /{n}" for n in range(50))
    assert sorted(rounds(events)) == [(n, 0) for n in range(50)]


def test_never_more_units_than_the_limit_are_out() -> None:
    wire, _, _ = run(scenario(*[case(n, get()) for n in range(50)], concurrency=3))
    assert wire.most <= 2 * 3


def test_the_side_asked_first_varies_and_is_reproducible() -> None:
    given = scenario(*[case(n, get()) for n in range(40)], concurrency=1)
    first = [request.side for request in run(given)[0].sent][::2]
    assert {Side.OLD, Side.NEW} == set(first)
    assert first == [request.side for request in run(given)[0].sent][::2]


def test_noise_asks_only_the_old_side_and_only_safe_requests() -> None:
    given = scenario(case(0, get("/a")), case(1, post("/b"), unsafe="run"), noise=2)
    wire, notes, _ = run(given)
    assert wire.targets(Side.OLD) == ["GET /a", "GET /a", "GET /a", "POST /b"]
    assert wire.targets(Side.NEW) == ["GET /a", "POST /b"]
    assert [len(asked.repeats) for asked in notes.pairs] == [2, 0]


def test_plan_counts_what_is_sent() -> None:
    given = scenario(
        case(0, get("/a"), repeat=3),
        case(1, post("/b"), unsafe="run"),
        case(2, post("/c")),
        case(3, get(), get(side=Side.NEW)),
        noise=2,
    )
    wire, _, _ = run(given)
    total = cost(given, given.cases)
    assert (total.old, total.new) == (len(wire.targets(Side.OLD)), len(wire.targets(Side.NEW)))


def test_unsafe_without_leave_is_not_sent() -> None:
    wire, _, events = run(scenario(case(0, post("/b")), case(1, post("/c"), unsafe="skip", because="agreed")))
    assert not wire.sent
    assert not events


def test_unsafe_goes_last_one_at_a_time_each_intent_first() -> None:
    given = scenario(*[case(n, post(f"/{n}"), unsafe="run") for n in range(3)], case(3, get("/safe")))
    wire = TableWire(lambda _: Response(status=200))
    engine = Engine(scenario=given, wire=wire, outbound=outbound_of(given), examiner=Notes(), seed=1)
    announced: set[tuple[str, str]] = set()
    for event in engine.run(units(given.cases)):
        if isinstance(event, Intent):
            announced.add((event.side, event.url))
            assert all(request.url != event.url for request in wire.sent), "told only after it was sent"
            assert not wire.queue, "something else was still in flight"
    assert {(r.side.value, r.url) for r in wire.sent if r.method == "POST"} == announced
    assert wire.sent[0].url.endswith("/safe")


def test_each_side_uses_the_id_it_was_given() -> None:
    steps = (
        post("/orders", captures=(ID,)),
        get("/orders/${id}"),
        get("/orders/${id}", side=Side.NEW, captured_from=Side.OLD),
    )
    wire, _, _ = run(scenario(case(0, *steps, unsafe="run")), created)
    assert wire.targets(Side.OLD) == ["POST /orders", "GET /orders/17"]
    assert wire.targets(Side.NEW) == ["POST /orders", "GET /orders/18", "GET /orders/17"]


def test_always_runs_after_a_failure_and_the_rest_is_told() -> None:
    def answer(request: Request) -> Answer:
        return Response(status=500) if request.method == "GET" else created(request)

    steps = (
        post("/o", captures=(ID,)),
        get("/o/${id}"),
        get("/more"),
        Step(method="DELETE", target="/o/${id}", always=True),
    )
    wire, notes, _ = run(scenario(case(0, *steps, unsafe="run")), answer)
    assert wire.targets(Side.NEW) == ["POST /o", "GET /o/18", "DELETE /o/18"]
    assert [bool(asked.skipped) for asked in notes.pairs] == [False, False, True, False]


def test_a_side_that_gave_no_value_is_not_asked_further() -> None:
    def answer(request: Request) -> Answer:
        return created(request) if request.side is Side.OLD else Response(status=200, body=Body(content=b"{}"))

    steps = (post("/o", captures=(ID,)), Step(method="DELETE", target="/o/${id}", always=True))
    wire, notes, _ = run(scenario(case(0, *steps, unsafe="run")), answer)
    assert wire.targets(Side.OLD) == ["POST /o", "DELETE /o/17"]
    assert wire.targets(Side.NEW) == ["POST /o"]
    silent = notes.pairs[1].answers[Side.NEW].answer
    assert isinstance(silent, NoResponse)
    assert silent.reason is Reason.REFUSED_TO_SEND


def test_secret_captures_are_kept_secret_before_the_next_step() -> None:
    secret = Capture(name="id", path=ID.path, secret=True)
    _, notes, _ = run(scenario(case(0, post("/t", captures=(secret,)), get("/x?${id}"), unsafe="run")), created)
    assert {kept.value for kept in notes.secrets} == {"17", "18"}


def test_a_fresh_secret_in_an_answer_that_teaches_noise_is_kept_secret_too() -> None:
    count = iter(range(100, 200))

    def answer(_: Request) -> Answer:
        return Response(status=200, body=Body(content=b'{"id": "token-%d"}' % next(count)))

    secret = Capture(name="id", path=ID.path, secret=True)
    given = scenario(case(0, get("/token", captures=(secret,)), get("/x?${id}")), noise=2)
    _, notes, _ = run(given, answer)
    assert len({kept.value for kept in notes.secrets}) == 4


@pytest.mark.parametrize(("retries", "asked"), [(0, 1), (1, 2), (5, 3)])
def test_retries_only_where_asked_and_each_attempt_is_kept(retries: int, asked: int) -> None:
    calls: dict[Side, int] = {Side.OLD: 0, Side.NEW: 0}

    def answer(request: Request) -> Answer:
        calls[request.side] += 1
        return Response(status=200 if calls[request.side] > 2 else 503)

    _, notes, _ = run(scenario(case(0, get(), retries=retries)), answer)
    assert calls == {Side.OLD: asked, Side.NEW: asked}
    assert len(notes.pairs[0].answers[Side.NEW].earlier) == asked - 1


def test_one_side_only() -> None:
    wire, notes, _ = run(scenario(case(0, get()), noise=1), sides=(Side.OLD,))
    assert [request.side for request in wire.sent] == [Side.OLD, Side.OLD]
    assert Side.NEW not in notes.pairs[0].answers


def test_every_repeat_is_a_round() -> None:
    _, _, events = run(scenario(case(0, get(), repeat=5)))
    assert sorted(rounds(events)) == [(0, n) for n in range(5)]


def test_large_bodies_are_compared_after_the_last_send() -> None:
    large = Response(status=200, body=Body(content=b"x" * 300_000))
    given = scenario(*[case(n, get(f"/{n}")) for n in range(3)])
    wire = TableWire(lambda request: large if request.url.endswith("/0") else Response(status=200))
    engine = Engine(scenario=given, wire=wire, outbound=outbound_of(given), examiner=Notes(), seed=1)
    order = [event.index for event in engine.run(units(given.cases)) if isinstance(event, Round)]
    assert order[-1] == 0


def test_what_changed_something_is_recorded_before_the_next_is_sent() -> None:
    large = Response(status=200, body=Body(content=b"x" * 300_000))
    given = scenario(*[case(n, post(f"/{n}"), unsafe="run") for n in range(3)])
    wire = TableWire(lambda _: large)
    engine = Engine(scenario=given, wire=wire, outbound=outbound_of(given), examiner=Notes(), seed=1)
    told = ["round" if isinstance(event, Round) else "intent" for event in engine.run(units(given.cases))]
    assert told == ["intent", "intent", "round"] * 3
