"""Fold a journal's events into a Summary; the same events always give the same Summary."""

from collections.abc import Iterable

from harness.decide.cases import CaseFold
from harness.decide.findings import FindingFold
from harness.decide.told import Told
from harness.decide.verdict import decide, suite_results, unproven
from harness.model.errors import HarnessError
from harness.model.event import Anew, Checked, Ended, Event, Judged, Note, Planned, Round, Started
from harness.model.finding import CaseResult, Summary


class Fold:
    """Takes events one by one; `result` tells what is known of a case so far, `summary` of the whole run."""

    def __init__(self) -> None:
        self._started: Started | None = None
        self._planned: list[Planned] = []
        self._cases = CaseFold()
        self._findings = FindingFold()
        self._notes: list[str] = []
        self._told = Told()
        self._ended: Ended | None = None
        self._last = 0.0

    def add(self, event: Event) -> None:
        """Take the next event."""
        self._last = event.at
        match event:
            case Round():
                self._cases.add_round(event)
                self._findings.add_round(event)
            case Checked():
                self._cases.add_checked(event)
                self._findings.add_checked(event)
            case Anew():
                self._cases.anew(event)
                self._findings.anew(event)
                self._told.add(event)
            case Started():
                self._started = event
                self._findings.strict = event.gates.strict
            case Planned():
                self._planned.append(event)
                self._cases.plan(event)
                self._findings.plan(event)
                self._ended = None
            case Judged():
                self._cases.add_judged(event)
                self._findings.add_judged(event)
            case Note():
                self._notes.append(event.text)
            case Ended():
                self._ended = event
            case _:
                self._told.add(event)

    def result(self, suite: str, index: int) -> CaseResult:
        """Return what became of a planned case."""
        return self._cases.result(suite, index)

    def summary(self) -> Summary:
        """Return the whole; raises HarnessError when the events do not start with Started."""
        started = self._started
        if started is None:
            raise HarnessError("this run never started: its journal has no first line")
        cases = self._cases.results()
        suites = suite_results(cases, self._planned, started.gates)
        used = self._findings.waivers_used
        complete = self._ended is not None and self._ended.state == "finished"
        partial = any(planned.partial for planned in self._planned)
        verdict, reasons = decide(started, suites, cases, complete=complete)
        return Summary(
            run=started.run,
            verdict=verdict,
            partial=partial,
            selection="; ".join(dict.fromkeys(p.selection for p in self._planned if p.selection)),
            reasons=reasons,
            scenario=started.scenario,
            digest=started.digest,
            environment=started.environment,
            mode=started.mode,
            started=started.at,
            ended=self._last,
            state=self._ended.state if self._ended else "unfinished",
            version=started.version,
            gateways=started.gateways,
            gates=started.gates,
            suites=suites,
            pairs=self._cases.pairs,
            differences=self._cases.differences(),
            findings=self._findings.findings(cases),
            unproven=unproven(started, cases, partial=partial),
            cases=cases,
            notes=tuple(self._notes),
            unused_waivers=tuple(
                w for w in started.gates.waivers if complete and not partial and not w.expired and w.id not in used
            ),
            expired_waivers=tuple(w for w in started.gates.waivers if w.expired),
            loads=self._told.loads,
            surveyed=self._told.surveyed,
            propagations=self._told.propagations,
        )


def fold(events: Iterable[Event]) -> Summary:
    """Return the Summary of a run's events."""
    folded = Fold()
    for event in events:
        folded.add(event)
    return folded.summary()
