"""The scenarios that we hand out can be read, and say what they are meant to show."""

from pathlib import Path

import pytest

from harness.lab import keys
from harness.scenario.load import load
from harness.scenario.moving import Route53Switch
from harness.scenario.schema import json_schema
from harness.scenario.types import Scenario

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"
SECRETS = {name: f"{name.lower()}-value" for name in (
    "OLD_PARTNER_KEY", "NEW_PARTNER_KEY", "OLD_CLERK_TOKEN", "NEW_CLERK_TOKEN",
)}  # fmt: skip


@pytest.fixture(scope="module")
def lab_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab-files")
    keys.make().write(folder)
    return folder


def _security(lab_files: Path) -> Scenario:
    return load(SCENARIOS / "security.yaml", environ={}, sets={"lab_files": str(lab_files)})


def test_every_scenario_can_be_read(lab_files: Path) -> None:
    files = sorted(SCENARIOS.glob("*.yaml"))
    assert [file.stem for file in files] == ["aws-to-azure", "demo", "dns", "gateway-to-gateway", "load", "security"]
    assert _security(lab_files).cases
    for file in files[:-1]:
        assert load(file, environ=SECRETS).cases


def test_the_security_example_uses_every_part_of_its_section(lab_files: Path) -> None:
    section = _security(lab_files).security
    assert section is not None
    parts = (
        section.identities, section.clients_change, section.hostile, section.cors.origins, section.direct,
        section.backend, section.closed, section.limits, section.public_key, section.client_ca, section.http,
    )  # fmt: skip
    assert all(parts)


def test_the_security_example_has_every_kind_of_credential_that_needs_no_cloud(lab_files: Path) -> None:
    callers = _security(lab_files).identities.values()
    kinds = {type(credential).__name__ for caller in callers for credential in (*caller.old, *caller.new)}
    assert kinds == {
        "HeaderCredential", "QueryCredential", "BasicCredential", "JwtCredential", "SigV4Credential",
        "CertificateCredential",
    }  # fmt: skip


def test_the_load_example_is_the_default_profile_and_can_be_sent_in_less_time() -> None:
    usual = load(SCENARIOS / "load.yaml", environ={}).load
    quick = load(SCENARIOS / "load.yaml", environ={}, sets={"rate": "300", "seconds": "20s"}).load
    assert usual is not None
    assert quick is not None
    for section, seconds in ((usual, 120), (quick, 20)):
        (segment,) = section.profile.segments
        assert segment.seconds == seconds
        assert segment.start == segment.end == 6_000 / seconds


def test_the_load_example_uses_what_a_load_says() -> None:
    scenario = load(SCENARIOS / "load.yaml", environ={})
    section = scenario.load
    assert section is not None
    assert {case.steps[0].method for case in scenario.cases} == {"GET", "POST"}
    assert set(section.mix.weights) == {case.name for case in scenario.cases}
    parts = (section.warm_up, section.callers, section.backend_time, len(section.thresholds) > 3)
    assert all(parts)


def test_the_dns_example_uses_what_the_section_says() -> None:
    section = load(SCENARIOS / "dns.yaml", environ={}).dns
    assert section is not None
    first, second = section.moves
    assert first.old.cname == second.old.alias
    assert first.new == second.new
    parts = (
        section.lowered_at,
        section.lowered_from,
        section.window,
        section.issuers,
        section.rehearse,
        section.resolvers,
    )
    assert all(parts)
    assert not section.public
    assert isinstance(section.switch, Route53Switch)


def test_the_dns_example_names_each_key() -> None:
    text = (SCENARIOS / "dns.yaml").read_text(encoding="utf-8")
    known = json_schema()["$defs"]["dns"]["properties"]
    assert not [key for key in known if f"{key}:" not in text]


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
