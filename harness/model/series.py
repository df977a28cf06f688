"""What a monitoring service tells over time, and the kinds of telling nothing."""

from dataclasses import dataclass
from enum import StrEnum


class Absence(StrEnum):
    """Why a series has no (or not all) values. ZERO alone is evidence: there was traffic, and none of it did this."""

    ZERO = "no such event, with traffic there"
    NO_TRAFFIC = "no traffic"
    NO_TELEMETRY = "no telemetry"
    PARTIAL = "values are missing in between"
    LATE = "the newest values are not there yet"
    DENIED = "access denied"
    THROTTLED = "throttled by the service"
    FAILED = "the service did not answer"
    UNSUPPORTED = "the service does not tell this"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric of one stage or service over time, as the service told it.

    `name` is ours: latency, backend latency, requests, errors 4xx, errors 5xx, capacity. `statistic` is "p95",
    "average", "maximum", "minimum" or "sum". `unit` is ms, share or requests. `points` are (Unix seconds of the
    period's start, value), oldest first. `period` is in seconds. `source` says what was asked ("AWS/ApiGateway Latency
    p95, ApiName=orders, Stage=prod"). `absence` is None where every period with traffic has its value; `note` says
    more. `whole` is the statistic over the whole time in one, where the service tells it or it can be had exactly:
    percentiles of periods cannot be merged into one.
    """

    name: str
    statistic: str
    unit: str
    period: int
    points: tuple[tuple[float, float], ...] = ()
    source: str = ""
    absence: Absence | None = None
    note: str = ""
    whole: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment on the time axis: Unix seconds, its id and what it says of itself."""

    at: float
    id: str
    text: str = ""


TIER_UNKNOWN = "tier not known"
"""The fact of a service whose tier could not be read: its value says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """All series of one side between `start` and `end` (Unix seconds).

    `what` names it ("stage prod of API a1b2c3d4e5"). `facts` are of the service itself ("tier": "Developer").
    `trouble` says why nothing at all could be read, with `absence` naming the kind.
    """

    side: str
    what: str
    start: float
    end: float
    series: tuple[Series, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    facts: dict[str, str]
    absence: Absence | None = None
    trouble: str = ""
