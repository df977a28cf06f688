"""TLS of both names, as checks: one look at each side, and a topic for each check."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlsplit

from harness.model.check import Check, Tools
from harness.model.difference import Cause
from harness.model.event import CaseInfo, Checked
from harness.model.found import Found
from harness.model.gateway import Gateway
from harness.model.probe import Group, Probe
from harness.model.seen import TlsFacts
from harness.model.side import Side
from harness.scenario.types import Scenario
from harness.security import tls_points
from harness.security.draft import SUITE, Draft
from harness.security.found import behind_proxy, info_of, interrupted
from harness.security.tls_points import Pair

ROW = "TLS"
MOST_CONNECTIONS = 7
"""What one look may take, for each side."""

_TIMEOUT = 10.0
_TOPICS: dict[str, Callable[[Pair], Found]] = {
    "protocol versions": tls_points.versions,
    "certificate": tls_points.certificate,
    "key": tls_points.key,
    "HTTP/2": tls_points.http2,
    "client certificate": tls_points.client_certificate,
}
_ENCRYPTED = "encrypted at all"


def _look(gateway: Gateway, *, timeout: float, pause: Callable[[], None]) -> TlsFacts:
    from harness.wire.tls import look  # noqa: PLC0415  not needed to plan

    return look(gateway, timeout=timeout, pause=pause)


@dataclass(slots=True, kw_only=True)
class Looks:
    """What was seen of each side: looked at once, by the first check that needs it."""

    scenario: Scenario
    look: Callable[..., TlsFacts] = _look
    _seen: dict[Side, TlsFacts] = field(default_factory=dict)

    def of(self, side: Side, tools: Tools, found: dict[str, int]) -> TlsFacts:
        """Return the facts of a side; count in `found` the connections that it took now."""
        if side not in self._seen:
            timeout = min(_TIMEOUT, self.scenario.limits.timeout)
            self._seen[side] = self.look(self.scenario.gateway(side), timeout=timeout, pause=tools.pause)
            found[side.value] = self._seen[side].connections
        return self._seen[side]


@dataclass(slots=True, kw_only=True)
class TlsCheck:
    """One topic. Whichever check comes first looks for all; the plan counts that look once, with the first topic."""

    suite: ClassVar[str] = SUITE
    info: CaseInfo
    judge: Callable[[Pair], Found]
    looks: Looks
    sides: tuple[Side, ...]
    requests: Mapping[Side, int]
    clock: Callable[[], float] = time.time

    def run(self, tools: Tools) -> Checked:
        """Look at both sides, and compare."""
        connections: dict[str, int] = {}
        seen: dict[Side, TlsFacts] = {}
        for side in self.sides:
            if tools.stopping():
                return interrupted(self.info)
            seen[side] = self.looks.of(side, tools, connections)
        host = urlsplit(self.looks.scenario.new.url).hostname or ""
        pair = Pair(old=seen.get(Side.OLD), new=seen[Side.NEW], host=host, now=self.clock())
        found = tls_points.trouble(pair) or self.judge(pair)
        found.requests.update(connections)
        return found.checked(self.info, SUITE)


@dataclass(slots=True, kw_only=True)
class EncryptedCheck:
    """The new side is plain http where the old one is https: the scenario says so, nothing is sent."""

    suite: ClassVar[str] = SUITE
    info: CaseInfo
    requests: Mapping[Side, int] = field(default_factory=dict)

    def run(self, tools: Tools) -> Checked:  # noqa: ARG002  a Check like the others
        """Say so."""
        found = Found()
        found.fact("address", old="https", new="http")
        found.fail(
            "tls", "old is asked by https, new in plain text: whoever is on the way reads and changes everything",
            cause=Cause.WEAKER, old="https", new="http", remedy="Write the new side's https:// address as `new.url`.",
        )  # fmt: skip
        return found.checked(self.info, SUITE)


def add(draft: Draft) -> None:
    """Leave out what cannot be compared, with the reason."""
    why = _why_not(draft.scenario)
    for topic in _TOPICS if why else ():
        draft.leave_out(_probe(topic), why)


def checks(draft: Draft, first: int) -> list[Check]:
    """Return a check for each topic that the two addresses allow."""
    scenario = draft.scenario
    sides = _sides(scenario)
    if sides == (Side.OLD,):
        return [EncryptedCheck(info=info_of(draft, _probe(_ENCRYPTED), first))]
    if _why_not(scenario):
        return []
    looks = Looks(scenario=scenario)
    return [
        TlsCheck(
            info=info_of(draft, _probe(topic), index),
            judge=judge,
            looks=looks,
            sides=sides,
            requests=dict.fromkeys(sides, MOST_CONNECTIONS if index == first else 0),
        )
        for index, (topic, judge) in enumerate(_TOPICS.items(), first)
    ]


def _sides(scenario: Scenario) -> tuple[Side, ...]:
    """Return the sides that are asked by https."""
    return tuple(side for side in Side if scenario.gateway(side).url.lower().startswith("https:"))


def _why_not(scenario: Scenario) -> str:
    sides = _sides(scenario)
    if Side.NEW not in sides:
        return "new is plain http (see: encrypted at all)" if sides else "both sides are plain http"
    return behind_proxy(scenario, sides)


def _probe(topic: str) -> Probe:
    return Probe(group=Group.TLS, row=ROW, column=topic)
