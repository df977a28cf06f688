"""AWS keys: those given, those of boto3's own chain, or those of a role."""

from dataclasses import dataclass, field, replace
from typing import Any

from harness.clouds.aws import client, explained, session
from harness.clouds.trouble import CloudTrouble
from harness.scenario.credential import SigV4Credential

LOOKED_UP = 300.0  # seconds after which session keys of the chain are looked up again: boto3 does not tell their end


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKeys:
    """What a signature is made with; `lifetime` in seconds, None for keys that stay."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    lifetime: float | None = None


def given(credential: SigV4Credential) -> AwsKeys | None:
    """Return the keys that the scenario gives, None if something must be asked for them."""
    if credential.role or not (credential.access_key and credential.secret_key):
        return None
    return AwsKeys(
        access_key=credential.access_key,
        secret_key=credential.secret_key,
        session_token=credential.session_token,
    )


def fetch(credential: SigV4Credential, now: float) -> AwsKeys:
    """Return the keys that `credential` signs with; `now` is in seconds since 1970. Raises CloudTrouble."""
    secrets = (credential.secret_key, credential.session_token, credential.external_id)
    with explained("no AWS keys", secrets):
        own = given(replace(credential, role="")) or _of_chain(credential)
    if not credential.role:
        return own
    with explained(f"no keys of role {credential.role}", (*secrets, own.secret_key, own.session_token)):
        return _of_role(credential, own, now)


def _of_chain(credential: SigV4Credential) -> AwsKeys:
    from botocore.exceptions import NoCredentialsError  # noqa: PLC0415  heavy, and most runs ask no cloud

    found = session(credential.profile).get_credentials()
    if found is None:
        raise NoCredentialsError
    frozen = found.get_frozen_credentials()
    if not (frozen.access_key and frozen.secret_key):
        raise NoCredentialsError
    return AwsKeys(
        access_key=frozen.access_key,
        secret_key=frozen.secret_key,
        session_token=frozen.token or "",
        lifetime=LOOKED_UP if frozen.token else None,
    )


def _of_role(credential: SigV4Credential, own: AwsKeys, now: float) -> AwsKeys:
    sts = client(
        "sts",
        credential.region,
        credential.sts_url,
        aws_access_key_id=own.access_key,
        aws_secret_access_key=own.secret_key,
        aws_session_token=own.session_token or None,
    )
    external = {"ExternalId": credential.external_id} if credential.external_id else {}
    answer = sts.assume_role(RoleArn=credential.role, RoleSessionName="cutover", **external)
    found: dict[str, Any] = answer.get("Credentials") or {}
    if not all(found.get(name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")):
        raise CloudTrouble("STS answered without keys; check `sts_url`")
    lifetime = found["Expiration"].timestamp() - now
    if lifetime <= 0:
        raise CloudTrouble("STS gave keys that have expired already; check this machine's clock")
    return AwsKeys(
        access_key=found["AccessKeyId"],
        secret_key=found["SecretAccessKey"],
        session_token=found["SessionToken"],
        lifetime=lifetime,
    )
