"""Migrations and open doors that the lab does not have: what the security suite makes of them, through the front door.

Tables: a clean migration must be GO whatever words the products use, a door that is open must be NO-GO at its cell, and
what shows nothing must hold. The gateways are our own (tests/servers/products.py).
"""

import json
import multiprocessing
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest

from tests.servers.command import ROOT, Done, arguments, cutover, environment
from tests.servers.hostile import HostileServer, Visit
from tests.servers.plain import Answer, Asked, PlainServer
from tests.servers.products import KEY, After, Operations, Says, bare, document, page, product, say

REST, HTTP, APIM, GENERIC = "aws-rest", "aws-http", "azure-apim", "generic"
PAGE, FOREIGN = "https://shop.example", "https://foreign.invalid"
CORS = {"origins": [PAGE], "methods": ["GET"], "headers": ["authorization"], "credentials": True}
MOVED = ("Location", "https://files.example/report?signature=1")
LOGIN = bare(302, ("Location", "https://login.example/?next=/"))
HIDDEN = document(404, {"type": "about:blank", "title": "Not Found", "status": 404})
BOTH = {"both": {"header": {"x-api-key": KEY}}}
RENAMED = {"old": {"header": {"x-api-key": KEY}}, "new": {"header": {"Ocp-Apim-Subscription-Key": KEY}}}


def case(request: str, **more: Any) -> dict[str, Any]:
    changes = request.split(" ", maxsplit=1)[0] in {"POST", "PUT", "DELETE"}
    body = {"json": {"a": 1}} if request.startswith("P") else {}
    return {"name": request, "request": request, **({"unsafe": "run"} if changes else {}), **body, **more}


def held(request: str) -> dict[str, Any]:
    return case(request, **{"as": "partner"})


API: Operations = {
    ("GET", "/orders"): (True, say({"items": [1, 2]})),
    ("POST", "/orders"): (True, say({"id": 1}, 201)),
    ("GET", "/health"): (False, say({"up": True})),
    ("GET", "/missing"): (True, say({"error": "no such thing"}, 404)),
    ("PUT", "/taken"): (True, say({"error": "conflict"}, 409)),
    ("POST", "/strict"): (True, say({"error": "invalid"}, 422)),
    ("HEAD", "/head"): (True, say({"ok": True})),
    ("OPTIONS", "/options"): (True, say({"ok": True})),
    ("DELETE", "/gone"): (True, lambda _: bare(204)),
    ("GET", "/request"): (True, lambda _: document(200, {"request": str(uuid4())})),
    ("GET", "/moved"): (True, lambda _: bare(302, MOVED)),
}
READ = {("GET", "/orders"): API["GET", "/orders"], ("GET", "/health"): API["GET", "/health"]}


FEW: Operations = {
    key: API[key]
    for key in (("GET", "/orders"), ("POST", "/orders"), ("GET", "/health"), ("GET", "/missing"), ("GET", "/moved"))
}


def cases_of(operations: Operations) -> list[dict[str, Any]]:
    return [
        held(f"{method} {path}") if guarded else case(f"{method} {path}")
        for (method, path), (guarded, _) in operations.items()
    ]


class Server(Protocol):
    @property
    def url(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class World:
    """Two gateways and what is asked of them."""

    old: Callable[[], AbstractContextManager[Any]]
    new: Callable[[], AbstractContextManager[Any]]
    kinds: tuple[str, str] = (GENERIC, GENERIC)
    cases: list[dict[str, Any]]
    security: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, Any] = field(default_factory=lambda: BOTH)
    waivers: list[dict[str, str]] = field(default_factory=list)
    only: str = ""
    repeats: int = 0

    def write(self, old: Server, new: Server, folder: Path, rate: int = 500) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        scenario = {
            "version": 1,
            "name": "unseen",
            "old": {"kind": self.kinds[0], "url": old.url},
            "new": {"kind": self.kinds[1], "url": new.url},
            "limits": {"rate": rate, "timeout": "1500ms"},
            "compare": {"noise": {"repeats": self.repeats}},
            "credentials": {"partner": self.credentials},
            "cases": self.cases,
            "security": self.security,
            **({"waivers": self.waivers} if self.waivers else {}),
        }
        file = folder / "unseen.yaml"
        file.write_text(json.dumps(scenario), encoding="utf-8")
        return file


