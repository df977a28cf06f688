"""Plans for the load generator, and a run of one from its first line to its last."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.load.counts import Counts
from harness.load.process import CHILD, Generator

Line = dict[str, Any]


def side(url: str, **more: str) -> Line:
    """Return one side of a plan."""
    return {"url": url, "connect_to": "", "ca": "", "proxy": "", "cert": "", "key": "", **more}


def request(url: str, *, method: str = "GET", body: bytes = b"", ok: list[int] | None = None, token: str = "") -> Line:
    """Return one request to one side."""
    headers = [["Accept", "*/*"], *([["Authorization", f"Bearer {token}"]] if token else [])]
    return {"method": method, "url": url, "headers": headers, "body": base64.b64encode(body).decode(), "ok": ok}


def plan(old: str, new: str = "", *, rate: float = 100.0, seconds: float = 1.0, **more: Any) -> Line:
    """Return a plan of GET /orders at a constant rate; `more` takes the place of what is here."""
    new = new or old
    one = {"operation": 0, "weight": 1.0, "old": request(f"{old}/orders"), "new": request(f"{new}/orders")}
    made = {
        "schema": 1, "sides": {"old": side(old), "new": side(new)}, "segments": [[rate, rate, seconds]], "arrivals": [],
        "poisson": False, "warm_up": 0.0, "order": "interleaved", "seed": 7, "workers": 1, "timeout": 5.0,
        "body_limit": 1_000_000, "max_in_flight": 512, "max_requests": 100_000, "abort_at": 1.0, "slice": 1.0,
        "operations": ["GET /orders"], "requests": [one], "backend_header": {"old": "", "new": ""},
    }  # fmt: skip
    return {**made, **more}


def ran(
    made: Line,
    *,
    workers: int = 1,
    file: Path = CHILD,
    seen: Callable[[Generator, Line], None] = lambda _generator, _line: None,
) -> tuple[Counts, Line]:
    """Send a plan; return what was counted and the last line. `seen` is called for each line."""
    counts, last = Counts(made["operations"], made["slice"]), {}
    with Generator(made, workers=workers, file=file) as generator:
        while not generator.ended:
            for line in generator.lines(5.0):
                counts.add(line)
                seen(generator, line)
                last = line
    assert last["type"] == "ended", last
    return counts, last
