"""A load written down for another Locust: no secret in it, and it sends what was planned."""

import json
import os
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.load.export import export
from harness.load.managed import configuration
from harness.load.placeholders import NotSaid, Placeholders
from harness.model.errors import ScenarioError, UsageError
from harness.model.secret import Secret
from tests.servers.plain import Answer, PlainServer
from tests.unit.load.scenario_text import HEAD, scenario

MIXED = "mix: {list: 3, list again: 1, make: 1}, as: [partner, clerk]"
PROFILE = "profile: {rate: 50, for: 2m}"


def written(folder: Path, section: str, *, head: str = HEAD) -> dict[str, str]:
    return {path.name: path.read_text() for path in export(scenario(folder, section, head=head), folder / "out")}


def test_all_that_another_locust_needs_is_written(tmp_path: Path) -> None:
    files = written(tmp_path, f"{{{PROFILE}, warm_up: 10s, {MIXED}}}")
    assert list(files) == ["locustfile.py", "profile.json", "requirements.txt", "load-test.yaml", "README.txt"]
    child = Path(__file__).parents[3] / "harness/load/child.py"
    assert files["locustfile.py"] == child.read_text()
    assert files["requirements.txt"] == f"locust=={version('locust')}\nhdrhistogram=={version('hdrhistogram')}\n"
    assert "export NEW_KEY=…" in files["README.txt"]


def test_no_secret_is_written(tmp_path: Path) -> None:
    files = written(tmp_path, f"{{{PROFILE}, {MIXED}}}")
    assert "hush" not in "".join(files.values())
    requests = json.loads(files["profile.json"])["requests"]
    assert ["x-api-key", "${env:OLD_KEY}"] in requests[0]["old"]["headers"]
    assert ["Ocp-Apim-Subscription-Key", "${env:NEW_KEY}"] in requests[0]["new"]["headers"]
    assert ["Authorization", "Bearer ${env:TOKEN}"] in requests[1]["old"]["headers"]


def test_the_same_scenario_gives_the_same_files(tmp_path: Path) -> None:
    found = scenario(tmp_path, f"{{{PROFILE}}}")
    first = {path.name: path.read_bytes() for path in export(found, tmp_path / "a")}
    assert {path.name: path.read_bytes() for path in export(found, tmp_path / "b")} == first


@pytest.mark.parametrize(
    ("caller", "said"),
    [
        ("basic", "'list' is sent as basic, whose basic credential cannot be exported"),
        ("file", "'list' cannot be exported: its request to old holds ${file:key.txt}"),
        ("plain", "'list' cannot be exported: its request to old holds credential plain"),
        ("asked", "'list' cannot be exported: its request to old holds ${env:ODD} (encoded"),
    ],
)
def test_what_is_no_variable_of_the_environment_cannot_be_exported(tmp_path: Path, caller: str, said: str) -> None:
    more = "  plain: {both: {header: {x-api-key: written-hush}}}\n  asked: {both: {query: {key: '${env:ODD}'}}}\n"
    with pytest.raises(ScenarioError) as raised:
        written(tmp_path, f"{{{PROFILE}, as: {caller}}}", head=HEAD.replace("cases:", f"{more}cases:"))
    problem = raised.value.problems[0]
    assert said in problem.message
    assert "hush" not in str(raised.value)
    assert (problem.file.name, problem.line) == ("orders.yaml", 19)
    assert "${env:TOKEN}" in problem.hint


def test_files_that_are_there_are_left_alone(tmp_path: Path) -> None:
    found = scenario(tmp_path)
    (tmp_path / "profile.json").write_text("mine")
    with pytest.raises(UsageError, match=r"has profile\.json already"):
        export(found, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name == "locustfile.py"] == []
    assert len(export(found, tmp_path, force=True)) == 5
    assert (tmp_path / "profile.json").read_text() != "mine"
    with pytest.raises(UsageError, match="cannot be written"):
        export(found, tmp_path / "orders.yaml" / "below")


def config(folder: Path, section: str) -> tuple[dict[str, Any], str]:
    text = written(folder, section)["load-test.yaml"]
    found: dict[str, Any] = yaml.safe_load(text)
    return found, text


