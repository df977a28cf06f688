"""Credentials that sign or prove by a key: `sigv4` and `client_cert`."""

import re

from harness.model.request import ClientCertificate
from harness.scenario import pem
from harness.scenario.context import Wrong
from harness.scenario.credential import CertificateCredential, SigV4Credential
from harness.scenario.files import content
from harness.scenario.fill import Fills
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Text, word
from harness.scenario.tokens import URL, plain, region, secret_text, service_url

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+", re.ASCII)
_SERVICE = re.compile(r"[a-z0-9-]+")
_TEMPORARY = "ASIA"  # how ids of keys begin that the security token service gives
_NEEDS = (
    ("access_key", "secret_key", "keys come in pairs"),
    ("secret_key", "access_key", "keys come in pairs"),
    ("session_token", "access_key", "a session token belongs to the pair of keys that it was given with"),
    ("external_id", "role", "it is told when a role is assumed"),
    ("sts_url", "role", "it is asked when a role is assumed"),
)


def _role(text: str) -> None:
    if not _ROLE.fullmatch(text):
        raise Wrong(f"'{text}' is no role", "its ARN, such as arn:aws:iam::123456789012:role/migration")


def _service(text: str) -> None:
    if not _SERVICE.fullmatch(text):
        raise Wrong(f"'{text}' is no service to sign for", "execute-api is the one of API Gateway")


def signed_by(fields: Fields, *, region: str, service: str = "execute-api") -> SigV4Credential:
    """Return the keys that KEYS name; notes what does not go together."""
    for name, needed, why in _NEEDS:
        if name in fields and needed not in fields:
            raise fields.refuse(name, f"'{name}' without '{needed}'", f"{why}: add {needed}:, or remove {name}:")
    if "profile" in fields and "access_key" in fields:
        hint = "keep one of them; without both, boto3 looks where it always does"
        raise fields.refuse("profile", "both a profile and keys", hint)
    if fields["access_key"].startswith(_TEMPORARY) and "session_token" not in fields:
        raise fields.refuse("access_key", "temporary keys without their session token", "add session_token:")
    return SigV4Credential(
        region=region,
        service=service,
        access_key=fields["access_key"],
        secret_key=fields["secret_key"],
        session_token=fields["session_token"],
        profile=fields["profile"],
        role=fields["role"],
        external_id=fields["external_id"],
        sts_url=fields["sts_url"].rstrip("/"),
    )


KEYS = (
    Key("access_key", plain(), "the access key's id; what boto3 finds by itself if left out", absent=""),
    Key("secret_key", secret_text(), 'such as "${env:AWS_SECRET}"', absent=""),
    Key("session_token", secret_text(), "of temporary keys", absent=""),
    Key("profile", plain(), "a profile of ~/.aws", absent=""),
    Key("role", Text(_role, fills=Fills.ALL), "the ARN of a role to assume first", absent=""),
    Key("external_id", plain(), "what the role's owner asks for", absent=""),
    Key(
        "sts_url",
        Text(service_url, fills=Fills.ALL, pattern=URL),
        "another STS than the region's own",
        absent="",
    ),
)
"""Whose keys sign, and as which role: of a caller, or of a control plane."""

SIGV4 = Record(
    lambda fields: signed_by(fields, region=fields["region"], service=fields["service"]),
    Key("region", Text(region, fills=Fills.ALL), "the region that is signed for, such as eu-west-1", required=True),
    Key(
        "service",
        Text(_service, fills=Fills.ALL),
        "the service that is signed for",
        absent="execute-api",
        default="execute-api",
    ),
    *KEYS,
    name="sigv4",
    about="AWS Signature Version 4.",
)


def pair(fields: Fields, *, authority: bool = False, dated: bool = True) -> ClientCertificate:
    """Return the certificate and key of keys `cert` and `key`; every reason why they cannot work is a problem."""
    certificate, key = content(fields, "cert"), content(fields, "key")
    try:
        chain = pem.chain(certificate)
        if authority:
            pem.check_authority(chain)
        if dated:
            pem.check_dates(chain, fields.ctx.now)
    except Wrong as wrong:
        raise fields.refuse("cert", wrong.message, wrong.hint) from None
    try:
        pem.check_fits(chain, pem.private_key(key))
    except Wrong as wrong:
        raise fields.refuse("key", wrong.message, wrong.hint) from None
    return ClientCertificate(certificate=certificate, key=key, label=chain.subject)


PAIR = (
    Key(
        "cert",
        Text(),
        "PEM file, relative to this file: the certificate, then its chain",
        required=True,
    ),
    Key("key", Text(), "PEM file of its private key, not encrypted", required=True),
)

CLIENT_CERT = Record(
    lambda fields: CertificateCredential(certificate=pair(fields, dated="expired" not in fields)),
    *PAIR,
    Key(
        "expired",
        word("allowed"),
        "`allowed` for a caller that is meant to be refused",
    ),
    name="client_cert",
    about="A client certificate, for mutual TLS.",
)
