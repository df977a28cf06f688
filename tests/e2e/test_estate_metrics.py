"""`cutover estate metrics`: what monitoring tells, from whom, and what the exit code makes of it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import main
from tests.servers.azure_management import RESOURCE, AzureStandIn
from tests.servers.cloudwatch import CloudWatchStandIn
from tests.servers.command import cutover
from tests.servers.plain import Answer, PlainServer

KEY = "a-secret-key-that-nobody-sees"
TOKEN = "a-token-that-nobody-sees"
HOUR = 3600.0
END = time.time() // HOUR * HOUR
START = END - 24 * HOUR
SCENARIO = """\
version: 1
name: Orders
old:
  kind: aws-rest
  url: {gateway}
  control: {{region: eu-west-1, api: a1b2c3d4e5, stage: prod, access_key: AKIATESTTESTTESTTEST, secret_key: "${{env:KEY}}", endpoint: "{aws}"}}
new:
  kind: azure-apim
  url: {gateway}
  control: {{resource: "{resource}", token: "${{env:TOKEN}}", endpoint: "{azure}"}}
cases:
  - {{name: list, request: GET /orders}}
"""


def hourly(value: float, count: int = 24) -> list[tuple[float, float]]:
    return [(START + HOUR * hour, value) for hour in range(count)]


def cloudwatch(**more: Any) -> CloudWatchStandIn:
    samples = {"Count": hourly(50.0), "4XXError": hourly(1.0), "5XXError": hourly(0.0), "Latency": hourly(80.0)}
    deployments = [(START + 6 * HOUR, "d1f3", "weak etags")]
    return CloudWatchStandIn(**{"samples": samples, "deployments": deployments, **more})


def azure(**more: Any) -> AzureStandIn:
    values = {"Requests": hourly(10.0), "Duration": hourly(40.0), "Capacity": hourly(25.0)}
    return AzureStandIn(**{"values": values, "token": TOKEN, "tier": "Developer", **more})


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Return a function that serves both control planes and writes the scenario that names them."""
    monkeypatch.setenv("KEY", KEY)
    monkeypatch.setenv("TOKEN", TOKEN)
    with ExitStack() as stack:
        gateway = stack.enter_context(PlainServer(lambda asked: Answer()))

        def write(aws: Callable[..., Answer], new: Callable[..., Answer]) -> Path:
            urls = {
                name: stack.enter_context(PlainServer(behave)).url for name, behave in (("aws", aws), ("azure", new))
            }
            file = tmp_path / "orders.yaml"
            file.write_text(SCENARIO.format(gateway=gateway.url, resource=RESOURCE, **urls), encoding="utf-8")
            return file

        yield write
        assert not gateway.asked  # a gateway itself is never asked


def test_both_sides_are_told_and_plotted(stage: Callable[..., Path], tmp_path: Path) -> None:
    file = stage(cloudwatch(), azure())
    env = {"KEY": KEY, "TOKEN": TOKEN, "COLUMNS": "90"}
    done = cutover("estate", "metrics", file, "--last", "24h", cwd=tmp_path, env=env)
    assert (done.code, done.err) == (0, "")
    old, new = done.out.split("\nnew  ")
    assert "old  stage prod of API a1b2c3d4e5" in old
    assert "latency p95, at most 80 ms" in old
    assert "d1f3  weak etags" in old
    assert old.count("▲") == 2
    assert "service contoso" in new
    assert "tier: Developer" in new
    assert "Azure Monitor gives no percentiles" in new
    assert "capacity              25.0 %" in new
    assert KEY not in done.out
    assert TOKEN not in done.out
    assert not (tmp_path / "cutover-runs").exists()


