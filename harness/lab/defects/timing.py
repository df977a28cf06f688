"""Time: limits and buffers."""

from dataclasses import replace

from harness.lab.defects.defect import Defect
from harness.lab.settings_apim import ApimSettings

_SHORT = 0.1


def _operation(settings: ApimSettings, template: str, **changes: float | bool) -> ApimSettings:
    changed = tuple(
        replace(one, **changes) if (one.method, one.template) == ("GET", template) else one  # type: ignore[arg-type]
        for one in settings.operations
    )
    return replace(settings, operations=changed)


DEFECTS = (
    Defect(
        name="timeout-shorter",
        family="time",
        case="slow answer",
        at="status",
        does="The new side waits 0.1 s for the backend, which takes 0.3 s.",
        models="Integration timeout and forward-request timeout differ (facts 1.5, 2.2; 7: also a real gap in limit).",
        settings=lambda settings: _operation(settings, "/slow", timeout=_SHORT),
    ),
    Defect(
        name="stream-buffered",
        family="time",
        case="event stream",
        at="time:first_byte",
        does="Events are kept back until the last of them is there.",
        models="forward-request buffers answers unless told otherwise (facts 2.2, buffer-response).",
        settings=lambda settings: _operation(settings, "/events", buffered=True),
    ),
)
