"""How tests ask the lab's guarded side: a request as data, and what of its answer matters."""

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness.lab.keys import AUDIENCE, ISSUER_ID, KEY_ID, Keys, pem_of
from harness.lab.sigv4 import SECRETS

if TYPE_CHECKING:
    from harness.lab.ports import LabPorts

HOST = "127.0.0.1"
SHOP = "https://shop.example"
Pairs = list[tuple[str, str]]
PARTNER: Pairs = [("x-api-key", "lab-partner-key-7d21")]

Headers = Callable[[Keys, str], Pairs]
"""What a request carries, of the keys and the URL that it is sent to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request to both sides; `door` is another listener of the lab that is asked instead."""

    path: str
    method: str = "GET"
    headers: Pairs = field(default_factory=list)
    made: Headers = lambda _, __: []
    body: bytes | None = None
    certificate: str = ""
    door: str = ""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer, of its headers those that a browser or a caller goes by."""

    status: int
    body: bytes
    headers: dict[str, str]
    cookies: tuple[str, ...]

    @property
    def refused(self) -> bool:
        return self.status >= 400

    def look(self) -> tuple[Any, ...]:
        names = ("access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-headers",
                 "strict-transport-security", "x-content-type-options", "content-security-policy", "x-powered-by")  # fmt: skip
        return (self.status, *(self.headers.get(name) for name in names), self.cookies)


def ask(labs: Any, defect: str, side: str, one: Ask) -> Got:
    ports: LabPorts = labs.ports(defect)
    port = getattr(ports, one.door or f"{side}_tls")
    path = ("/prod" if side == "old" and not one.door else "") + one.path
    context = labs.context(one.certificate)
    connection = http.client.HTTPSConnection(HOST, port, timeout=10, context=context)
    try:
        connection.putrequest(one.method, path, skip_accept_encoding=True, skip_host=_names_host(one))
        body = one.body or b""
        for name, value in [*one.headers, *one.made(labs.keys, f"https://{HOST}:{port}{path}")]:
            connection.putheader(name, value)
        if one.body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        read = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Got(response.status, read, headers, tuple(response.headers.get_all("Set-Cookie") or ()))
    finally:
        connection.close()


def _names_host(one: Ask) -> bool:
    return any(name.lower() == "host" for name, _ in one.headers)


def token(keys: Keys, *, alg: str = "ES256", kid: str = KEY_ID, key: Any = None, **claims: Any) -> str:
    now = int(time.time())
    usual = {
        "iss": ISSUER_ID,
        "aud": AUDIENCE,
        "sub": "clerk",
        "scope": "accounts.read",
        "nbf": now - 5,
        "exp": now + 300,
    }
    signed_by: Any = None if alg == "none" else key or pem_of(keys.issuer)
    headers = {"kid": kid} if kid else {}
    return jwt.encode({**usual, **claims}, signed_by, algorithm=alg, headers=headers)


def bearer(**changes: Any) -> Headers:
    return lambda keys, _: [("Authorization", f"Bearer {token(keys, **changes)}")]


def signed(method: str = "GET", body: bytes = b"", *, secret: str = "", ago: float = 0) -> Headers:
    """Sign with botocore's own signer, which the lab does not use."""

    def made(_: Keys, url: str) -> Pairs:
        access, good = next(iter(SECRETS.items()))
        request = AWSRequest(method=method, url=url, data=body or None)
        signer = SigV4Auth(Credentials(access, secret or good), "execute-api", "eu-west-1")
        if not ago:
            signer.add_auth(request)
        else:
            moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - ago))
            request.context["timestamp"] = moment
            signer._modify_request_before_signing(request)
            request.headers.replace_header("X-Amz-Date", moment)
            text = signer.string_to_sign(request, signer.canonical_request(request))
            signer._inject_signature_to_request(request, signer.signature(text, request))
        return [(name, value) for name, value in request.headers.items() if name.lower() != "host"]

    return made


def document(got: Got) -> Any:
    return json.loads(got.body)
