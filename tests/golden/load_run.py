"""Events of a load run as the suite journals them: two sides, three operations, history, and hostile words."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from hdrh.histogram import HdrHistogram

from harness.model.event import CaseInfo, Checked, Event, GateInfo, Loaded, Loading, Planned, Point, Started
from harness.model.load import Arm, Compared, Generator, LoadState, LoadTick, Slice
from harness.model.series import Absence, Deployment, Series, Telemetry

AT = 1_795_000_000.25
HOSTILE = "GET /a|b`c`<script>window.pwned=1</script>]]>{{7*7}}[x](http://evil.example)\x1b[2J\x00\u202eevil\nnext"
OPERATIONS = ("GET /orders", "GET /orders/{id}", HOSTILE)
SECONDS, RATE = 60, 20
LATENCIES = {"old": (0.4, 62.0), "new": (0.42, 66.0)}  # sigma and median of a lognormal, ms


def text(samples_us: Iterable[float]) -> str:
    """Return samples as the generator tells them."""
    histogram = HdrHistogram(1, 3_600_000_000, 3)
    for value, count in Counter(max(1, round(one)) for one in samples_us).items():
        histogram.record_value(value, count)
    encoded: bytes = histogram.encode()
    return encoded.decode()


def nearest(ordered: Sequence[float], share: float) -> float:
    """Return a percentile of sorted samples."""
    return ordered[max(0, -(-int(share * 1000 * len(ordered)) // 1000) - 1)]


class Sampled:
    """Latencies in ms of one side: (second, operation, from planned start, service, failed)."""

    def __init__(self, side: str, *, slower: float, failing: float, seed: int = 4) -> None:
        self.side = side
        source = random.Random(f"{seed}{side}")
        sigma, middle = LATENCIES[side]
        self.rows: list[tuple[int, int, float, float, bool]] = []
        for number in range(SECONDS * RATE):
            operation = 0 if number % 3 else 1 + (number % 30 == 0)
            stalled = number // RATE in {22, 23} and side == "new"
            service = middle * source.lognormvariate(0, sigma) * (slower if operation == 1 else 1.0)
            planned = service + (source.uniform(200, 1800) if stalled else source.uniform(0, 0.4))
            self.rows.append((number // RATE, operation, planned, service, source.random() < failing))

    def arm(self, operation: int | None = None) -> Arm:
        """Return what the side answered to one operation, or to all."""
        rows = [row for row in self.rows if operation is None or row[1] == operation]
        failed = sum(row[4] for row in rows)
        outcomes = {"200": len(rows) - failed, **({"503": failed - 1, "timeout": 1} if failed > 1 else {})}
        if failed == 1:
            outcomes["503"] = 1
        return Arm(
            side=self.side,
            operation="" if operation is None else OPERATIONS[operation],
            sent=len(rows),
            errors=failed,
            outcomes=outcomes,
            planned=text(row[2] * 1000 for row in rows),
            service=text(row[3] * 1000 for row in rows),
            overhead=text(row[3] * 60 for row in rows) if self.side == "new" and operation is None else "",
        )

    def slices(self) -> Iterable[Slice]:
        """Return the side's figures by second; one second is missing from what was measured."""
        for second in range(SECONDS):
            rows = [row for row in self.rows if row[0] == second and second != 40]
            taken = sorted(row[2] for row in rows)
            yield Slice(
                side=self.side,
                at=float(second),
                planned=RATE,
                sent=len(rows),
                errors=sum(row[4] for row in rows),
                p50=round(nearest(taken, 0.5), 3) if taken else None,
                p95=round(nearest(taken, 0.95), 3) if taken else None,
                p99=round(nearest(taken, 0.99), 3) if taken else None,
            )

    def latencies(self, operation: int | None) -> list[float]:
        """Return the sorted latencies from the planned start."""
        return sorted(row[2] for row in self.rows if operation is None or row[1] == operation)


def _compared(old: Sampled, new: Sampled, operation: int | None) -> Iterable[Compared]:
    name = "" if operation is None else OPERATIONS[operation]
    before, after = old.latencies(operation), new.latencies(operation)
    for metric, share in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)):
        a, b = nearest(before, share), nearest(after, share)
        judged = metric == "max" or len(before) >= 10 / (1 - share)
        yield Compared(
            operation=name,
            metric=metric,
            old=round(a, 3),
            new=round(b, 3),
            old_interval=(round(a * 0.97, 3), round(a * 1.03, 3)) if judged and metric != "max" else None,
            new_interval=(round(b * 0.97, 3), round(b * 1.03, 3)) if judged and metric != "max" else None,
            difference=round(b - a, 3),
            interval=(round((b - a) * 0.8 - 1, 3), round((b - a) * 1.2 + 1, 3)) if judged and metric != "max" else None,
            level=0.98,
            quantile_p=(4.2e-9 if b > a * 1.15 else 0.41) if metric in {"p95", "p99"} and judged else None,
            exceedance_e=(8.1e11 if b > a * 1.15 else 0.62) if metric == "p95" else None,
            judged=judged,
            note="" if judged else f"needs {round(10 / (1 - share)):,} requests a side; {len(before):,} were sent",
        )
    x, y = (sum(row[4] for row in one.rows if operation in {None, row[1]}) for one in (old, new))
    yield Compared(
        operation=name,
        metric="errors",
        old=x / len(before),
        new=y / len(after),
        old_interval=(max(0.0, x - 3) / len(before), (x + 4) / len(before)),
        new_interval=(max(0.0, y - 8) / len(after), (y + 9) / len(after)),
        difference=(y - x) / len(after),
        interval=((y - x - 9) / len(after), (y - x + 10) / len(after)),
        level=0.98,
        exceedance_e=340.0 if y > 5 * (x + 1) else 0.9,
    )


