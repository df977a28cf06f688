"""What the documents say is so: links lead somewhere, scenarios load, verbs and columns exist, the map stays short."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path

import pytest

from harness.cli.main import VERBS, main
from harness.dns.entries import ORDER
from harness.dns.topics import JUDGES, LOOKS
from harness.model.probe import Group
from harness.model.series import Absence
from harness.model.switch import Mechanism
from harness.scenario.callers import AUTHORIZATION
from harness.scenario.load import load
from harness.scenario.schema import json_schema
from harness.scenario.thresholds import DEFAULTS, check_for_load, parse
from harness.scenario.types import Scenario
from harness.security.matrix import columns
from harness.security.suite import suite
from tests.servers.tls import Authority

ROOT = Path(__file__).resolve().parent.parent.parent
SECURITY = ROOT / "docs" / "security.md"
LOAD = ROOT / "docs" / "load.md"
DNS = ROOT / "docs" / "dns.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [target for target in targets if "://" not in target and not (page.parent / target).exists()]


def test_the_scenario_of_the_readme_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD_PARTNER_KEY", "an old key")
    monkeypatch.setenv("NEW_PARTNER_KEY", "a new key")
    (text,) = (block for block in blocks(ROOT / "README.md", "yaml") if block.startswith("version: 1"))
    file = tmp_path / "orders.yaml"
    file.write_text(text, encoding="utf-8")
    assert len(load(file, sets={}).cases) == 3


def test_the_parts_of_the_guide_make_one_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD_PARTNER_KEY", "an old key")
    monkeypatch.setenv("NEW_PARTNER_KEY", "a new key")
    (tmp_path / "clerk.token").write_text("a-token-of-the-clerk")
    (tmp_path / "company-ca.pem").write_text("")
    file = tmp_path / "orders.yaml"
    file.write_text("\n".join(blocks(ROOT / "docs" / "guide.md", "yaml")), encoding="utf-8")
    scenario = load(file, sets={"stage": "test"})
    assert scenario.old.url.endswith("/test")
    assert [case.name for case in scenario.cases] == ["list orders", "order life cycle"]


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """Return the scenario that the parts of docs/security.md make, with the keys that it asks for."""
    page = SECURITY.read_text(encoding="utf-8")
    for name in re.findall(r"\$\{env:(\w+)\}", page):
        monkeypatch.setenv(name, f"a value of {name}")
    authority = Authority(tmp_path)
    shutil.copy(authority.ca_file, tmp_path / "test-ca.pem")
    (tmp_path / "test-ca.key").write_bytes(authority.key_pem())
    (tmp_path / "issuer.pem").write_bytes(authority.key_pem())
    shutil.copy(authority.ca_file, tmp_path / "issuer.jwks")  # a certificate's key does as well
    machine = authority.certificate("machine.example", client=True)
    shutil.copy(machine.cert, tmp_path / "machine.pem")
    shutil.copy(machine.key, tmp_path / "machine.key")
    (tmp_path / "courier.token").write_text("a-token-of-the-courier")
    file = tmp_path / "orders.yaml"
    file.write_text("\n".join(blocks(SECURITY, "yaml")), encoding="utf-8")
    return load(file, sets={})


def cells_in(page: Path) -> dict[str, list[str]]:
    """Return what stands in backticks in the first cells of each table, by the heading before it."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        for row in re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE):
            found.setdefault(heading, []).extend(re.findall(r"`([^`]+)`", row))
    return found


def test_the_parts_of_the_security_page_make_one_scenario(secured: Scenario) -> None:
    made = suite(secured)
    assert made.cases
    assert made.checks
    kinds = {type(one).__name__ for identity in secured.identities.values() for one in identity.old + identity.new}
    assert len(kinds) == len(AUTHORIZATION) + 2, (
        "every kind but entra, which is an oauth2, and header, query, client_cert"
    )


def test_the_keys_of_the_section_are_all_explained() -> None:
    known = json_schema()["$defs"]["security"]["properties"]
    assert sorted(cells_in(SECURITY)["The section, key by key"]) == sorted(known)


def test_the_columns_of_callers_are_all_explained() -> None:
    (told,) = (cells for heading, cells in cells_in(SECURITY).items() if heading.startswith("Who gets in"))
    assert sorted(told) == sorted(columns())


@pytest.mark.parametrize("heading", ["What else is there: `surface`", "Pages in browsers: `CORS`", "TLS"])
def test_the_other_columns_that_are_told_are_asked(heading: str, secured: Scenario) -> None:
    made = suite(secured)
    asked = {one.probe.column for one in made.cases if one.probe}
    asked |= {check.info.probe.column for check in made.checks if check.info.probe}
    told = cells_in(SECURITY)[heading]
    assert told
    missing = [column for column in told if not any(fnmatchcase(one, f"{column}*") for one in asked)]
    assert not missing


