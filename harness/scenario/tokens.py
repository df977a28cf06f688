"""Credentials that are tokens fetched from a server: `oauth2`, `entra`, `cognito`."""

import re
from urllib.parse import urlsplit

from harness.scenario import texts
from harness.scenario.containers import ByKind, ListOf, MapOf, flat
from harness.scenario.context import Wrong
from harness.scenario.credential import CognitoCredential, OAuth2Credential
from harness.scenario.files import existing
from harness.scenario.fill import Fills
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Text, word

ENTRA = "https://login.microsoftonline.com"
URL = r"^(https?://|.*\$\{)"
_OWN_KEYS = ("client_id", "client_secret", "scope", "audience")
_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_NO_TENANTS = ("common", "organizations", "consumers")
_POOL = re.compile(r"([a-z]{2}(?:-[a-z]+)+-[0-9]+)_[0-9A-Za-z]+")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]+")


def secret_text(check: object = None) -> Text:
    """Return a text that is never shown; marks of all kinds may fill it."""
    return Text(check if callable(check) else None, fills=Fills.ALL, hidden=True)


def plain() -> Text:
    """Return a text that is written out, or filled by marks of any kind."""
    return Text(texts.one_line, fills=Fills.ALL)


def service_url(text: str) -> None:
    """Check the URL of a service that is told secrets: https, or http on this machine."""
    path, _, query = text.partition("?")
    texts.url(text if "#" in text else path)
    if not all("!" <= char <= "~" for char in query):
        raise Wrong("a blank or a character beyond ASCII in the URL's query", "percent-encode it")
    parts = urlsplit(text)
    if parts.scheme == "http" and not texts.is_loopback(parts.hostname or ""):
        raise Wrong("a secret would be sent over http, in the clear", "write https; http is for this machine alone")


def region(text: str) -> None:
    """Check the name of an AWS region."""
    if not _REGION.fullmatch(text):
        raise Wrong(f"'{text}' is no AWS region", "such as eu-west-1")


def _parameter(name: str) -> None:
    if name == "grant_type":
        raise Wrong("the grant is always client_credentials", "leave it out")
    if name in _OWN_KEYS:
        raise Wrong(f"'{name}' has a key of its own", f"write {name}: beside `parameters`")


def _oauth2(fields: Fields) -> OAuth2Credential:
    audience = (("audience", fields["audience"]),) if "audience" in fields else ()
    return OAuth2Credential(
        token_url=fields["token_url"],
        client_id=fields["client_id"],
        client_secret=fields["client_secret"],
        scope=fields["scope"],
        parameters=audience + flat(fields["parameters"]),
        secret_in=fields["secret_in"],
        ca_file=existing(fields, "ca_file"),
    )


_CLIENT = (
    Key("client_id", plain(), "the client that asks for tokens", required=True),
    Key("client_secret", secret_text(), 'such as "${env:CLIENT_SECRET}"', required=True),
)

OAUTH2 = Record(
    _oauth2,
    Key(
        "token_url",
        Text(service_url, fills=Fills.ALL, pattern=URL),
        "the token endpoint: https, or http on this machine",
        required=True,
    ),
    *_CLIENT,
    Key("scope", plain(), "what is asked for, separated by blanks", absent=""),
    Key("audience", plain(), "the API that the token is for, where the server asks for it"),
    Key(
        "parameters",
        MapOf(
            ByKind("a text, or a list of texts", scalar=plain(), items=ListOf(plain(), least=1)),
            check_key=_parameter,
        ),
        "further parameters of the token request, name: value",
        absent=(),
    ),
    Key(
        "secret_in",
        word("header", "body"),
        "where the client's secret goes: header (HTTP Basic) or body",
        absent="header",
        default="header",
    ),
    Key("ca_file", Text(), "PEM file of the authorities to trust at the token endpoint, relative to this file"),
    name="oauth2",
    about="A token by the client credentials grant; fetched before the cases that need it, renewed before it expires.",
)


def tenant(text: str) -> None:
    """Check the name of a directory of Microsoft Entra ID."""
    if text in _NO_TENANTS:
        raise Wrong(f"'{text}' is no tenant of its own: a client without a user needs one", TENANT_HINT)
    if not _TENANT.fullmatch(text):
        raise Wrong(f"'{text}' is no tenant", TENANT_HINT)


TENANT_HINT = "the directory's id, or a domain such as contoso.onmicrosoft.com"


def _entra_scope(text: str) -> None:
    if not text.endswith("/.default") or " " in text:
        hint = "such as api://orders/.default: the permissions themselves are granted in the directory"
        raise Wrong("Entra gives a client without a user one scope, which ends with /.default", hint)


def _entra(fields: Fields) -> OAuth2Credential:
    return OAuth2Credential(
        token_url=f"{fields['authority'].rstrip('/')}/{fields['tenant']}/oauth2/v2.0/token",
        client_id=fields["client_id"],
        client_secret=fields["client_secret"],
        scope=fields["scope"],
        secret_in="body",  # noqa: S106  a place, no secret
        entra=True,
    )


ENTRA_CLIENT = Record(
    _entra,
    Key("tenant", Text(tenant, fills=Fills.ALL), TENANT_HINT, required=True),
    *_CLIENT,
    Key("scope", Text(_entra_scope, fills=Fills.ALL), "the API's application id URI and /.default", required=True),
    Key(
        "authority",
        Text(service_url, fills=Fills.ALL, pattern=URL),
        f"{ENTRA} unless it is another cloud's",
        absent=ENTRA,
        default=ENTRA,
    ),
    name="entra",
    about="A token of Microsoft Entra ID by the client credentials grant.",
)


def _pool(text: str) -> None:
    if not _POOL.fullmatch(text):
        raise Wrong(f"'{text}' is no user pool", "its id: the region, _ and letters, such as eu-west-1_AbCdEf123")


def _cognito(fields: Fields) -> CognitoCredential:
    home = fields["pool"].partition("_")[0]
    if "region" in fields and fields["region"] != home:
        message = f"the pool '{fields['pool']}' is not in {fields['region']}"
        raise fields.refuse("region", message, f"write {home}, or leave it out")
    return CognitoCredential(
        region=home,
        pool=fields["pool"],
        client=fields["client"],
        user=fields["user"],
        password=fields["password"],
        client_secret=fields["client_secret"],
        token=fields["token"],
        endpoint=fields["endpoint"].rstrip("/"),
    )


COGNITO = Record(
    _cognito,
    Key("region", Text(region, fills=Fills.ALL), "the pool's, which its id begins with"),
    Key("pool", Text(_pool, fills=Fills.ALL), "the user pool's id, such as eu-west-1_AbCdEf123", required=True),
    Key("client", plain(), "the app client's id; it must allow USER_PASSWORD_AUTH", required=True),
    Key("user", plain(), "the user's name in the pool", required=True),
    Key("password", secret_text(), 'such as "${env:PASSWORD}"', required=True),
    Key("client_secret", secret_text(), "the app client's secret, if it has one", absent=""),
    Key("token", word("access", "id"), "which token is presented", absent="access", default="access"),
    Key(
        "endpoint",
        Text(service_url, fills=Fills.ALL, pattern=URL),
        "another service URL than the region's own",
        absent="",
    ),
    name="cognito",
    about="A user of an Amazon Cognito user pool.",
)
