"""What a check has seen so far, and the Checked that it comes to."""

import time
from collections import Counter
from dataclasses import dataclass, field

from harness.model.difference import Cause
from harness.model.event import CaseInfo, Checked, Point
from harness.model.outcome import Outcome, Severity


@dataclass(slots=True)
class Found:
    """Points, facts and reasons as they come in. The outcome is the worst of the reasons; without any it is PASS."""

    reasons: list[tuple[Outcome, str]] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    decisions: dict[str, str] = field(default_factory=dict)

    def say(self, outcome: Outcome, why: str) -> None:
        """Add a reason."""
        self.reasons.append((outcome, why))

    def fact(self, name: str, **columns: str) -> None:
        """Add what was seen, by column."""
        self.facts.setdefault(name, {}).update(columns)

    def fail(
        self,
        at: str,
        title: str,
        *,
        cause: Cause = Cause.UNEXPLAINED,
        severity: Severity = Severity.CRITICAL,
        old: str | None = None,
        new: str | None = None,
        note: str = "",
        remedy: str = "",
    ) -> None:
        """Add a point that fails the check."""
        self.say(Outcome.FAIL, title)
        self.points.append(
            Point(
                at=at, title=title, outcome=Outcome.FAIL.value, severity=severity.value, cause=cause.value,
                old=old, new=new, note=note, remedy=remedy,
            )
        )  # fmt: skip

    def tell(
        self,
        at: str,
        title: str,
        *,
        cause: Cause | None = None,
        severity: Severity = Severity.INFO,
        old: str | None = None,
        new: str | None = None,
        note: str = "",
        remedy: str = "",
    ) -> None:
        """Add a point that fails nothing."""
        self.points.append(
            Point(
                at=at, title=title, outcome=Outcome.PASS.value, severity=severity.value,
                cause="" if cause is None else cause.value, old=old, new=new, note=note, remedy=remedy,
            )
        )  # fmt: skip

    def checked(self, info: CaseInfo, suite: str) -> Checked:
        """Return what the check comes to."""
        ordered = sorted(self.reasons, key=lambda reason: -reason[0].rank)
        return Checked(
            at=time.time(),
            suite=suite,
            index=info.index,
            case=info.name,
            outcome=(ordered[0][0] if ordered else Outcome.PASS).value,
            why=tuple(dict.fromkeys(text for _, text in ordered)),
            points=tuple(self.points),
            facts=self.facts,
            requests=dict(self.requests),
            decisions=self.decisions or None,
        )
