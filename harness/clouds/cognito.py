"""Tokens of a user of an Amazon Cognito user pool, by the flow USER_PASSWORD_AUTH."""

import hmac
from base64 import b64encode
from hashlib import sha256
from typing import Any

from harness.clouds.aws import client, explained
from harness.clouds.jose import taken_apart
from harness.clouds.tokens import LONGEST_LIFE, Fetched
from harness.clouds.trouble import CloudTrouble, quoted
from harness.scenario.credential import CognitoCredential

_CHALLENGES = {
    "NEW_PASSWORD_REQUIRED": "sign in once by hand and set a password that lasts",
    "SMS_MFA": "take a test user without a second factor",
    "SOFTWARE_TOKEN_MFA": "take a test user without a second factor",
    "MFA_SETUP": "take a test user without a second factor",
}


def secret_hash(credential: CognitoCredential) -> str:
    """Return what proves the app client's secret in a call: Base64 of HMAC-SHA256 over user and client id."""
    text = f"{credential.user}{credential.client}".encode()
    return b64encode(hmac.new(credential.client_secret.encode(), text, sha256).digest()).decode()


def sign_in(credential: CognitoCredential) -> Fetched:
    """Return the token that `credential` presents; raise CloudTrouble. A challenge is told, never answered."""
    said = {"USERNAME": credential.user, "PASSWORD": credential.password}
    if credential.client_secret:
        said["SECRET_HASH"] = secret_hash(credential)
    secrets = (credential.password, credential.client_secret, said.get("SECRET_HASH", ""))
    with explained(f"no token from Cognito pool {credential.pool}", secrets):
        return _read(
            _client(credential).initiate_auth(
                ClientId=credential.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=said
            ),
            credential,
        )


def _client(credential: CognitoCredential) -> Any:
    from botocore import UNSIGNED  # noqa: PLC0415  heavy, and most runs ask no cloud
    from botocore.config import Config  # noqa: PLC0415  as above

    return client(
        "cognito-idp",
        credential.region,
        credential.endpoint,
        config=Config(signature_version=UNSIGNED),
        aws_access_key_id="unsigned",  # so that nobody's real keys are looked for
        aws_secret_access_key="unsigned",  # noqa: S106  no secret
    )


def _read(answer: dict[str, Any], credential: CognitoCredential) -> Fetched:
    if challenge := answer.get("ChallengeName"):
        hint = _CHALLENGES.get(str(challenge), "take a test user that signs in by password alone")
        raise CloudTrouble(f"the user is asked for more ({quoted(challenge)}); {hint}")
    result = answer.get("AuthenticationResult") or {}
    tokens = {name: result.get(f"{name.title()}Token") for name in ("access", "id", "refresh")}
    token = tokens.pop(credential.token)
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token:
        raise CloudTrouble(f"the answer has no {credential.token} token that a header can carry")
    _check_pool(token, credential.pool)
    return Fetched(
        token=token,
        lifetime=_lifetime(result.get("ExpiresIn")) if credential.token == "access" else None,  # noqa: S105  a kind
        secrets=tuple(other for other in tokens.values() if isinstance(other, str)),
    )


def _check_pool(token: str, pool: str) -> None:
    parts = taken_apart(token)
    issuer = str(parts[1].get("iss", "")) if parts else ""
    if issuer and not issuer.endswith(f"/{pool}"):
        raise CloudTrouble(f"the app client belongs to another pool ({quoted(issuer)}); check `pool` and `client`")


def _lifetime(said: Any) -> float | None:
    return float(min(said, LONGEST_LIFE)) if isinstance(said, int) and said > 0 else None
