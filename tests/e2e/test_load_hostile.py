"""Answers that no gateway should give, under load: each is one request's trouble, told by its kind, and never a pass.

A worker serves hundreds of connections in one thread: an answer that it cannot get out of again would stop all of them,
and one that it keeps would fill the memory. So all of these are asked beside each other, in a single load.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.load.counts import Counts
from harness.load.process import Generator
from tests.servers.command import Done, cutover
from tests.servers.hostile import BEHAVIOURS, Behaviour, HostileServer, Visit, gives, says
from tests.servers.load_plans import plan, request
from tests.servers.loaded import LoadedServer, Reply

pytestmark = pytest.mark.alone

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"
LOST, MALFORMED, TIMEOUT = "connection lost", "malformed answer", "timeout"


def told(value: bytes) -> Behaviour:
    """Return an answer whose backend tells this time."""
    return says(OK + b"X-Backend: " + value + b"\r\n" + EMPTY, close=False)


def _many(visit: Visit) -> None:
    """Give a status and a reason of its own to each request: a status is a line of the report, a reason is not."""
    number = len(visit.seen.head) + visit.seen.connection * 7 + visit.seen.turn
    visit.send(b"HTTP/1.1 %d <b>%s\r\n" % (600 + number % 400, b"X" * number) + EMPTY)


MORE: dict[str, Behaviour] = {
    "/many": _many,
    "/another-protocol": says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n\0\1"),
    "/status-0": says(b"HTTP/1.1 000 X\r\n" + EMPTY),
    "/status-99": says(b"HTTP/1.1 099 X\r\n" + EMPTY),
    "/status-99999": says(b"HTTP/1.1 99999 X\r\n" + EMPTY),
    "/status-negative": says(b"HTTP/1.1 -20 X\r\n" + EMPTY),
    "/endless-chunk": says(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n"),
    "/chunked-and-length": says(OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nabc"),
    "/two-answers": says(b"HTTP/1.1 500 X\r\n" + EMPTY + OK + EMPTY, close=False),
    "/http-2": says(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"),
    "/204-with-a-body": says(b"HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\nabcde", close=False),
    "/bomb": gives(b"\x1f\x8b" + bytes(100_000), "Content-Encoding: gzip"),
    "/told-nan": told(b"NaN"),
    "/told-infinite": told(b"inf"),
    "/told-negative": told(b"-5"),
    "/told-1e999": told(b"1e999"),
    "/told-900-digits": told(b"9" * 900),
    "/told-text": told(b"soon <script>"),
    "/told-no-text": told(b"\xff\xfe\xe9"),
    "/told-twice": told(b"1\r\nX-Backend: 2"),
    "/told-at-length": told(b"9 " * 50_000),
    "/told": told(b"0.001"),
    "/escape": told(b"\x1b[2J"),
}

# Whether the connection is lost or the answer malformed depends on what of it has come before the reset.
CUT = frozenset({LOST, MALFORMED})
TOLD = {path: frozenset({"200"}) for path in MORE if path.startswith("/told")}
OUTCOMES: dict[str, frozenset[str]] = {
    **dict.fromkeys(("/empty-reply", "/reset", "/reset-in-body", "/status-0", "/status-99"), CUT),
    **dict.fromkeys(("/interim-only", "/too-short", "/cut-chunk"), CUT),
    **dict.fromkeys(("/hang", "/hang-in-headers", "/hang-in-body", "/slow-drip"), frozenset({TIMEOUT})),
    **dict.fromkeys(("/two-lengths", "/negative-length", "/declared-huge", "/too-long"), frozenset({MALFORMED})),
    **dict.fromkeys(("/endless-headers", "/endless-header", "/endless-interim"), CUT),
    **dict.fromkeys(("/endless-status", "/endless-chunk", "/bad-chunk"), CUT),
    **dict.fromkeys(("/nul-in-header", "/no-colon", "/http-0.9", "/garbage", "/http-2"), frozenset({MALFORMED})),
    **dict.fromkeys(("/another-protocol", "/status-99999", "/status-negative"), frozenset({MALFORMED})),
    **dict.fromkeys(("/chunked-and-length", "/two-answers", "/204-with-a-body"), frozenset({MALFORMED})),
    **dict.fromkeys(("/1000-headers", "/6000-headers", "/duplicates", "/latin-1"), frozenset({"200"})),
    **dict.fromkeys(("/no-reason", "/http-1.0", "/until-close", "/chunked"), frozenset({"200"})),
    **dict.fromkeys(("/trailers", "/early-hints", "/continue", "/drip"), frozenset({"200"})),
    **dict.fromkeys(("/corrupt-gzip", "/cut-gzip", "/not-gzip", "/bomb"), frozenset({"200"})),  # nobody decodes
    **dict.fromkeys(("/endless", "/endless-chunked"), frozenset({"too large"})),  # beyond `limits.body` nobody reads
    "/odd-reason": frozenset({"299"}),
    "/many": frozenset(map(str, range(600, 1000))),
    "/escape": frozenset({MALFORMED}),
    "/redirect": frozenset({"200"}),
    "/dies-on-reuse": frozenset({"200", LOST}),
    **TOLD,
}
SEED = 41  # one that draws every path at least once


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a load of hostile answers came to."""

    counts: Counts
    last: Mapping[str, object]
    memory: int
    trouble: str


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    """Ask old for an answer as it should be, and new for all the others."""
    with HostileServer(MORE) as server:
        paths = sorted(OUTCOMES)
        requests = [
            {"operation": at, "weight": 1.0, "old": request(f"{server.url}/ok"), "new": request(server.url + path)}
            for at, path in enumerate(paths)
        ]
        bounds: dict[str, Any] = {
            "timeout": 1.0,
            "body_limit": 200_000,
            "seed": SEED,
            "operations": paths,
            "requests": requests,
        }
        made = plan(server.url, rate=50, seconds=4, backend_header={"old": "", "new": "x-backend"}, **bounds)
        yield _sent(made)