def test_the_managed_test_is_configured_as_documented(tmp_path: Path) -> None:
    thresholds = (
        "[p95 <= 800ms, max <= 1.5s, errors <= 0.5%, p95 <= old * 1.2, p99 <= 900ms of GET /orders, p99.9 <= 2s]"
    )
    found, text = config(tmp_path, f"{{{PROFILE}, warm_up: 10s, {MIXED}, thresholds: {thresholds}}}")
    assert found == {
        "version": "v0.1",
        "testId": "orders",
        "displayName": "Orders",
        "testType": "Locust",
        "testPlan": "locustfile.py",
        "configurationFiles": ["profile.json", "requirements.txt"],
        "engineInstances": 1,
        "env": [
            {"name": "LOCUST_USERS", "value": "1"},
            {"name": "LOCUST_SPAWN_RATE", "value": "1"},
            {"name": "LOCUST_RUN_TIME", "value": "225"},
        ],
        "secrets": [
            {"name": name, "value": f"https://YOUR-VAULT.vault.azure.net/secrets/{name.replace('_', '-')}"}
            for name in ("OLD_KEY", "NEW_KEY", "TOKEN", "SKU")
        ],
        "failureCriteria": [
            "p95(response_time_ms) > 800",
            "max(response_time_ms) > 1500",
            "percentage(error) > 0.5",
            {"GET /orders": "p99(response_time_ms) > 900"},
        ],
        "autoStop": {"errorPercentage": 50, "timeWindow": 60},
    }
    assert "#   p95 <= old * 1.2\n#   p99.9 <= 2s\n" in text


def test_a_test_without_secrets_or_criteria_is_sound(tmp_path: Path) -> None:
    found, text = config(tmp_path, f"{{{PROFILE}, mix: {{health: 1}}}}")
    assert not {"secrets", "failureCriteria"} & set(found)
    assert "#   errors <= old + 0.1pp" in text


@pytest.mark.parametrize("name", ["Ü", 'a "quoted": {name} #1', "x" * 200, "yes"])
def test_any_name_makes_a_sound_id(tmp_path: Path, name: str) -> None:
    head = HEAD.replace("name: Orders\n", f"name: {json.dumps(name)}\n")
    found = yaml.safe_load(configuration(scenario(tmp_path, head=head), files=(), names=(), seconds=1.0))
    assert found["displayName"] == name[:100]
    assert isinstance(found["testId"], str)
    assert 2 <= len(found["testId"]) <= 50


def secrets(**values: str) -> list[Secret]:
    return [Secret(value=value, label=f"${{env:{name}}}") for name, value in values.items()]


def test_the_longest_secret_is_named_first() -> None:
    named = Placeholders(secrets(A="abc", B="abcdef"))
    assert named.text("x abcdef abc y") == "x ${env:B} ${env:A} y"
    assert list(named.names) == ["B", "A"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a ${env:A}", "literally"),
        ("x file-secret", "${file:x}"),
        ("k=a%26b", "encoded"),
        ('{"k": "q\\"uote"}', "encoded"),
    ],
)
def test_what_cannot_be_named_is_refused(text: str, said: str) -> None:
    named = Placeholders([*secrets(A="a&b", Q='q"uote'), Secret(value="file-secret", label="${file:x}")])
    with pytest.raises(NotSaid) as raised:
        named.text(text)
    assert said in str(raised.value)


def test_an_exported_load_runs_by_itself(tmp_path: Path) -> None:
    """Under a bare Locust, from the files alone, with the secrets of that environment: all that was planned is sent."""
    with PlainServer(lambda _: Answer()) as old, PlainServer(lambda _: Answer(status=404)) as new:
        head = HEAD.replace("http://127.0.0.1:8081", old.url).replace("http://127.0.0.1:8082", new.url)
        section = "{profile: {rate: 25, for: 2s}, warm_up: 200ms, mix: {list: 3, make: 1}, as: partner}"
        locustfile, *_ = export(scenario(tmp_path, section, head=head), tmp_path / "out")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "CUTOVER_"))}
        done = subprocess.run(
            [sys.executable, "-m", "locust", "-f", locustfile.name, "--headless"],
            cwd=locustfile.parent,
            env=environ | {"OLD_KEY": "other-old", "NEW_KEY": "other-new", "SKU": "Ä2"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode in {0, 1}, done.stderr  # 1: requests failed, as they were to
    assert {one.headers.get("x-api-key") for one in old.asked} == {"other-old"}
    assert {one.headers.get("Ocp-Apim-Subscription-Key") for one in new.asked} == {"other-new"}
    assert len(old.asked) == len(new.asked) == 55
    assert {one.target for one in new.asked} == {"/shop/orders?limit=10", "/shop/orders"}
    assert {json.loads(one.body)["sku"] for one in old.asked if one.method == "POST"} == {"Ä2"}
    lines = [json.loads(line) for line in (locustfile.parent / "cutover-load.jsonl").read_text().splitlines()]
    assert lines[-1]["why"] == "finished"
    sent: Counter[str] = Counter()
    for line in lines:
        for cell in line.get("cells", ()):
            sent[f"{cell['side']} {cell['slice'] >= 0}"] += cell["sent"]
    assert sent == {"old True": 50, "old False": 5, "new True": 50, "new False": 5}


def test_a_variable_that_is_missing_is_named(tmp_path: Path) -> None:
    locustfile, *_ = export(scenario(tmp_path, f"{{{PROFILE}, {MIXED}}}"), tmp_path / "out")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "CUTOVER_"))}
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", locustfile.name, "--headless"],
        cwd=locustfile.parent, env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "the environment variable" in done.stderr
    assert "is not set" in done.stderr
