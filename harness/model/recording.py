"""A request as some log or recording tells it."""

from dataclasses import dataclass, field

from harness.model.request import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One recorded request. What a recording does not tell is None, "" or ().

    `at` is in Unix seconds; `target` is path and query as sent, beginning with "/"; `duration_ms` as the log's server
    measured it. `line` is its line (or entry) in the file, from 1. `host` is the host that the client asked for (lower
    case, no port), `client` what the log knows it by: its key's id, else its address.
    """

    at: float | None
    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = field(default=None, repr=False)
    status: int | None = None
    duration_ms: float | None = None
    line: int = 0
    host: str = ""
    client: str = ""