def _sent(made: dict[str, Any]) -> Seen:
    counts, last, memory = Counts(made["operations"], made["slice"]), {}, 0
    with Generator(made, workers=1) as generator:
        while not generator.ended:
            for last in generator.lines(5.0):
                counts.add(last)
                memory = max(memory, _memory(generator.pid))
        trouble = generator.trouble
    return Seen(counts=counts, last=last, memory=memory, trouble=trouble)


def _memory(pid: int) -> int:
    """Return the most bytes that a process has held so far, 0 where nobody tells."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return 0


@pytest.mark.parametrize("path", sorted(OUTCOMES))
def test_each_answer_is_told_by_its_kind(path: str, seen: Seen) -> None:
    found = seen.counts.over("new", path)
    assert found.sent
    assert set(found.outcomes) <= OUTCOMES[path]
    assert found.errors == sum(many for one, many in found.outcomes.items() if not one.isdigit() or one >= "500")
    assert found.overhead.total == (found.sent if path == "/told" else 0)


def test_the_load_goes_on_beside_them_and_ends(seen: Seen) -> None:
    assert (seen.last["why"], seen.last["unsent"]) == ("finished", {"old": 0, "new": 0})
    assert seen.counts.over("old").outcomes == {"200": 200}
    assert seen.counts.over("new").sent == 200
    assert seen.trouble == ""
    assert seen.memory < 150_000_000


SCENARIO = """\
version: 1
name: Load of hostile servers
old: {{kind: generic, url: "{old}"}}
new: {{kind: generic, url: "{new}"}}
limits: {{timeout: 1s, body: 100KB}}
cases:
  - {{name: list, request: GET {path}}}
load:
  profile: {{rate: 40, for: 2s}}
  abort_at: 100%
  warm_up: 0s
  backend_time: x-backend
  thresholds: [p50 <= old * 1.2, errors <= old + 0.1pp, throughput >= 95% of planned]
gates: {{require: [load]}}
"""


def _rehearsed(folder: Path, path: str) -> Done:
    with LoadedServer(behave=lambda _: Reply(body=b"{}")) as old, HostileServer(MORE) as new:
        file = folder / "hostile.yaml"
        file.write_text(SCENARIO.format(old=old.url, new=new.url, path=path))
        return cutover("rehearse", file, "--suite", "load", cwd=folder)


THROUGH = ("/interim-only", "/reset", "/slow-drip", "/told-text", "/endless-headers", "/garbage", "/many")


@pytest.mark.skipif(not os.environ.get("WHOLE_CATALOGUE"), reason="long; `make soak` runs it")
@pytest.mark.parametrize("path", THROUGH)
def test_no_gateway_passes_by_answers_that_are_none(path: str, tmp_path: Path) -> None:
    done = _rehearsed(tmp_path, path)
    assert done.code in {1, 5}, done.out + done.err
    report = done.report
    assert report["load"]["state"] == "finished"
    outcomes = {one["text"]: one["outcome"] for one in report["load"]["thresholds"]}
    if OUTCOMES[path] <= {LOST, MALFORMED, TIMEOUT}:
        assert outcomes["errors <= old + 0.1pp"] == "FAIL"
        assert outcomes["p50 <= old * 1.2"] != "PASS"
    assert b"\x1b[2J" not in done.out.encode() + (done.run / "report.html").read_bytes()


def test_the_catalogue_has_a_row_here_or_is_no_answer_at_all() -> None:
    """A behaviour that is added to the server is asked here, too."""
    others = {path for path in BEHAVIOURS if path not in OUTCOMES}
    assert others == {
        "/ok", "/echo", "/slow", "/resets-on-reuse", "/folded", "/bare-line-feeds", "/gzip", "/deflate",
        "/raw-deflate", "/zstd", "/gzip-bomb", "/bad-json", "/bad-utf-8", "/deep-json", "/huge-number", "/long-integer",
    }  # fmt: skip