def pair(
    kinds: tuple[str, str],
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    /,
    operations: Operations = FEW,
    **more: Any,
) -> World:
    """Two products with the same operations, each with its own ways."""
    return World(
        old=lambda: product(kinds[0], operations, **(old or {})),
        new=lambda: product(kinds[1], operations, **(new or {})),
        kinds=kinds,
        **{"cases": cases_of(operations), **more},
    )


def few(
    old: After | None = None, new: After | None = None, kinds: tuple[str, str] = (GENERIC, GENERIC), **more: Any
) -> World:
    """Two operations, and what each side makes of the answers."""
    return pair(kinds, {"after": old}, {"after": new}, operations=READ, **more)


def refused(**answers: Answer) -> dict[str, Any]:
    return {"refusals": answers}


def lower(asked: Asked) -> dict[str, str]:
    return {name.lower(): value for name, value in asked.headers.items()}


# --- CORS, as products do it ---

_GRANT = (
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Allow-Methods", "GET,POST"),
    ("Access-Control-Allow-Headers", "authorization,content-type"),
)


def _granted(origin: str) -> tuple[tuple[str, str], ...]:
    return (("Access-Control-Allow-Origin", origin), *_GRANT)


def static(asked: Asked, answer: Answer) -> Answer:
    """Amazon API Gateway: an OPTIONS method with fixed headers, whatever the origin, and be it a preflight or not."""
    if asked.method == "OPTIONS":
        return document(200, {}, *_granted(PAGE)) if answer.status == 403 else answer
    return replace(answer, headers=answer.headers + _granted(PAGE)[:2]) if answer.status == 200 else answer


def policy(asked: Asked, answer: Answer) -> Answer:
    """Azure API Management: an empty 200 for preflights of other origins, headers for the one that is allowed."""
    origin = lower(asked).get("origin")
    if asked.method == "OPTIONS" and "access-control-request-method" in lower(asked):
        return bare(200, *(_granted(PAGE) if origin == PAGE else ()))
    return replace(answer, headers=answer.headers + _granted(PAGE)[:2]) if origin == PAGE else answer


def reflecting(when: Callable[[str, Answer], bool]) -> After:
    def after(asked: Asked, answer: Answer) -> Answer:
        origin = lower(asked).get("origin", "")
        if asked.method != "OPTIONS" and origin and when(origin, answer):
            return replace(answer, headers=answer.headers + _granted(origin)[:2])
        return policy(asked, answer)

    return after


def options(status: int) -> After:
    return lambda asked, answer: bare(status) if asked.method == "OPTIONS" else answer


def waived(column: str) -> list[dict[str, str]]:
    words = {"owner": "api-team", "until": "2099-12-31", "because": "nobody does so"}
    return [{"case": f"*: {column}", "at": "status", **words}]


def closing(asked: Asked, answer: Answer) -> Answer:
    """Close the connection on requests that are odd, without a word."""
    odd = asked.method in {"TRACE", "CONNECT", "PROPFIND"} or "%00" in asked.target or "\\" in asked.target
    return Answer(raw=b"") if odd else answer


def failing_authorizer(_: Asked, answer: Answer) -> Answer:
    """A Lambda authorizer that throws anything but "Unauthorized": 500 with a null message (facts §1.1, §1.7)."""
    kind = ("x-amzn-ErrorType", "AuthorizerConfigurationException")
    return document(500, {"message": None}, kind) if answer.status == 403 and b"Forbidden" in answer.body else answer


