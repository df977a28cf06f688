"""A step → the request that one side gets."""

from collections.abc import Mapping
from functools import lru_cache

from harness import __version__
from harness.credentials.apply import apply
from harness.model.request import Headers, Request
from harness.model.side import Side
from harness.scenario.marks import MissingCapture, fill, fill_body
from harness.scenario.paths import mapped
from harness.scenario.types import Scenario, Step

_DEFAULTS = (("User-Agent", f"cutover/{__version__}"), ("Accept", "*/*"))


class CaptureMissing(Exception):  # noqa: N818  reads as a fact at the call site
    """A step needs a value that this side never gave."""


def build(scenario: Scenario, step: Step, side: Side, captures: Mapping[str, str]) -> Request:
    """Return the request of `step` for `side`.

    Raises CaptureMissing when a `${name}` of the step has no value.
    """
    target, headers = step.target, step.headers
    body = step.body
    try:
        if "${" in target:
            target = fill(target, captures)
        if headers:
            headers = tuple([(name, fill(value, captures)) for name, value in headers])
        if step.body_has_marks:
            body = fill_body(step, captures)
    except MissingCapture as missing:
        raise CaptureMissing(f"`{missing.name}` was not captured on this side") from missing
    if side is Side.NEW and scenario.paths:
        target = mapped(target, scenario.paths)
    url = scenario.gateway(side).url + target
    if step.identity is not None:
        url, headers = apply(scenario.identities[step.identity], side, url, headers)
    return Request(
        side=side,
        method=step.method,
        url=url,
        headers=_with_defaults(headers),
        body=body,
        timeout=scenario.limits.timeout,
    )


@lru_cache(maxsize=4096)
def _with_defaults(headers: Headers) -> Headers:
    """Name ourselves and accept anything, as most clients do, unless the case says otherwise."""
    given = {name.lower() for name, _ in headers}
    return headers + tuple(default for default in _DEFAULTS if default[0].lower() not in given)
