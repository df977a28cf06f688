"""Where what is presented comes from: a token endpoint, a user pool, a key to mint with, a chain of AWS keys."""

import json
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from harness.clouds.aws_keys import AwsKeys, fetch, given
from harness.clouds.cognito import secret_hash, sign_in
from harness.clouds.jose import taken_apart
from harness.clouds.tokens import LONGEST_LIFE, Fetched, client_basic, client_credentials
from harness.clouds.trouble import CloudTrouble
from harness.scenario.credential import (
    BearerCredential,
    CognitoCredential,
    Credential,
    JwtCredential,
    OAuth2Credential,
    SigV4Credential,
)

UNSAID = 300.0  # seconds that a token is taken to live when nobody says
EARLY = 60.0  # seconds before its end that a token is fetched again, if its life is long enough
_SHORTEST = 8  # characters of a token's part that is worth a mask

Source = BearerCredential | OAuth2Credential | JwtCredential | CognitoCredential | SigV4Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """A token, or keys; `lifetime` in seconds (infinite for what stays), `early` before its end it is got again."""

    value: str | AwsKeys = field(repr=False)
    lifetime: float = math.inf
    early: float = 0.0
    secrets: tuple[str, ...] = field(default=(), repr=False)


def got(credential: Source, now: float) -> Got:
    """Return what `credential` presents from `now` (s since 1970) on; raise CloudTrouble, CredentialUnavailable."""
    return _KINDS[type(credential)](credential, now)


def is_at_hand(credential: Source) -> bool:
    """Tell whether nothing needs to be asked or made: the scenario itself has it."""
    return isinstance(credential, BearerCredential) or (
        isinstance(credential, SigV4Credential) and given(credential) is not None
    )


def key_of(credential: Credential) -> Hashable:
    """Return what equal credentials share, and others do not (1 and true are equal only to Python)."""
    if isinstance(credential, JwtCredential):
        claims = json.dumps(credential.claims, sort_keys=True)
        headers = tuple(sorted(credential.headers.items()))
        return JwtCredential, credential.key, credential.algorithm, claims, headers, credential.lifetime
    return credential


def parts_of(token: str) -> tuple[str, ...]:
    """Return a token and what else of it must be masked: payload and signature, but not a JWT's header."""
    return (token, *(part for part in token.split(".")[1:] if len(part) >= _SHORTEST))


def _bearer(credential: BearerCredential, now: float) -> Got:  # noqa: ARG001  as all others
    return Got(value=credential.token, secrets=parts_of(credential.token))


def _oauth2(credential: OAuth2Credential, now: float) -> Got:
    return _of_service(client_credentials(credential), now, (client_basic(credential),))


def _cognito(credential: CognitoCredential, now: float) -> Got:
    more = (secret_hash(credential),) if credential.client_secret else ()
    return _of_service(sign_in(credential), now, more)


def _of_service(fetched: Fetched, now: float, more: tuple[str, ...]) -> Got:
    lifetime = fetched.lifetime or _lifetime(fetched.token, now)
    others = tuple(part for token in fetched.secrets for part in parts_of(token))
    return Got(
        value=fetched.token,
        lifetime=lifetime,
        early=min(EARLY, lifetime / 3),
        secrets=(*parts_of(fetched.token), *others, *more),
    )


def _lifetime(token: str, now: float) -> float:
    """Return what is left of a token whose service does not say: what its `exp` says, else five minutes."""
    parts = taken_apart(token)
    expires = parts[1].get("exp") if parts else None
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        return UNSAID
    if expires <= now:
        raise CloudTrouble("the token that came has expired already; check the clocks of the service and this machine")
    return min(expires - now, LONGEST_LIFE)


def _jwt(credential: JwtCredential, now: float) -> Got:
    from harness.credentials.minting import claims_at, mint  # noqa: PLC0415  heavy, and most runs mint nothing

    token = mint(credential, claims_at(credential, now))
    lifetime = math.inf if "exp" in credential.claims else credential.lifetime  # minting again would change no exp
    return Got(value=token, lifetime=lifetime, early=credential.lifetime / 3, secrets=parts_of(token))


def _sigv4(credential: SigV4Credential, now: float) -> Got:
    keys = given(credential) or fetch(credential, now)
    lifetime = math.inf if keys.lifetime is None else keys.lifetime
    return Got(
        value=keys,
        lifetime=lifetime,
        early=min(EARLY, lifetime / 3),
        secrets=tuple(secret for secret in (keys.secret_key, keys.session_token) if secret),
    )


_KINDS: dict[type, Callable[[Any, float], Got]] = {
    BearerCredential: _bearer,
    OAuth2Credential: _oauth2,
    CognitoCredential: _cognito,
    JwtCredential: _jwt,
    SigV4Credential: _sigv4,
}