# a backend's words may be the product's own (facts §1.2)
NOT_FOUND: Operations = {**READ, ("GET", "/orders/17"): (True, say({"message": "Not Found"}, 404))}

CLEAN: dict[str, World] = {
    "AWS REST to APIM": pair(
        (REST, APIM), operations=API, waivers=waived("slash at the end"), security={"hostile": "run"}
    ),
    "AWS REST to APIM, renamed key": pair(
        (REST, APIM),
        {},
        {"header": "Ocp-Apim-Subscription-Key"},
        waivers=waived("slash at the end"),
        credentials=RENAMED,
        security={"clients_change": {"partner": "new key header, told on 2026-11-01"}},
    ),
    "AWS HTTP to APIM": pair((HTTP, APIM), operations=API),
    "HTTP API whose backend says Not Found": pair((HTTP, APIM), operations=NOT_FOUND),
    "Not Found behind two HTTP APIs": pair((HTTP, HTTP), operations=NOT_FOUND),
    "APIM to APIM": pair((APIM, APIM)),
    "generic, all in other words": pair(
        (GENERIC, GENERIC), {}, refused(key=bare(403), route=bare(405)), operations=API
    ),
    "generic to a login page": pair((GENERIC, GENERIC), {}, refused(key=LOGIN)),
    "a login page to problem details": pair(
        (GENERIC, GENERIC), refused(key=LOGIN), refused(key=document(401, {"title": "no"}))
    ),
    "refusals hidden on both sides": pair((GENERIC, GENERIC), refused(key=HIDDEN), refused(key=HIDDEN)),
    "refusals hidden, where nothing changes": pair((GENERIC, GENERIC), {}, refused(key=HIDDEN), operations=READ),
    "lenient paths on both sides": pair((GENERIC, GENERIC), {"lenient": True}, {"lenient": True}, repeats=1),
    "an authorizer that fails": few(failing_authorizer, None, (REST, APIM), waivers=waived("slash at the end")),
    "static CORS to a cors policy": few(
        static, policy, (REST, APIM), security={"cors": CORS}, waivers=waived("slash at the end")
    ),
    "OPTIONS 204, then 405": few(options(204), options(405)),
    "OPTIONS 405, then 204": few(options(405), options(204)),
    "connections closed on both sides": few(closing, closing),
    "connections closed by new": few(None, closing),
    "only what changes": pair(
        (GENERIC, GENERIC),
        {},
        refused(key=bare(403)),
        operations={("POST", "/orders"): API["POST", "/orders"]},
    ),
}

# --- doors that are open ---

DATA = say({"items": [1, 2], "total": 2})


def guard(lets_in: Callable[[Asked], bool], instead: Says = lambda _: page(401)) -> Says:
    return lambda asked: DATA(asked) if lets_in(asked) else instead(asked)


def has_key(asked: Asked) -> bool:
    return lower(asked).get("x-api-key") == KEY


RIGHT = guard(has_key)
NOBODY, WRONG, EMPTY, IN_QUERY = ("no credential", "wrong key", "empty key", "key in the query instead of the header")
ALL = frozenset({NOBODY, WRONG, EMPTY, IN_QUERY})


def _cut(_: Asked) -> Answer:
    return Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")


@dataclass(frozen=True, kw_only=True)
class Door:
    """An operation: what each side says there, in which cells it must fail, and whether as weaker."""

    new: Says
    old: Says = RIGHT
    cells: frozenset[str] = ALL
    weaker: bool = True
    method: str = "GET"


