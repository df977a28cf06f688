"""How one side recognises a caller: a value per kind of credential, and what the security suite breaks about them."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from harness.model.request import ClientCertificate, Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderCredential:
    """Headers that identify the caller, as (name, value)."""

    headers: Headers = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCredential:
    """Query parameters that identify the caller, as (name, value); not yet percent-encoded."""

    parameters: Headers = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicCredential:
    """HTTP Basic (RFC 7617)."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerCredential:
    """A bearer token (RFC 6750)."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2Credential:
    """A token by the client credentials grant (RFC 6749 §4.4); `parameters` are further ones of the token request.

    `entra` marks Microsoft Entra ID's endpoint, made of a tenant. `secret_in` says how the client authenticates itself:
    "header" (HTTP Basic) or "body".
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    parameters: Headers = ()
    secret_in: Literal["header", "body"] = "header"  # noqa: S105  a place, no secret
    entra: bool = False
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtCredential:
    """A token minted here for a test issuer: `key` is PEM (RS*, ES*, PS*, EdDSA) or the shared secret (HS*).

    `claims` are JSON values; iat, nbf and exp are added unless given, `lifetime` in seconds. `headers` are further
    JOSE headers (kid).
    """

    key: bytes = field(repr=False)
    algorithm: str
    claims: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    lifetime: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SigV4Credential:
    """AWS Signature Version 4. Keys are those given, else what boto3's own chain finds (profile, environment, …).

    `role` is the ARN of a role to assume (with `external_id`) first; `sts_url` is another STS than the region's own.
    """

    region: str
    service: str = "execute-api"
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    profile: str = ""
    role: str = ""
    external_id: str = ""
    sts_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateCredential:
    """A client certificate for mutual TLS."""

    certificate: ClientCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class CognitoCredential:
    """A user of an Amazon Cognito user pool (USER_PASSWORD_AUTH through boto3); `token` is which one is presented.

    `endpoint` is another service URL than the region's own.
    """

    region: str
    pool: str
    client: str
    user: str
    password: str = field(repr=False)
    client_secret: str = field(default="", repr=False)
    token: Literal["access", "id"] = "access"  # noqa: S105  a kind, no token
    endpoint: str = ""


class TokenFault(StrEnum):
    """What is wrong with a token; the value is the column of the matrix."""

    EXPIRED = "expired token"
    NOT_YET = "token not yet valid"
    AUDIENCE = "token for another audience"
    ISSUER = "token of another issuer"
    SCOPE = "token without the scope"
    NONE = "alg: none"
    CONFUSED = "HS256 signed with the public key"
    KEY_ID = "token with an unknown kid"
    TAMPERED = "token with a tampered payload"
    STRIPPED = "token without its signature"
    EMPTY = "empty bearer"
    TWICE = "two Authorization headers"


class SignatureFault(StrEnum):
    """What is wrong with a SigV4 signature; the value is the column of the matrix."""

    SECRET = "signed with another secret"  # noqa: S105  words
    CLOCK = "signed an hour ago"
    BODY = "body changed after signing"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyToken:
    """The token of `source` with something wrong; `public_key` (PEM) is the issuer's, for TokenFault.CONFUSED."""

    source: "BearerCredential | OAuth2Credential | JwtCredential | CognitoCredential"
    fault: TokenFault
    public_key: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultySignature:
    """A request signed by `source` with something wrong."""

    source: SigV4Credential
    fault: SignatureFault


Credential = (
    HeaderCredential
    | QueryCredential
    | BasicCredential
    | BearerCredential
    | OAuth2Credential
    | JwtCredential
    | SigV4Credential
    | CertificateCredential
    | CognitoCredential
    | FaultyToken
    | FaultySignature
)
"""The scenario file makes all but the faulty ones; those are the security suite's."""
