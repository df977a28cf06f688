"""Policies of the new gateway beyond keys and limits: validate-jwt, cors, client certificates, and written ones.

Azure API Management knows no AWS signatures; here an administrator wrote the check as a policy expression, so that
clients go on as before. Its answers are that administrator's words.
"""

from dataclasses import dataclass, field
from typing import Literal

from harness.lab import certificates, issuer, sigv4
from harness.lab.certificates import CertificateRules, Minimum
from harness.lab.issuer import TokenRules
from harness.lab.keys import Keys
from harness.lab.message import Call, Pairs, Reply, without
from harness.lab.sigv4 import SignatureRules
from harness.lab.waf import WafRules

SHOP = "https://shop.example"
USERS = {"warehouse": "lab-stock-password-51"}
FEEDS = frozenset({"lab-feed-token-0b9e"})

Check = Literal["", "token", "sigv4", "certificate", "basic", "feed"]
ServerFault = Literal["", "expired", "own", "name", "weak"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRules:
    """What is looked at in a subscription key; `headers` are where it may stand."""

    headers: tuple[str, ...] = ("x-api-key", "Ocp-Apim-Subscription-Key")
    query: bool = False
    unknown: bool = False
    suspended: bool = False
    any_product: bool = False
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsRules:
    """The cors policy. `reflect` answers any origin with itself, `null` the origin "null", `star` everybody."""

    origins: tuple[str, ...] = (SHOP,)
    methods: tuple[str, ...] = ("GET", "HEAD")
    headers: tuple[str, ...] = ("authorization", "content-type")
    credentials: bool = True
    reflect: bool = False
    null: bool = False
    star: bool = False
    on_errors: bool = True
    any_method: bool = False
    any_header: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """How the new side can be reached: through the firewall, past it, and what TLS and plain HTTP offer."""

    waf: WafRules | None = field(default_factory=WafRules)
    waf_page: Literal["front door", "application gateway"] = "front door"
    hosts_checked: bool = True
    sizes_checked: bool = True
    framing_checked: bool = True
    direct_checked: bool = True
    backend_checked: bool = True
    closed: bool = True
    plain: Literal["closed", "redirect", "open"] = "closed"
    tls: Minimum = "1.2"
    server: ServerFault = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """Everything above, as an administrator set it; `overrides` are headers that name another method to answer by."""

    keys: KeyRules = KeyRules()
    tokens: TokenRules = TokenRules()
    signatures: SignatureRules = SignatureRules()
    certificates: CertificateRules = CertificateRules()
    cors: CorsRules = CorsRules()
    doors: Doors = Doors()
    overrides: tuple[str, ...] = ("x-http-method-override",)
    basic: Literal["user and password", "password", "nothing"] = "user and password"
    feed: Literal["query", "query or header", "nothing"] = "query"
    trace: bool = False
    refusals_as_403: bool = False


def refused(call: Call, check: Check, scope: str, keys: Keys | None, rules: Security) -> tuple[int, str] | None:
    """Return status and message for a call that a policy refuses, None if it may pass."""
    if check == "basic":
        return None if _is_user(issuer.basic(call.text(b"authorization")), rules) else (401, "Unauthorized")
    if check == "feed":
        told = _parameter(call, "token") or (call.text(b"token") if rules.feed == "query or header" else "")
        return None if told in FEEDS or rules.feed == "nothing" else (401, "Unauthorized")
    if check == "sigv4":
        return (403, "Invalid signature.") if sigv4.fault(call, rules.signatures) else None
    if keys is None:
        return 500, "Internal server error"
    if check == "certificate":
        wrong = certificates.fault(call.certificate, keys.client_ca, rules.certificates)
        return (403, "Invalid client certificate.") if wrong else None
    found = issuer.fault(call.all(b"authorization"), scope, keys, rules.tokens)
    if found is None:
        return None
    return 401, "JWT not present." if found == "missing" else "Invalid JWT."


def _is_user(pair: tuple[str, str] | None, rules: Security) -> bool:
    if rules.basic == "nothing":
        return True
    if pair is None:
        return False
    return USERS.get(pair[0]) == pair[1] or (rules.basic == "password" and pair[1] in USERS.values())


def key_of(call: Call, rules: KeyRules) -> str | None:
    """Return the key of a caller, None if the request names none at all."""
    for name in rules.headers:
        value = call.header(name.lower().encode())
        if value is not None:
            return value.decode("latin-1")
    if rules.query:
        names = ("subscription-key", "x-api-key", "api-key", "api_key", "apikey", "ocp-apim-subscription-key")
        return next((found for name in names if (found := _parameter(call, name))), None)
    return None


def _parameter(call: Call, name: str) -> str:
    pieces = (piece.partition("=") for piece in call.query.decode("latin-1").split("&"))
    return next((value for key, _, value in pieces if key.lower() == name), "")


def preflight(call: Call, rules: CorsRules) -> Reply:
    """Answer OPTIONS where a cors policy is; a preflight that does not match it gets an empty 200 (facts 2.2)."""
    asked = call.text(b"access-control-request-method")
    empty = Reply(status=200, headers=((b"Content-Length", b"0"),))
    names = [name.strip().lower() for name in call.text(b"access-control-request-headers").split(",") if name.strip()]
    allowed = _allowed(call.text(b"origin"), rules)
    fits = rules.any_method or asked in rules.methods
    named = rules.any_header or all(name in rules.headers for name in names)
    if allowed is None or not (asked and fits and named):
        return empty
    methods = {*rules.methods, asked} if rules.any_method else set(rules.methods)
    headers = names if rules.any_header else rules.headers
    more: Pairs = (
        (b"Access-Control-Allow-Methods", ", ".join(sorted(methods)).encode()),
        (b"Access-Control-Allow-Headers", ", ".join(headers).encode()),
    )
    return Reply(status=200, headers=(*empty.headers, *allowed, *more))


def with_cors(reply: Reply, call: Call, rules: CorsRules) -> Reply:
    """Return an answer to a web page with what the cors policy says in place of what the backend said."""
    origin = call.text(b"origin")
    if not origin or (reply.status >= 400 and not rules.on_errors):
        return reply
    names = (b"access-control-allow-origin", b"access-control-allow-credentials")
    allowed = _allowed(origin, rules)
    return Reply(
        status=reply.status,
        headers=(*without(reply.headers, *names), *(allowed or ())),
        body=reply.body,
        stream=reply.stream,
        broken=reply.broken,
    )


def _allowed(origin: str, rules: CorsRules) -> Pairs | None:
    if rules.star:
        return ((b"Access-Control-Allow-Origin", b"*"),)
    if not (origin in rules.origins or (rules.reflect and origin != "null") or (rules.null and origin == "null")):
        return None
    credentials: Pairs = ((b"Access-Control-Allow-Credentials", b"true"),) if rules.credentials else ()
    return ((b"Access-Control-Allow-Origin", origin.encode()), *credentials)


def trace_reply(call: Call) -> Reply:
    """Return a request as it came, which is what TRACE is for, and why nobody should answer it."""
    lines = (name + b": " + value for name, value in call.headers)
    body = b"TRACE " + call.target + b" HTTP/1.1\r\n" + b"\r\n".join(lines) + b"\r\n\r\n"
    length = str(len(body)).encode()
    return Reply(status=200, headers=((b"Content-Type", b"message/http"), (b"Content-Length", length)), body=body)