DOORS: dict[str, Door] = {
    "open": Door(new=DATA),
    "changing": Door(new=DATA, method="POST"),
    "any-key": Door(new=guard(lambda asked: bool(lower(asked).get("x-api-key"))), cells=frozenset({WRONG})),
    "query-too": Door(new=guard(lambda asked: has_key(asked) or KEY in asked.target), cells=frozenset({IN_QUERY})),
    "empty-key": Door(
        new=guard(lambda asked: has_key(asked) or lower(asked).get("x-api-key") == ""), cells=frozenset({EMPTY})
    ),
    "error-in-200": Door(new=guard(has_key, say({"error": "unauthorized"}))),
    "no-content": Door(new=guard(has_key, lambda _: bare(204))),
    "a-part": Door(new=guard(has_key, say({"items": [1]}, 206))),
    "from-a-cache": Door(new=guard(has_key, lambda _: bare(304, ("ETag", '"x"')))),
    "login-in-200": Door(new=guard(has_key, lambda _: page(200, "sign in"))),
    "old-says-error-in-200": Door(old=guard(has_key, say({"error": "unauthorized"})), new=DATA),
    "old-says-login-in-200": Door(old=guard(has_key, lambda _: page(200, "sign in")), new=DATA),
    "old-says-nothing-in-200": Door(old=guard(has_key, lambda _: bare(200)), new=DATA),
    "old-hides": Door(old=guard(has_key, lambda _: HIDDEN), new=DATA),
    "missing-for-all": Door(old=guard(has_key, lambda _: page(401)), new=DATA),
    "backend-fails": Door(new=guard(has_key, say({"error": "null"}, 500)), weaker=False, method="POST"),
    "backend-refuses-GET": Door(new=guard(has_key, say({"error": "null"}, 500)), weaker=False),
    "broken-off": Door(new=guard(has_key, _cut), weaker=False),
    "shut": Door(new=RIGHT, cells=frozenset()),
}


def _doors(side: str) -> PlainServer:
    operations = {(door.method, f"/{name}"): (False, getattr(door, side)) for name, door in DOORS.items()}
    return product(GENERIC, operations)


OPEN = World(
    old=lambda: _doors("old"),
    new=lambda: _doors("new"),
    cases=[held(f"{door.method} /{name}") for name, door in DOORS.items()],
    only="credential or key or partner",
)


def heads(guarded: bool) -> After:
    """Serve HEAD, too."""

    def after(asked: Asked, answer: Answer) -> Answer:
        if asked.method != "HEAD" or asked.target != "/orders":
            return answer
        return document(200, {"items": [1, 2]}) if has_key(asked) or not guarded else page(401)

    return after


def blocks(answer: Answer, only: str = "") -> After:
    """A firewall that knows one attack."""

    def after(asked: Asked, through: Answer) -> Answer:
        said = f"{asked.target} {asked.body.decode('latin-1')} {asked.headers}".replace("%20", " ")
        return answer if "UNION ALL" in said and only in {"", asked.method} else through

    return after


WRITES = {("GET", "/orders"): API["GET", "/orders"], ("POST", "/orders"): API["POST", "/orders"]}


def firewalls(old: After, new: After | None) -> World:
    return pair(
        (GENERIC, GENERIC),
        {"after": old},
        {"after": new},
        operations=WRITES,
        security={"hostile": "run"},
        only="injection",
    )


_UNION = "SQL injection, union"
BAD: dict[str, tuple[World, set[str]]] = {
    "CORS reflected on errors alone": (
        few(policy, reflecting(lambda _, answer: answer.status >= 400), security={"cors": CORS}),
        {f"/orders: error answer to {FOREIGN}"},
    ),
    "CORS for null": (
        few(policy, reflecting(lambda origin, _: origin == "null"), security={"cors": CORS}),
        {"/orders, partner: answer to null", "/orders, partner: answer to null with credentials"},
    ),
    "HEAD without a credential": (few(heads(True), heads(False)), {"/orders: method HEAD, no credential"}),
    "key asked for on the exact path alone": (
        pair(
            (GENERIC, GENERIC),
            {"lenient": True},
            {
                "lenient": True,
                "after": lambda asked, answer: (
                    answer if asked.target == "/orders" or answer.status != 401 else DATA(asked)
                ),
            },
            operations=READ,
            only="letters or slash",
        ),
        {"/orders: path in other letters, no credential", "/orders: slash at the end, no credential"},
    ),
    "firewall for GET alone": (
        firewalls(blocks(bare(403)), blocks(bare(403), "GET")),
        {f"POST /orders, partner: {_UNION}, in JSON"},
    ),
    "firewall that blocks with a page of its own in 200": (
        firewalls(blocks(page(200, "blocked")), None),
        {
            f"GET /orders, partner: {_UNION}, in the query",
            f"GET /orders, partner: {_UNION}, in a header",
            f"POST /orders, partner: {_UNION}, in JSON",
        },
    ),
    "old key refused on one operation": (
        pair(
            (GENERIC, GENERIC),
            {},
            {"after": lambda asked, answer: page(401) if asked.target == "/orders" else answer},
            only="as",
        ),
        set(),
    ),
}


