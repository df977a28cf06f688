"""The scenarios that we hand out can be read, and say what they are meant to show."""

from pathlib import Path

from harness.scenario.load import load

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"
SECRETS = {name: f"{name.lower()}-value" for name in (
    "OLD_PARTNER_KEY", "NEW_PARTNER_KEY", "OLD_CLERK_TOKEN", "NEW_CLERK_TOKEN",
)}  # fmt: skip


def test_every_scenario_can_be_read() -> None:
    files = sorted(SCENARIOS.glob("*.yaml"))
    assert [file.stem for file in files] == ["aws-to-azure", "demo", "gateway-to-gateway"]
    for file in files:
        assert load(file, environ=SECRETS).cases


def test_the_worked_example_shows_what_it_is_there_for() -> None:
    scenario = load(SCENARIOS / "aws-to-azure.yaml", environ=SECRETS)
    assert scenario.new.connect_to
    assert scenario.waivers
    assert any(not gate.done for gate in scenario.gates.manual)
    assert {case.unsafe for case in scenario.cases} == {"", "run", "skip"}
    assert {secret.value for secret in scenario.secrets} >= set(SECRETS.values())


def test_the_readme_names_every_file() -> None:
    text = (SCENARIOS / "README.md").read_text()
    assert all(file.name in text for file in SCENARIOS.iterdir() if file.name != "README.md")
