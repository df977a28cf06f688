"""The lab as a process: it tells its ports, serves, and ends when it is told to or its parent is gone."""

import http.client
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from harness.lab.serve import Lab, LabConfig, LabError, LabPorts, parse_ports

COMMAND = [sys.executable, "-m", "harness.lab.serve", "--ports", "0"]


def _start(*more: str) -> tuple[subprocess.Popen[bytes], dict[str, object]]:
    child = subprocess.Popen([*COMMAND, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    return child, json.loads(child.stdout.readline())


def _end(child: subprocess.Popen[bytes]) -> int:
    try:
        return child.wait(5)
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            assert pipe is not None
            pipe.close()


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_told(number: signal.Signals) -> None:
    child, told = _start()
    assert told["old"] == f"http://127.0.0.1:{told['old_port']}/prod"
    child.send_signal(number)
    assert _end(child) == 0


def test_it_ends_with_its_parent_if_asked() -> None:
    child, _ = _start("--until-eof")
    assert child.stdin is not None
    child.stdin.close()
    assert _end(child) == 0


def test_it_stays_without_its_parent_unless_asked() -> None:
    child, _ = _start()
    assert child.stdin is not None
    child.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.5)
    child.terminate()
    assert _end(child) == 0


def test_all_three_answer_inside_the_block() -> None:
    with Lab() as ports:
        assert _status(ports.old, "/prod/health") == 200
        assert _status(ports.new, "/health") == 200
        assert _status(ports.backend, "/health") == 200
    with pytest.raises(OSError):  # noqa: PT011  refused, each system words it its own way
        _status(ports.new, "/health")


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match="cannot listen"), Lab(ports=(0, port, 0)):
            pass


def test_an_unknown_defect_is_told() -> None:
    with pytest.raises(LabError, match="no-such"), Lab("no-such"):
        pass


def test_the_folder_of_keys_goes_with_the_lab() -> None:
    with Lab() as ports:
        assert (Path(ports.files) / "issuer.pem").is_file()
        assert LabPorts.of(json.loads(ports.line())) == ports
    assert not Path(ports.files).exists()


@pytest.mark.parametrize(
    ("backend", "first"), [(8083, 8084), (9000, 9001), (0, 0), (65_535, 0), (65_530, 0), (65_528, 65_529)]
)
def test_the_other_ports_follow_the_backends(backend: int, first: int) -> None:
    doors = LabConfig(ports=(1, 2, backend)).doors
    assert doors == tuple(first + n if first else 0 for n in range(7))


@pytest.mark.parametrize(("text", "ports"), [("0", (0, 0, 0)), ("9000", (9000, 9001, 9002)), ("1,2,3", (1, 2, 3))])
def test_ports(text: str, ports: tuple[int, int, int]) -> None:
    assert parse_ports(text) == ports


@pytest.mark.parametrize("text", ["", "x", "1,2", "65535", "1,2,3,4", "-1"])
def test_bad_ports(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_ports(text)
