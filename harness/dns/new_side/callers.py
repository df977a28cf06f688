"""The topic of callers past DNS: those that use an address which no record moves, as an access log tells."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from harness.dns.facts import Survey, View
from harness.dns.times.moments import few, utc
from harness.model.check import Tools
from harness.model.errors import UsageError
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.scenario.moving import RawCallers

LEAST = 20
"""Calls that tell something at least; fewer may miss whoever calls seldom."""

_AT = "dns:callers"
_UNTOLD = 0.01
_MOST_CLIENTS = 10_000  # of one host
_SHOWN = 5
# Amazon API Gateway developer guide: default endpoints ({api}.execute-api.{region}.amazonaws.com, in China with .cn),
# private ones ({api}-{vpce}.execute-api.…), names of VPC endpoints ({vpce}-….execute-api.{region}.vpce.amazonaws.com).
_EXECUTE_API = re.compile(r"(?:[a-z0-9_-]+\.)+execute-api\.[a-z0-9-]+\.(?:vpce\.)?amazonaws\.com(?:\.cn)?")
_REMEDY = (
    "Tell these callers to use {name} before the cutover (or keep the old side up for them); accept what cannot be "
    "moved with `callers: {{accept: 2%, because: …}}`."
)

_PROXY = (
    "; no call is by the name: where a CDN or proxy of your own calls the old side, give its log, not the old side's"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What a log tells: calls by host, clients of each host (bounded), lines that tell no host, lines not read."""

    hosts: Mapping[str, int]
    clients: Mapping[str, Counter[str]] = field(default_factory=dict)
    untold: int = 0
    unread: int = 0
    whole: bool = True
    format: str = ""
    first: float | None = None
    last: float | None = None


def raw_callers(survey: Survey, view: View, tools: Tools) -> Found:
    """Judge the share of calls by addresses that stay on the old side whatever the name's records say."""
    found, callers = Found(), view.dns.callers
    if callers is None:
        found.say(
            Outcome.INCONCLUSIVE, "no access log of the old side is given (`callers`): nothing is known of callers"
        )
        return found
    if tools.stopping():
        found.say(Outcome.INCONCLUSIVE, "interrupted before the access log was read")
        return found
    try:
        calls = read_calls(callers.log)
    except UsageError as unread:
        found.say(Outcome.INCONCLUSIVE, f"{unread.message}: nothing is known of callers")
        return found
    _describe(found, calls, callers)
    judge(found, calls, callers, name=survey.move.name, raw=_raw_hosts(survey, view))
    _others(found, calls, {move.name for move in view.dns.moves}, _raw_hosts(survey, view), callers)
    return found


