"""What follows from evidence: outcomes of cases, the verdict of a run, the exit code of a command."""

from enum import IntEnum, StrEnum


class Outcome(StrEnum):
    """Outcome of one case or suite, ordered PASS < INCONCLUSIVE < ERROR < FAIL."""

    PASS = "PASS"  # noqa: S105  an outcome, no password
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"
    FAIL = "FAIL"

    @property
    def rank(self) -> int:
        """Return 0 for the best (PASS) to 3 for the worst (FAIL)."""
        return _RANK[self]

    def worse(self, other: "Outcome") -> "Outcome":
        """Return the worse of the two."""
        return self if self.rank >= other.rank else other


_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}


class Severity(StrEnum):
    """Orders findings; never decides."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Return 0 for critical to 3 for info."""
        return _SEVERITY_RANK[self]


_SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Verdict(StrEnum):
    """What the evidence says should be done."""

    GO = "GO"
    HOLD = "HOLD"
    NO_GO = "NO-GO"
    ROLLBACK = "ROLLBACK"


class ExitCode(IntEnum):
    """Exit codes are an interface: 0 to 4 are pytest's own meanings, 5 replaces its "nothing collected"."""

    GO = 0
    NO_GO = 1
    INTERRUPTED = 2
    INTERNAL = 3
    USAGE = 4
    HOLD = 5


EXIT_OF_VERDICT = {
    Verdict.GO: ExitCode.GO,
    Verdict.NO_GO: ExitCode.NO_GO,
    Verdict.ROLLBACK: ExitCode.NO_GO,
    Verdict.HOLD: ExitCode.HOLD,
}
