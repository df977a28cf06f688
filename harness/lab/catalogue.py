"""What can be broken on the new side: a defect each row, found by name."""

from typing import Any

from harness.lab.defects import auth, body, cache, flaky, harmless, headers, limits, routing, status, timing
from harness.lab.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = (
    *routing.DEFECTS,
    *headers.DEFECTS,
    *status.DEFECTS,
    *body.DEFECTS,
    *auth.DEFECTS,
    *cache.DEFECTS,
    *timing.DEFECTS,
    *limits.DEFECTS,
    *flaky.DEFECTS,
    *harmless.DEFECTS,
)


def defect(name: str) -> Defect:
    """Return the defect called `name`; raise KeyError if there is none."""
    return {one.name: one for one in DEFECTS}[name]


def listing() -> list[dict[str, Any]]:
    """Return the catalogue for showing: name, family, suite, case, at, harmless, does, models."""
    return [one.listed() for one in DEFECTS]
