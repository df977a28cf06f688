"""`cutover dns watch` against nsd and unbound: a record is switched, and who answers which side is seen, in real time."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import main
from harness.journal.reader import read
from harness.model.event import Ended, Sighted, Watching
from tests.servers.command import ROOT, arguments, environment
from tests.servers.nsd import Nsd, zone_text
from tests.servers.process import HOST
from tests.servers.unbound import Unbound

pytestmark = [pytest.mark.server("nsd"), pytest.mark.server("unbound")]

ZONE, TEST_ZONE = "cutover.test", "rehearsal.test"
RECORDS = """
@ NS ns1
ns1 A 127.0.0.1
old A 127.0.0.8
new A 127.0.0.9
moved 1 CNAME new
still 1 CNAME old
astray 1 A 192.0.2.99
"""
CLAMP = 4


def _zone(target: str, serial: int) -> str:
    return zone_text(ZONE, f"{RECORDS}\napi 1 CNAME {target}\n", serial=serial, negative=1)


@dataclass(frozen=True, slots=True)
class Net:
    """One authority, a resolver that keeps to its TTLs, one that clamps them, and a port that never answers."""

    nsd: Nsd
    fast: Unbound
    slow: Unbound
    silent: int


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    test_zone = zone_text(TEST_ZONE, f"@ NS ns1\nns1 A 127.0.0.1\nstill 1 CNAME new.{ZONE}.", negative=1)
    with ExitStack() as stack:
        nsd = stack.enter_context(Nsd({ZONE: _zone("old", 1), TEST_ZONE: test_zone}))
        stubs = dict.fromkeys((ZONE, TEST_ZONE), f"{HOST}@{nsd.port}")
        fast = stack.enter_context(Unbound(stubs))
        slow = stack.enter_context(Unbound(stubs, options=[f"cache-min-ttl: {CLAMP}"]))
        silent = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        silent.bind((HOST, 0))
        yield Net(nsd, fast, slow, silent.getsockname()[1])


def _scenario(folder: Path, net: Net, *names: str, silent: bool = False, rehearse: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    asked = {"fast": net.fast.port, **({"10.0.0.53": net.silent} if silent else {"slow": net.slow.port})}
    resolvers = "\n".join(f'    - {{name: "{one}", address: {HOST}, port: {port}}}' for one, port in asked.items())
    file = folder / "moving.yaml"
    file.write_text(f"""
