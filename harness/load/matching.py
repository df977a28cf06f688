"""Which case stands for a recorded request: by its target, its path, its operation's template, or its shape."""

import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from harness.scenario.marks import fill
from harness.scenario.paths import mapped
from harness.scenario.types import Case, Scenario

_PARAMETER = re.compile(r"\{[^/{}]*\}")

Key = tuple[str, str]
"""Method, and a target or a part of it."""


class Matcher:
    """Finds the cases that a recorded request is alike to.

    A log shows the path as the client sent it (with the stage or base path of the side's url), or as the product routes
    it (without), of the old side or of the new one, where `paths` serves it elsewhere: any of these will do.
    """

    def __init__(self, scenario: Scenario, candidates: Sequence[Case]) -> None:
        self._targets: dict[Key, list[str]] = {}
        self._paths: dict[Key, list[str]] = {}
        self._shapes: dict[Key, list[str]] = {}
        self._templates: list[tuple[str, re.Pattern[str], str]] = []
        bases = [urlsplit(gateway.url).path for gateway in (scenario.old, scenario.new)]
        for case in candidates:
            step = case.steps[0]
            for seen in _forms(fill(step.target, {}), scenario, bases):
                path = seen.partition("?")[0]
                _add(self._targets, (step.method, seen), case.name)
                _add(self._paths, (step.method, path), case.name)
                _add(self._shapes, (step.method, shape(path)), case.name)
            method, _, template = case.operation.partition(" ")
            if "{" in template and template.startswith("/"):
                for seen in _forms(template, scenario, bases):
                    self._templates.append((method, _pattern(seen), case.name))

    def match(self, method: str, target: str) -> tuple[str, ...]:
        """Return the names of the cases that stand for a request, alike; none where no case does.

        The exact target goes first, then the path, then an operation's template; last a path that differs only in
        segments with digits in them, which are taken for ids.
        """
        path = target.partition("?")[0]
        ways: tuple[Callable[[], Sequence[str]], ...] = (
            lambda: self._targets.get((method, target), ()),
            lambda: self._paths.get((method, path), ()),
            lambda: [name for asked, pattern, name in self._templates if asked == method and pattern.fullmatch(path)],
            lambda: self._shapes.get((method, shape(path)), ()),
        )
        for way in ways:
            if found := way():
                return tuple(dict.fromkeys(found))
        return ()


def shape(path: str) -> str:
    """Return a path with each segment that looks like an id (a digit in it, or a template's name) as "#"."""
    return "/".join(
        "#" if _PARAMETER.fullmatch(part) or any(char.isdigit() for char in part) else part for part in path.split("/")
    )


def _forms(target: str, scenario: Scenario, bases: Sequence[str]) -> list[str]:
    """Return how a log may show what the old side is asked for as `target`."""
    new = mapped(target, scenario.paths)
    return list(dict.fromkeys((target, new, bases[0] + target, bases[1] + new)))


def _add(found: dict[Key, list[str]], key: Key, name: str) -> None:
    found.setdefault(key, []).append(name)


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(template)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))
