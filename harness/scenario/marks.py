"""Captures in the texts of steps: finding the `${name}` marks and filling them in.

In a Step's `target`, header values and (where `body_has_marks`) `body`, `${name}` is a mark and `$${` a literal `${`.
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import quote_plus

from harness.scenario.types import Step

CAPTURE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_MARK = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_-]*)\}")


class MissingCapture(LookupError):  # noqa: N818  reads as a fact at the call site
    """A step uses a capture that this side does not have; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def names(text: str) -> tuple[str, ...]:
    """Return the captures that `text` uses, in order."""
    if "${" not in text:
        return ()
    return tuple(mark[1] for mark in _MARK.finditer(text) if mark[1] is not None)


def fill(text: str, captures: Mapping[str, str]) -> str:
    """Return `text` with its captures filled in verbatim; raise MissingCapture."""
    return _fill(text, captures, "")


def fill_body(step: Step, captures: Mapping[str, str]) -> bytes | None:
    """Return the step's body, its captures filled in (escaped for JSON or a form); raise MissingCapture."""
    if step.body is None or not step.body_has_marks:
        return step.body
    return _fill(step.body.decode(), captures, step.body_kind).encode()


def literal(text: str) -> str:
    """Return `text` for showing: `$${` as the `${` that it stands for."""
    return text.replace("$${", "${")


def escaped(text: str) -> str:
    """Return what stands for `text` in a Step: each `${` of it as `$${`."""
    return text.replace("${", "$${")


def _fill(text: str, captures: Mapping[str, str], kind: str) -> str:
    if "${" not in text:
        return text

    def replace(mark: re.Match[str]) -> str:
        name = mark[1]
        if name is None:
            return "${"
        if name not in captures:
            raise MissingCapture(name)
        return _escaped(captures[name], kind)

    return _MARK.sub(replace, text)


def _escaped(value: str, kind: str) -> str:
    if kind == "json":
        return json.dumps(value, ensure_ascii=False)[1:-1]
    return quote_plus(value) if kind == "form" else value
