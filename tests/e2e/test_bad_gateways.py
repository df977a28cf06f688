"""Gateways that hang, lie, die or shout: each case gets its typed outcome, the run goes on, the verdict is never GO."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.servers.command import ROOT, Done, arguments, cutover, environment, weighed
from tests.servers.hostile import BEHAVIOURS, Behaviour, HostileServer, Visit, gives, says
from tests.servers.plain import Answer, PlainServer
from tests.servers.process import free_ports
from tests.servers.tls import Authority

MOST_MEMORY = 400_000  # KiB
MOST_SECONDS = 25.0
JSON = "Content-Type: application/json"
BIG = "x" * 90_000

NAME, CONNECT, TLS = "name not resolved", "connection failed", "TLS failed"
BEFORE, IN_BODY, RESET = "timeout before headers", "timeout in body", "connection reset"
PROTOCOL, LARGE = "protocol error", "too large"


@dataclass(frozen=True, slots=True)
class Row:
    """A way to misbehave. `trouble` is why there is no answer, "" where there is one.

    `words` are in the reasons, or in a difference's place and kind, whichever side misbehaves. The other side always answers `{}` in JSON.
    """

    path: str
    trouble: str
    words: str
    behaviour: Behaviour | None = None

    @property
    def on_new(self) -> str:
        """What a case is worth whose new side does this: old answers as ever, so it is a failure."""
        return "FAIL"

    @property
    def on_old(self) -> str:
        """What a case is worth whose old side does this: without an answer there is nothing to compare with."""
        return "ERROR" if self.trouble else "FAIL"

    @property
    def on_both(self) -> str:
        """What a case is worth where both do this: the same bytes are the same answer, no answer proves nothing."""
        return "ERROR" if self.trouble else "PASS"


def _json(body: bytes) -> Behaviour:
    return gives(body, JSON)


def _redirects(visit: Visit) -> None:
    """Send the caller somewhere else, which is on the same machine and would tell (`?port`)."""
    visit.answer(b"", f"Location: http://127.0.0.1:{visit.seen.target.partition('?')[2]}/stolen", status="302 Found")


def _storm(codes: Sequence[int], times: int) -> Behaviour:
    """Return a behaviour that sends interim answers, then what was asked for, with one header too many."""
    storm = b"".join(b"HTTP/1.1 %d Wait\r\n\r\n" % code for code in codes) * times
    return says(storm + b"HTTP/1.1 200 OK\r\nX-After: storm\r\nContent-Length: 2\r\n\r\n{}", close=False)


OWN = "/redirect-loop"
ROWS = [
    Row("/hang", BEFORE, "timed out"),
    Row("/hang-in-headers", BEFORE, "timed out"),
    Row("/hang-in-body", IN_BODY, "timed out"),
    Row("/slow-drip", IN_BODY, "timed out"),
    Row("/reset", RESET, "reset by peer"),
    Row("/reset-in-body", RESET, "reset by peer"),
    Row("/empty-reply", RESET, "Empty reply"),
    Row("/too-short", PROTOCOL, "90 bytes missing"),
    Row("/too-long", "", "body"),
    Row("/two-lengths", PROTOCOL, "Content-Length"),
    Row("/negative-length", PROTOCOL, "Content-Length"),
    Row("/declared-huge", LARGE, "beyond the limit"),
    Row("/endless", LARGE, "beyond the limit"),
    Row("/endless-chunked", LARGE, "beyond the limit"),
    Row("/endless-headers", PROTOCOL, "Too many response headers"),
    Row("/endless-header", PROTOCOL, "too large"),
    Row("/endless-interim", PROTOCOL, "Too many response headers"),
    Row("/endless-status", PROTOCOL, "too large"),
    Row("/1000-headers", "", "header:x-0"),
    Row("/6000-headers", PROTOCOL, "Too many response headers"),
    Row("/nul-in-header", PROTOCOL, "NUL byte"),
    Row("/no-colon", PROTOCOL, "without colon"),
    Row("/http-0.9", PROTOCOL, ""),
    Row("/garbage", PROTOCOL, ""),
    Row("/huge-cookie", "", "header:set-cookie", gives(b"{}", JSON, f"Set-Cookie: sid={BIG}; Path=/")),
    Row("/cookie-bomb", "", "set-cookie", gives(b"{}", JSON, *(f"Set-Cookie: c{n}={'y' * 100}" for n in range(900)))),
    Row("/big-header", "", "header:x-big", gives(b"{}", JSON, f"X-Big: {BIG}")),
    Row("/megabyte-header", PROTOCOL, "too large", gives(b"{}", JSON, f"X-Big: {'x' * 1_000_000}")),
    Row("/redirect-elsewhere", "", "status", _redirects),
    Row(OWN, "", "status", says(b"HTTP/1.1 302 Found\r\nLocation: /redirect-loop\r\nContent-Length: 0\r\n\r\n", close=False)),
    Row("/interim-only", RESET, "Empty reply"),
    Row("/interim-storm", "", "header:x-after", _storm((100, 102, 103), 300)),
    Row("/status-000", PROTOCOL, "", says(b"HTTP/1.1 000 No\r\nContent-Length: 2\r\n\r\n{}")),
    Row("/status-text", PROTOCOL, "", says(b"HTTP/1.1 OK 200\r\nContent-Length: 2\r\n\r\n{}")),
    Row("/bad-chunk", PROTOCOL, "chunk"),
    Row("/cut-chunk", PROTOCOL, "outstanding"),
    Row("/huge-chunk", PROTOCOL, "", says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}")),
    Row("/cut-gzip", "", "body: another format"),
    Row("/corrupt-gzip", "", "body: another format"),
    Row("/not-gzip", "", "body: another format"),
    Row("/zstd", "", "body: another format"),
    Row("/unknown-coding", "", "header:content-encoding", gives(b"{}", JSON, "Content-Encoding: x-rot13")),
    Row("/many-codings", "", "content-encoding", gives(b"{}", JSON, "Content-Encoding: " + ", ".join(["gzip"] * 200))),
    Row("/gzip-bomb", "", "body: another format"),
    Row("/bad-json", "", "body: another format"),
    Row("/bad-utf-8", "", "body: another format"),
    Row("/deep-json", "", "body: another format"),
    Row("/deep-object", "", "body", _json(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)),
    Row("/huge-number", "", "body:$.n"),
    Row("/tiny-number", "", "body:$.n", _json(b'{"n": -1e-10000000}')),
    Row("/long-integer", "", "body:$.n"),
    Row("/nan", "", "body: another format", _json(b'{"n": NaN, "m": -Infinity}')),
    Row("/twice", "", "body", _json(b'{"a": 1, "a": 2, "__proto__": 1}')),
    Row("/surrogates", "", "body:$", _json(b'{"lone \\udc00": "\\ud800 and \\ud83d\\ude00"}')),
    Row("/nul", "", "body:$", _json(b'{"\\u0000": "a\\u0000b\\u001b[2J"}')),
    Row("/bom", "", "body", _json(b"\xef\xbb\xbf{}")),
    Row("/utf-16", "", "body", _json('{"a": 1}'.encode("utf-16"))),
    Row("/nothing", "", "body", _json(b"")),
]  # fmt: skip
MORE = {row.path: row.behaviour for row in ROWS if row.behaviour is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A whole run over all rows, with what it took."""

    done: Done
    seconds: float
    memory: int
    rounds: dict[str, dict[str, Any]]


