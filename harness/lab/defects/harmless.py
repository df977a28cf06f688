"""Changes that mean nothing: a rehearsal must stay GO."""

import json
from dataclasses import replace
from typing import Any

from harness.lab.defects.change import dumps, on_body, on_reply
from harness.lab.defects.defect import Defect
from harness.lab.message import Call, Reply


def _order(call: Call) -> bool:
    return call.path.startswith(b"/orders")


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def _other_order(body: bytes) -> bytes:
    return dumps(_reversed(json.loads(body))) if body.startswith(b"{") else body


def _spaced(body: bytes) -> bytes:
    return json.dumps(json.loads(body), indent=2).encode() + b"\n" if body.startswith(b"{") else body


def _capitals(reply: Reply) -> Reply:
    return replace(reply, headers=tuple((name.upper(), value) for name, value in reply.headers))


DEFECTS = (
    Defect(
        name="key-order",
        family="harmless",
        case="read an order",
        at="body",
        harmless=True,
        does="Keys of JSON objects come in another order.",
        models="Objects have no order; a parser and writer in between may change it (facts 7, key case and spacing).",
        front=on_body(_order, _other_order),
    ),
    Defect(
        name="header-case",
        family="harmless",
        case="product",
        at="header:etag",
        harmless=True,
        does="Header names come in capitals.",
        models="Edges write names their own way, HTTP/2 in lower case (facts 1.4, header case).",
        front=on_reply(lambda call: call.path != b"/events", _capitals),
    ),
    Defect(
        name="json-spacing",
        family="harmless",
        case="read an order",
        at="body",
        harmless=True,
        does="JSON comes indented, letters outside of ASCII escaped.",
        models="Spacing is part of a product's dialect: compare what is said (facts 1.1, JSON spacing).",
        front=on_body(_order, _spaced),
    ),
)
