"""A request as a `curl` command that a person can paste into a POSIX shell. No secret: each is a variable to set."""

import re
import shlex
from base64 import b64encode
from collections.abc import Callable, Iterator

from harness.model.gateway import Gateway
from harness.model.request import Request
from harness.model.side import Side

Mask = Callable[[str], str]

_INLINE = 3_000  # bytes of a body that are worth a command line
_MARK = re.compile(r"(\[masked [^\]]*\])")
_ENVIRONMENT = re.compile(r"\[masked \$\{env:([A-Za-z_][A-Za-z0-9_]*)\}\]\Z")
# What curl would add by itself and the harness does not send.
_ADDED = ("User-Agent", "Accept")


def curl_command(request: Request, gateway: Gateway, mask: Mask) -> str:
    """Return the command that sends `request` as the harness did.

    `mask` puts `[masked …]` in the place of secrets; `[masked ${env:KEY}]` becomes `"$KEY"`, any other mark a variable
    named after the side and its words (`"$OLD_PARTNER"`). A body that no command line can hold is expected in the
    file `body.bin`.
    """
    before, data = _body(request, mask)
    parts = ["curl -sS -i -g --path-as-is", *_connection(gateway, mask, request.side), *_method(request.method)]
    parts += [f"-H {quote(mask(header), request.side)}" for header in _headers(request)]
    return before + " \\\n  ".join([*parts, *data, quote(mask(request.url), request.side)])


def quote(masked: str, side: Side) -> str:
    """Return masked text as one word of a shell; marks of secrets become variables (a credential: one per side)."""
    parts = _MARK.split(masked)
    words = (
        _variable(part, side) if index % 2 else shlex.quote(part) if part else "" for index, part in enumerate(parts)
    )
    return "".join(words) or "''"


def _variable(mark: str, side: Side) -> str:
    found = _ENVIRONMENT.match(mark)
    words = re.sub(r"[^A-Za-z0-9]+", "_", mark[8:-1].removeprefix("credential ")).strip("_").upper()
    name = found[1] if found else f"{side.upper()}_{words or 'SECRET'}"
    return f'"${{{name}}}"'


def _connection(gateway: Gateway, mask: Mask, side: Side) -> Iterator[str]:
    yield "--http2" if gateway.http == "2" else "--http1.1"
    if gateway.connect_to:
        yield f"--connect-to {quote(mask('::' + gateway.connect_to), side)}"
    if gateway.ca_file:
        yield f"--cacert {quote(mask(str(gateway.ca_file)), side)}"
    if gateway.proxy is None:
        yield "--noproxy '*'"
    elif gateway.proxy != "environment":
        yield f"--proxy {quote(mask(gateway.proxy), side)}"


def _method(method: str) -> list[str]:
    if method == "GET":
        return []
    return ["--head"] if method == "HEAD" else [f"-X {shlex.quote(method)}"]


def _headers(request: Request) -> Iterator[str]:
    named = {name.lower() for name, _ in request.headers}
    added = _ADDED if request.body is None else (*_ADDED, "Content-Type")
    yield from (f"{name}:" for name in added if name.lower() not in named)
    # curl's own way to say "send it empty"; `X:` would take it away.
    yield from (f"{name}: {value}" if value else f"{name};" for name, value in request.headers)


def _body(request: Request, mask: Mask) -> tuple[str, list[str]]:
    body = request.body
    if body is None:
        return "", []
    if len(body) > _INLINE:
        return f"# the body: {len(body):,} bytes in body.bin\n", ["--data-binary @body.bin"]
    text = _text(body)
    if text is not None:
        masked = mask(text)
        return "", [f"{'--data-raw' if masked.startswith('@') else '--data-binary'} {quote(masked, request.side)}"]
    raw = body.decode("latin-1")
    if mask(raw) != raw:  # Base64 would carry it past the eye, and a variable cannot stand inside
        return f"# the body: {len(body):,} bytes in body.bin (no text, and it holds a secret)\n", [
            "--data-binary @body.bin"
        ]
    return f"printf %s {b64encode(body).decode()} | base64 -d | \\\n", ["--data-binary @-"]


def _text(body: bytes) -> str | None:
    """Return a body as text, None if no command line can hold it."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