def history(days: int = 7) -> Telemetry:
    """Return a week of CloudWatch: hourly, with a gap, deployments, and a metric that was denied."""
    source = random.Random(3)
    start, end = AT - days * 86_400, AT
    hours = [start + hour * 3600 for hour in range(days * 24) if not 40 <= hour < 47]

    def series(statistic: str, level: float) -> Series:
        points = tuple((at, round(level * source.uniform(0.9, 1.2), 2)) for at in hours)
        return Series(
            name="latency", statistic=statistic, unit="ms", period=3600, points=points,
            source=f"AWS/ApiGateway Latency {statistic}, ApiName=orders, Stage=prod",
            whole=level, absence=Absence.PARTIAL, note="7 of 168 hours without traffic",
        )  # fmt: skip

    return Telemetry(
        side="old",
        what="stage prod of API a1b2c3d4e5",
        start=start,
        end=end,
        series=(
            series("p50", 60.0),
            series("p95", 118.0),
            series("p99", 190.0),
            Series(name="errors 5xx", statistic="sum", unit="requests", period=3600, absence=Absence.DENIED,
                   note="cloudwatch:GetMetricData is not allowed <b>"),
        ),
        deployments=(
            Deployment(at=start + 86_400 * 2, id="d1x", text="raise the throttle"),
            Deployment(at=start + 86_400 * 5, id="d2y", text=HOSTILE),
        ),
        facts={"type": "REST"},
    )  # fmt: skip


def window() -> tuple[Telemetry, ...]:
    """Return what monitoring told of the time of the load."""
    capacity = Series(
        name="capacity", statistic="average", unit="share", period=60, points=((AT, 0.31), (AT + 60, 0.44)),
        source="Azure Monitor Capacity average",
    )  # fmt: skip
    nothing = Telemetry(
        side="old", what="stage prod of API a1b2c3d4e5", start=AT, end=AT + 60, facts={}, absence=Absence.THROTTLED,
        trouble="Rate exceeded (ThrottlingException), asked 4 times",
    )  # fmt: skip
    told = Telemetry(
        side="new", what="service contoso", start=AT, end=AT + 60, series=(capacity,), facts={"tier": "Standard"}
    )
    return (nothing, told)


def started(name: str = "Orders | load") -> Started:
    """Return the first line."""
    return Started(
        run="20261118-110640-load",
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
        gates=GateInfo(require=("load",)),
    )


def loading(**changes: object) -> Loading:
    """Return the line that tells of the load before it is sent."""
    values: dict[str, object] = {
        "at": AT + 1, "suite": "load", "profile": f"{RATE}/s for {SECONDS}s", "order": "interleaved", "workers": 2,
        "seconds": float(SECONDS), "warm_up": 5.0, "planned": {"old": SECONDS * RATE, "new": SECONDS * RATE},
        "mix": {"list orders": 0.667, "get order": 0.3, HOSTILE: 0.033}, "seed": 11,
    }  # fmt: skip
    return Loading(**(values | changes))  # type: ignore[arg-type]


@cache
def _measured(slower: float, failing: float) -> tuple[tuple[Arm, ...], tuple[Slice, ...], tuple[Compared, ...]]:
    old, new = Sampled("old", slower=1.0, failing=0.001), Sampled("new", slower=slower, failing=failing)
    operations = (None, *range(len(OPERATIONS)))
    return (
        tuple(one.arm(operation) for operation in operations for one in (old, new)),
        tuple(slice_ for one in (old, new) for slice_ in one.slices()),
        tuple(told for operation in operations for told in _compared(old, new, operation)),
    )


def loaded(*, slower: float = 1.0, failing: float = 0.001, **changes: object) -> Loaded:
    """Return what came of a load whose new side is so much slower on the second operation, and fails so often."""
    arms, slices, told = _measured(slower, failing)
    values: dict[str, object] = {
        "at": AT + 70,
        "suite": "load",
        "state": LoadState.FINISHED.value,
        "started": AT + 7,
        "seconds": float(SECONDS),
        "arms": arms,
        "slices": slices,
        "compared": told,
        "generator": Generator(
            workers=2, late_p99=0.82, late_max=4.1, unsent={"old": 0, "new": 0}, held={"old": 0, "new": 7}, cpu=0.21,
            hold=640.0, client="geventhttpclient 2.6.1, Locust 2.47.0",
            per_worker={"worker-1": SECONDS * RATE, "worker-2": SECONDS * RATE},
        ),
        "history": (history(),),
        "window": window(),
    }  # fmt: skip
    return Loaded(**(values | changes))  # type: ignore[arg-type]


