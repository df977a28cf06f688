"""A step → the request that one side gets."""

import re
from collections.abc import Mapping
from functools import lru_cache

from harness import __version__
from harness.credentials.apply import apply
from harness.model.request import Headers, Request
from harness.model.side import Side
from harness.scenario.paths import mapped
from harness.scenario.types import Scenario, Step

MARK = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_-]*)\}")
_DEFAULTS = (("User-Agent", f"cutover/{__version__}"), ("Accept", "*/*"))


class CaptureMissing(Exception):  # noqa: N818  reads as a fact at the call site
    """A step needs a value that this side never gave."""


def build(scenario: Scenario, step: Step, side: Side, captures: Mapping[str, str]) -> Request:
    """Return the request of `step` for `side`.

    Raises CaptureMissing when a `${name}` of the step has no value.
    """
    target = _filled(step.target, captures)
    if side is Side.NEW and scenario.paths:
        target = mapped(target, scenario.paths)
    headers = step.headers
    if captures:
        headers = tuple((name, _filled(value, captures)) for name, value in headers)
    url = scenario.gateway(side).url + target
    if step.identity is not None:
        url, headers = apply(scenario.identities[step.identity], side, url, headers)
    return Request(
        side=side,
        method=step.method,
        url=url,
        headers=_with_defaults(headers),
        body=_body(step, captures),
        timeout=scenario.limits.timeout,
    )


def _filled(text: str, captures: Mapping[str, str]) -> str:
    if "${" not in text:
        return text
    return MARK.sub(lambda mark: _value(mark.group(1), captures), text)


def _value(name: str, captures: Mapping[str, str]) -> str:
    if name not in captures:
        raise CaptureMissing(f"`{name}` was not captured on this side")
    return captures[name]


def _body(step: Step, captures: Mapping[str, str]) -> bytes | None:
    if step.body is None or not step.body_has_marks:
        return step.body
    return _filled(step.body.decode("utf-8"), captures).encode("utf-8")


@lru_cache(maxsize=4096)
def _with_defaults(headers: Headers) -> Headers:
    """Name ourselves and accept anything, as most clients do, unless the case says otherwise."""
    given = {name.lower() for name, _ in headers}
    return headers + tuple(default for default in _DEFAULTS if default[0].lower() not in given)
