"""Events of a security run: every mark of the matrix, checks, and as many cells as are asked for."""

from dataclasses import replace

from harness.model.event import (
    CaseInfo,
    Checked,
    Ended,
    Event,
    GateInfo,
    Planned,
    Point,
    Recorded,
    RecordedDifference,
    RecordedPair,
    Round,
    Started,
)
from harness.model.probe import Group, Probe, Wants

AT = 1_795_000_000.25
R, T, U = "refused", "let through", "unclear"
REMEDY = "`validate-jwt`: list the API's audience under `audiences`."
HOSTILE = "a|b `c` <script>alert(1)</script> ]]> {{7*7}} [x](http://evil.example) \x1b[2J\x00 \u202e evil\nnext"


def started(name: str = "Orders | security") -> Started:
    """Return the first line."""
    return Started(
        run="20261118-110640-security",
        at=AT,
        version="0.1.0",
        scenario=name,
        scenario_files=("scenarios/orders.yaml",),
        digest="5f" * 32,
        environment="staging",
        mode="rehearse",
        seed=1,
        gateways={
            "old": {"kind": "aws-rest", "url": "https://old.example"},
            "new": {"kind": "azure-apim", "url": "https://new.example"},
        },
        gates=GateInfo(require=("security",)),
    )


def answer(side: str, path: str, status: int, number: int = 0) -> Recorded:
    """Return a recorded answer, with what makes each one its own."""
    own = (
        ("x-amzn-RequestId", f"{number:08x}-1111-4222-8333-944445555666")
        if side == "old"
        else ("Request-Context", "appId=cid-v1:77")
    )
    return Recorded(
        method="GET",
        url=f"https://{side}.example{path}",
        request_headers=(("X-Api-Key" if side == "old" else "Ocp-Apim-Subscription-Key", "[masked ${env:KEY}]"),),
        sent_at=AT + number,
        status=status,
        reason="OK" if status == 200 else "Forbidden",
        version="1.1",
        headers=(("Content-Type", "application/json"), ("Content-Length", "42"), own),
        size=42,
        sha256="ab" * 32,
        first_byte_ms=9.5,
        total_ms=12.5 if side == "old" else 20.25,
    )


def asked(info: CaseInfo, old: str, new: str, *, cause: str = "", outcome: str = "", why: str = "") -> Round:
    """Return the round of a cell that the sides decided like this; what they differ in has `cause`."""
    status = {R: (403, 401), T: (200, 200), U: (502, 502)}
    before, after = status[old][0], status[new][1]
    cause = cause or ("gateway" if before != after else "")
    differences = (
        (
            RecordedDifference(
                at="status",
                kind="value",
                cause=cause,
                old=str(before),
                new=str(after),
                note="both sides refuse, each in its product's words" if cause == "gateway" else "",
                remedy=REMEDY if cause in {"weaker", "unexplained"} else "",
            ),
        )
        if cause
        else ()
    )
    failing = cause in {"weaker", "unexplained"}
    path = info.operation.partition(" ")[2] or "/"
    pair = RecordedPair(
        step=0,
        old=answer("old", path, before, info.index),
        new=answer("new", path, after, info.index),
        counts={cause: 1} if cause else {},
        differences=differences,
        outcome=outcome or ("FAIL" if failing else "PASS"),
        why=(why or f"old: {old}, new: {new}",) if outcome or failing else (),
        decisions={"old": old, "new": new},
    )
    return Round(
        at=AT + 1 + info.index / 100, suite="security", index=info.index, case=info.name, round=0, pairs=(pair,)
    )


def info(index: int, row: str, column: str, caller: str = "", **more: object) -> CaseInfo:
    """Return a planned cell; probe's own fields and the case's may be given."""
    of_probe: dict[str, object] = {
        name: more.pop(name) for name in ("group", "wants", "dangerous", "change", "valid") if name in more
    }
    settings: dict[str, object] = {"group": Group.CALLERS, "row": row, "column": column, "caller": caller, **of_probe}
    named = f"{row}, {caller}: {column}" if caller else f"{row}: {column}"
    return CaseInfo(
        index=index,
        name=named,
        operation=row,
        probe=Probe(**settings),  # type: ignore[arg-type]
        file="scenarios/orders.yaml",
        line=10 + index,
        **more,  # type: ignore[arg-type]
    )