def info(index: int, name: str, operation: str = "all operations") -> CaseInfo:
    """Return a planned check of the suite."""
    return CaseInfo(index=index, name=name, operation=operation, file="scenarios/orders.yaml", line=20 + index)


INFOS = (
    info(0, "the generator kept its schedule"),
    info(1, "p95 <= old * 1.2"),
    info(2, "errors <= old + 0.1pp"),
    info(3, "p99 <= 800ms of GET /orders", "GET /orders"),
    info(4, "capacity <= 60%"),
)


def checked(index: int, outcome: str, why: str, **more: object) -> Checked:
    """Return what became of a check."""
    return Checked(
        at=AT + 71, suite="load", index=index, case=INFOS[index].name, outcome=outcome, why=(why,),
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def checks() -> list[Checked]:
    """Return one check of each outcome."""
    slower = "p95 of GET /orders/{id}: old 121 ms, new 178 ms (+47 %); allowed old * 1.2 = 145 ms"
    return [
        checked(0, "PASS", "late by 0.8 ms at p99, at most 4.1 ms; nothing was left unsent"),
        checked(
            1,
            "FAIL",
            slower,
            points=(
                Point(
                    at="p95:GET /orders/{id}", title=slower, outcome="FAIL", severity="major", old="121 ms",
                    new="178 ms", note="98 % sure that it is between +49 ms and +65 ms",
                    remedy="look at what the new side does for this operation: policies, the backend it calls.",
                ),
            ),
            facts={
                "p95": {"old": "121 ms", "new": "134 ms", "difference": "+13 ms (+9 … +17)", "limit": "145 ms"},
                "p95 of GET /orders/{id}": {
                    "old": "121 ms", "new": "178 ms", "difference": "+57 ms (+49 … +65)", "limit": "145 ms",
                },
            },
        ),
        checked(
            2,
            "PASS",
            "errors: old 0.08 %, new 0.08 %; allowed old + 0.1pp = 0.18 %",
            facts={
                "errors": {"old": "0.08 %", "new": "0.08 %", "difference": "0pp (-0.1 … +0.1)", "limit": "0.18 %"}
            },
        ),
        checked(
            3,
            "INCONCLUSIVE",
            "p99 of GET /orders: 800 answers are too few, a p99 needs 1,000 a side: for: 2m",
            facts={"p99 of GET /orders": {"old": "170 ms", "new": "1,630 ms", "limit": "800 ms"}},
        ),
        checked(4, "PASS", "capacity: at most 44 % (maximum of the average per minute); allowed 60 %"),
    ]  # fmt: skip


def events() -> list[Event]:
    """Return a run with a load that was cut off, one that finished, and a check of each outcome."""
    cut = loaded(
        state=LoadState.WORKER_LOST.value, why="worker-2 did not answer any more", arms=(), slices=(), compared=(),
        generator=Generator(workers=2, lost=("worker-2",)), history=(), window=(),
    )  # fmt: skip
    return [
        started(),
        Planned(at=AT, suite="load", cases=INFOS),
        loading(seed=10),
        cut,
        loading(),
        loaded(slower=1.5),
        *checks(),
    ]


def partial() -> list[Event]:
    """Return a run whose load was stopped on the way: nothing of it is judged."""
    why = "the error share of the new side passed 50 %"
    whys = [replace(one, outcome="INCONCLUSIVE", why=(why,), points=(), facts={}) for one in checks()]
    stopped = loaded(state=LoadState.ABORTED.value, why=why, failing=0.6)
    return [started(), Planned(at=AT, suite="load", cases=INFOS), loading(), stopped, *whys]


def nothing() -> list[Event]:
    """Return a run whose load never came to a request."""
    failed = Loaded(
        at=AT + 3, suite="load", state=LoadState.FAILED.value, why="locust did not start: No module named 'gevent'",
        started=0.0, seconds=60.0,
    )  # fmt: skip
    whys = [replace(one, outcome="ERROR", why=(failed.why,), points=(), facts={}) for one in checks()]
    return [started(), Planned(at=AT, suite="load", cases=INFOS), loading(), failed, *whys]


def tick(**changes: object) -> LoadTick:
    """Return a moment of a load."""
    values: dict[str, object] = {
        "elapsed": 31.2, "total": 65.0, "phase": "load", "planned_rate": {"old": 20.0, "new": 20.0},
        "rate": {"old": 20.0, "new": 19.0}, "sent": {"old": 524, "new": 519}, "errors": {"old": 0.0, "new": 0.0123},
        "p50": {"old": 62.1, "new": 66.0}, "p95": {"old": 121.0, "new": 178.2}, "p99": {"old": 150.0, "new": 1630.0},
        "late_p99": 0.8, "workers": 2,
    }  # fmt: skip
    return LoadTick(**(values | changes))  # type: ignore[arg-type]
