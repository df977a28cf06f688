"""What a command brings along: the libraries for names, clouds and load come in only where they are used."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.command import ROOT, environment
from tests.servers.plain import Answer, PlainServer

HEAVY = ("asyncio", "boto3", "botocore", "cryptography.x509", "dns", "httpx", "locust", "numpy", "scipy")
SIDE = {"kind": "generic", "url": "http://127.0.0.1:9"}
DNS = {"name": "api.example.com", "from": "old.example.net", "to": "new.example.net"}


def _brought(folder: Path, *args: str, code: int = 0) -> set[str]:
    """Run a command in a process of its own; return the heavy modules that it has loaded at its end."""
    script = (
        "import sys\nfrom harness.cli.main import main\n"
        "try: code = main(sys.argv[1:])\nexcept SystemExit as end: code = end.code or 0\n"
        f"print('\\nLOADED', code, *({HEAVY!r} & sys.modules.keys()))"
    ).replace(f"{HEAVY!r}", f"set({HEAVY!r})")
    done = subprocess.run(
        [sys.executable, "-c", script, *args],
        cwd=folder,
        env={**environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    found, *modules = done.stdout.rpartition("LOADED ")[2].split()
    assert int(found) == code, done.stdout + done.stderr
    return set(modules)


def _scenario(folder: Path, **more: object) -> str:
    given = {"version": 1, "name": "x", "old": SIDE, "new": SIDE, "cases": [{"name": "a", "request": "GET /"}], **more}
    (folder / "scenario.yaml").write_text(json.dumps(given))
    return "scenario.yaml"


@pytest.mark.parametrize("words", [["--help"], ["dns", "watch", "--help"], ["rehearse", "--help"], ["suites"]])
def test_help_brings_nothing(words: list[str], tmp_path: Path) -> None:
    assert _brought(tmp_path, *words) <= ({"asyncio", "dns"} if words[0] == "dns" else set())


@pytest.mark.parametrize("dns", [{}, {"dns": DNS}], ids=["without names", "with names"])
def test_a_plan_brings_nothing(dns: dict[str, object], tmp_path: Path) -> None:
    assert _brought(tmp_path, "plan", _scenario(tmp_path, **dns)) == set()


def test_a_rehearsal_without_names_asks_without_what_asks_for_names(tmp_path: Path) -> None:
    with PlainServer(lambda _: Answer()) as old, PlainServer(lambda _: Answer()) as new:
        sides = {"old": {**SIDE, "url": old.url}, "new": {**SIDE, "url": new.url}}
        assert not _brought(tmp_path, "rehearse", _scenario(tmp_path, **sides)) & {"asyncio", "dns", "httpx", "boto3"}
