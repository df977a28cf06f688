"""A step that needs nothing of an earlier one → the request that one side gets, before any caller is presented."""

from functools import lru_cache

from harness import __version__
from harness.model.request import Headers, Request
from harness.model.side import Side
from harness.scenario.marks import fill
from harness.scenario.paths import mapped
from harness.scenario.types import Scenario, Step

_DEFAULTS = (("User-Agent", f"cutover/{__version__}"), ("Accept", "*/*"))


@lru_cache(maxsize=4096)
def with_defaults(headers: Headers) -> Headers:
    """Name ourselves and accept anything, as most clients do, unless the case says otherwise."""
    given = {name.lower() for name, _ in headers}
    return headers + tuple(default for default in _DEFAULTS if default[0].lower() not in given)


def plain_request(scenario: Scenario, step: Step, side: Side, *, url: str = "", door: str = "") -> Request:
    """Return the request of `step`; `url` and `door` name another entrance than the side's own.

    Raises MissingCapture where the step needs what an earlier one captured.
    """
    target = fill(step.target, {})
    return Request(
        side=side,
        method=step.method,
        url=(url or scenario.gateway(side).url) + (mapped(target, scenario.paths) if side is Side.NEW else target),
        headers=with_defaults(tuple((name, fill(value, {})) for name, value in step.headers)),
        body=step.body,
        timeout=scenario.limits.timeout,
        door=door,
    )