def read_calls(log: Path) -> Calls:
    """Return what a log tells of hosts; raises UsageError. A log that does not change is read once for all names."""
    try:
        seen = log.stat()
    except (OSError, ValueError) as error:
        raise UsageError(f"the recording {log} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return _calls(log, seen.st_size, seen.st_mtime_ns)


@lru_cache(maxsize=2)
def _calls(log: Path, _size: int, _changed: int) -> Calls:
    from harness.recordings.read import read  # noqa: PLC0415  not needed to plan

    recording = read(log)
    hosts: Counter[str] = Counter()
    clients: dict[str, Counter[str]] = {}
    for request in recording.requests:
        hosts[request.host] += 1
        if request.client:
            by = clients.setdefault(request.host, Counter())
            if request.client in by or len(by) < _MOST_CLIENTS:
                by[request.client] += 1
    untold = hosts.pop("", 0)
    times = [request.at for request in recording.requests if request.at is not None]
    return Calls(
        hosts=hosts,
        clients=clients,
        untold=untold,
        unread=recording.left_out,
        whole=recording.whole,
        format=recording.format,
        first=min(times, default=None),
        last=max(times, default=None),
    )


def _raw_hosts(survey: Survey, view: View) -> frozenset[str]:
    """Return the old side's own addresses, by which the scenario itself knows it."""
    names = {move.name for move in view.dns.moves}
    own = (urlsplit(view.scenario.old.url).hostname or "").rstrip(".")
    return frozenset({own, survey.move.old.name, *survey.move.old.addresses} - {""} - names)


def is_raw(host: str, raw: Iterable[str], globs: Iterable[str]) -> bool:
    """Tell whether no record moves who calls `host`."""
    return host in raw or bool(_EXECUTE_API.fullmatch(host)) or any(fnmatchcase(host, glob.lower()) for glob in globs)


def judge(found: Found, calls: Calls, callers: RawCallers, *, name: str, raw: frozenset[str]) -> None:
    """Say what the calls by raw hosts come to."""
    told = sum(calls.hosts.values())
    past = {host: count for host, count in calls.hosts.items() if is_raw(host, raw, callers.hosts)}
    if not told:
        found.say(Outcome.INCONCLUSIVE, f"the access log ({calls.format}) does not tell the host: add it to the log's "
                  "format (API Gateway: $context.domainName)")  # fmt: skip
        return
    count = sum(past.values())
    if count / told > callers.accepted:
        found.fail(
            _AT, f"{_share(count, told)} by {_hosts(past)}: they stay on old whatever DNS says",
            severity=Severity.MAJOR, old=_hosts(past), note=_who(calls, past) + ("" if name in calls.hosts else _PROXY),
            remedy=_REMEDY.format(name=name),
        )  # fmt: skip
    elif told < LEAST:
        found.say(Outcome.INCONCLUSIVE, f"{told} calls in the access log are too few to tell who calls past DNS")
    elif _hidden(calls, count) > callers.accepted + _UNTOLD:
        found.say(Outcome.INCONCLUSIVE, f"{calls.untold + calls.unread} lines of the access log do not tell the host "
                  f"({told} do): too many to tell who calls past DNS")  # fmt: skip
    elif past:
        found.tell(_AT, f"{_share(count, told)} by {_hosts(past)}: they stay on old; accepted: {callers.because}",
                   old=_hosts(past), note=_who(calls, past))  # fmt: skip


def _others(found: Found, calls: Calls, moved: set[str], raw: frozenset[str], callers: RawCallers) -> None:
    """Tell of hosts that are neither a name that moves nor known to stay."""
    rest = {
        host: count for host, count in calls.hosts.items() if host not in moved and not is_raw(host, raw, callers.hosts)
    }
    if rest:
        found.tell(
            _AT, f"{_share(sum(rest.values()), sum(calls.hosts.values()))} by hosts that are no name of `dns`: "
            f"{_hosts(rest)}",
            severity=Severity.MINOR, old=_hosts(rest), note="their callers do not move with the name",
            remedy="Move these names too, or write them as `callers.hosts` if they stay on old.",
        )  # fmt: skip


def _hidden(calls: Calls, past: int) -> float:
    """Return the share of raw calls if every line that does not tell were one."""
    hidden = calls.untold + calls.unread
    return (past + hidden) / (sum(calls.hosts.values()) + hidden)


def _share(count: int, told: int) -> str:
    percent = 100 * count / told
    return f"{count} of {told} calls ({percent:.2g} %)" if percent < 99.5 else f"{count} of {told} calls"


def _hosts(past: Mapping[str, int]) -> str:
    return few(sorted(past, key=lambda host: (-past[host], host)))


def _who(calls: Calls, past: Iterable[str]) -> str:
    """Return the callers, the busiest first, each by the first 8 digits of the SHA-256 of what the log knows it by."""
    clients: Counter[str] = Counter()
    for host in past:
        clients.update(calls.clients.get(host, {}))
    if not clients:
        return "the log does not tell by whom"
    shown = ", ".join(f"{_hashed(client)} ({count})" for client, count in clients.most_common(_SHOWN))
    more = f" and {len(clients) - _SHOWN} more" if len(clients) > _SHOWN else ""
    return f"by {len(clients)} caller{'s' if len(clients) > 1 else ''} (SHA-256 of key id or address): {shown}{more}"


def _hashed(client: str) -> str:
    return sha256(client.encode()).hexdigest()[:8]


def _describe(found: Found, calls: Calls, callers: RawCallers) -> None:
    ordered = sorted(calls.hosts.items(), key=lambda one: (-one[1], one[0]))
    found.fact("log", old=f"{callers.log.name} ({calls.format})")
    if calls.first is not None and calls.last is not None:
        found.fact("from, to", old=f"{utc(calls.first)}, {utc(calls.last)}")
    for host, count in ordered[:_SHOWN]:
        found.fact(f"calls by {host}", old=str(count))
    if len(ordered) > _SHOWN:
        rest = ordered[_SHOWN:]
        found.fact(f"calls by {len(rest)} more hosts", old=str(sum(count for _, count in rest)))
    for what, count in (("lines that tell no host", calls.untold), ("lines that cannot be read", calls.unread)):
        if count:
            found.fact(what, old=str(count))
    if not calls.whole:
        found.fact("read", old="the beginning alone: the log holds more, or ends in the middle")
