"""Judges probes as they come in, and remembers the controls that the later ones are held against."""

from collections.abc import Sequence

from harness.decide.held import ControlSeen
from harness.decide.likeness import Likeness
from harness.decide.probes import Judged, Jury
from harness.model.difference import Difference
from harness.model.event import Round
from harness.model.exchange import Exchange
from harness.model.probe import Decision, Probe
from harness.model.side import Side
from harness.scenario.types import Case

_Seen = dict[Side, ControlSeen]


class Probing:
    """One run's probes. Controls are of an earlier phase than what leans on them, so they are known in time."""

    def __init__(self, jury: Jury) -> None:
        self._jury = jury
        self._controls: dict[tuple[str, int], _Seen] = {}

    def take(self, event: Round) -> None:
        """Learn of a control from an earlier session's journal."""
        last = event.pairs[-1] if event.pairs else None
        if last is None or last.decisions is None:
            return
        recorded = {Side.OLD: last.old, Side.NEW: last.new}
        self._controls[event.suite, event.index] = {
            side: ControlSeen(
                status=kept.status,
                decision=Decision(last.decisions[side]),
                like=Likeness.read((last.likeness or {}).get(side, "")),
            )
            for side, kept in recorded.items()
            if kept is not None and side in last.decisions
        }

    def judge(
        self,
        case: Case,
        probe: Probe,
        old: Exchange | None,
        new: Exchange | None,
        explained: Sequence[Difference],
    ) -> Judged:
        """Judge what the sides made of a probe; one of the exchanges may be missing, not both."""
        controls = None if probe.control is None else self._controls.get((case.suite, probe.control))
        if old is None or new is None:
            asked = old or new
            assert asked is not None
            return self._jury.alone(probe, asked, controls=controls)
        judged = self._jury.pair(probe, old, new, controls=controls, explained=explained)
        if probe.valid and judged.decisions:
            self._controls[case.suite, case.index] = {
                exchange.request.side: ControlSeen(
                    status=exchange.answer.status,
                    decision=Decision(judged.decisions[exchange.request.side]),
                    like=Likeness.read((judged.likeness or {}).get(exchange.request.side, "")),
                )
                for exchange in (old, new)
            }
        return judged
