"""`control`: which API or service monitoring is read of, and with whose keys."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from harness.model.side import Side
from harness.scenario.control import AwsControl, AzureControl
from harness.scenario.credential import SigV4Credential
from harness.scenario.load import load
from harness.scenario.schema import json_schema
from harness.scenario.types import Scenario
from tests.unit.scenario.broken_load import API, RESOURCE
from tests.unit.scenario.broken_row import CASE, NEW, OLD, TOP

ROLE = "arn:aws:iam::123456789012:role/migration"
ENVIRON = {"SECRET": "secret-canary", "SESSION": "session-canary", "TOKEN": "token-canary"}


def read(folder: Path, side: str, *, place: str = "old") -> Scenario:
    """Load a scenario whose side `place` is of this text."""
    whole = TOP.replace(OLD if place == "old" else NEW, f"{place}: {{{side}}}\n") + CASE
    file = folder / "scenario.yaml"
    file.write_text(whole)
    jsonschema.Draft202012Validator(json_schema()).validate(yaml.safe_load(whole))
    return load(file, environ=ENVIRON)


@pytest.mark.parametrize(
    ("kind", "url", "control", "stage"),
    [
        ("aws-rest", f"{API}/prod", "{}", "prod"),
        ("aws-rest", f"{API}/prod/v1/", "{}", "prod"),
        ("aws-rest", API, "{stage: prod}", "prod"),
        ("aws-http", API, "{}", "$default"),
        ("aws-http", f"{API}/test", "{}", "test"),
        ("aws-rest", API.replace("a1b2c3d4e5", "a1b2c3d4e5-vpce-0123abcd") + "/prod", "{}", "prod"),
        ("aws-rest", "https://api.example.com", "{region: eu-west-1, api: a1b2c3d4e5, stage: prod}", "prod"),
        ("aws-rest", f"{API}/prod", "{region: eu-west-1, api: a1b2c3d4e5, stage: prod}", "prod"),
    ],
)
def test_the_url_tells_what_is_left_out(kind: str, url: str, control: str, stage: str, tmp_path: Path) -> None:
    found = read(tmp_path, f"kind: {kind}, url: '{url}', control: {control}").controls
    keys = SigV4Credential(region="eu-west-1")
    assert found == {Side.OLD: AwsControl(region="eu-west-1", api="a1b2c3d4e5", stage=stage, keys=keys)}


def test_keys_of_aws(tmp_path: Path) -> None:
    text = (
        f"kind: aws-rest, url: '{API}/prod', control: {{name: Orders API, endpoint: 'http://127.0.0.1:9/', access_key: ASIAX,"
        f' secret_key: "${{env:SECRET}}", session_token: "${{env:SESSION}}", role: "{ROLE}", external_id: x,'
        " sts_url: 'http://127.0.0.1:8/'}"
    )
    scenario = read(tmp_path, text)
    found = scenario.controls[Side.OLD]
    assert isinstance(found, AwsControl)
    assert (found.name, found.endpoint) == ("Orders API", "http://127.0.0.1:9")
    assert found.keys == SigV4Credential(
        region="eu-west-1",
        access_key="ASIAX",
        secret_key="secret-canary",
        session_token="session-canary",
        role=ROLE,
        external_id="x",
        sts_url="http://127.0.0.1:8",
    )
    assert {"secret-canary", "session-canary"} <= {secret.value for secret in scenario.secrets}
    assert "canary" not in repr(scenario)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("", {}),
        (', token: "${env:TOKEN}"', {"token": "token-canary"}),
        (
            ', tenant: contoso.com, client_id: c, client_secret: "${env:SECRET}"',
            {"tenant": "contoso.com", "client_id": "c", "client_secret": "secret-canary"},
        ),
        (", endpoint: 'http://127.0.0.1:9/'", {"endpoint": "http://127.0.0.1:9"}),
    ],
)
def test_azure(keys: str, expected: dict[str, str], tmp_path: Path) -> None:
    text = f"kind: azure-apim, url: 'https://api.example.com', control: {{resource: {RESOURCE}/{keys}}}"
    scenario = read(tmp_path, text, place="new")
    assert scenario.controls == {Side.NEW: AzureControl(resource=RESOURCE, **expected)}
    values = {secret.value for secret in scenario.secrets}
    assert {value for value in expected.values() if "canary" in value} <= values
    assert "canary" not in repr(scenario)


def test_secrets_that_are_written_out_are_hidden_too(tmp_path: Path) -> None:
    text = f"kind: azure-apim, url: 'https://api.example.com', control: {{resource: {RESOURCE}, token: plain-token}}"
    assert [secret.value for secret in read(tmp_path, text).secrets] == ["plain-token"]


def test_without(tmp_path: Path) -> None:
    assert read(tmp_path, "kind: generic, url: 'http://127.0.0.1:1'").controls == {}


def test_monitoring_makes_more_thresholds_possible(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(
        f"version: 1\nname: t\nold: {{kind: aws-rest, url: '{API}/prod', control: {{}}}}\n"
        f"new: {{kind: azure-apim, url: 'https://api.example.com', control: {{resource: {RESOURCE}}}}}\n{CASE}"
        "load:\n  profile: {rate: 1, for: 1m}\n  history: {last: 2w}\n"
        "  allow: [a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com, api.example.com]\n"
        "  thresholds: [p95 <= history * 1.5, capacity <= 60%]\n"
    )
    found = load(file, environ={}).load
    assert found is not None
    assert found.last == 14 * 86_400.0
    assert [threshold.text for threshold in found.thresholds] == ["p95 <= history * 1.5", "capacity <= 60%"]
