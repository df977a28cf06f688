"""What a reader is told: the fold of a journal (decide/fold.py makes it, report/ shows it)."""

from dataclasses import dataclass, field

from harness.model.event import CaseInfo, GateInfo, Loaded, Loading, Sighted, Surveyed, WaiverInfo, Watching
from harness.model.outcome import Outcome, Severity, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Differences or troubles of one common cause.

    `case`, `operation`, `at`, `old`, `new` are those of the first one met, in the order of the scenario; `count` is
    how often it was met and `cases` where. `share` tells "3 of 5" where only some repeats showed it (flaky). `file` and
    `line` say where the first case is written ("" and 0 where that is not known).
    """

    id: str
    suite: str
    case: str
    operation: str
    outcome: Outcome
    severity: Severity
    at: str
    kind: str
    cause: str
    old: str | None
    new: str | None
    title: str
    remedy: str = ""
    note: str = ""
    count: int = 1
    cases: tuple[str, ...] = ()
    share: str = ""
    file: str = ""
    line: int = 0

    @property
    def sides(self) -> tuple[str, ...]:
        """Return the sides that there is something to show of.

        What a check saw is no difference (`kind`): a side that it says nothing of lacks nothing.
        """
        values = {"old": self.old, "new": self.new}
        return tuple(side for side, value in values.items() if self.kind or value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """Counts of cases (not pairs) in one suite; they add up to what was planned."""

    name: str
    outcome: Outcome
    passed: int = 0
    failed: int = 0
    inconclusive: int = 0
    errors: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """Something that the verdict does not cover, and why."""

    what: str
    why: str
    holding: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What became of one case. `why` is at most a few lines; times are medians in ms, None without an answer.

    `decisions` (side → decision, None where none was made) and `facts` (fact → what each side showed) are those of the
    case's record: RecordedPair, Checked.
    """

    info: CaseInfo
    suite: str
    outcome: Outcome
    skipped: bool = False
    why: tuple[str, ...] = ()
    counts: dict[str, int]
    rounds_seen: int = 0
    flaky: str = ""
    old_status: str = ""
    new_status: str = ""
    old_ms: float | None = None
    new_ms: float | None = None
    decisions: dict[str, str] | None = None
    facts: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRun:
    """A load that was begun, and what came of it: `loaded` is None where the run ended before it could be told."""

    loading: Loading | None = None
    loaded: Loaded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Propagation:
    """A name's way from one side to the other as it was watched: every look, in order."""

    watching: Watching
    sighted: tuple[Sighted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All that the reports show, but for the evidence of single cases (read that from the journal).

    `loads` are in the order of the journal: a run that was resumed may have begun more than one, the last one counts;
    `propagations` likewise. `surveyed` has one for each name, the last that was told.
    """

    run: str
    verdict: Verdict
    partial: bool
    selection: str
    reasons: tuple[str, ...]
    scenario: str
    digest: str
    environment: str
    mode: str
    started: float
    ended: float
    state: str
    version: str
    gateways: dict[str, dict[str, str]]
    gates: GateInfo
    suites: tuple[SuiteResult, ...]
    pairs: int
    differences: dict[str, int]
    findings: tuple[Finding, ...]
    unproven: tuple[Unproven, ...]
    cases: tuple[CaseResult, ...]
    notes: tuple[str, ...] = ()
    unused_waivers: tuple[WaiverInfo, ...] = ()
    expired_waivers: tuple[WaiverInfo, ...] = ()
    loads: tuple[LoadRun, ...] = ()
    surveyed: tuple[Surveyed, ...] = ()
    propagations: tuple[Propagation, ...] = ()
