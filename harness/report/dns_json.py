"""The key `dns` of report.json: when each name can be moved, how fast it is back, how it moved."""

from collections.abc import Sequence
from typing import Any

from harness.dns.watching.watched import Place, Watched
from harness.model.event import Surveyed
from harness.model.finding import Propagation, Summary
from harness.report.text import instant

MOST_NAMES = 1_000
MOST_PLACES = 5_000
MOST_LOOKS = 2_000
MOST_CHANGES = 50
"""Changes of one resolver that are listed, the last ones."""


def dns_json(summary: Summary) -> dict[str, Any]:
    """Return {"dns": …}; nothing where the run asked nothing of names."""
    if not summary.surveyed and not summary.propagations:
        return {}
    earliest = [one.timing.earliest for one in summary.surveyed]
    known = [at for at in earliest if at is not None]
    return {
        "dns": {
            "earliest": instant(max(known)) if known and len(known) == len(earliest) else None,
            "names": [_timing(one) for one in summary.surveyed[:MOST_NAMES]],
            "more_names": max(len(summary.surveyed) - MOST_NAMES, 0),
            "propagation": _propagation(summary.propagations[-1]) if summary.propagations else None,
        }
    }


def _timing(surveyed: Surveyed) -> dict[str, Any]:
    one = surveyed.timing
    return {
        "name": one.name,
        "switched": one.switched,
        "mechanism": one.mechanism,
        "ttl": one.ttl,
        "clamps": [{"server": clamp.server, "seconds": clamp.seconds, "least": clamp.least} for clamp in one.clamps],
        "held": {server: instant(at) for server, at in one.held.items()},
        "earliest": _instant(one.earliest),
        "why": one.why,
        "delay": round(one.delay, 3),
        "back": [[round(at, 3), round(share, 4)] for at, share in one.back],
        "back_all": None if one.back_all is None else round(one.back_all, 3),
        "rollback_within": surveyed.rollback_within,
        "at": instant(surveyed.at),
    }


def _propagation(told: Propagation) -> dict[str, Any]:
    watched = Watched(told.watching, told.sighted)
    one = told.watching
    places = watched.asked
    return {
        "rehearsal": one.rehearsal,
        "started": instant(one.at),
        "until": instant(one.until),
        "ended": instant(watched.at),
        "interval": one.interval,
        "names": list(one.names),
        "servers": list(one.servers),
        "authorities": list(one.authorities),
        "looks": watched.looks,
        "all_moved": watched.all_moved,
        "share": round(watched.share, 4),
        "shares": [[instant(at), round(share, 4)] for at, share in _few(watched.shares)],
        "resolvers": [_place(place, watched.at) for place in places[:MOST_PLACES]],
        "more_resolvers": max(len(places) - MOST_PLACES, 0),
    }


def _few(shares: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return at most so many looks: of more, the first and the last of each share."""
    if len(shares) <= MOST_LOOKS:
        return list(shares)
    changes = [at for at in range(1, len(shares)) if shares[at][1] != shares[at - 1][1]]
    kept = sorted({0, len(shares) - 1, *changes, *(at - 1 for at in changes)})
    return [shares[at] for at in kept][-MOST_LOOKS:]


def _place(place: Place, at: float) -> dict[str, Any]:
    return {
        "name": place.name,
        "server": place.server,
        "answers": place.now.value,
        "heard": place.stretches[-1].heard.value if place.stretches else "",
        "last_told": place.side.value,
        "moved": place.moved,
        "moved_at": _instant(place.moved_at if place.moved else None),
        "remaining": place.remaining(at),
        "addresses": list(place.last.addresses) if place.last is not None else [],
        "back": [instant(one) for one in place.back[:MOST_CHANGES]],
        "changes": [[instant(one.since), one.points.value] for one in place.stretches[-MOST_CHANGES:]],
    }


def _instant(at: float | None) -> str | None:
    return None if at is None else instant(at)
