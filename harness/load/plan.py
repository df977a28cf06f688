"""The plan of a load: all that the generator needs to know, as JSON. It may hold secrets, and stays in memory."""

import math
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from harness.load import schedule
from harness.load.mix import Shares
from harness.model.gateway import Gateway
from harness.model.request import ClientCertificate, Request
from harness.model.rule import Expect
from harness.model.side import Side
from harness.scenario.texts import is_loopback
from harness.scenario.types import Case, Load, Scenario

SCHEMA = 1
_SLICES = 120  # at most: enough for intervals over blocks of time, few enough for a chart
_LENGTHS = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_MOST_IN_FLIGHT = 2_000
_LEAST_IN_FLIGHT = 16

Asked = tuple[Case, str, Request, Request]
"""A case as one caller ("" for nobody), as the old side and the new side are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """What a load sends. `requests` and `warm_up` count those of one side, `per_worker` a side's measured ones.

    `seconds` is the measured part of one side, `whole` the time that all takes; `peak` in requests/s a side.
    """

    requests: int
    warm_up: int
    per_worker: tuple[int, ...]
    seconds: float
    whole: float
    peak: float


def most(scenario: Scenario, arrivals: Sequence[float], *, seed: int | None = None) -> Most:
    """Return what a load sends, reckoned beforehand; raises ScenarioError where a replay is beyond its bounds.

    Arrivals at random are counted exactly where the plan's seed is given, else as many as are expected.
    """
    load = scenario.load
    assert load is not None
    schedule.at_most(scenario, arrivals)
    warm_up = schedule.warm_up(load, arrivals)
    requests = min(schedule.planned(load, arrivals, seed=seed), max(load.max_requests - warm_up, 0))
    seconds = schedule.seconds(load, arrivals)
    once = load.warm_up + seconds
    return Most(
        requests=requests,
        warm_up=warm_up,
        per_worker=tuple(schedule.per_worker(requests, load.workers)),
        seconds=seconds,
        whole=once if load.order == "interleaved" else 2 * once + 1.0,
        peak=schedule.peak(load, arrivals),
    )


def plan_of(
    scenario: Scenario, shares: Shares, requests: Sequence[Asked], *, seed: int, arrivals: Sequence[float]
) -> dict[str, Any]:
    """Return the plan that the generator is given; what it is made of is pure, but for the files of authorities."""
    load = scenario.load
    assert load is not None
    by = {Side.OLD: [asked[2] for asked in requests], Side.NEW: [asked[3] for asked in requests]}
    callers = {name: sum(asked[0].name == name for asked in requests) for name in shares.weights}
    return {
        "schema": SCHEMA,
        "sides": {side.value: _side(scenario.gateway(side), by[side]) for side in Side},
        "segments": [[part.start, part.end, part.seconds] for part in schedule.segments(load.profile)],
        "arrivals": list(arrivals),
        "poisson": load.profile.poisson,
        "warm_up": load.warm_up,
        "order": load.order,
        "seed": seed,
        "workers": load.workers,
        "timeout": scenario.limits.timeout,
        "body_limit": scenario.limits.body,
        "max_in_flight": in_flight(load, scenario.limits.timeout, schedule.peak(load, arrivals)),
        "max_requests": load.max_requests,
        "abort_at": load.abort_at,
        "slice": slice_length(schedule.seconds(load, arrivals)),
        "operations": list(shares.operations),
        "requests": [
            {
                "operation": shares.operations.index(case.operation),
                "weight": shares.weights[case.name] / callers[case.name],
                "old": _request(old, allowed(case.steps[0].expect, Side.OLD)),
                "new": _request(new, allowed(case.steps[0].expect, Side.NEW)),
            }
            for case, _, old, new in requests
        ],
        "backend_header": {side.value: load.backend_time.get(side, "") for side in Side},
    }


def _side(gateway: Gateway, requests: Sequence[Request]) -> dict[str, str]:
    shown = _certificate(requests)
    return {
        "url": gateway.url,
        "connect_to": gateway.connect_to or "",
        "ca": gateway.ca_file.read_text(encoding="utf-8") if gateway.ca_file else "",
        "proxy": _proxy(gateway),
        "cert": shown.certificate.decode() if shown else "",
        "key": shown.key.decode() if shown else "",
    }


def _certificate(requests: Sequence[Request]) -> ClientCertificate | None:
    """Return the side's one client certificate (mix.py has seen to it that there is no other)."""
    return next((request.certificate for request in requests if request.certificate is not None), None)


def _proxy(gateway: Gateway) -> str:
    """Return the proxy's address; `environment` means what the environment says now, as for other requests."""
    if gateway.proxy != "environment":
        return gateway.proxy or ""
    import urllib.request  # noqa: PLC0415  heavy, and few runs have a proxy

    proxies = urllib.request.getproxies_environment()
    scheme, host = gateway.url.partition(":")[0].lower(), gateway.url.partition("://")[2].partition("/")[0]
    found = proxies.get(scheme) or proxies.get("all") or ""
    return "" if urllib.request.proxy_bypass(host) else found


def over_http_1(scenario: Scenario) -> str:
    """Return what to tell where a side is asked for HTTP/2, which a load does not speak; "" where none is."""
    sides = " and ".join(side.value for side in Side if scenario.gateway(side).http != "1.1")
    return f"{sides} over HTTP/1.1, although `http: 2` is set: a load speaks nothing newer" if sides else ""


def unnamed_proxy(scenario: Scenario) -> str:
    """Return why the environment's proxy may not be put under load; "" where none is, or it is on this machine."""
    for side in Side:
        gateway = scenario.gateway(side)
        host = urlsplit(_proxy(gateway)).hostname if gateway.proxy == "environment" else None
        if host and not is_loopback(host):
            return (
                f"the environment's proxy, {host}, is outside this machine: a load goes through a proxy that the"
                f" scenario names (`{side.value}: {{proxy: …}}`, and its host in `load.allow`), or through none"
            )
    return ""


def _request(request: Request, ok: list[int] | None) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "headers": [[name, value] for name, value in request.headers],
        "body": b64encode(request.body).decode() if request.body else "",
        "ok": ok,
    }


def allowed(expect: Expect, side: Side) -> list[int] | None:
    """Return the statuses that a step's `expect` allows on a side; None where it names none."""
    own = (expect.old if side is Side.OLD else expect.new).status
    if expect.both.status and own:
        return sorted(set(expect.both.status) & set(own))
    return sorted(expect.both.status or own) or None


def slice_length(seconds: float) -> float:
    """Return how many seconds a slice has: 20 to 120 of them make the load, where it lasts 10 s or more."""
    return next((length for length in _LENGTHS if seconds / length <= _SLICES), seconds / _SLICES)


def in_flight(load: Load, timeout: float, peak: float) -> int:
    """Return how many requests of a side one worker may have in flight.

    Enough for a side that answers nothing until the timeout, as far as 2,000 of all workers go.
    """
    wanted = math.ceil(peak / load.workers * timeout)
    return max(1, min(max(wanted, _LEAST_IN_FLIGHT), _MOST_IN_FLIGHT // load.workers))
