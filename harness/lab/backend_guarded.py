"""The part of the sample API that scenarios/security.yaml asks for. It refuses nobody: that is its gateways' work."""

import json
import uuid
from typing import Any
from urllib.parse import parse_qs

from harness.lab.answers import json_reply, problem
from harness.lab.message import Call, Pairs, Reply

_ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"id": "A-1", "owner": "Ada", "balance": 1250.5},
    {"id": "A-2", "owner": "Grace", "balance": 80},
)
_HARDENED: Pairs = (
    (b"Strict-Transport-Security", b"max-age=31536000; includeSubDomains"),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"X-Frame-Options", b"DENY"),
    (b"Content-Security-Policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"Referrer-Policy", b"no-referrer"),
    (b"Cache-Control", b"no-store"),
    (b"Set-Cookie", b"session=lab; Path=/; Secure; HttpOnly; SameSite=Strict"),
    (b"Set-Cookie", b"theme=dark; Path=/; Secure; SameSite=Lax"),
)


async def report(_: object, __: Call) -> Reply:
    """Answer /partners/report and /partners/metered."""
    return json_reply({"month": "2026-10", "orders": 24, "revenue": 4211.75})


async def message(_: object, call: Call) -> Reply:
    """Answer /partners/messages; nothing is kept."""
    fields = parse_qs(call.body.decode("latin-1"), keep_blank_values=True)
    return json_reply({"fields": len(fields), "bytes": len(call.body)}, 202)


async def accounts(_: object, call: Call) -> Reply:
    """Answer /accounts; what is posted is not kept, so that nobody disturbs anybody."""
    if call.method != "POST":
        return json_reply({"accounts": list(_ACCOUNTS)})
    try:
        given = json.loads(call.body)
    except (ValueError, RecursionError):
        return problem(422, "bad-account", "An account is a JSON object.")
    owner = str(given.get("owner", ""))[:100] if isinstance(given, dict) else ""
    return json_reply({"id": f"A-{uuid.uuid4()}", "owner": owner, "balance": 0}, 201)


async def account(_: object, call: Call) -> Reply:
    """Answer /accounts/{id}."""
    wanted = call.path.decode("latin-1").removeprefix("/accounts/")
    found = next((one for one in _ACCOUNTS if one["id"] == wanted), None)
    return json_reply(found) if found else problem(404, "no-such-account", f"There is no account {wanted}.")


async def ledger(_: object, call: Call) -> Reply:
    """Answer /ledger."""
    if call.method == "POST":
        return json_reply({"accepted": len(call.body)}, 202)
    return json_reply({"entries": [{"account": "A-1", "amount": -12.5}, {"account": "A-2", "amount": 12.5}]})


async def vault(_: object, __: Call) -> Reply:
    """Answer /vault."""
    return json_reply({"sealed": True, "documents": 3})


async def stock(_: object, __: Call) -> Reply:
    """Answer /stock."""
    return json_reply({"LAMP-1": 12, "DESK-2": 0})


async def feed(_: object, __: Call) -> Reply:
    """Answer /feed."""
    return json_reply({"items": [{"title": "Oak is back"}, {"title": "New lamps"}]})


async def pages(_: object, call: Call) -> Reply:
    """Answer /pages and /pages/mine."""
    mine = call.path.endswith(b"/mine")
    return json_reply({"title": "Your page" if mine else "Welcome", "links": ["/pages"]}, headers=_HARDENED)
