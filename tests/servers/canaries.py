"""Canaries: secrets that are looked for afterwards, in every form in which they would be readable."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

LEAST = 6  # characters; anything shorter stands somewhere by chance


def forms(secret: str) -> set[bytes]:
    """Return every form in which a secret would be readable."""
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), quote_plus(secret).encode(), quote(secret).encode()}
    found |= {json.dumps(secret)[1:-1].encode(), json.dumps(secret, ensure_ascii=False)[1:-1].encode()}
    found |= {json.dumps(json.dumps(secret))[2:-2].encode(), raw.hex().encode(), raw.hex().upper().encode()}
    for lead in (b"", b"x", b"xx"):
        for encode in (b64encode, urlsafe_b64encode):
            core = encode(lead + raw).rstrip(b"=")
            # the first and the last characters depend on what stands around
            found.add(core[4:-3] if lead else core[:-3])
    return {form for form in found if len(form) >= LEAST}


def lines_of(key: str) -> list[str]:
    """Return the lines of a PEM that tell something."""
    return [line for line in key.splitlines() if len(line) > 8 and not line.startswith("-----")]


def places(folder: Path, *consoles: str) -> dict[str, bytes]:
    """Return what all files below a folder hold, and the consoles, by their names; equal ones once.

    Certificates lie there as input alone, and hold the public half that a private key's file holds, too.
    """
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "ca.pem")
    found = {path.read_bytes(): str(path) for path in files}
    found |= {text.encode(): f"console {number}" for number, text in enumerate(consoles)}
    return {name: content for content, name in found.items()}


def leaks(secrets: Mapping[str, Iterable[str]], where: Mapping[str, bytes]) -> list[str]:
    """Return where which secret can be read."""
    whole = b"\0".join(where.values())
    found = [
        (name, form) for name, values in secrets.items() for form in set().union(*map(forms, values)) if form in whole
    ]
    return [f"{name} in {_place(form, where)}" for name, form in found]


def _place(form: bytes, where: Mapping[str, bytes]) -> str:
    for place, content in where.items():
        at = content.find(form)
        if at >= 0:
            return f"{place}: …{content[max(0, at - 80) : at + 80]!r}…"
    return "nowhere"


def halves(where: Mapping[str, bytes]) -> list[str]:
    """Return where the beginning that all canaries have in common was found, plain or encoded."""
    forms = (b"cAnary", b"cAnary".hex().encode(), b64encode(b"cAnary"), b64encode(b"x cAnary")[4:])
    return [
        f"{name}: …{content[max(0, at - 80) : at + 40]!r}…"
        for name, content in where.items()
        for form in forms
        if (at := content.find(form)) >= 0
    ]
