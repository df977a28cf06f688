"""The load suite as it is planned: a case for the schedule and one for each threshold. Light, since every plan asks."""

from harness.model.event import CaseInfo, Checked
from harness.model.outcome import Outcome
from harness.scenario.types import Load

SUITE = "load"
SCHEDULE = "the generator kept its schedule"
ALL = "all operations"


def infos(load: Load, *, first: int = 0) -> tuple[CaseInfo, ...]:
    """Return the plan's entries: the schedule, then each threshold in order; indices count from `first`."""
    line = (str(load.written.file), load.written.line) if load.written else ("", 0)
    schedule = CaseInfo(index=first, name=SCHEDULE, operation=ALL, file=line[0], line=line[1])
    return (
        schedule,
        *(
            CaseInfo(index=index, name=one.text, operation=one.operation or ALL, file=one.file, line=one.line)
            for index, one in enumerate(load.thresholds, first + 1)
        ),
    )


def failed(load: Load, why: str, *, suite: str, at: float, first: int = 0) -> list[Checked]:
    """Return what all come to where the load could not begin: an ERROR of each, with the reason."""
    return [
        Checked(at=at, suite=suite, index=info.index, case=info.name, outcome=Outcome.ERROR.value, why=(why,))
        for info in infos(load, first=first)
    ]
