"""What `cutover lab` prints leads to the lab that it started."""

import argparse

import pytest

from harness.cli.lab import _announce
from harness.lab.ports import LabPorts


@pytest.mark.parametrize(
    ("ports", "command"),
    [
        (LabPorts(old=8081, new=8082, backend=8083), "cutover rehearse scenarios/demo.yaml\n"),
        (
            LabPorts(old=40001, new=40002, backend=40003),
            "cutover rehearse scenarios/demo.yaml --set old_port=40001 --set new_port=40002\n",
        ),
    ],
)
def test_the_command_is_aimed_at_the_ports(ports: LabPorts, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    _announce(ports, argparse.Namespace(json=False, defect=[]))
    assert f"parity    {command}" in capsys.readouterr().out
