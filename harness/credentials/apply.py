"""A credential of fixed values → the headers and query parameters that make one side recognise the caller.

What a case writes itself wins: a header or query parameter of the same name is left as the case has it, and the
credential's is not added (`clashes` names them). An identity's own credentials are all added. What must be fetched,
minted or signed first is the keyring's.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_plus

from harness.model.request import Headers
from harness.model.side import Side
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    CertificateCredential,
    Credential,
    FaultySignature,
    HeaderCredential,
    QueryCredential,
    SigV4Credential,
)
from harness.scenario.types import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What a credential adds to a request; parameters not yet percent-encoded."""

    headers: Headers = ()
    parameters: Headers = ()


def with_headers(headers: Headers, added: Headers) -> Headers:
    """Return `headers` and those of `added` that are not named there."""
    if not added:
        return headers
    own = names_of(headers)
    return headers + tuple(pair for pair in added if pair[0].lower() not in own)


def with_parameters(url: str, added: Headers) -> str:
    """Return `url` with those parameters of `added` that it does not name."""
    if not added:
        return url
    asked = _asked(url)
    return _with_query(url, tuple(pair for pair in added if pair[0] not in asked))


def clashes(identity: Identity, side: Side, url: str, headers: Headers) -> tuple[str, ...]:
    """Name the headers and parameters of this caller that are not sent, since the request has its own."""
    own, asked = names_of(headers), _asked(url)
    named: list[str] = []
    for credential in identity.on(side):
        sent, parameters = _carried(credential)
        named += [f"header {name}" for name in sent if name.lower() in own]
        named += [f"query parameter {name}" for name in parameters if name in asked]
    return tuple(named)


def _carried(credential: Credential) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the headers and of the parameters that a credential of any kind is sent in."""
    if isinstance(credential, CertificateCredential):
        return (), ()
    if isinstance(credential, SigV4Credential | FaultySignature):
        return ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"), ()
    if type(credential) not in _KINDS:
        return ("Authorization",), ()
    added = addition(credential)
    return tuple(name for name, _ in added.headers), tuple(name for name, _ in added.parameters)


def addition(credential: Credential) -> Addition:
    """Return what one credential adds; its kind must be one of fixed values."""
    return _KINDS[type(credential)](credential)


def basic_value(user: str, password: str) -> str:
    """Return the credentials of HTTP Basic (RFC 7617 §2, in UTF-8)."""
    return b64encode(f"{user}:{password}".encode()).decode()


def _header(credential: HeaderCredential) -> Addition:
    return Addition(headers=credential.headers)


def _query(credential: QueryCredential) -> Addition:
    return Addition(parameters=credential.parameters)


def _basic(credential: BasicCredential) -> Addition:
    return Addition(headers=(("Authorization", f"Basic {basic_value(credential.user, credential.password)}"),))


def _bearer(credential: BearerCredential) -> Addition:
    return Addition(headers=(("Authorization", f"Bearer {credential.token}"),))


def is_fixed(credential: Credential) -> bool:
    """Tell whether a credential is sent as it stands in the scenario."""
    return type(credential) in _KINDS


_KINDS: dict[type, Callable[[Any], Addition]] = {
    HeaderCredential: _header,
    QueryCredential: _query,
    BasicCredential: _basic,
    BearerCredential: _bearer,
}


def names_of(headers: Headers) -> frozenset[str]:
    """Return the names of headers, lower case."""
    return frozenset(name.lower() for name, _ in headers)


def _asked(url: str) -> frozenset[str]:
    _, mark, query = url.partition("#")[0].partition("?")
    return frozenset(unquote_plus(part.partition("=")[0]) for part in query.split("&")) if mark else frozenset()


def _with_query(url: str, parameters: Headers) -> str:
    if not parameters:
        return url
    target, mark, fragment = url.partition("#")
    more = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters)
    return f"{target}{_joint(target)}{more}{mark}{fragment}"


def _joint(target: str) -> str:
    if "?" not in target:
        return "?"
    return "" if target.endswith(("?", "&")) else "&"
