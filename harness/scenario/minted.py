"""Credentials of kind `jwt`: tokens minted here, for an issuer whose key is ours."""

import json
import math
from typing import Any

from yaml.nodes import MappingNode, Node

from harness.scenario import pem, texts, units
from harness.scenario.bodies import Json
from harness.scenario.containers import MapOf, pairs
from harness.scenario.context import Context, Refused, Wrong
from harness.scenario.credential import JwtCredential
from harness.scenario.files import content
from harness.scenario.fill import Fills
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Defs, Schema, Shape, Text, parsed, what, word
from harness.scenario.tokens import secret_text

TIMES = ("exp", "nbf", "iat")
_LIFETIME = 300.0


class _Claims(Shape[dict[str, Any]]):
    """The claims, as JSON values."""

    def read(self, node: Node, ctx: Context) -> dict[str, Any]:
        """Return the claims; the times among them are numbers."""
        if not isinstance(node, MappingNode):
            raise ctx.refuse(node, f"expected a mapping (claim: value), got {what(node)}")
        text = Json(Fills.ALL).read(node, ctx)
        try:
            found: dict[str, Any] = json.loads(text, parse_float=_finite, parse_int=_finite_int)
        except ValueError:
            raise ctx.refuse(node, "a number in the claims is beyond what JSON readers take", "quote it") from None
        wrong = [(name, value) for _, name, value in pairs(node, ctx) if name in TIMES and not _is_time(found[name])]
        for name, value in wrong:
            ctx.note(value, f"{name} is a number: seconds since 1970", "leave it out for one that fits `lifetime`")
        if wrong:
            raise Refused
        return found

    def schema(self, defs: Defs) -> Schema:  # noqa: ARG002  nothing to name
        """Return any object whose times are numbers."""
        return {"type": "object", "properties": {name: {"type": "number"} for name in TIMES}}


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _finite_int(text: str) -> int:
    if len(text) > 300:
        raise ValueError(text)
    return int(text)


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _jose_header(name: str) -> None:
    if name == "alg":
        raise Wrong("'alg' has a key of its own", "write algorithm: beside `headers`")


def _jwt(fields: Fields) -> JwtCredential:
    where, key = _key(fields)
    if "lifetime" in fields and "exp" in fields["claims"]:
        raise fields.refuse("lifetime", "the claims have an 'exp' of their own", "keep one of them")
    return JwtCredential(
        key=key,
        algorithm=_algorithm(fields, where, key),
        claims=fields["claims"],
        headers=dict(fields["headers"]),
        lifetime=fields["lifetime"],
    )


def _key(fields: Fields) -> tuple[str, bytes]:
    """Return the key, and the name of what gives it."""
    if "key" in fields and "key_file" in fields:
        raise fields.refuse("key_file", "both 'key' and 'key_file'", "keep one of them")
    if "key_file" not in fields:
        return "key", fields["key"].encode()
    data = content(fields, "key_file")
    return "key_file", data if pem.is_pem(data) else data.rstrip(b"\r\n")


def _algorithm(fields: Fields, where: str, key: bytes) -> str:
    """Return the algorithm: the one that is asked for, which must fit the key, or the usual one of the key's kind."""
    asked: str = fields["algorithm"]
    if not pem.is_pem(key):
        if not asked:
            message = "this key is no PEM, and nothing says that it is a shared secret"
            raise fields.refuse(where, message, "add algorithm: HS256, or give a private key in PEM")
        if asked not in pem.SHARED:
            message = f"{asked} signs with a private key in PEM, which this is not"
            raise fields.refuse(where, message, "it begins with -----BEGIN PRIVATE KEY-----")
        return asked
    try:
        fitting = pem.algorithms(pem.private_key(key))
    except Wrong as wrong:
        raise fields.refuse(where, wrong.message, wrong.hint) from None
    if not fitting:
        raise fields.refuse(where, "no token can be signed with a key of this kind", "RSA, P-256/384/521 or Ed25519")
    if asked and asked not in fitting:
        raise fields.refuse("algorithm", f"{asked} does not fit this key", f"it can sign {', '.join(fitting)}")
    return asked or fitting[0]


JWT = Record(
    _jwt,
    Key("key", secret_text(), 'the private key (PEM) or the shared secret, such as "${file:issuer.key}"'),
    Key("key_file", Text(), "a file that holds it, relative to this file"),
    Key(
        "algorithm",
        word(*pem.ALGORITHMS),
        "RS256, ES256, … by the key's kind if left out; a shared secret needs it",
        absent="",
    ),
    Key("claims", _Claims(), "the claims as YAML; iat, nbf and exp are added unless they are given", required=True),
    Key(
        "headers",
        MapOf(Text(texts.one_line, fills=Fills.ALL), check_key=_jose_header),
        "further headers of the token: {kid: …}",
        absent=(),
    ),
    Key(
        "lifetime",
        parsed(units.duration, units.DURATION, "a duration such as 5m"),
        "how long a token is valid (5m)",
        absent=_LIFETIME,
        default="5m",
    ),
    name="jwt",
    about="A token that is minted here, for a test issuer whose key is ours.",
    among=("key", "key_file"),
    least="what the token is signed with",
)
