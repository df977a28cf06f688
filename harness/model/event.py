"""The lines of a journal. Plain values only: what is written is what is read back.

Texts in events are already masked (journal/record.py makes them); reports are folds over events.
Times are Unix seconds, durations milliseconds, sizes bytes.
"""

from dataclasses import dataclass, field

from harness.model.dns import Sighting, Timing
from harness.model.load import Arm, Compared, Generator, Slice
from harness.model.probe import Probe
from harness.model.request import Headers
from harness.model.series import Telemetry


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One exchange as it is kept.

    Not slotted: what is not said is the class's default, so that a record is made, written and read by what it says
    alone (journal/encode.py); this is the value that the journal holds most of.

    `trouble` is "" for a response, else the NoResponse's reason with `detail` saying more. `body` is the name
    of a file in bodies/ ("" if not kept); `body_note` tells what was done to it (masked, redacted, cut, not kept).
    `certificate` is one line ("" unless a new connection showed one). `attempts` counts this one too; `earlier`
    tells what each attempt before it ended in.
    """

    method: str
    url: str
    request_headers: Headers = ()
    request_body: str = ""
    sent_at: float
    status: int | None = None
    reason: str = ""
    version: str = ""
    headers: Headers = ()
    size: int = 0
    sha256: str = ""
    coding: str = ""
    fault: str = ""
    body: str = ""
    body_note: str = ""
    trouble: str = ""
    detail: str = ""
    name_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float = 0.0
    certificate: str = ""
    attempts: int = 1
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDifference:
    """A Difference as it is kept: values masked, redacted and cut to a bounded length."""

    at: str
    kind: str
    cause: str
    old: str | None = None
    new: str | None = None
    note: str = ""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordedPair:
    """One step of a case, asked of both sides. Not slotted, as Recorded.

    `counts` holds the number of differences per cause, all of them; `differences` may hold fewer (bounded), then
    `cut` is True. `broken` lists the expectations that a side broke, each as "old: …" or "new: …". `noise` are
    further answers of the old side. `first` names the side that was asked first. `likeness` says by side what a valid
    caller's answer is like (decide/likeness.py), which later answers are held against.
    """

    step: int
    first: str = "old"
    old: Recorded | None = None
    new: Recorded | None = None
    noise: tuple[Recorded, ...] = ()
    counts: dict[str, int]
    differences: tuple[RecordedDifference, ...] = ()
    cut: bool = False
    broken: tuple[str, ...] = ()
    waivers: tuple[str, ...] = ()
    outcome: str
    why: tuple[str, ...] = ()
    captures: dict[str, dict[str, str]] | None = None
    decisions: dict[str, str] | None = None
    likeness: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseInfo:
    """A case as planned; `index` is its ordinal in the scenario, from 0. `skip` says why it is not sent ("" if it is).

    `accepted` marks what is left out for a reason that was agreed (`unsafe: skip`, a question that cannot be asked and
    that nobody requires): unproven and listed, but not holding the verdict. `probe` is set in the security suite.
    `file` and `line` say where the scenario writes it ("" and 0: nowhere in particular).
    """

    index: int
    name: str
    operation: str
    rounds: int = 1
    critical: bool = False
    skip: str = ""
    accepted: bool = False
    probe: Probe | None = None
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GateInfo:
    """The `gates` section and all else of the scenario that deciding needs."""

    require: tuple[str, ...]
    manual: tuple["ManualGate", ...] = ()
    strict: bool = False
    waivers: tuple["WaiverInfo", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualGate:
    """Something a person signs off; `done` is an ISO date, "" while it is not done."""

    what: str
    owner: str
    done: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverInfo:
    """A waiver as reported; `expired` as of the run's start."""

    id: str
    at: str
    case: str
    owner: str
    until: str
    because: str
    expired: bool


