"""Metrics of Amazon CloudWatch: GetMetricData, all its pages within bounds, and whether there are metrics at all."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from harness.clouds.aws import client
from harness.clouds.aws_keys import AwsKeys
from harness.clouds.trouble import quoted
from harness.clouds.unread import asked
from harness.model.series import Absence

NAMESPACE = "AWS/ApiGateway"
_MOST_QUERIES = 500  # of one GetMetricData call
_MOST_PAGES = 10
_WITHIN = 30.0  # seconds in which another page is begun
_MOST = 1e15  # a value beyond is none: what is summed and plotted stays a number
_STATUS = {
    "Complete": None,
    "PartialData": Absence.PARTIAL,
    "Forbidden": Absence.DENIED,
    "InternalError": Absence.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One metric of one stage: `statistic` as CloudWatch writes it (Sum, Average, p99.9), `period` in seconds."""

    metric: str
    statistic: str
    period: int


@dataclass(slots=True, kw_only=True)
class Answered:
    """What was told to one query: values by Unix seconds of the period's start. `status` None: all there is."""

    values: dict[float, float] = field(default_factory=dict)
    status: Absence | None = Absence.FAILED
    note: str = "CloudWatch did not answer this query"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWatch:
    """Asks one region for the metrics of what `dimensions` name; all methods raise Unread."""

    region: str
    endpoint: str
    keys: AwsKeys = field(repr=False)
    dimensions: Mapping[str, str]

    def read(self, queries: Sequence[Query], start: float, end: float) -> list[Answered]:
        """Return the answer to each query, in order; values outside [start, end) are left out."""
        found: list[Answered] = []
        with self._asked("no metrics"):
            for first in range(0, len(queries), _MOST_QUERIES):
                found += self._read(queries[first : first + _MOST_QUERIES], start, end)
        return found

    def any_there(self) -> bool:
        """Tell whether CloudWatch knows any metric of this stage; it lists those of the last two weeks."""
        with self._asked("metrics not listed"):
            answer = self._client().list_metrics(Namespace=NAMESPACE, Dimensions=self._named())
            return bool(answer.get("Metrics"))

    def _asked(self, what: str) -> Any:
        return asked(f"{what} from CloudWatch in {self.region}", (self.keys.secret_key, self.keys.session_token))

    def _client(self) -> Any:
        return client(
            "cloudwatch",
            self.region,
            self.endpoint,
            aws_access_key_id=self.keys.access_key,
            aws_secret_access_key=self.keys.secret_key,
            aws_session_token=self.keys.session_token or None,
        )

    def _named(self) -> list[dict[str, str]]:
        return [{"Name": name, "Value": value} for name, value in self.dimensions.items()]

    def _read(self, queries: Sequence[Query], start: float, end: float) -> list[Answered]:
        asking: dict[str, Any] = {
            "MetricDataQueries": [self._query(index, query) for index, query in enumerate(queries)],
            "StartTime": datetime.fromtimestamp(start, UTC),
            "EndTime": datetime.fromtimestamp(end, UTC),
            "ScanBy": "TimestampAscending",
        }
        found = {f"q{index}": Answered() for index in range(len(queries))}
        service = self._client()
        until = time.monotonic() + _WITHIN
        for _ in range(_MOST_PAGES):
            answer = service.get_metric_data(**asking)
            _take(answer, found, start, end)
            if not (token := answer.get("NextToken")):
                return list(found.values())
            asking["NextToken"] = token
            if time.monotonic() > until:
                break
        for one in found.values():
            one.status, one.note = Absence.PARTIAL, "CloudWatch had more pages of values than are read"
        return list(found.values())

    def _query(self, index: int, query: Query) -> dict[str, Any]:
        metric = {"Namespace": NAMESPACE, "MetricName": query.metric, "Dimensions": self._named()}
        return {
            "Id": f"q{index}",
            "MetricStat": {"Metric": metric, "Period": query.period, "Stat": query.statistic},
            "ReturnData": True,
        }


def _take(answer: Mapping[str, Any], found: Mapping[str, Answered], start: float, end: float) -> None:
    """Add one page; the last page that speaks of a query has the last word on its status."""
    general = _words(answer.get("Messages"))
    for result in answer.get("MetricDataResults") or ():
        one = found.get(result.get("Id", ""))
        if one is None:
            continue
        times, values = result.get("Timestamps") or (), result.get("Values") or ()
        said = str(result.get("StatusCode", ""))
        one.status = _STATUS.get(said, Absence.FAILED)
        one.note = "; ".join(part for part in (_words(result.get("Messages")), general) if part)
        if one.status is not None:
            one.note = f"CloudWatch says {quoted(said)}" + (f": {one.note}" if one.note else "")
        if len(times) != len(values):
            one.status, one.note = Absence.FAILED, "CloudWatch told more times than values, or fewer"
            continue
        for moment, value in zip(times, values, strict=True):
            at = moment.timestamp()
            if start <= at < end and 0 <= value <= _MOST:
                one.values[at] = float(value)


def _words(messages: Iterable[Mapping[str, Any]] | None) -> str:
    """Return what the first messages say, bounded."""
    told = [f"{quoted(one.get('Code', ''))} {quoted(one.get('Value', ''))}".strip() for one in list(messages or ())[:3]]
    return ", ".join(told)
