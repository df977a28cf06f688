"""What can be broken on the new side: a defect each row, found by name."""

from typing import Any

from harness.lab.defects import (
    auth,
    body,
    cache,
    flaky,
    harmless,
    headers,
    limits,
    load,
    load_harmless,
    routing,
    security_doors,
    security_harmless,
    security_keys,
    security_pages,
    security_surface,
    security_tokens,
    status,
    timing,
)
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
    *security_keys.DEFECTS,
    *security_tokens.DEFECTS,
    *security_surface.DEFECTS,
    *security_pages.DEFECTS,
    *security_doors.DEFECTS,
    *security_harmless.DEFECTS,
    *load.DEFECTS,
    *load_harmless.DEFECTS,
)

SUITES = ("parity", "security", "load")
"""The suites that have defects; those of one are noticed by its worked example (demo, security, load in scenarios/)."""


def defect(name: str) -> Defect:
    """Return the defect called `name`; raise KeyError if there is none."""
    return {one.name: one for one in DEFECTS}[name]


def listing(*suites: str) -> list[dict[str, Any]]:
    """Return the catalogue of `suites` (none: parity alone) for showing.

    Keys: name, family, suite, case, at, harmless, does, models.
    """
    wanted = suites or SUITES[:1]
    return [one.listed() for one in DEFECTS if one.suite in wanted]
