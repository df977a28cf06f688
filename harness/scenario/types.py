"""A scenario as the rest of the harness sees it: decoded, checked, defaults filled in, secrets resolved."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.model.event import ManualGate
from harness.model.gateway import Gateway, Limits, PathMap
from harness.model.place import JsonPath
from harness.model.probe import Probe
from harness.model.request import SAFE_METHODS, ClientCertificate, Headers
from harness.model.rule import CompareRules, Expect, Waiver
from harness.model.secret import Secret
from harness.model.side import Side
from harness.model.threshold import Threshold
from harness.scenario.control import Control, Place
from harness.scenario.credential import Credential
from harness.scenario.moving import Dns

Unsafe = Literal["", "run", "skip"]
BodiesKept = Literal["all", "differing", "none"]
BodyKind = Literal["", "json", "form"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A caller: how each side recognises it. A side's value is a tuple, since kinds may be combined."""

    name: str
    old: tuple[Credential, ...]
    new: tuple[Credential, ...]

    def on(self, side: Side) -> tuple[Credential, ...]:
        """Return what identifies this caller on `side`."""
        return self.old if side is Side.OLD else self.new


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A value to take from a step's answer: from the JSON body (`path`) or from a header (`header`, lower case)."""

    name: str
    path: JsonPath | None = None
    header: str | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a case. `target` starts with "/"; it, header values and `body` may hold `${capture}` marks.

    `side` limits the step to one side; `captured_from` takes the captures of another side; `always` runs it even
    if a step before it failed. `body_has_marks` says whether `body` (UTF-8) needs captures filled in, `body_kind` how
    they are escaped there (marks.py fills all of them). `door` is that of Request; its target is then the path alone.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = field(default=None, repr=False)
    body_has_marks: bool = False
    body_kind: BodyKind = ""
    identity: str | None = None
    expect: Expect = Expect()
    captures: tuple[Capture, ...] = ()
    side: Side | None = None
    captured_from: Side | None = None
    always: bool = False
    door: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case with its steps (a plain `request:` is one step). `line` is where it is written.

    `index` is its ordinal in its suite. `skip` says why it is not sent at all, `accepted` that this holds nothing up.
    Cases of a later `phase` are sent when all of the phases before are done. `noise` False: the old side is never asked
    again. `probe` is set in the security suite.
    """

    index: int
    name: str
    operation: str
    steps: tuple[Step, ...]
    repeat: int = 1
    retries: int = 0
    critical: bool = False
    unsafe: Unsafe = ""
    because: str = ""
    file: str = ""
    line: int = 0
    suite: str = "parity"
    skip: str = ""
    accepted: bool = False
    phase: int = 0
    noise: bool = True
    probe: Probe | None = None

    @property
    def safe(self) -> bool:
        """Tell whether every step uses a safe method."""
        return all(step.method in SAFE_METHODS for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Which bodies are kept, and which places of JSON bodies never are."""

    bodies: BodiesKept = "differing"
    redact: tuple[JsonPath, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What GO needs."""

    require: tuple[str, ...] = ("parity",)
    manual: tuple[ManualGate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLimit:
    """What a caller's plan allows: requests/s, requests at once, requests per `period` seconds; None: not stated."""

    caller: str
    rate: float | None = None
    burst: int | None = None
    quota: int | None = None
    period: float = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsPlan:
    """Origins of the pages that call this API, and what they send; `foreign` is one that must not get in."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    credentials: bool = False
    foreign: str = "https://foreign.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """The `security` section.

    `operations` are globs over operations ("GET /orders/*"; empty: all). `identities` map a column of the matrix to the
    credential that is presented in it. `require` names groups, columns or "row: column" that must be proven.
    `clients_change` maps a caller to the reason why it must change. `direct` and `backend` are base URLs of back doors,
    `closed` (host, port). `public_key` (PEM) is the token issuer's; `client_ca` signs client certificates of tests.
    `http` are the plain-text addresses by side ("" for the default: port 80 of a name that is served on 443).
    `written` says where each word of `require` stands, as (file, line, column).
    """

    operations: tuple[str, ...] = ()
    identities: dict[str, str] = field(default_factory=dict)
    require: tuple[str, ...] = ()
    clients_change: dict[str, str] = field(default_factory=dict)
    hostile: bool = False
    cors: CorsPlan = CorsPlan()
    direct: tuple[str, ...] = ()
    backend: tuple[str, ...] = ()
    closed: tuple[tuple[str, int], ...] = ()
    limits: tuple[PlanLimit, ...] = ()
    public_key: bytes = b""
    client_ca: ClientCertificate | None = None
    http: dict[Side, str] = field(default_factory=dict)
    written: dict[str, tuple[Path, int, int]] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of a load profile: from `start` to `end` requests/s per side, linearly, within `seconds`."""

    start: float
    end: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Arrivals of one side: `segments` in order, or the arrival times of a recording, `speed` times as fast.

    `kind` is constant, ramp, steps, spike or replay; `text` says it in words ("50/s for 2m"). `seconds` bounds a replay
    (0: all of it). Evenly spaced, or with `poisson` at random with the same rate.
    """

    kind: str
    text: str
    segments: tuple[Segment, ...] = ()
    replay: Path | None = None
    speed: float = 1.0
    seconds: float = 0.0
    poisson: bool = False
    written: Place | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What a load is made of: weights by case (empty: every safe case of one step alike), or a recording's own shares.

    `written` says where each case is named ("" for `recording`).
    """

    weights: dict[str, float] = field(default_factory=dict)
    recording: Path | None = None
    written: dict[str, Place] = field(default_factory=dict, repr=False, compare=False)


Order = Literal["interleaved", "one-after-another"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The `load` section.

    `warm_up` in seconds. `callers` send in place of the cases' own, in turn. `max_rate` is in requests/s a side (None:
    the profile's peak), `max_requests` per side. `allow` names hosts outside loopback that may be put under load.
    `abort_at` is an error share. `max_lateness` in ms. `backend_time` names by side the header that tells how long the
    backend took (a number of ms, or Server-Timing's `name;dur=…` as "server-timing:name"). `last` is how many seconds
    of history are compared with.
    """

    profile: Profile
    warm_up: float = 0.0
    mix: Mix = Mix()
    callers: tuple[str, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    order: Order = "interleaved"
    workers: int = 1
    max_rate: float | None = None
    max_requests: int = 100_000
    allow: tuple[str, ...] = ()
    abort_at: float = 0.5
    max_lateness: float = 50.0
    backend_time: dict[Side, str] = field(default_factory=dict)
    last: float = 7 * 86_400.0
    written: Place | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole scenario.

    `digest` is the SHA-256 (hex) of the files' bytes, in order of inclusion, and of the vars. `secrets` are all the
    values that must be masked. `parity` says whether there is a `cases` section at all.
    """

    name: str
    files: tuple[Path, ...]
    digest: str
    old: Gateway
    new: Gateway
    paths: tuple[PathMap, ...] = ()
    limits: Limits = Limits()
    evidence: Evidence = Evidence()
    environment: str = ""
    identities: dict[str, Identity] = field(default_factory=dict)
    compare: CompareRules = CompareRules()
    waivers: tuple[Waiver, ...] = ()
    cases: tuple[Case, ...] = ()
    security: Security | None = None
    load: Load | None = None
    dns: Dns | None = None
    controls: dict[Side, Control] = field(default_factory=dict)
    gates: Gates = Gates()
    secrets: tuple[Secret, ...] = field(default=(), repr=False)

    def gateway(self, side: Side) -> Gateway:
        """Return the gateway of `side`."""
        return self.old if side is Side.OLD else self.new
