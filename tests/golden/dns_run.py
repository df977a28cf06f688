"""Events of runs of the DNS suite as they are journaled: timings of names, and a watch of two names at four servers."""

from collections.abc import Callable, Sequence

from harness.decide.fold import fold
from harness.model.dns import Clamp, Heard, Points, Sighting, Timing
from harness.model.event import (
    WATCH,
    CaseInfo,
    Checked,
    Ended,
    Event,
    GateInfo,
    Planned,
    Sighted,
    Started,
    Surveyed,
    Watching,
)
from harness.model.finding import Summary

AT = 1_795_269_600.0  # 2026-11-21 14:00:00 UTC
NAMES = ("api.example.com", "shop.example.com")
SERVERS = ("ns1 (authority)", "office", "vpn", "Google (8.8.8.8)")
OLD_IP, NEW_IP = "192.0.2.10", "198.51.100.20"


def started(mode: str = "rehearse") -> Started:
    return Started(
        run="20261121-140000-orders-3f2a",
        at=AT,
        version="0",
        scenario="Orders API to Azure",
        scenario_files=("orders.yaml",),
        digest="d" * 64,
        environment="staging",
        mode=mode,
        seed=7,
        gateways={"old": {"kind": "aws-rest"}, "new": {"kind": "azure-apim"}},
        gates=GateInfo(require=("dns",)),
    )


def timing(name: str = NAMES[0], **changed: object) -> Timing:
    values: dict[str, object] = {
        "name": name,
        "switched": name,
        "ttl": 60,
        "clamps": (Clamp(server="vpn", seconds=120),),
        "held": {"office": AT + 1180},
        "earliest": AT + 1180.5,
        "why": "office holds the answer with the old TTL of 3600 until then",
        "back": ((0.0, 0.0), (60.0, 0.75), (125.0, 1.0)),
        "back_all": 125.0,
        **changed,
    }
    return Timing(**values)  # type: ignore[arg-type]


def surveyed(*timings: Timing, within: float | None = 300.0) -> list[Event]:
    return [Surveyed(at=AT + 3, suite="dns", timing=one, rollback_within=within) for one in timings]


def suite_run(*timings: Timing, within: float | None = 300.0) -> list[Event]:
    """A run of the suite whose check passed."""
    info = CaseInfo(index=0, name=f"{NAMES[0]}: TTL at the authority", operation=NAMES[0])
    return [
        started(),
        Planned(at=AT, suite="dns", cases=(info,)),
        *surveyed(*timings, within=within),
        Checked(at=AT + 4, suite="dns", index=0, case=info.name, outcome="PASS"),
    ]


Answer = tuple[Points, int | None]


def old(ttl: int = 60) -> Answer:
    return Points.OLD, ttl


def new(ttl: int = 60) -> Answer:
    return Points.NEW, ttl


SILENT: Answer = (Points.UNKNOWN, None)
GONE: Answer = (Points.NOWHERE, 30)


def sighting(name: str, server: str, answer: Answer) -> Sighting:
    points, ttl = answer
    heard = {Points.UNKNOWN: Heard.SILENT, Points.NOWHERE: Heard.NO_NAME}.get(points, Heard.ANSWER)
    addresses = {Points.OLD: (OLD_IP,), Points.NEW: (NEW_IP,), Points.BOTH: (OLD_IP, NEW_IP)}.get(points, ())
    return Sighting(name=name, server=server, points=points, heard=heard, ttl=ttl, addresses=addresses)


def watching(names: Sequence[str] = NAMES, servers: Sequence[str] = SERVERS, **changed: object) -> Watching:
    values: dict[str, object] = {
        "at": AT,
        "suite": "dns",
        "names": tuple(names),
        "servers": tuple(servers),
        "interval": 5.0,
        "until": AT + 3600,
        "authorities": tuple(one for one in servers if "(authority)" in one),
        **changed,
    }
    return Watching(**values)  # type: ignore[arg-type]


def look(number: int, answers: Callable[[str, str], Answer], told: Watching) -> Sighted:
    """The look of this number: `answers` says what (name, server) told."""
    seen = tuple(sighting(name, server, answers(name, server)) for name in told.names for server in told.servers)
    resolvers = [one for one in seen if one.server not in told.authorities and one.points is not Points.UNKNOWN]
    moved = sum(one.points is Points.NEW for one in resolvers) / len(resolvers) if resolvers else 0.0
    return Sighted(at=AT + 5 * number + 0.2, suite="dns", seen=seen, moved=round(moved, 4))


SWITCHED = {"ns1 (authority)": 2, "office": 7, "vpn": 26, "Google (8.8.8.8)": 12}
"""From which look on a server tells the new side."""


def answers_at(number: int) -> Callable[[str, str], Answer]:
    """A switch that takes its time, a cache that flickers, and one that is silent for a while."""

    def answer(name: str, server: str) -> Answer:
        at = SWITCHED[server] + (2 if name == NAMES[1] else 0)
        if server == "office" and 15 <= number < 18:
            return SILENT
        if server.startswith("Google") and name == NAMES[1] and number in {16, 17}:
            return old(12)
        return new(60 - 5 * (number - at) % 60) if number >= at else old(max(5 * (at - number) - 2, 1))

    return answer


def watch_run(looks: int = 30, *, state: str = "finished", outcome: str = "PASS", **changed: object) -> list[Event]:
    """A watch until all had moved."""
    told = watching(**changed)  # type: ignore[arg-type]
    infos = tuple(CaseInfo(index=at, name=f"{name} has moved", operation=name) for at, name in enumerate(told.names))
    return [
        started(WATCH),
        Planned(at=AT, suite="dns", cases=infos, partial=True, selection=WATCH),
        told,
        *(look(number, answers_at(number), told) for number in range(looks)),
        *(
            Checked(at=AT + 5 * looks, suite="dns", index=info.index, case=info.name, outcome=outcome)
            for info in infos
            if state == "finished"
        ),
        Ended(at=AT + 5 * looks, state=state),
    ]


def events() -> list[Event]:
    """Everything that a journal can say of names."""
    soon = timing(NAMES[1], earliest=AT + 60, why="TTL 60", clamps=(), back=((0.0, 0.0), (60.0, 1.0)), back_all=60.0)
    dark = timing("dark.example.com", earliest=None, why="no server told", ttl=None, back=(), back_all=None)
    return [*suite_run(timing(), soon, dark), *watch_run()[2:-3]]


def summary(told: Sequence[Event]) -> Summary:
    return fold([*told, *([] if isinstance(told[-1], Ended) else [Ended(at=AT + 60, state="finished")])])
