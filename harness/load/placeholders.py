"""Secrets of a plan → `${env:NAME}`, so that it may be written down; what cannot be said so is an error.

The scenario's secrets are known by value, each with the mark that it came from. A value that stands in a text by chance
is replaced as well: filled in again, the text is the same.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, quote_plus

from harness.model.secret import Secret

_MARK = re.compile(r"\$\{env:(\w+)\}", re.ASCII)
_SHORTEST = 4  # characters that tell a secret from a chance
_CERTIFICATES = "ca"  # public, and long


class NotSaid(ValueError):  # noqa: N818  reads as a fact at the call site
    """A text holds a secret that no environment variable stands for; says which one, by its label."""


class Placeholders:
    """What stands in for the secrets of a scenario. `names` are the variables that were needed so far, in order."""

    def __init__(self, secrets: Sequence[Secret]) -> None:
        marks = {secret.value: secret.label for secret in secrets if _MARK.fullmatch(secret.label)}
        self._marks = marks
        self._others = {secret.value: secret.label for secret in secrets if secret.value not in marks}
        longest = sorted(marks, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest))) if longest else None
        self._encoded = {form: label for value, label in self._all() for form in _encoded(value)}
        self.names: dict[str, None] = {}

    def text(self, text: str) -> str:
        """Return a text whose secrets are named; raises NotSaid."""
        if _MARK.search(text):
            raise NotSaid("a ${env:…} that is meant literally")
        found = self._known.sub(self._mark, text) if self._known else text
        rest = _MARK.sub("\0", found)
        for value, label in self._others.items():
            if value in rest if len(value) >= _SHORTEST else value == rest:
                raise NotSaid(label)
        for form, label in self._encoded.items():
            if len(form) >= _SHORTEST and form in rest:
                raise NotSaid(f"{label} (encoded, which a profile cannot do)")
        return found

    def request(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return one side's request of a plan with its secrets named, in the body too; raises NotSaid."""
        body = b64decode(request["body"]).decode("utf-8", "surrogateescape")
        said = b64encode(self.text(body).encode("utf-8", "surrogateescape")).decode()
        return {**self.value({**request, "body": ""}), "body": said}

    def value(self, value: Any) -> Any:
        """Return a JSON value with the secrets of its texts named; raises NotSaid."""
        if isinstance(value, dict):
            return {key: one if key == _CERTIFICATES else self.value(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.value(one) for one in value]
        return self.text(value) if isinstance(value, str) else value

    def _all(self) -> list[tuple[str, str]]:
        return [*self._marks.items(), *self._others.items()]

    def _mark(self, found: re.Match[str]) -> str:
        label = self._marks[found[0]]
        self.names[label[len("${env:") : -1]] = None
        return label


def _encoded(value: str) -> set[str]:
    """Return how a value looks in a URL, a form and a JSON text, where that is not as it is."""
    plain = value.encode("utf-8", "surrogateescape")
    forms = {quote(plain, safe=""), quote_plus(plain), json.dumps(value, ensure_ascii=False)[1:-1]}
    return forms - {value, ""}