def test_the_groups_are_named_as_require_takes_them() -> None:
    text = SECURITY.read_text(encoding="utf-8")
    assert not [group.value for group in Group if f"`{group.value}`" not in text]


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file with the scenario that the parts of docs/load.md make, and the log that its profiles name."""
    for name in re.findall(r"\$\{env:(\w+)\}", LOAD.read_text(encoding="utf-8")):
        monkeypatch.setenv(name, f"a value of {name}")
    (tmp_path / "access.log").write_text('10.0.0.1 - - [20/Nov/2026:10:00:00 +0000] "GET /orders HTTP/1.1" 200 1\n')
    file = tmp_path / "orders.yaml"
    file.write_text("\n".join(blocks(LOAD, "yaml")), encoding="utf-8")
    return file


def test_the_parts_of_the_load_page_make_one_scenario(loaded: Path) -> None:
    scenario = load(loaded, sets={})
    assert scenario.load is not None
    assert len(scenario.load.thresholds) == 6
    assert len(scenario.controls) == 2


def test_each_profile_that_is_told_loads(loaded: Path) -> None:
    told = cells_in(LOAD)["Profiles"]
    text = loaded.read_text(encoding="utf-8")
    assert len(told) > 5
    for profile in told:
        for bound in ("max_rate: 50", "max_requests: 10000", "warm_up: 10s"):
            text = text.replace(f"  {bound}\n", "")
        loaded.write_text(text.replace("{rate: 50, for: 2m}", profile, 1), encoding="utf-8")
        assert load(loaded, sets={}).load


def test_each_threshold_that_is_told_is_one() -> None:
    told = cells_in(LOAD)["Thresholds"] + cells_in(LOAD)["How many requests"]
    assert len(told) > 15
    for text in told:
        check_for_load(parse(text))
    assert {one.text for one in DEFAULTS} <= set(told)


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("load", "The section, key by key"),
        ("aws_control", "Monitoring as the third arm: `control`"),
        ("azure_control", "Monitoring as the third arm: `control`"),
    ],
)
def test_the_keys_of_a_load_are_all_explained(name: str, heading: str) -> None:
    known = set(json_schema()["$defs"][name]["properties"])
    told = set(cells_in(LOAD)[heading])
    assert known <= told
    assert name != "load" or told == known


def test_the_keys_of_a_profile_are_all_explained() -> None:
    (text,) = re.findall(r"^## Profiles\n(.*?)^## ", LOAD.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    known = [f"{name}:" for name in json_schema()["$defs"]["load_profile"]["properties"]]
    assert not [key for key in known if key not in text]


def test_all_ways_of_telling_nothing_are_named() -> None:
    text = " ".join(LOAD.read_text(encoding="utf-8").split())
    assert not [absence.value for absence in Absence if f"*{absence.value}*" not in text]


def test_the_keys_of_the_load_in_the_json_report_are_all_explained() -> None:
    report = json.loads((ROOT / "tests" / "golden" / "load" / "report.json").read_text(encoding="utf-8"))
    part = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8").partition("## The load in `report.json`\n")[2]
    told = set(re.findall(r"`(\w+)`", part.partition("\n## ")[0]))
    assert set(keys_of(report["load"])) <= told
    assert {absence.name.lower() for absence in Absence} <= told


def keys_of(value: object) -> Iterator[str]:
    """Yield the keys of a report; not those that are names of its own (statuses, cases, workers)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in {"outcomes", "mix", "per_worker", "facts"}:
                yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


@pytest.mark.parametrize("verb", VERBS)
def test_expressions_in_help_and_documents_are_such(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    shown = capsys.readouterr().out.splitlines()
    shown += [line for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()]
    for line in shown:
        words = shlex.split(line, comments=True) if " -k " in line and "[-k" not in line else []
        for before, expression in pairwise(words):
            if before == "-k":
                assert re.fullmatch(r"(not )?[\w/.-]+( (and|or) (not )?[\w/.-]+)*", expression), (
                    "blanks between words need an operator"
                )


def test_the_verbs_that_are_shown_exist() -> None:
    shown = {
        verb
        for page in PAGES
        for block in [*blocks(page, "sh"), *re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))]
        for verb in re.findall(r"^\s*cutover ([a-z]+)", block, re.MULTILINE)
    }
    assert shown
    assert shown <= VERBS.keys()


def test_the_map_stays_short() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 80


def test_the_rooms_on_the_map_are_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\| `([a-z_/.]+)` \|", text, re.MULTILINE)
    assert rooms
    assert not [room for room in rooms if not (ROOT / "harness" / room).exists()]


@pytest.fixture
def named(tmp_path: Path) -> Scenario:
    """Return the scenario that the parts of docs/dns.md make."""
    file = tmp_path / "orders.yaml"
    file.write_text("\n".join(blocks(DNS, "yaml")), encoding="utf-8")
    return load(file, sets={})


def test_the_parts_of_the_dns_page_make_one_scenario(named: Scenario) -> None:
    assert named.dns is not None
    assert [move.name for move in named.dns.moves] == ["api.example.com"]
    assert [one.name for one in named.dns.resolvers] == ["office", "branch"]


def test_the_keys_of_a_name_that_moves_are_all_explained() -> None:
    known = json_schema()["$defs"]["dns"]["properties"]
    assert sorted(cells_in(DNS)["The section, key by key"]) == sorted(known)


def test_each_check_of_a_name_is_explained() -> None:
    part = DNS.read_text(encoding="utf-8").partition("## What is asked, and what fails it\n")[2].partition("\n## ")[0]
    _, _, *rows = re.findall(r"^\|([^|]*)\|", part, re.MULTILINE)
    assert [row.strip() for row in rows] == [topic for topic in ORDER if topic in {*JUDGES, *LOOKS}]


def test_each_mechanism_is_explained() -> None:
    (told,) = (cells for heading, cells in cells_in(DNS).items() if heading.startswith("What moves the callers"))
    assert not [one.value for one in Mechanism if not any(one.value in cell for cell in told)]