version: 1
name: a name that moves
old: {{kind: aws-rest, url: "http://127.0.0.8:9"}}
new: {{kind: azure-apim, url: "http://127.0.0.9:9"}}
cases: [{{name: health, request: GET /health}}]
gates: {{manual: [{{what: the firewall was reviewed, owner: netops}}]}}
dns:
  names: [{", ".join(f"{name}.{ZONE}" for name in names)}]
  from: old.{ZONE}
  to: new.{ZONE}
  resolvers:
{resolvers}
  authorities: {{{ZONE}: ["{HOST}:{net.nsd.port}"], {TEST_ZONE}: ["{HOST}:{net.nsd.port}"]}}
  timeout: 500ms
{f"  rehearse: {{zone: {TEST_ZONE}}}" if rehearse else ""}
""")
    return file


def _watch(file: Path, *options: str, until: str = "20s") -> subprocess.Popen[str]:
    line = arguments("dns", "watch", file.name, "--interval", "200ms", "--until", until, *options)
    env = {**environment(), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        line, cwd=file.parent, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )  # fmt: skip


def _wait_for(child: subprocess.Popen[str], words: str) -> None:
    assert child.stdout is not None
    told = []
    for line in child.stdout:
        told.append(line)
        if words in line:
            return
    raise AssertionError("".join(told))


def _run(folder: Path) -> Path:
    return max(path for path in (folder / "cutover-runs").iterdir() if not path.name.startswith("."))


def test_a_switched_record_is_seen_to_reach_every_resolver(net: Net, tmp_path: Path) -> None:
    file = _scenario(tmp_path, net, "api")
    child = _watch(file)
    _wait_for(child, ", look 1,")
    net.nsd.rewrite(ZONE, _zone("new", 2))
    out, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (0, "")
    assert "Every server that was asked answers the new side." in out

    run = _run(tmp_path)
    report = json.loads((run / "report.json").read_text())
    told = report["dns"]["propagation"]
    assert (report["verdict"], report["partial"], report["selection"]) == ("GO", True, "dns watch")
    assert told["shares"][0][1] == 0.0
    assert told["shares"][-1][1] == 1.0
    assert 0.5 in [share for _, share in told["shares"]], "the resolver that clamps is later"
    moved = {one["server"]: one["moved_at"] for one in told["resolvers"]}
    authority = next(name for name in moved if name.endswith("(authority)"))
    assert moved[authority] <= moved["fast"] < moved["slow"]
    by = {one["server"]: one for one in told["resolvers"]}
    assert [change[1] for change in by["slow"]["changes"]] == ["old", "new"]
    assert 1 < by["slow"]["remaining"] <= CLAMP
    assert by["fast"]["addresses"] == ["127.0.0.9"]

    page = (run / "report.html").read_text()
    assert "Who answered which side, and when" in page
    assert ": old, " in page
    assert "How they moved" in (run / "report.html").read_text()
    assert 'failures="0"' in (run / "junit.xml").read_text()
    _counts_down([event for _, event in read(run) if isinstance(event, Sighted)])
    before = {name: (run / name).read_bytes() for name in ("report.html", "report.json", "report.md", "junit.xml")}
    assert main(["report", str(run)]) == 0
    assert {name: (run / name).read_bytes() for name in before} == before


def _counts_down(looks: list[Sighted]) -> None:
    """What the clamping resolver has left of the old answer falls, and is journaled."""
    left = [one.ttl for look in looks for one in look.seen if one.server == "slow" and one.points.value == "old"]
    assert left[0] is not None
    assert left[-1] is not None
    assert left[0] > left[-1]


@pytest.fixture(scope="module")
def ended(net: Net, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, Path]]:
    """Watches whose end does not wait for anybody, side by side: exit code, output, folder of each."""
    folder = tmp_path_factory.mktemp("watches")
    files = {
        "held": _scenario(folder / "held", net, "still", "moved", silent=True),
        "lost": _scenario(folder / "lost", net, "astray", "gone"),
        "rehearsed": _scenario(folder / "rehearsed", net, "still", rehearse=True),
    }
    children = {
        name: _watch(file, *(["--rehearse", "--json"] if name == "rehearsed" else []), until="2s")
        for name, file in files.items()
    }
    out = {name: child.communicate(timeout=60)[0] for name, child in children.items()}
    return {name: (child.returncode, out[name], files[name].parent) for name, child in children.items()}


def _report(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((_run(folder) / "report.json").read_text())
    return report


def test_the_deadline_without_a_move_holds_and_a_silent_resolver_is_named(
    ended: dict[str, tuple[int, str, Path]],
) -> None:
    code, out, folder = ended["held"]
    report = _report(folder)
    assert (code, report["verdict"]) == (5, "HOLD")
    still, moved = (one["why"] for one in report["unproven"][:2])
    assert still.startswith("0 of 3 servers have moved; ")
    assert "fast still answers old (" in still
    assert moved == "2 of 3 servers have moved; 10.0.0.53 does not answer (no answer in time)"
    assert "The deadline came first: 4 of 6 had not moved, 10.0.0.53 never answered." in out
    assert "firewall" not in out, "what people sign off is no part of a watch"


def test_callers_that_reach_neither_side_are_a_no_go(ended: dict[str, tuple[int, str, Path]]) -> None:
    code, _, folder = ended["lost"]
    report = _report(folder)
    assert (code, report["verdict"]) == (1, "NO-GO")
    titles = [one["title"] for one in report["findings"]]
    assert f"fast leads astray.{ZONE} to neither side" in titles
    assert f"fast says that gone.{ZONE} leads nowhere" in titles


def test_a_rehearsal_in_the_test_zone_is_marked(ended: dict[str, tuple[int, str, Path]]) -> None:
    code, out, folder = ended["rehearsed"]
    told = json.loads(out)
    assert (code, told["verdict"], told["selection"]) == (0, "GO", "dns watch --rehearse")
    assert told["dns"]["propagation"]["names"] == [f"still.{TEST_ZONE}"]
    assert told["dns"]["propagation"]["rehearsal"] is True
    assert "rehearsal in a test zone" in (_run(folder) / "report.html").read_text()


def test_ctrl_c_keeps_all_that_was_seen(net: Net, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _scenario(tmp_path, net, "still", silent=True)
    child = _watch(file)
    _wait_for(child, "at fast: old")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (2, "")
    assert "The watch was ended early" in out
    run = _run(tmp_path)
    events = [event for _, event in read(run)]
    assert isinstance(events[-1], Ended)
    assert events[-1].state == "interrupted"
    assert any(isinstance(event, Watching) for event in events)
    assert any(isinstance(event, Sighted) for event in events)
    report = json.loads((run / "report.json").read_text())
    assert report["dns"]["propagation"]["looks"] >= 1
    assert report["verdict"] == "HOLD"
    assert main(["rehearse", "--resume", str(run), "--runs", str(run.parent)]) == 4
    assert "cannot be resumed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--deadline", "yesterday"], "no moment"),
        (["--deadline", "2020-01-01T00:00:00Z"], "this is over"),
        (["--interval", "0s"], "a duration of 0"),
        (["--until", "999h"], "not within"),
        (["--rehearse"], "no test zone to watch"),
    ],
)
def test_what_cannot_be_watched_is_told_before_anybody_is_asked(
    net: Net, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    file = _scenario(tmp_path, net, "api")
    assert main(["dns", "watch", str(file), "--runs", str(tmp_path / "runs"), *options]) == 4
    assert words in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
