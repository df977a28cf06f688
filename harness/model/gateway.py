"""Where each side is, how it is reached and how hard it may be used."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.model.side import Side

HttpVersion = Literal["1.1", "2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """One side's data plane.

    `url` is the text of the scenario, without a trailing slash; a request's target is the url's own
    path plus the request's path, verbatim. `connect_to` is "host:port". `proxy` is None for none
    (the environment's is never used unless the scenario says `proxy: environment`, kept as that word).
    """

    side: Side
    kind: str
    url: str
    connect_to: str | None = None
    ca_file: Path | None = None
    http: HttpVersion = "1.1"
    proxy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds per gateway, never exceeded: requests/s, requests in flight, seconds, bytes."""

    rate: float = 20.0
    concurrency: int = 8
    timeout: float = 35.0
    body: int = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMap:
    """The new side serves `match` (a glob over the old path, `**` crosses slashes) at `new`."""

    match: str
    new: str
