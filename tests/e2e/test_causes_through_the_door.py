"""What sets differences aside, through the whole command: products' words, waivers, expectations, captures, paths."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.servers.command import Done, cutover
from tests.servers.plain import Answer, Asked, PlainServer

Line = tuple[str, str]
Says = Callable[[Asked], Answer]
FORWARDS = ("aws-rest", "azure-apim")
BACK = ("azure-apim", "aws-rest")
PLAIN = ("generic", "generic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A rehearsal: two servers, the cases, and what must come of them, as (place, cause) or as exit code alone."""

    name: str
    old: Says
    new: Says
    code: int
    told: frozenset[tuple[str, str]] = frozenset()
    kinds: tuple[str, str] = PLAIN
    cases: tuple[dict[str, Any], ...] = ({"name": "one", "request": "GET /x"},)
    more: dict[str, Any] = field(default_factory=dict)
    sides: dict[str, Any] = field(default_factory=dict)
    out: str = ""


def say(status: int, document: Any = None, *headers: Line, body: bytes = b"", kind: str = "application/json") -> Answer:
    content = body if document is None else json.dumps(document).encode()
    return Answer(status=status, headers=(*((("Content-Type", kind),) if content else ()), *headers), body=content)


def aws(status: int, error: str, text: str, *headers: Line) -> Answer:
    return say(status, {"message": text}, ("x-amzn-RequestId", str(uuid4())), ("x-amzn-ErrorType", error), *headers)


def apim(status: int, text: str, *headers: Line) -> Answer:
    return say(status, {"statusCode": status, "message": text}, *headers)