def test_json_is_stable(stage: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    file = stage(cloudwatch(), azure())
    assert main(["estate", "metrics", str(file), "--last", "1d", "--json"]) == 0
    out = capsys.readouterr().out
    told = json.loads(out)
    assert list(told) == ["schema", "telemetry"]
    assert told["schema"] == 1
    old, new = told["telemetry"]
    assert [one["side"] for one in (old, new)] == ["old", "new"]
    assert set(old) == {
        "side", "what", "start", "end", "series", "deployments", "facts", "absence", "trouble",
    }  # fmt: skip
    p95 = next(one for one in old["series"] if (one["name"], one["statistic"]) == ("latency", "p95"))
    assert set(p95) == {"name", "statistic", "unit", "period", "points", "source", "absence", "note", "whole"}
    assert {value for _, value in p95["points"]} == {80.0}
    assert KEY not in out
    assert TOKEN not in out


def test_one_side_and_another_time(stage: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    watch = cloudwatch()
    file = stage(watch, azure())
    day = time.strftime("%Y-%m-%d", time.gmtime(END - 3 * 86_400))
    until = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(END - 86_400))
    assert main(["estate", "metrics", str(file), "--side", "old", "--from", day, "--to", until]) == 0
    assert "\nnew" not in capsys.readouterr().out
    assert watch.queries[0]["EndTime"] == END - 86_400


def test_a_side_that_refuses_leaves_the_other(stage: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    denied = {"GetMetricData": (403, "AccessDeniedException", f"{KEY} may not")}
    assert main(["estate", "metrics", str(stage(cloudwatch(refusing=denied), azure()))]) == 0
    out = capsys.readouterr().out
    assert "access denied: no metrics from CloudWatch in eu-west-1: AWS answered 403 (AccessDeniedException" in out
    assert KEY not in out


def test_nothing_read_is_an_error_with_its_reasons(
    stage: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    throttled = {"GetMetricData": (400, "ThrottlingException", "Rate exceeded")}
    file = stage(cloudwatch(refusing=throttled), azure(token="another-token-than-given"))
    assert main(["estate", "metrics", str(file)]) == 3
    said = capsys.readouterr().err
    assert "old: throttled by the service: " in said
    assert "new: access denied: 127.0.0.1:" in said
    assert "InvalidAuthenticationToken" in said
    assert TOKEN not in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--last", "week"], "'week' is no time"),
        (["--last", "7d", "--from", "2026-11-01"], "both --last and --from"),
        (["--from", "yesterday"], "'yesterday' is no date"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "--from comes before --to"),
        (["--to", "2999-01-01"], "lies in the future"),
        (["--last", "500d"], "for more than 455 days"),
        (["--side", "left"], "invalid choice"),
    ],
)
def test_a_wrong_command_line(
    options: list[str], words: str, stage: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file = stage(cloudwatch(), azure())
    try:
        code = main(["estate", "metrics", str(file), *options])
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == 4
    assert words in capsys.readouterr().err


def test_without_a_control_plane_the_error_says_what_to_add(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "orders.yaml"
    sides = "".join(f"{side}: {{kind: generic, url: 'http://127.0.0.1:9'}}\n" for side in ("old", "new"))
    file.write_text(f"version: 1\nname: x\n{sides}cases:\n  - {{name: a, request: GET /}}\n", encoding="utf-8")
    assert main(["estate", "metrics", str(file)]) == 4
    said = capsys.readouterr().err
    assert "neither `old` nor `new` has a `control` section" in said
    assert "control: {region: eu-west-1, api: a1b2c3d4e5, stage: prod}" in said


def test_a_machine_that_is_not_signed_in_is_told_so_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "orders.yaml"
    new = f"new: {{kind: azure-apim, url: 'http://127.0.0.1:9', control: {{resource: '{RESOURCE}'}}}}"
    text = f"version: 1\nname: x\nold: {{kind: generic, url: 'http://127.0.0.1:9'}}\n{new}\n"
    file.write_text(f"{text}cases:\n  - {{name: a, request: GET /}}\n", encoding="utf-8")
    gone = dict.fromkeys(("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "IDENTITY_ENDPOINT", "MSI_ENDPOINT"), "")
    env = {**gone, "PATH": str(tmp_path), "HOME": str(tmp_path)}
    done = cutover("estate", "metrics", file, cwd=tmp_path, env=env)
    assert done.code == 3
    (line,) = done.err.splitlines()
    assert line.startswith("cutover: new: access denied: no token for Azure: no Azure credential found")


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["estate", "metrics", "--help"])
    assert end.value.code == 0
    assert "cutover estate metrics orders.yaml --last 24h --side old" in capsys.readouterr().out
