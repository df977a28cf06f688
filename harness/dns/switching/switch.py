"""Reads what moves the callers of each name from its control plane, and tells which side it sends them to."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.clouds.aws_keys import fetch
from harness.clouds.azure_dns import AzureDns, Sets
from harness.clouds.azure_identity import token
from harness.clouds.front_door import FrontDoor, Profile
from harness.clouds.route53 import Route53
from harness.clouds.traffic_manager import TrafficManager
from harness.clouds.unread import Unread, asked
from harness.dns.switching import shares
from harness.model.secret import Secret
from harness.model.series import Absence
from harness.model.side import Side
from harness.model.switch import Mechanism, SwitchReader, SwitchState
from harness.scenario.moving import AzureSwitch, Dns, Move, Route53Switch

_POLITE = frozenset({Absence.THROTTLED, Absence.DENIED})  # nothing more is asked after one of these
_FEW = 10  # names up to which record sets are asked for one by one
Hide = Callable[[Secret], None]


def _unhidden(_: Secret) -> None:
    """Leave secrets to the scenario's own list."""


@dataclass(slots=True)
class Readers:
    """Reads the switch of every name of a `dns` section: one caller at a time, with one token, each profile once.

    `hide` is told each secret that is fetched on the way, before it is used.
    """

    dns: Dns
    hide: Hide = _unhidden
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _route53: Route53 | None = field(default=None, init=False, repr=False)
    _token: str = field(default="", init=False, repr=False)
    _profile: SwitchState | Profile | None = field(default=None, init=False, repr=False)
    _listed: tuple[tuple[str, ...], Sets] | None = field(default=None, init=False, repr=False)
    _stopped: Unread | None = field(default=None, init=False)

    def of(self, move: Move, name: str = "") -> SwitchReader | None:
        """Return the reader of `move`, None where nothing is read; `name` owns the records ("": the move's own)."""
        if isinstance(self.dns.switch, Route53Switch | AzureSwitch):
            return _Reader(readers=self, move=move, name=name or move.name)
        return None

    def read(self, move: Move, name: str) -> SwitchState:
        """Return the state of what moves `move`; raises Unread, always the same once denied or throttled."""
        with self._lock:
            if self._stopped is not None:
                raise self._stopped
            try:
                return self._read(move, name)
            except Unread as trouble:
                if trouble.kind in _POLITE:
                    self._stopped = trouble
                raise

    def _read(self, move: Move, name: str) -> SwitchState:
        switch = self.dns.switch
        if isinstance(switch, Route53Switch):
            return shares.told(self._of_route53(switch).read(name, switch.zone), move, {})
        assert isinstance(switch, AzureSwitch)  # `of` gives no reader for another
        self._token = self._token or self._fetched(switch)
        given = {"resource": switch.azure.resource, "endpoint": switch.azure.endpoint, "token": self._token}
        if switch.mechanism is Mechanism.AZURE_DNS:
            return shares.told(self._of_azure_dns(AzureDns(**given), name), move, switch.origins)
        if self._profile is None:
            front = switch.mechanism is Mechanism.FRONT_DOOR
            self._profile = FrontDoor(**given).read(switch.group) if front else TrafficManager(**given).read()
        if isinstance(self._profile, Profile):
            return _group(self._profile, move, switch)
        return shares.told(self._profile, move, switch.origins)

    def _of_azure_dns(self, source: AzureDns, name: str) -> SwitchState:
        if len(self.dns.moves) <= _FEW:
            return source.read(name)
        if self._listed is None:
            self._listed = (source.name_servers(), source.every())
        return source.state(name, *self._listed)

    def _of_route53(self, switch: Route53Switch) -> Route53:
        if self._route53 is None:
            with asked("no records from Route 53"):
                keys = fetch(switch.keys, time.time())
            for value, label in ((keys.secret_key, "AWS secret key"), (keys.session_token, "AWS session token")):
                if value:
                    self.hide(Secret(value=value, label=label))
            self._route53 = Route53(keys=keys, endpoint=switch.endpoint, region=switch.region)
        return self._route53

    def _fetched(self, switch: AzureSwitch) -> str:
        found = token(switch.azure)
        self.hide(Secret(value=found, label="Azure token"))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    readers: Readers
    move: Move
    name: str

    def read(self) -> SwitchState:
        return self.readers.read(self.move, self.name)


def reader(dns: Dns, move: Move, *, name: str = "", hide: Hide = _unhidden) -> SwitchReader | None:
    """Return a reader of what moves `move`, None where no control plane tells; several names share one Readers."""
    return Readers(dns, hide).of(move, name)


def _group(profile: Profile, move: Move, switch: AzureSwitch) -> SwitchState:
    """Return the group that is named, else the one that holds both sides (or one), by routes if several do."""
    states = [shares.told(profile.state(group), move, switch.origins) for group in profile.groups]
    if not states:
        raise Unread(f"no origin group in {profile.where}", Absence.FAILED)
    holding = [{one.side for one in state.records} & {side.value for side in Side} for state in states]
    most = max(map(len, holding))
    fitting = [state for state, sides in zip(states, holding, strict=True) if len(sides) == most]
    if len(fitting) > 1:
        fitting = [state for state in fitting if shares.serves(state, move.name)] or fitting
    if len(fitting) > 1:
        names = ", ".join(list(profile.groups)[:5])
        held = "both sides are in several origin groups" if most > 1 else "no origin group holds both sides"
        raise Unread(f"{held} of {profile.where} ({names}); name the one with `group`", Absence.FAILED)
    return fitting[0]
