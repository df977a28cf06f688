"""Orders of the sample backend: fixed ones, which lists show, and those that callers made, which they do not."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from harness.lab.answers import json_reply, problem
from harness.lab.message import Call, Reply

_NAMES = ("Ada", "Grace", "Åsa", "José", "李雷", "Zoë")
_STATES = ("open", "paid", "shipped")
_SKUS = ("LAMP-1", "DESK-2", "CHAIR-3", "SHELF-4", "RUG-5")
_FIRST = 1001
_COUNT = 24
_PAGE = 10

Order = dict[str, Any]


def _line(number: int, position: int) -> dict[str, Any]:
    sku = _SKUS[(number + position) % len(_SKUS)]
    return {"sku": sku, "quantity": 1 + (number + position) % 4, "price": (1999 + 250 * position + number) / 100}


def _seeded(number: int) -> Order:
    lines = [_line(number, position) for position in range(1 + number % 3)]
    cents = sum(round(line["price"] * 100) * line["quantity"] for line in lines)
    return {
        "id": str(number),
        "status": _STATES[number % len(_STATES)],
        "customer": {"name": _NAMES[number % len(_NAMES)], "vip": number % 5 == 0},
        "lines": lines,
        "total": cents / 100,
        "note": None if number % 2 else "Leave it with the neighbour",
        "created_at": f"2026-10-{1 + number % 28:02d}T08:30:00Z",
    }


SEED: dict[str, Order] = {str(number): _seeded(number) for number in range(_FIRST, _FIRST + _COUNT)}


class Orders:
    """The collection. Fixed orders never change, so two gateways at once cannot disturb each other."""

    def __init__(self) -> None:
        self._made: dict[str, Order] = {}

    def collection(self, call: Call, base: str, query: dict[str, str]) -> Reply:
        """Answer /orders."""
        if call.method == "POST":
            return self._create(call, base)
        try:
            limit, page = int(query.get("limit", _PAGE)), int(query.get("page", 1))
        except ValueError:
            return problem(400, "bad-paging", "limit and page are whole numbers")
        if not (1 <= limit <= 100 and page >= 1):
            return problem(400, "bad-paging", "limit is 1 to 100, page is 1 or more")
        return _page(base, limit, page)

    def single(self, call: Call, base: str, order_id: str) -> Reply:
        """Answer /orders/{id}."""
        order = self._made.get(order_id) or SEED.get(order_id)
        if order is None:
            return problem(404, "no-such-order", f"There is no order {order_id}.")
        if call.method == "GET":
            return json_reply(_shown(order, base), headers=((b"X-Order-Status", order["status"].encode()),))
        if order_id in SEED:
            return problem(409, "order-is-closed", f"Order {order_id} can no longer be changed.")
        if call.method == "DELETE":
            del self._made[order_id]
            return Reply(status=204)
        return self._change(call, base, order)

    def _create(self, call: Call, base: str) -> Reply:
        given = _document(call)
        if given is None or not isinstance(given.get("sku"), str):
            return problem(422, "bad-order", "An order needs a sku.")
        line = {"sku": given["sku"], "quantity": given.get("quantity", 1), "price": 19.99}
        order: Order = {
            "id": str(uuid.uuid4()),
            "status": "open",
            "customer": {"name": given.get("customer", "Ada"), "vip": False},
            "lines": [line],
            "total": 19.99,
            "note": given.get("note"),
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        self._made[order["id"]] = order
        location = f"{base}/orders/{order['id']}".encode()
        return json_reply(_shown(order, base), 201, ((b"Location", location),))

    def _change(self, call: Call, base: str, order: Order) -> Reply:
        given = _document(call)
        if given is None:
            return problem(422, "bad-order", "The body is no JSON object.")
        changes: Order = {key: given[key] for key in ("status", "note", "customer") if key in given}
        if call.method == "PUT":
            changes = {"note": None, **changes}
        self._made[order["id"]] = {**order, **changes}
        return json_reply(_shown(self._made[order["id"]], base))


def _page(base: str, limit: int, page: int) -> Reply:
    pages = -(-_COUNT // limit)
    chosen = list(SEED.values())[(page - 1) * limit : page * limit]
    links = {"self": f"{base}/orders?limit={limit}&page={page}"}
    if page < pages:
        links["next"] = f"{base}/orders?limit={limit}&page={page + 1}"
    if page > 1:
        links["prev"] = f"{base}/orders?limit={limit}&page={page - 1}"
    items = [_shown(order, base) for order in chosen]
    return json_reply({"items": items, "total": _COUNT, "links": links})


def _shown(order: Order, base: str) -> Order:
    return {**order, "links": {"self": f"{base}/orders/{order['id']}"}}


def _document(call: Call) -> dict[str, Any] | None:
    try:
        given = json.loads(call.body)
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) else None