def events() -> list[Event]:
    """Return a run with every mark, two checks and hostile words."""
    own = "its key is not ours: a token that is signed and expired cannot be made"
    open_ = "the path of another operation is reached"
    infos = (
        info(0, "GET /orders", "as it is", "partner", valid=True),
        info(1, "GET /orders", "no credential"),
        info(2, "GET /orders", "wrong audience", "web"),
        info(3, "GET /orders", "wrong key", "partner"),
        info(4, "GET /orders", "expired token", "web", skip=f"not askable: {own}", accepted=True),
        info(5, "GET /orders/{id}", "as it is", "partner", valid=True),
        info(6, "GET /orders/{id}", "wrong audience", "web"),
        info(7, "GET /orders/{id}", "wrong key", "partner"),
        info(8, "GET /orders/{id}", "expired token", "web", skip=f"not askable: {own}", accepted=True),
        info(9, "GET /orders/{id}", "old key", "partner", wants=Wants.UNCHANGED, change="new key header, told in May"),
        info(10, "GET /orders", "method TRACE", group=Group.SURFACE),
        info(11, "GET /orders", "..;/ in the path", group=Group.SURFACE, dangerous=open_),
        info(12, HOSTILE, HOSTILE, HOSTILE, group=Group.SURFACE),
        info(13, "POST /orders", "method PATCH", group=Group.SURFACE, skip="unsafe: POST needs `unsafe: run`"),
        info(14, "https://new.example:8443", "asked directly", group=Group.DOORS, wants=Wants.REFUSED),
        info(15, "new.example:443", "versions and certificate", group=Group.TLS),
        info(16, "partner", "a burst of 20", group=Group.LIMITS),
    )
    rounds = [
        asked(infos[0], T, T),
        asked(infos[1], R, R),
        asked(infos[2], R, T, cause="weaker", why="weaker than old: wrong audience: new let through"),
        asked(infos[3], R, R),
        asked(infos[5], T, T),
        asked(infos[6], R, T, cause="weaker", why="weaker than old: wrong audience: new let through"),
        asked(infos[7], T, R, cause="unexplained", why="stricter than old: new refuses"),
        asked(infos[9], T, R, cause="intended"),
        asked(infos[10], R, U, outcome="INCONCLUSIVE", why="old: refused; new is unclear: 502"),
        asked(infos[11], T, T),
        asked(infos[12], R, T, cause="weaker", why=HOSTILE),
    ]
    door = asked(infos[14], R, T, cause="weaker", why="weaker: open to whoever knows the address: 200")
    alone = replace(door.pairs[0], old=None, decisions={"new": T})
    checks = (
        Checked(
            at=AT + 5,
            suite="security",
            index=15,
            case=infos[15].name,
            outcome="FAIL",
            why=("weaker: TLS 1.0 is accepted by the new side only",),
            points=(
                Point(
                    at="tls:version",
                    title="TLS 1.0 is accepted by the new side only",
                    outcome="FAIL",
                    severity="critical",
                    cause="weaker",
                    old="TLS 1.2, TLS 1.3",
                    new="TLS 1.0, TLS 1.2",
                    note="browsers and auditors refuse it",
                    remedy="set the minimum version of the custom domain to 1.2",
                ),
                Point(at="tls:certificate", title=HOSTILE, outcome="PASS", severity="info"),
            ),
            facts={
                "versions": {"old": "TLS 1.2, TLS 1.3", "new": "TLS 1.0, TLS 1.2"},
                "certificate": {"old": "CN=old.example", "new": HOSTILE},
                "HTTP/2": {"old": "yes", "new": "yes"},
            },
            requests={"old": 6, "new": 6},
        ),
        Checked(
            at=AT + 6,
            suite="security",
            index=16,
            case=infos[16].name,
            outcome="PASS",
            facts={"answers 429": {"old": "3 of 20", "new": "2 of 20"}, "Retry-After": {"old": "1", "new": "1"}},
            requests={"old": 20, "new": 20},
        ),
    )
    planned = Planned(at=AT, suite="security", cases=infos)
    return [started(), planned, *rounds, replace(door, pairs=(alone,)), *checks]


def large(rows: int, columns: int, *, weaker: tuple[int, ...] = (), callers: int = 4) -> list[Event]:
    """Return a run of `rows` by `columns` cells, as before but for those in `weaker`."""
    infos = [
        info(
            row * columns + column,
            f"GET /v1/resources/{row:03d}/parts/{{partId}}",
            f"wrong thing number {column // callers}",
            f"caller-{column % callers}",
        )
        for row in range(rows)
        for column in range(columns)
    ]
    rounds = [
        asked(one, R, T, cause="weaker", why="weaker than old") if one.index in weaker else asked(one, R, R)
        for one in infos
    ]
    planned = Planned(at=AT, suite="security", cases=tuple(infos))
    return [started("Large"), planned, *rounds, Ended(at=AT + 99, state="finished")]
