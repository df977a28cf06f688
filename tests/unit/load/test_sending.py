"""A load on its way: lines are counted, ticks shown, credentials renewed, and the wish to stop passed on."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from harness.load.asking import NotPresented
from harness.load.sending import Sending
from harness.model.load import LoadTick

Line = dict[str, Any]
NOW = time.time()
STARTED: Line = {"type": "started", "at": NOW}
ENDED: Line = {"type": "ended", "why": "finished", "detail": "", "unsent": {}, "per_worker": {}}
STOPPED: Line = {**ENDED, "why": "stopped"}


@dataclass
class Told:
    """A generator that says what it is told to, a batch a turn; told to stop, it says `last`."""

    batches: list[list[Line]]
    last: Line | None = None
    trouble: str = ""
    ended: bool = False
    sent: list[Mapping[str, Any]] = field(default_factory=list)
    entered: int = 0

    def __enter__(self) -> Self:
        self.entered += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.entered -= 1

    def lines(self, wait: float) -> Sequence[Line]:
        assert self.entered == 1
        if self.batches:
            return self.batches.pop(0)
        self.ended = self.last is None
        return []

    def send(self, message: Mapping[str, Any]) -> None:
        self.sent.append(message)
        if message["type"] == "stop" and self.last is not None:
            self.batches = [[self.last]]


class Counted:
    """Counts that only remember."""

    def __init__(self) -> None:
        self.lines: list[Mapping[str, Any]] = []

    def add(self, line: Mapping[str, Any]) -> None:
        self.lines.append(line)

    def tick(self, *, elapsed: float, total: float, phase: str, waiting: str) -> LoadTick:
        nothing: dict[str, float | None] = {}
        return LoadTick(
            elapsed=elapsed, total=total, phase=phase, planned_rate={}, rate={}, sent={}, errors={},
            p50=nothing, p95=nothing, p99=nothing, waiting=waiting,
        )  # fmt: skip


@dataclass
class Watched:
    """Tools that only watch; `stop_after` ticks the user wants to end."""

    ticks: list[LoadTick] = field(default_factory=list)
    stop_after: int | None = None

    def show(self, tick: LoadTick) -> None:
        self.ticks.append(tick)

    def stopping(self) -> bool:
        return self.stop_after is not None and len(self.ticks) >= self.stop_after


def sent(
    generator: Told,
    tools: Watched | None = None,
    renew: Any = dict,
    *,
    renew_every: float = 60.0,
    last_word: float = 5.0,
    silence: float = 60.0,
) -> Sending:
    made = Sending(
        generator=generator,  # type: ignore[arg-type]
        counts=Counted(),  # type: ignore[arg-type]
        tools=tools or Watched(),  # type: ignore[arg-type]
        renew=renew,
        seconds=10.0,
        warm_up=0.0,
        renew_every=renew_every,
        last_word=last_word,
        silence=silence,
    )
    made.run()
    assert not generator.entered, "every process is ended, however it ends"
    return made


def test_a_load_that_ends_is_counted_to_its_last_line() -> None:
    counts = {"type": "counts", "worker": "a"}
    made = sent(Told([[STARTED], [counts, counts], [ENDED]]))
    assert (made.started, made.ended, made.trouble) == (NOW, ENDED, "")
    assert [line["type"] for line in made.counts.lines] == ["started", "counts", "counts", "ended"]  # type: ignore[attr-defined]


def test_waiting_for_workers_is_shown() -> None:
    watched = Watched()
    sent(Told([[{"type": "waiting", "workers": 1, "of": 3}], [STARTED], [ENDED]]), watched)
    assert watched.ticks[0].waiting == "waiting for workers: 1 of 3 are here"


def test_a_generator_that_is_no_more_has_failed_with_its_last_words() -> None:
    made = sent(Told([[STARTED]], trouble="ModuleNotFoundError: locust"))
    assert made.ended["why"] == "failed"
    assert made.ended["detail"] == "ModuleNotFoundError: locust"


def test_the_wish_to_stop_is_passed_on_once_and_the_rest_is_counted() -> None:
    generator = Told([[STARTED], *([[]] * 50)], last=STOPPED)
    made = sent(generator, Watched(stop_after=1))
    assert [message["type"] for message in generator.sent] == ["stop"]
    assert made.ended["why"] == "stopped"


def test_a_generator_that_does_not_stop_is_left() -> None:
    class Deaf(Told):
        def send(self, message: Mapping[str, Any]) -> None:
            self.sent.append(message)

        def lines(self, wait: float) -> Sequence[Line]:
            return []

    made = sent(Deaf([]), Watched(stop_after=1), last_word=0.0)
    assert made.ended == {}


def test_a_generator_that_hangs_is_stopped() -> None:
    made = sent(Told([[STARTED], *([[]] * 9)], last=STOPPED), silence=-1.0)
    assert made.trouble.startswith("the load generator has said nothing for")


def test_what_is_presented_is_renewed_while_it_runs() -> None:
    changed = {"0": {"old": [["authorization", "Bearer second"]]}}
    generator = Told([[STARTED], [ENDED]])
    sent(generator, renew=lambda: changed, renew_every=0.0)
    assert generator.sent[0] == {"type": "headers", "requests": changed}


def test_what_is_presented_is_renewed_while_workers_are_awaited() -> None:
    generator = Told([[{"type": "waiting", "workers": 0, "of": 1}], [STARTED], [ENDED]])
    sent(generator, renew=lambda: {"0": {"old": []}}, renew_every=0.0)
    assert len(generator.sent) == 3


def test_a_credential_that_comes_to_its_end_stops_the_load() -> None:
    def gone() -> dict[str, Any]:
        raise NotPresented("the credential of clerk cannot be had: the endpoint is down")

    made = sent(Told([[STARTED], *([[]] * 9)], last=STOPPED), renew=gone, renew_every=0.0)
    assert made.trouble.startswith("the credential of clerk")