WATCH = "dns watch"
"""The mode of a run that watches names on their way to the other side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """First line of a run.

    `mode` is rehearse, only-old, only-new, against or WATCH; `gateways` maps side → facts to show. `source` and `sets`
    say how to read the scenario again when the run is resumed.
    """

    schema: int = 1
    run: str
    at: float
    version: str
    scenario: str
    scenario_files: tuple[str, ...]
    digest: str
    environment: str
    mode: str
    against: str = ""
    seed: int
    source: str = ""
    sets: dict[str, str] = field(default_factory=dict)
    gateways: dict[str, dict[str, str]]
    gates: GateInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What this session of the run judges. `partial` when -k, --lf or --suite narrowed it (`selection` says how)."""

    at: float
    suite: str
    cases: tuple[CaseInfo, ...]
    partial: bool = False
    selection: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """An unsafe request that is about to be sent; synced to disk before it is."""

    at: float
    suite: str
    case: int
    round: int
    step: int
    side: str
    method: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One asking of a case: every step of it, on both sides. `index` is the case's ordinal, `round` counts from 0."""

    at: float
    suite: str
    index: int
    case: str
    round: int
    pairs: tuple[RecordedPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something a reader should know: a torn line cut, a resume, a time gap. `level` is info or warning."""

    at: float
    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Verdict of a test item that is not a generated case (a user's own test): pytest's word for it."""

    at: float
    suite: str
    item: str
    outcome: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing that a check saw and that a reader should know. The words are those of a Finding.

    `outcome` and `severity` are the values of model/outcome.py, `cause` one of model/difference.py ("" where there are
    no two sides to differ).
    """

    at: str
    title: str
    outcome: str
    severity: str
    cause: str = ""
    old: str | None = None
    new: str | None = None
    note: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A planned case whose evidence is no pair of answers: a TLS handshake, a burst, a port, a raw request.

    `facts` are what was seen, by name, to be shown beside each other: fact → {"old": …, "new": …} (or any other
    columns). `requests` counts what was sent, by side. `decisions` as in RecordedPair.
    """

    at: float
    suite: str
    index: int
    case: str
    outcome: str
    why: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    decisions: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """A load is about to be sent: synced to disk before it is where it `changes` something.

    `planned` are requests by side, `seconds` the time it takes, `profile` and `mix` the load in words.
    """

    at: float
    suite: str
    profile: str
    order: str
    workers: int
    seconds: float
    warm_up: float
    planned: dict[str, int]
    mix: dict[str, float]
    changes: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of the load: both sides, each operation and all together, over the whole time and in slices of it.

    `state` is a LoadState, `why` says more where it is not finished. `history` is what monitoring told of the old side
    before, `window` of both sides during the load.
    """

    at: float
    suite: str
    state: str
    why: str = ""
    started: float
    seconds: float
    arms: tuple[Arm, ...] = ()
    slices: tuple[Slice, ...] = ()
    slice_seconds: float = 1.0
    compared: tuple[Compared, ...] = ()
    generator: Generator = Generator()
    history: tuple[Telemetry, ...] = ()
    window: tuple[Telemetry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that a user's own test sent to one side."""

    at: float
    item: str
    side: str
    exchange: Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Last line of a session: `state` is finished or interrupted."""

    at: float
    state: str
    longest_gap_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """When a name can be moved and how fast it is back, as its name servers and resolvers told it.

    `rollback_within` is the time in seconds in which callers must be back, None where nobody said.
    """

    at: float
    suite: str
    timing: Timing
    rollback_within: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """What was judged of a suite up to here counts no more: a resumed run judges all of it by what it sees itself."""

    at: float
    suite: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """A name's way from one side to the other is watched from now on, at each of `servers` every `interval` seconds.

    `rehearsal` marks names of a test zone; `until` is the deadline. `authorities` are those of `servers` that speak for
    the names' zones: no share of callers is theirs.
    """

    at: float
    suite: str
    names: tuple[str, ...]
    servers: tuple[str, ...]
    interval: float
    until: float
    rehearsal: bool = False
    authorities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighted:
    """One look at every name and resolver that is watched. `moved` is the share of those that tell which answer new.

    `seen` may leave out what answered as at the look before (but for the TTL, which counts down); the first look and
    the last one leave out nothing.
    """

    at: float
    suite: str
    seen: tuple[Sighting, ...]
    moved: float


Event = (
    Started
    | Planned
    | Intent
    | Round
    | Checked
    | Loading
    | Loaded
    | Surveyed
    | Anew
    | Watching
    | Sighted
    | Note
    | Judged
    | Asked
    | Ended
)
