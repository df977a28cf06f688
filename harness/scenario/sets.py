"""The `--set NAME=VALUE` texts of a command line."""

from collections.abc import Iterable

from harness.model.errors import UsageError


def assignments(texts: Iterable[str]) -> dict[str, str]:
    """Return the vars that the texts set; raises UsageError for one that is no NAME=VALUE."""
    return dict(map(_assignment, texts))


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"--set {text}: expected NAME=VALUE", hint="for example --set stage=test")
    return name, value
