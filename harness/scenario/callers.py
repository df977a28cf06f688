"""`credentials`: who calls, and how each side recognises them."""

import base64
import binascii
from typing import Any

from harness.scenario import texts
from harness.scenario.containers import ByKind, ListOf, MapOf
from harness.scenario.context import Context
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    Credential,
    HeaderCredential,
    QueryCredential,
)
from harness.scenario.fill import Fills
from harness.scenario.gateways import LATER_HINT
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Text, Unsupported
from harness.scenario.types import (
    Identity,
)

_LATER_KINDS = ("oauth2", "jwt", "sigv4", "client_cert", "cognito", "entra")
SHORTEST_PART = 4


def flat(entries: tuple[tuple[str, str | tuple[str, ...]], ...]) -> tuple[tuple[str, str], ...]:
    """Return (name, value) for each value of each name, in order."""
    found = []
    for name, value in entries:
        if value.__class__ is str:
            found.append((name, value))
        else:
            found.extend((name, part) for part in value)
    return tuple(found)


def hide_header(name: str, value: str, label: str, ctx: Context) -> None:
    """Make a header's value a secret, and its parts: the token after the scheme, each cookie, the password."""
    ctx.hide(value, label)
    if name.lower() == "cookie":
        parts = [pair.partition("=")[2].strip() for pair in value.split(";")]
    else:
        scheme, _, token = value.partition(" ")
        parts = [token.strip(), *_basic(scheme, token)]
    for part in parts:
        if len(part) >= SHORTEST_PART:
            ctx.hide(part, label)


def _basic(scheme: str, token: str) -> list[str]:
    if scheme.lower() != "basic":
        return []
    try:
        pair = base64.b64decode(token.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return []
    return [pair, pair.partition(":")[2]]


def _secret_text(check: Any = None) -> Text:
    return Text(check, fills=Fills.ALL, hidden=True)


def _one_or_many() -> ByKind[str, tuple[str, ...], str]:
    text = _secret_text(texts.header_value)
    return ByKind("a text, or a list of texts", scalar=text, items=ListOf(text, least=1))


def _side(fields: Fields) -> tuple[Credential, ...]:
    found: list[Credential] = []
    if "header" in fields:
        found.append(HeaderCredential(headers=flat(fields["header"])))
    if "query" in fields:
        found.append(QueryCredential(parameters=flat(fields["query"])))
    if "basic" in fields:
        found.append(fields["basic"])
    if "bearer" in fields:
        found.append(BearerCredential(token=fields["bearer"]))
    if "basic" in fields and "bearer" in fields:
        raise fields.refuse("bearer", "basic and bearer both set Authorization", "keep one of them")
    return tuple(found)


_BASIC = Record(
    lambda fields: BasicCredential(user=fields["user"], password=fields["password"]),
    Key("user", Text(texts.user, fills=Fills.ALL), "the user's name", required=True),
    Key("password", _secret_text(texts.password), 'such as "${env:PASSWORD}"', required=True),
    name="basic",
)

_SIDE = Record(
    _side,
    Key("header", MapOf(_one_or_many(), check_key=texts.header_name, least=1), "headers, name: value"),
    Key("query", MapOf(_one_or_many(), least=1), "query parameters, name: value"),
    Key("basic", _BASIC, "HTTP Basic: {user: …, password: …}"),
    Key("bearer", _secret_text(texts.token), 'a bearer token, such as "${env:TOKEN}"'),
    *(
        Key(kind, Unsupported(f"credentials of kind '{kind}' are not yet supported by this version", LATER_HINT))
        for kind in _LATER_KINDS
    ),
    name="credential",
    about="How one side recognises a caller; kinds may be combined.",
)


def _identity(fields: Fields) -> Identity:
    both: tuple[Credential, ...] = fields["both"] or ()
    for side, other in (("old", "new"), ("new", "old")):
        if "both" not in fields and side not in fields:
            message = f"nothing says how '{side}' recognises this caller"
            raise fields.refuse(
                "", message, f"add `{side}:` (`{side}: {{}}` for nothing), or write `both:` for `{other}:`"
            )
    return Identity(name="", old=both + (fields["old"] or ()), new=both + (fields["new"] or ()))


IDENTITIES = MapOf(
    Record(
        _identity,
        Key("old", _SIDE, "what the old side is given"),
        Key("new", _SIDE, "what the new side is given"),
        Key("both", _SIDE, "what both sides are given"),
        name="caller",
        about="A caller; a case names it with `as:`.",
    ),
    check_key=texts.one_line,
)


def named(entries: tuple[tuple[str, Identity], ...], ctx: Context) -> dict[str, Identity]:
    """Return the callers by name; all their values become secrets."""
    found = {}
    for name, drawn in entries:
        for credential in drawn.old + drawn.new:
            _hide(credential, f"credential {name}", ctx)
        found[name] = Identity(name=name, old=drawn.old, new=drawn.new)
    return found


def _hide(credential: Credential, label: str, ctx: Context) -> None:
    if isinstance(credential, HeaderCredential):
        for name, value in credential.headers:
            hide_header(name, value, label, ctx)
    elif isinstance(credential, QueryCredential):
        for _, value in credential.parameters:
            ctx.hide(value, label)
    elif isinstance(credential, BasicCredential):
        ctx.hide(credential.password, label)
        ctx.hide(f"{credential.user}:{credential.password}", label)
    elif isinstance(credential, BearerCredential):
        ctx.hide(credential.token, label)
