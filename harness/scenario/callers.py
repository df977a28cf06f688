"""`credentials`: who calls, and how each side recognises them."""

from dataclasses import replace

from harness.scenario import texts
from harness.scenario.containers import ByKind, ListOf, MapOf, flat
from harness.scenario.context import Context
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    CertificateCredential,
    Credential,
    HeaderCredential,
    QueryCredential,
)
from harness.scenario.fill import Fills
from harness.scenario.hiding import hide
from harness.scenario.minted import JWT
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Text
from harness.scenario.signing import CLIENT_CERT, SIGV4
from harness.scenario.tokens import COGNITO, ENTRA_CLIENT, OAUTH2, secret_text
from harness.scenario.types import Identity

AUTHORIZATION = ("basic", "bearer", "oauth2", "entra", "jwt", "cognito", "sigv4")
"""The kinds that set the header Authorization: one request can have one of them."""


def _one_or_many() -> ByKind[str, tuple[str, ...], str]:
    text = secret_text(texts.header_value)
    return ByKind("a text, or a list of texts", scalar=text, items=ListOf(text, least=1))


def _side(fields: Fields) -> tuple[Credential, ...]:
    rivals = [name for name in fields.nodes if name in AUTHORIZATION or _is_authorization(name, fields)]
    if len(rivals) > 1:
        one, other = (f"the header {_header(fields)}" if name == "header" else name for name in rivals[:2])
        raise fields.refuse(rivals[1], f"{one} and {other} both set Authorization", "keep one of them")
    found: list[Credential] = []
    if "header" in fields:
        found.append(HeaderCredential(headers=flat(fields["header"])))
    if "query" in fields:
        found.append(QueryCredential(parameters=flat(fields["query"])))
    if "bearer" in fields:
        found.append(BearerCredential(token=fields["bearer"]))
    found.extend(fields[name] for name in (*AUTHORIZATION, "client_cert") if name in fields and name != "bearer")
    return tuple(found)


def _is_authorization(name: str, fields: Fields) -> bool:
    return name == "header" and bool(_header(fields))


def _header(fields: Fields) -> str:
    """Return how `header` spells Authorization ("" if it does not set it)."""
    return next((name for name, _ in fields["header"] if name.lower() == "authorization"), "")


_BASIC = Record(
    lambda fields: BasicCredential(user=fields["user"], password=fields["password"]),
    Key("user", Text(texts.user, fills=Fills.ALL), "the user's name", required=True),
    Key("password", secret_text(texts.password), 'such as "${env:PASSWORD}"', required=True),
    name="basic",
    about="HTTP Basic (RFC 7617).",
)

_SIDE = Record(
    _side,
    Key("header", MapOf(_one_or_many(), check_key=texts.header_name, least=1), "headers, name: value"),
    Key("query", MapOf(_one_or_many(), least=1), "query parameters, name: value"),
    Key("basic", _BASIC, "HTTP Basic: {user: …, password: …}"),
    Key("bearer", secret_text(texts.token), 'a bearer token, such as "${env:TOKEN}"'),
    Key("oauth2", OAUTH2, "a token by client credentials: {token_url: …, client_id: …, client_secret: …, scope: …}"),
    Key("entra", ENTRA_CLIENT, "a token of Microsoft Entra ID: {tenant: …, client_id: …, client_secret: …, scope: …}"),
    Key("jwt", JWT, "a token minted here, for a test issuer: {key_file: …, claims: {…}}"),
    Key("cognito", COGNITO, "a token of Amazon Cognito: {pool: …, client: …, user: …, password: …}"),
    Key("sigv4", SIGV4, "AWS Signature Version 4: {region: …}, with the keys that boto3 finds"),
    Key("client_cert", CLIENT_CERT, "a client certificate: {cert: …, key: …}"),
    name="credential",
    about="How one side recognises a caller; kinds may be combined, but one request has one Authorization.",
)


def _identity(fields: Fields) -> Identity:
    both: tuple[Credential, ...] = fields["both"] or ()
    for side, other in (("old", "new"), ("new", "old")):
        if "both" not in fields and side not in fields:
            message = f"nothing says how '{side}' recognises this caller"
            raise fields.refuse(
                "", message, f"add `{side}:` (`{side}: {{}}` for nothing), or write `both:` for `{other}:`"
            )
        _check_rivals(side, both, fields)
    return Identity(name="", old=both + (fields["old"] or ()), new=both + (fields["new"] or ()))


def _check_rivals(side: str, both: tuple[Credential, ...], fields: Fields) -> None:
    """Refuse what `both` and one side would each set."""
    own: tuple[Credential, ...] = fields[side] or ()
    for what, sets in (("an Authorization", _sets_authorization), ("a client certificate", _shows_certificate)):
        if any(map(sets, both)) and any(map(sets, own)):
            raise fields.refuse(side, f"'both' and '{side}' each give {what}", "a request has one: keep one of them")


def _shows_certificate(credential: Credential) -> bool:
    return isinstance(credential, CertificateCredential)


def _sets_authorization(credential: Credential) -> bool:
    if isinstance(credential, HeaderCredential):
        return any(name.lower() == "authorization" for name, _ in credential.headers)
    return not isinstance(credential, (QueryCredential, CertificateCredential))


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
            hide(credential, f"credential {name}", ctx)
        found[name] = Identity(name=name, old=_labelled(name, drawn.old), new=_labelled(name, drawn.new))
    return found


def _labelled(name: str, credentials: tuple[Credential, ...]) -> tuple[Credential, ...]:
    """Return them with the caller's name on its certificate."""
    return tuple(
        replace(one, certificate=replace(one.certificate, label=name))
        if isinstance(one, CertificateCredential)
        else one
        for one in credentials
    )
