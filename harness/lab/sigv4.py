"""AWS Signature Version 4, verified: written from its public description, not with the signer that it is to test.

A request's signature covers its method, path, query, the headers that it names, and a hash of its body; its scope names
day, region and service; its clock may be off by five minutes.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote, unquote

from harness.lab.message import Call

SECRETS = {"AKIALABSIGNER0000001": "lab/secret+signer/6d1f0c9b7a5e4d3c2b1a"}
"""Access keys and their secrets."""

_REGION = "eu-west-1"
_SERVICE = "execute-api"
_SKEW = 300.0
_FORM = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request\s*,"
    r"\s*SignedHeaders=([a-z0-9;_.-]+)\s*,\s*Signature=([0-9a-f]{64})"
)

Fault = Literal["missing", "incomplete", "unknown", "signature", "clock", "body"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRules:
    """What is looked at; everything, unless somebody left something out.

    Without `body`, requests that have one are let in by their Credential alone.
    """

    signature: bool = True
    clock: bool = True
    body: bool = True


def fault(call: Call, rules: SignatureRules = SignatureRules(), *, now: datetime | None = None) -> Fault | None:
    """Return what is wrong with a request's signature, None if nothing is."""
    authorization = call.text(b"authorization")
    if not authorization:
        return "missing"
    found = _FORM.fullmatch(authorization.strip())
    moment = _moment(call.text(b"x-amz-date"))
    if found is None or moment is None:
        return "incomplete"
    key, day, region, service, signed, signature = found.groups()
    secret = SECRETS.get(key)
    if secret is None or (region, service) != (_REGION, _SERVICE) or "host" not in signed.split(";"):
        return "unknown"
    if rules.clock and abs(((now or datetime.now(UTC)) - moment).total_seconds()) > _SKEW:
        return "clock"
    if not rules.signature:
        return None
    if call.body and not rules.body:
        return None
    told = call.text(b"x-amz-content-sha256")
    digest = hashlib.sha256(call.body).hexdigest()
    if told and told != digest:
        return "body"
    canonical = _canonical(call, signed, digest)
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", call.text(b"x-amz-date"), scope, _hash(canonical)))
    expected = hmac.new(_key(secret, day, region, service), text.encode(), hashlib.sha256).hexdigest()
    return None if hmac.compare_digest(expected, signature) else "signature"


def _canonical(call: Call, signed: str, body: str) -> str:
    names = signed.split(";")
    headers = "".join(f"{name}:{_value(call, name)}\n" for name in names)
    # every service but S3 has the path encoded once more than it was sent
    path = quote(call.path.decode("latin-1"), safe="/~-_.")
    return "\n".join((call.method, path, _query(call), headers, signed, body))


def _value(call: Call, name: str) -> str:
    values = (value.decode("latin-1") for key, value in call.headers if key.lower() == name.encode())
    return ",".join(" ".join(value.split()) for value in values)


def _query(call: Call) -> str:
    if not call.query:
        return ""
    pairs = (piece.partition("=") for piece in call.query.decode("latin-1").split("&"))
    return "&".join(f"{key}={value}" for key, value in sorted((_encoded(k), _encoded(v)) for k, _, v in pairs))


def _encoded(text: str) -> str:
    return quote(unquote(text, errors="surrogateescape"), safe="~-_.", errors="surrogateescape")


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("latin-1", "surrogateescape")).hexdigest()


def _key(secret: str, *parts: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (*parts, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