# --- what shows nothing ---


def everything(answer: Answer) -> After:
    return lambda _asked, _answer: answer


def dying(after: int) -> After:
    """Answer so often, and then break off every connection."""
    left = iter(range(after))
    return lambda _, answer: answer if next(left, None) is not None else Answer(raw=b"")


HOLDING: dict[str, World] = {
    "both throttle": few(everything(bare(429)), everything(bare(429))),
    "both refuse everybody": few(everything(page(401)), everything(page(401))),
    "both fail": few(everything(page(500)), everything(page(500))),
    "neither knows anything": few(everything(page(404)), everything(page(404))),
    "new serves nothing": few(None, everything(document(404, {"no": 1}))),
    "preflights throttled on both": few(options(429), options(429)),
    "old throttles": few(everything(bare(429)), None),
    "nothing selected": few(only="zzz"),
    "only what cannot be asked": few(only="disabled"),
}
NEVER_GO: dict[str, World] = {
    "new dies in the middle": few(None, dying(25)),
    "old dies in the middle": few(dying(25), None),
    "waiver for what is weaker": few(heads(True), heads(False), waivers=waived("method HEAD, no credential")),
}


# --- one cell whose answer is hostile ---


def _endless(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not visit.stopping:
        visit.send(b"10000\r\n" + b"a" * 65_536 + b"\r\n")


def _flood(visit: Visit) -> None:
    while not visit.stopping:
        visit.send(b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 50)


def _long_head(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in range(600)) + b"\r\n")
    visit.close()


