"""The grammar of structured header fields (RFC 9110 §5.6): lists, parameters, challenges, cookies, links."""

import re
from collections.abc import Iterable

_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_CHALLENGE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]+(.*))?", re.DOTALL)
_PARAMETER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=(?!=*$)")


def split_outside(text: str, mark: str) -> list[str]:
    """Split at `mark` outside of double quotes and angle brackets; pieces are stripped."""
    if '"' not in text and "<" not in text:
        return [piece.strip() for piece in text.split(mark)]
    pieces, start, quoted, angled, skip = [], 0, False, False, False
    for position, char in enumerate(text):
        if skip:
            skip = False
        elif quoted:
            skip, quoted = char == "\\", char != '"'
        elif char == '"':
            quoted = True
        elif char == "<":
            angled = True
        elif char == ">":
            angled = False
        elif char == mark and not angled:
            pieces.append(text[start:position].strip())
            start = position + 1
    pieces.append(text[start:].strip())
    return pieces


def members(values: Iterable[str]) -> list[str]:
    """Return the members of a comma-separated list, over all of its field lines; empty ones are dropped."""
    return [piece for value in values for piece in split_outside(value, ",") if piece]


def unquoted(text: str) -> str:
    """Return what a quoted string holds; other text as it is."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def parameters(pieces: Iterable[str]) -> dict[str, str]:
    """Return `name=value` pieces as a dict: names in lower case, values unquoted; a repeated name keeps its first."""
    found: dict[str, str] = {}
    for piece in pieces:
        name, mark, value = piece.partition("=")
        if name.strip():
            found.setdefault(name.strip().lower(), unquoted(value.strip()) if mark else "")
    return found


def directive(piece: str) -> str:
    """Return a Cache-Control directive in one spelling: name in lower case, argument unquoted."""
    name, mark, value = piece.partition("=")
    return name.strip().lower() + (f"={unquoted(value.strip())}" if mark else "")


def link(piece: str) -> str:
    """Return a Link member in one spelling: target as it is, parameters sorted."""
    target, *rest = split_outside(piece, ";")
    return ";".join((target, *sorted(f"{name}={value}" for name, value in parameters(rest).items())))


def timing(piece: str) -> str:
    """Return a Server-Timing metric without its duration, which is another for each request."""
    name, *rest = split_outside(piece, ";")
    found = parameters(rest)
    found.pop("dur", None)
    return ";".join((name, *sorted(f"{key}={value}" for key, value in found.items())))


def content_type(value: str) -> str:
    """Return a Content-Type in one spelling: type and charset in lower case, parameters sorted."""
    name, *rest = split_outside(value, ";")
    found = parameters(rest)
    if "charset" in found:
        found["charset"] = found["charset"].lower()
    return ";".join((name.lower(), *sorted(f"{key}={text}" for key, text in found.items())))


def challenges(values: Iterable[str]) -> dict[str, list[frozenset[str]]]:
    """Return the challenges of WWW-Authenticate: scheme in lower case → parameters of each, names in lower case.

    A comma separates both challenges and parameters: a piece that starts with `token =` goes on with the last one.
    """
    found: dict[str, list[list[str]]] = {}
    last: list[str] | None = None
    for piece in members(values):
        if last is not None and _PARAMETER.match(piece):
            last.append(_parameter(piece))
            continue
        match = _CHALLENGE.fullmatch(piece)
        scheme, rest = (match[1].lower(), match[2] or "") if match else (piece.lower(), "")
        last = [rest] if _TOKEN68.fullmatch(rest) else [_parameter(rest)] if rest else []
        found.setdefault(scheme, []).append(last)
    return {scheme: [frozenset(one) for one in each] for scheme, each in found.items()}


def _parameter(piece: str) -> str:
    name, _, value = piece.partition("=")
    return f"{name.strip().lower()}={unquoted(value.strip())}"