NO_ROUTE = (
    aws(403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
    apim(404, "Resource not found"),
)
KEY = 'AzureApiManagementKey realm="https://x/",name="Ocp-Apim-Subscription-Key",type="header"'
NO_KEY = (
    aws(403, "ForbiddenException", "Forbidden"),
    apim(401, "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.",
         ("WWW-Authenticate", KEY)),
)  # fmt: skip
NO_TOKEN = (aws(401, "UnauthorizedException", "Unauthorized"), apim(401, "JWT not present."))
CORS = ("Access-Control-Allow-Origin", "*")


def alike(name: str, old: Answer, new: Answer, code: int, *told: tuple[str, str], **more: Any) -> Drill:
    return Drill(name=name, old=lambda _: old, new=lambda _: new, code=code, told=frozenset(told), **more)


def words(name: str, old: Answer, new: Answer, code: int, *told: tuple[str, str], **more: Any) -> Drill:
    return alike(name, old, new, code, *told, **{"kinds": FORWARDS, **more})


def waiver(at: str, days: int = 30, **more: str) -> dict[str, Any]:
    until = datetime.now(UTC).date() + timedelta(days=days)
    return {"waivers": [{"at": at, "owner": "orders", "until": str(until), "because": "ORD-1", **more}]}


def case(**more: Any) -> tuple[dict[str, Any], ...]:
    return ({"name": "one", "request": "GET /x", **more},)


STATUS = {"old": {"status": 403}, "new": {"status": 401}, "because": "agreed"}
MEANT = case(expect=STATUS)
PRICES = (say(200, {"items": [{"price": 1}, {"price": 2}]}), say(200, {"items": [{"price": 3}, {"price": 2}]}))

WORDS = (
    words("no route on both", *NO_ROUTE, 0, ("status", "gateway"), ("body:$.statusCode", "gateway")),
    words("no route, strictly", *NO_ROUTE, 1, ("status", "gateway"), more={"compare": {"strict": True}}),
    words("no key on both", *NO_KEY, 0, ("status", "gateway"), ("header:www-authenticate", "gateway")),
    words("no token on both", *NO_TOKEN, 0, ("body:$.statusCode", "gateway")),
    words("no key, the other way", NO_KEY[1], NO_KEY[0], 0, ("status", "gateway"), kinds=BACK),
    words("no route, the other way", NO_ROUTE[1], NO_ROUTE[0], 0, ("status", "gateway"), kinds=BACK),
    words("the same words of products unknown", *NO_ROUTE, 1, ("status", "unexplained"), kinds=PLAIN),
    words("no route on the new side alone", say(200, {"a": 1}), NO_ROUTE[1], 1, ("status", "unexplained")),
    words("a backend's 404, then the gateway's", say(404, {"message": "Resource not found"}), NO_ROUTE[1], 1, ("body:$.statusCode", "unexplained")),
    words("no key, then no route", NO_KEY[0], NO_ROUTE[1], 1, ("status", "unexplained")),
    words("a token that is not accepted", NO_TOKEN[0], apim(401, "Invalid JWT."), 1, ("body:$.statusCode", "unexplained")),
    words("refused, then let through", NO_KEY[0], say(200, {"a": 1}), 1, ("status", "weaker")),
    words("refused, then a backend's error", NO_KEY[0], say(404, {"error": "no order"}), 1, ("status", "weaker")),
    words("refused, then redirected", NO_KEY[0], say(302, None, ("Location", "https://x.example/")), 1, ("status", "weaker")),
    words("refused, then let through, the other way", NO_KEY[1], say(200, {"a": 1}), 1, ("status", "weaker"), kinds=BACK),
    words("CORS lost on errors", aws(403, "ForbiddenException", "Forbidden", CORS), NO_KEY[1], 1, ("header:access-control-allow-origin", "unexplained")),
    words("a key that says what to do, lost", aws(403, "MissingAuthenticationTokenException", "Missing Authentication Token", ("X-Help", "1")), NO_ROUTE[1], 1, ("header:x-help", "unexplained")),
    words("platform's name shown", say(200, {}), say(200, {}, ("X-Powered-By", "ASP.NET")), 1, ("header:x-powered-by", "unexplained")),
    words("product's own headers", say(200, {}, ("x-amzn-RequestId", "1"), ("x-amz-apigw-id", "a")), say(200, {}, ("Request-Context", "appId=1")), 0, ("header:request-context", "identity")),
    words("a customised answer", say(403, {"error": "no key"}, ("x-amzn-RequestId", "1"), ("x-amzn-ErrorType", "ForbiddenException")), NO_KEY[1], 1, ("body:$.error", "unexplained")),
    words("413 on the old side alone", say(413, None, body=b"HTTP content length exceeded 10485760 bytes.", kind="text/plain"), say(200, {}), 1, ("status", "unexplained")),
    words("proves nothing", say(500, {}), say(500, {}), 5),
    words("proves something if named", say(500, {}), say(500, {"a": 1}), 1, ("body:$.a", "unexplained"), cases=case(expect={"status": 500})),
)  # fmt: skip

WAIVED = (
    alike("waived by glob", say(200, {}, ("X-A", "1")), say(200, {}, ("X-A", "2")), 0, ("header:x-a", "waived"), more=waiver("header:X-*")),
    alike("waived on its last day", say(200, {}, ("X-A", "1")), say(200, {}), 0, ("header:x-a", "waived"), more=waiver("header:x-a", 0)),
    alike("waived until yesterday", say(200, {}, ("X-A", "1")), say(200, {}), 1, ("header:x-a", "unexplained"), more=waiver("header:x-a", -1), out="expired"),
    alike("waived elsewhere", say(200, {}, ("X-A", "1")), say(200, {}), 1, ("header:x-a", "unexplained"), more=waiver("header:x-b"), out="matched nothing"),
    alike("waived, unused", say(200, {}), say(200, {}), 0, more=waiver("header:x-b"), out="matched nothing"),
    alike("waived at any index", *PRICES, 0, ("body:$.items[0].price", "waived"), more=waiver("body:$.items[*].price")),
    alike("waived at another index", *PRICES, 1, ("body:$.items[0].price", "unexplained"), more=waiver("body:$.items[1].price")),
    alike("waived for a case by glob", *PRICES, 0, ("body:$.items[0].price", "waived"), more=waiver("body:*", case="o*")),
    words("weaker is never waived", NO_KEY[0], say(200, {"a": 1}), 1, ("status", "weaker"), more=waiver("*")),
    Drill(name="silence is never waived", old=lambda _: say(200, {}), new=lambda _: Answer(raw=b""), code=1, more=waiver("*"), told=frozenset({("response", "unexplained")})),
)  # fmt: skip

MEANINGS = (
    alike("meant", say(403, {"a": 1}), say(401, {"b": 1}), 0, ("status", "intended"), ("body:$.a", "intended"), cases=MEANT),
    alike("meant, not done", say(403, {}), say(403, {}), 1, cases=MEANT),
    alike("meant, old does otherwise", say(200, {}), say(401, {}), 5, cases=MEANT),
    alike("meant, but CORS lost", say(403, {}, CORS), say(401, {}), 1, ("header:access-control-allow-origin", "unexplained"), cases=MEANT),
    alike("meant header", say(200, {}, ("X-A", "1")), say(200, {}, ("X-A", "2")), 0, ("header:x-a", "intended"), cases=case(expect={"new": {"headers": {"X-A": "2"}}, "because": "b"})),
    alike("meant header, otherwise", say(200, {}, ("X-A", "1")), say(200, {}, ("X-A", "3")), 1, ("header:x-a", "unexplained"), cases=case(expect={"new": {"headers": {"X-A": "2"}}, "because": "b"})),
    alike("meant to be gone", say(200, {}, ("X-A", "1")), say(200, {}), 0, ("header:x-a", "intended"), cases=case(expect={"new": {"headers": {"X-A": None}}, "because": "b"})),
    alike("both break it alike", say(404, {}), say(404, {}), 1, cases=case(expect={"status": 200})),
)  # fmt: skip


def shop(side: str, *, wrong: str = "", root: str = "/orders", base: str = "") -> Says:
    """An order service that gives ids of its own."""
    numbers = count(1)
    orders: dict[str, str] = {}

    def says(asked: Asked) -> Answer:
        path = asked.target.removeprefix(base)
        if not path.startswith(root):
            return say(404, {"message": "no route"})
        url = f"http://{asked.headers['Host']}{base}{root}"
        if asked.method == "POST":
            key = f"{side}-{next(numbers)}-{uuid4().hex[:6]}"
            orders[key] = f"{url}/{key}" if wrong != "link" else f"http://{asked.headers['Host']}/orders/{key}"
            return say(201, {"id": key, "self": orders[key]}, ("Location", orders[key]))
        key = path.removeprefix(f"{root}/")
        if asked.method == "DELETE":
            return say(204)
        if key not in orders or wrong == "lost":
            return say(404, {"error": f"no {key}"})
        told = {"id": key, "self": orders[key], "total": 7, "note": f"order {key} of {asked.method}"}
        if wrong == "id":
            told["id"] = next(iter(orders)) + "0"
        return say(200, told)

    return says


CYCLE: tuple[dict[str, Any], ...] = (
    {
        "name": "life",
        "unsafe": "run",
        "steps": [
            {"request": "POST /orders", "json": {"sku": "A1"}, "capture": {"id": "$.id"}},
            {"request": "GET /orders/${id}"},
            {"request": "DELETE /orders/${id}", "always": True},
        ],
    },
)
V1 = {"paths": [{"match": "/orders/**", "new": "/v1/orders/**"}, {"match": "/orders", "new": "/v1/orders"}]}


def cycle(name: str, new: Says, code: int, *told: tuple[str, str], **more: Any) -> Drill:
    return Drill(name=name, old=shop("old"), new=new, code=code, told=frozenset(told), cases=CYCLE, **more)


CYCLES = (
    cycle("ids of each side", shop("new"), 0, ("body:$.id", "bound"), ("header:location", "bound"), ("body:$.self", "bound"), ("body:$.note", "bound")),
    cycle("another id than was given", shop("new", wrong="id"), 1, ("body:$.id", "unexplained")),
    cycle("created, not found", shop("new", wrong="lost"), 1, ("status", "unexplained")),
    cycle("served elsewhere", shop("new", root="/v1/orders"), 0, ("body:$.self", "bound"), more=V1),
    cycle("served elsewhere, links not", shop("new", root="/v1/orders", wrong="link"), 1, ("body:$.self", "unexplained"), more=V1),
    cycle("served elsewhere, untold", shop("new", root="/v1/orders"), 1, ("status", "unexplained")),
)  # fmt: skip


def production(host: str) -> Says:
    return lambda asked: say(200, {"self": f"http://{host or asked.headers['Host']}/x"})


NAMED = {"url": "http://api.shop.example"}
NAMES = (
    Drill(name="one name on both sides", old=production(""), new=production(""), code=0, sides=NAMED),
    Drill(name="one name, the backend's in links", old=production(""), new=production("backend:3000"), code=1, sides=NAMED, told=frozenset({("body:$.self", "unexplained")})),
)  # fmt: skip


def random_id(_: Asked) -> Answer:
    return say(200, {"id": str(uuid4())})


REPEATS = (
    Drill(name="nothing asked twice", old=random_id, new=random_id, code=1, told=frozenset({("body:$.id", "unexplained")}), more={"compare": {"noise": {"repeats": 0}}}),
    Drill(name="asked twice more", old=random_id, new=random_id, code=0, told=frozenset({("body:$.id", "noise")}), more={"compare": {"noise": {"repeats": 2}}}),
    Drill(name="not asked twice, since unsafe", old=random_id, new=random_id, code=1, told=frozenset({("body:$.id", "unexplained")}), cases=({"name": "one", "request": "POST /x", "unsafe": "run"},)),
    Drill(name="not asked twice, but with a rule", old=random_id, new=random_id, code=0, told=frozenset({("body:$.id", "intended")}), cases=({"name": "one", "request": "POST /x", "unsafe": "run"},), more={"compare": {"body": [{"at": "$.id", "format": "uuid"}]}}),
)  # fmt: skip

DRILLS = (*WORDS, *WAIVED, *MEANINGS, *CYCLES, *NAMES, *REPEATS)


def rehearse(drill: Drill, folder: Path) -> Done:
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        servers = [stack.enter_context(PlainServer(says)) for says in (drill.old, drill.new)]
        sides = {}
        for side, kind, server in zip(("old", "new"), drill.kinds, servers, strict=True):
            where = {"url": server.url}
            if drill.sides:
                where = {**drill.sides, "connect_to": server.url.removeprefix("http://")}
            sides[side] = {"kind": kind, **where}
        limits = {"rate": 1000, "concurrency": 8, "timeout": "5s"}
        file = folder / "s.yaml"
        file.write_text(
            json.dumps({"version": 1, "name": "s", **sides, "limits": limits, **drill.more, "cases": drill.cases})
        )
        return cutover("rehearse", file, cwd=folder)


Runs = dict[str, Future[Done]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    base = tmp_path_factory.mktemp("causes")
    with ThreadPoolExecutor(4) as pool:
        yield {one.name: pool.submit(rehearse, one, base / str(n)) for n, one in enumerate(DRILLS)}


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_drill(drill: Drill, runs: Runs) -> None:
    done = runs[drill.name].result()
    told = done.out[-3000:] + done.err[-2000:]
    assert done.code == drill.code, told
    pairs = [pair for event in done.rounds() for pair in event["pairs"]]
    found = {(one["at"], one.get("cause", "unexplained")) for pair in pairs for one in pair.get("differences", ())}
    assert drill.told <= found, (found, told)
    assert drill.out in done.out