def _drip(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not visit.stopping:
        visit.send(b"a")
        visit.pause(0.3)


def _said(text: bytes) -> Callable[[Visit], None]:
    def behave(visit: Visit) -> None:
        visit.send(text)
        visit.close()

    return behave


HOSTILE: dict[str, Callable[[Visit], None]] = {
    "/endless": _endless,
    "/flood": _flood,
    "/long-head": _long_head,
    "/drip": _drip,
    "/reset": Visit.reset,
    "/hangs": Visit.hang,
    "/short": _said(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"),
    "/two-lengths": _said(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nshort"),
    "/broken-refusal": _said(b"HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\nshort"),
    "/no-status": _said(b"HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n"),
    "/odd-status": _said(b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}"),
    "/only-100": _said(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "/garbage": _said(b"\x00\x01 nothing\r\n\r\n"),
}


def _keyed(otherwise: Callable[[Visit], None]) -> Callable[[Visit], None]:
    def behave(visit: Visit) -> None:
        if KEY.encode() in visit.seen.head:
            visit.answer(b'{"items": [1]}', "Content-Type: application/json")
        else:
            otherwise(visit)

    return behave


def _no(visit: Visit) -> None:
    visit.answer(b"{}", status="401 No")


ATTACKED = World(
    old=lambda: HostileServer(dict.fromkeys(HOSTILE, _keyed(_no))),
    new=lambda: HostileServer({path: _keyed(behave) for path, behave in HOSTILE.items()}),
    cases=[held(f"GET {path}") for path in HOSTILE],
    only="GET and no and credential",
)


WORLDS: dict[str, World] = {
    **{f"clean {name}": world for name, world in CLEAN.items()},
    "doors": OPEN,
    "attacked": ATTACKED,
    **{f"bad {name}": world for name, (world, _) in BAD.items()},
    **{f"holding {name}": world for name, world in HOLDING.items()},
    **{f"never {name}": world for name, world in NEVER_GO.items()},
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a rehearsal ended in."""

    code: int
    report: dict[str, Any]

    def findings(self, outcome: str = "FAIL") -> list[dict[str, Any]]:
        return [one for one in self.report["findings"] if one["outcome"] == outcome]


def _quiet() -> None:
    """Send what the command prints in a worker nowhere; pytest must not see it as its own."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _rehearse(name: str, folder: str) -> Told:
    """Rehearse in this (worker) process: starting an interpreter for each of so many would take most of the time."""
    from harness.cli.main import main

    world, place = WORLDS[name], Path(folder)
    with world.old() as old, world.new() as new:
        file = world.write(old, new, place)
        os.chdir(place)
        code = main(["rehearse", str(file), "--suite", "security", *(["-k", world.only] if world.only else [])])
    (report,) = place.glob("cutover-runs/*/report.json")
    return Told(code=int(code), report=json.loads(report.read_text(encoding="utf-8")))


Run = Callable[[str], Told]


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Rehearse the worlds of the tests that were selected, a few at the same time."""
    base = tmp_path_factory.mktemp("unseen")
    mine = [getattr(item, "callspec", None) for item in request.session.items if item.path == Path(__file__)]
    wanted = {name for spec in mine if spec is not None for name in spec.params.values() if isinstance(name, str)}
    names = [name for name in WORLDS if name.partition(" ")[2] in wanted | {""} or name == "clean AWS REST to APIM"]
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn"), initializer=_quiet) as pool:
        started = {name: pool.submit(_rehearse, name, str(base / str(n))) for n, name in enumerate(names)}
        yield lambda name: started[name].result(timeout=120)


def told(done: Told | Done) -> str:
    failed = [
        f"{one['outcome']} {one['cases']}: {one['title']}"
        for one in done.report["findings"]
        if one["outcome"] != "PASS"
    ]
    return "\n".join([*done.report["reasons"], *failed[:30]])


def failing(done: Told, *, cause: str = "") -> set[str]:
    return {name for one in done.findings() if not cause or one["cause"] == cause for name in one["cases"]}


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_migration_is_go(name: str, runs: Run) -> None:
    done = runs(f"clean {name}")
    assert done.code == 0, told(done)
    assert done.report["suites"]["security"]["passed"] > 20


@pytest.mark.parametrize("name", DOORS)
def test_a_door_fails_in_its_cells_alone(name: str, runs: Run) -> None:
    done, door = runs("doors"), DOORS[name]
    mine = {cell for cell in failing(done) if f" /{name}:" in cell or f" /{name}," in cell}
    row = f"{door.method} /{name}"
    columns = {cell.rpartition(": ")[2] for cell in mine if cell.startswith(row)}
    assert columns == door.cells, told(done)
    weaker = {cell.rpartition(": ")[2] for cell in failing(done, cause="weaker") if cell.startswith(row)}
    assert weaker == (door.cells if door.weaker else set()), told(done)


def test_open_doors_are_no_go_and_critical(runs: Run) -> None:
    done = runs("doors")
    assert done.code == 1
    assert {one["severity"] for one in done.findings() if one["cause"] == "weaker"} == {"critical"}


@pytest.mark.parametrize("name", BAD)
def test_a_door_of_its_own_world_is_no_go(name: str, runs: Run) -> None:
    _, cells = BAD[name]
    done = runs(f"bad {name}")
    assert done.code == 1, told(done)
    assert failing(done, cause="weaker") == cells, told(done)


@pytest.mark.parametrize("name", HOLDING)
def test_what_shows_nothing_holds(name: str, runs: Run) -> None:
    done = runs(f"holding {name}")
    assert done.code == 5, told(done)


@pytest.mark.parametrize("name", NEVER_GO)
def test_trouble_is_never_go(name: str, runs: Run) -> None:
    assert runs(f"never {name}").code in {1, 5}


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_answer_is_neither_a_refusal_nor_a_crash(path: str, runs: Run) -> None:
    done = runs("attacked")
    assert done.code == 1, told(done)
    assert f"GET {path}: no credential" in failing(done), told(done)


def test_stricter_paths_fail_until_somebody_waives_them(runs: Run) -> None:
    done = runs("clean AWS REST to APIM")
    assert done.report["differences"]["waived"] > 0
    assert done.report["differences"]["unexplained"] == 0


def _changing(server: PlainServer) -> Counter[tuple[str, str, str, bytes]]:
    """Return what was changed how often; the address of the server is not part of it."""
    asked = (one for one in server.asked if one.method in {"POST", "PUT", "DELETE"})
    return Counter(
        (one.method, one.target, repr(sorted({**lower(one), "host": ""}.items())), one.body) for one in asked
    )


CHANGING: Operations = {key: API[key] for key in (("POST", "/orders"), ("PUT", "/taken"), ("DELETE", "/gone"))}
KILLED = pair((GENERIC, GENERIC), operations=CHANGING)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Counter[tuple[str, str, str, bytes]]:
    """Return what a run that nobody kills changes."""
    folder = tmp_path_factory.mktemp("whole")
    with product(GENERIC, CHANGING) as old, product(GENERIC, CHANGING) as new:
        assert cutover("rehearse", KILLED.write(old, new, folder), "--suite", "security", cwd=folder).code == 0
    return _changing(new)


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_changed_twice_by_a_run_that_was_killed(
    seed: int, whole: Counter[tuple[str, str, str, bytes]], tmp_path: Path
) -> None:
    enough = random.Random(seed).randrange(5, whole.total())
    with product(GENERIC, CHANGING) as old, product(GENERIC, CHANGING) as new:
        file = KILLED.write(old, new, tmp_path, rate=100)
        with subprocess.Popen(
            arguments("rehearse", file, "--suite", "security"),
            cwd=tmp_path,
            env={**environment(), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as child:
            while _changing(new).total() < enough and child.poll() is None:
                time.sleep(0.002)
            child.kill()
        done = cutover("rehearse", file, "--suite", "security", "--resume", "latest", cwd=tmp_path)
    unknown = [one["title"] for one in done.findings("INCONCLUSIVE")]
    assert done.code == (5 if unknown else 0), told(done)
    assert all("outcome unknown" in one or "valid caller was not asked" in one for one in unknown), unknown
    for side in (old, new):
        assert not _changing(side) - whole, "asked more often than by a run that nobody killed"


def test_a_run_that_was_cut_after_its_controls_judges_alike(tmp_path: Path) -> None:
    door = DOORS["old-says-error-in-200"]
    world = pair((GENERIC, GENERIC), operations=READ)
    sides = [product(GENERIC, {("GET", "/orders"): (False, says)}) for says in (door.old, door.new)]
    with sides[0] as old, sides[1] as new:
        file = replace(world, cases=[held("GET /orders")]).write(old, new, tmp_path)
        first = cutover("rehearse", file, "--suite", "security", cwd=tmp_path)
        journal = first.run / "journal.jsonl"
        lines = journal.read_bytes().splitlines(keepends=True)
        control = next(n for n, line in enumerate(lines) if b'"t":"round"' in line and b"as it is" in line)
        journal.write_bytes(b"".join(lines[: control + 1]))
        (first.run / "report.json").unlink()  # a kill leaves no report
        again = cutover("rehearse", file, "--suite", "security", "--resume", first.run.name, cwd=tmp_path)
    assert (first.code, again.code) == (1, 1), told(again)
    assert "GET /orders: no credential" in {name for one in again.findings() for name in one["cases"]}
