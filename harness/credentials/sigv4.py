"""AWS Signature Version 4 over a request as it will be on the wire, by botocore's signer."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness.clouds.aws_keys import AwsKeys
from harness.credentials.apply import names_of, with_headers
from harness.model.request import Headers, Request
from harness.scenario.credential import SignatureFault, SigV4Credential

_FORMAT = "%Y%m%dT%H%M%SZ"
_STAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_NOT_SIGNED = frozenset({"accept-encoding", "content-length"})  # what is on the way may write these anew
_HOUR = 3600
_OTHER_SECRET = "cutover/0000000000000000000000000000wrong"  # noqa: S105  of the usual length, and nobody's


def signature(
    request: Request, credential: SigV4Credential, keys: AwsKeys, now: float, fault: SignatureFault | None = None
) -> tuple[Headers, str]:
    """Return the headers that sign `request` at `now` (seconds since 1970), and the signature in them.

    A date or session token that the request names itself is signed as it is. With a `fault`, the rest is right. Raises
    ValueError for what has no UTF-8.
    """
    if fault is SignatureFault.CLOCK:
        now -= _HOUR
    stamp = _own_stamp(request.headers) or datetime.fromtimestamp(now, UTC).strftime(_FORMAT)
    secret = _OTHER_SECRET if fault is SignatureFault.SECRET else keys.secret_key
    signer = _signer(keys.access_key, secret, keys.session_token, credential.service, credential.region)
    body = _changed(request.body or b"") if fault is SignatureFault.BODY else request.body or b""
    added = _added(request.headers, stamp, keys)
    aws = _as_aws(request, with_headers(request.headers, added), body, stamp)
    if isinstance(signer, S3SigV4Auth):
        more = (("X-Amz-Content-SHA256", signer.payload(aws)),)
        added += more
        aws.headers["X-Amz-Content-SHA256"] = more[0][1]
    made = signer.signature(signer.string_to_sign(aws, signer.canonical_request(aws)), aws)
    names = signer.signed_headers(signer.headers_to_sign(aws))
    value = f"AWS4-HMAC-SHA256 Credential={signer.scope(aws)}, SignedHeaders={names}, Signature={made}"
    return (*added, ("Authorization", value)), made


@lru_cache(maxsize=64)
def _signer(access: str, secret: str, token: str, service: str, region: str) -> SigV4Auth:
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    return kind(Credentials(access, secret, token or None), service, region)


def _added(headers: Headers, stamp: str, keys: AwsKeys) -> Headers:
    own = names_of(headers)
    wanted = (("X-Amz-Date", stamp), ("X-Amz-Security-Token", keys.session_token))
    return tuple((name, value) for name, value in wanted if value and name.lower() not in own)


def _as_aws(request: Request, headers: Headers, body: bytes, stamp: str) -> AWSRequest:
    """Return the request in botocore's form.

    The query is decoded here and encoded canonically by the signer, as AWS does it with what arrives.
    """
    "".join((request.url, *(value for _, value in headers))).encode()  # botocore stumbles over surrogates much later
    parts = urlsplit(request.url)
    aws = AWSRequest(method=request.method, url=request.url, data=body)
    pairs = (pair.partition("=") for pair in parts.query.split("&") if pair)
    aws.params = [(unquote(name), unquote(value)) for name, _, value in pairs]
    for name, value in headers:
        if name.lower() not in _NOT_SIGNED:
            aws.headers[name] = value
    if "Host" not in aws.headers:
        aws.headers["Host"] = parts.netloc.rpartition("@")[2].removesuffix(_DEFAULT_PORTS.get(parts.scheme, ""))
    aws.context["timestamp"] = stamp
    return aws


def _own_stamp(headers: Headers) -> str:
    found = next((value.strip() for name, value in headers if name.lower() == "x-amz-date"), "")
    return found if _STAMP.fullmatch(found) else ""


def _changed(body: bytes) -> bytes:
    """Return the body that is signed in the place of the one that is sent: another by one byte."""
    return body[:-1] + bytes([body[-1] ^ 1]) if body else b"x"