def _scenario(folder: Path, old: str, new: str, cases: str, more: str = "", limits: str = "") -> Path:
    file = folder / "s.yaml"
    file.write_text(
        f"version: 1\nname: bad gateways\nold: {{kind: generic, url: '{old}'{more}}}\n"
        f"new: {{kind: generic, url: '{new}'{more}}}\nlimits: {{rate: 10000, concurrency: 32, timeout: 1500ms{limits}}}\n"
        f"cases:\n{cases}",
        encoding="utf-8",
    )
    return file


def _all_cases(port: int) -> str:
    """Every bad case with a good one before it."""
    targets = [f"{row.path}?{port}" if row.path == "/redirect-elsewhere" else row.path for row in ROWS]
    return "".join(
        f"  - {{name: good {index}, request: GET /ok?{index}}}\n  - {{name: '{row.path}', request: 'GET {target}'}}\n"
        for index, (row, target) in enumerate(zip(ROWS, targets, strict=True))
    )


def _measured(file: Path, folder: Path) -> Outcome:
    """Rehearse as a child whose own memory is known."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(
            weighed(arguments("rehearse", file), folder / "memory"),
            cwd=folder,
            env={**environment(), "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
        )
        child.wait()
        out.seek(0)
        said = out.read().decode()
    done = Done(code=child.returncode, out=said, err="", runs=folder / "cutover-runs")
    assert done.code not in {3, 4}, said[-3000:]
    rounds = {event["case"]: event["pairs"][0] for event in done.rounds()}
    assert len(rounds) == len(done.rounds())
    return Outcome(
        done=done, seconds=time.monotonic() - began, memory=int((folder / "memory").read_text()), rounds=rounds
    )


@pytest.fixture(scope="module")
def bad_on(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcome]:
    """Return a function that gives the run in which that side, or "both", misbehaves; each is made once."""
    made: dict[str, Outcome] = {}

    def run(side: str) -> Outcome:
        if side not in made:
            folder = tmp_path_factory.mktemp(side)
            with PlainServer(lambda _: Answer()) as trap, HostileServer(MORE) as bad, ExitStack() as stack:
                good = PlainServer(lambda _: Answer()) if side != "both" else HostileServer(MORE)
                stack.enter_context(good)
                old, new = (bad.url, good.url) if side == "old" else (good.url, bad.url)
                port = int(trap.url.rpartition(":")[2])
                made[side] = _measured(_scenario(folder, old, new, _all_cases(port)), folder)
                assert trap.asked == [], "a redirect was followed"
                noise = 2 if side == "old" else 1
                assert sum(seen.path == OWN for seen in bad.seen) == noise, "a redirect to itself was followed"
        return made[side]

    return run


SIDES = ("new", "old", "both")


@pytest.mark.parametrize("side", SIDES)
def test_the_run_goes_on(bad_on: Callable[[str], Outcome], side: str) -> None:
    run = bad_on(side)
    assert sorted(run.rounds) == sorted([row.path for row in ROWS] + [f"good {index}" for index in range(len(ROWS))])
    wrong = {name: pair for name, pair in run.rounds.items() if name.startswith("good") and pair["outcome"] != "PASS"}
    assert not wrong
    assert run.done.code == (5 if side == "both" else 1)
    assert run.done.report["verdict"] == ("HOLD" if side == "both" else "NO-GO")
    assert "Traceback" not in run.done.out
    assert run.seconds < MOST_SECONDS
    assert run.memory < MOST_MEMORY


@pytest.mark.parametrize("side", ["new", "old"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path[1:])
def test_one_side_misbehaves(bad_on: Callable[[str], Outcome], row: Row, side: str) -> None:
    pair = bad_on(side).rounds[row.path]
    assert pair["outcome"] == (row.on_new if side == "new" else row.on_old), pair
    assert pair[side].get("trouble", "") == row.trouble, pair[side]
    told = [*pair["why"], *(f"{one['at']} {one['kind']}" for one in pair.get("differences", ()))]
    assert row.words.lower() in "\n".join(told).lower()
    assert row.trouble in "\n".join(pair["why"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path[1:])
def test_both_sides_misbehave_alike(bad_on: Callable[[str], Outcome], row: Row) -> None:
    """A client of either gets the same bytes: faithful, however odd. No answer from either: nothing was shown."""
    pair = bad_on("both").rounds[row.path]
    assert pair["outcome"] == row.on_both, pair
    assert {pair["old"].get("trouble", ""), pair["new"].get("trouble", "")} == {row.trouble}


def test_every_case_is_told(bad_on: Callable[[str], Outcome]) -> None:
    """Findings count the cases: none is lost between the journal and the reader."""
    report = bad_on("new").done.report
    suite = report["suites"]["parity"]
    assert (suite["outcome"], suite["passed"], suite["failed"]) == ("FAIL", len(ROWS), len(ROWS))
    old = bad_on("old").done.report["suites"]["parity"]
    assert old["errors"] == sum(row.on_old == "ERROR" for row in ROWS)
    both = bad_on("both").done.report["suites"]["parity"]
    assert (both["errors"], both["failed"]) == (sum(row.on_both == "ERROR" for row in ROWS), 0)


def test_nothing_endless_is_kept(bad_on: Callable[[str], Outcome]) -> None:
    """What a hostile side sends does not fill the disk of whoever rehearses."""
    for side in SIDES:
        run = bad_on(side).done.run
        assert sum(path.stat().st_size for path in run.rglob("*") if path.is_file()) < 30_000_000


def test_alike_but_for_one_byte(tmp_path: Path) -> None:
    """Two bodies that nobody can read are equal only where their bytes are."""
    broken = {
        "/json": b'{"a": 1,',
        "/utf-8": b'{"a": "\xff"}',
        "/deep": b"[" * 50_000,
        "/gzip": b"\x1f\x8b\x08nonsense",
    }

    def other(body: bytes) -> Behaviour:
        return gives(body[:-1] + b"\xfe", JSON)

    cases = "".join(f"  - {{name: '{path}', request: GET {path}}}\n" for path in broken)
    with (
        HostileServer({path: gives(body, JSON) for path, body in broken.items()}) as old,
        HostileServer({path: other(body) for path, body in broken.items()}) as new,
    ):
        done = cutover("rehearse", _scenario(tmp_path, old.url, new.url, cases), cwd=tmp_path)
    assert done.code == 1
    assert {event["case"]: event["pairs"][0]["outcome"] for event in done.rounds()} == dict.fromkeys(broken, "FAIL")


def _one_bad(folder: Path, bad: str, side: str, more: str = "") -> tuple[Done, list[dict[str, Any]]]:
    """Rehearse two cases with `bad` as the URL of that side; return the pairs."""
    with PlainServer(lambda _: Answer()) as good:
        urls = {side: bad, "new" if side == "old" else "old": good.url}
        cases = "  - {name: a, request: GET /a}\n  - {name: b, request: GET /b}\n"
        done = cutover("rehearse", _scenario(folder, urls["old"], urls["new"], cases, more), cwd=folder)
    assert done.code == (1 if side == "new" else 5), done.out + done.err
    assert done.report["verdict"] == ("NO-GO" if side == "new" else "HOLD")
    pairs = [event["pairs"][0] for event in done.rounds()]
    assert [pair["outcome"] for pair in pairs] == ["FAIL" if side == "new" else "ERROR"] * 2
    return done, pairs


@pytest.mark.parametrize("side", ["new", "old"])
def test_down(tmp_path: Path, side: str) -> None:
    _, pairs = _one_bad(tmp_path, f"http://127.0.0.1:{free_ports(1)[0]}", side)
    assert {pair[side]["trouble"] for pair in pairs} == {CONNECT}


@pytest.mark.parametrize("side", ["new", "old"])
def test_no_such_name(tmp_path: Path, side: str) -> None:
    _, pairs = _one_bad(tmp_path, "http://gateway.invalid:1", side)
    assert {pair[side]["trouble"] for pair in pairs} == {NAME}


@pytest.mark.parametrize("side", ["new", "old"])
def test_plain_where_tls_is_expected(tmp_path: Path, side: str) -> None:
    with PlainServer(lambda _: Answer()) as plain:
        _, pairs = _one_bad(tmp_path, plain.url.replace("http:", "https:"), side)
    assert {pair[side]["trouble"] for pair in pairs} == {TLS}


def test_tls_where_plain_is_expected(tmp_path: Path, authority: Authority) -> None:
    with HostileServer(tls=authority.certificate("127.0.0.1")) as secure:
        _, pairs = _one_bad(tmp_path, secure.url.replace("https:", "http:"), "new")
    assert {pair["new"]["trouble"] for pair in pairs} <= {RESET, PROTOCOL}


def test_certificate_of_nobody_known(tmp_path: Path, authority: Authority) -> None:
    with HostileServer(tls=authority.certificate("127.0.0.1")) as secure:
        _, pairs = _one_bad(tmp_path, secure.url, "new")
    assert {pair["new"]["trouble"] for pair in pairs} == {TLS}


def test_both_down(tmp_path: Path) -> None:
    """Two gateways that say nothing agree about nothing."""
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    done = cutover("rehearse", _scenario(tmp_path, url, url, "  - {name: a, request: GET /a}\n"), cwd=tmp_path)
    assert (done.code, done.report["verdict"]) == (5, "HOLD")


def test_switches_protocols_unasked(tmp_path: Path) -> None:
    """Alone in its run: libcurl keeps the connection, and whichever case comes next on it fails as well."""
    switch = says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n\x00\x00\x00\x04\x00")
    with HostileServer({"/a": switch, "/b": switch}) as bad:
        _, pairs = _one_bad(tmp_path, bad.url, "new")
    assert {pair["new"]["trouble"] for pair in pairs} <= {PROTOCOL, RESET}


def test_the_table_knows_every_trouble_of_the_server() -> None:
    """A behaviour that is added to the server is looked at here too, unless it is no trouble."""
    fine = {
        "/ok", "/echo", "/slow", "/drip", "/dies-on-reuse", "/resets-on-reuse", "/until-close", "/duplicates", "/folded",
        "/no-reason", "/odd-reason", "/latin-1", "/bare-line-feeds", "/http-1.0", "/redirect", "/continue",
        "/early-hints", "/trailers", "/chunked", "/gzip", "/deflate", "/raw-deflate",
    }  # fmt: skip
    assert set(BEHAVIOURS) == {row.path for row in ROWS if row.behaviour is None} | fine
