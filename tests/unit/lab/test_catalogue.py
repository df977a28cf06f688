"""The catalogue of defects holds together, and the demo scenario knows its cases."""

from collections import Counter
from pathlib import Path

from harness.lab.catalogue import DEFECTS, SUITES, listing
from harness.scenario.load import load
from harness.scenario.types import Scenario

ROOT = Path(__file__).resolve().parents[3]
PARITY = [defect for defect in DEFECTS if defect.suite == "parity"]
SECURITY = [defect for defect in DEFECTS if defect.suite == "security"]
LOAD = [defect for defect in DEFECTS if defect.suite == "load"]
FAMILIES = {"routing", "headers", "status", "body", "auth", "cache", "time", "limits", "flaky", "harmless"}
GUARDS = {
    "key", "token", "signature", "certificate", "clients", "surface", "cors", "headers", "waf", "doors", "limits", "tls",
    "harmless",
}  # fmt: skip
LOADED = {"slower", "unsteady", "failing", "harmless"}
PLACES = ("status", "response", "body", "header:", "time:first_byte")
SEEN = ("status", "decision", "header:", "body", "raw", "limits", "port ", "tls:")


def _demo() -> Scenario:
    return load(ROOT / "scenarios" / "demo.yaml", environ={})


def test_names_are_unique_and_families_covered() -> None:
    assert max(Counter(defect.name for defect in DEFECTS).values()) == 1
    assert {defect.family for defect in PARITY} == FAMILIES
    assert {defect.family for defect in SECURITY} == GUARDS
    assert sum(not defect.harmless for defect in PARITY) >= 34
    assert sum(defect.harmless for defect in PARITY) == 3
    assert sum(not defect.harmless for defect in SECURITY) >= 40
    assert sum(defect.harmless for defect in SECURITY) >= 3
    assert {defect.family for defect in LOAD} == LOADED
    assert sum(not defect.harmless for defect in LOAD) >= 12
    assert sum(defect.harmless for defect in LOAD) >= 4


def test_each_defect_names_a_case_of_the_demo_and_a_place() -> None:
    names = {case.name for case in _demo().cases}
    for defect in PARITY:
        assert defect.case in names, defect.name
        assert defect.at.startswith(PLACES), defect.name


def test_each_security_defect_names_a_place() -> None:
    assert {defect.suite for defect in DEFECTS} == set(SUITES)
    for defect in SECURITY:
        assert ": " in defect.case, defect.name
        assert defect.at.startswith(SEEN), defect.name


def test_each_defect_of_a_load_names_a_threshold_of_the_example() -> None:
    section = load(ROOT / "scenarios" / "load.yaml", environ={}).load
    assert section is not None
    thresholds = {one.text: one.measured for one in section.thresholds}
    for defect in LOAD:
        assert defect.at.partition(":")[0] == thresholds[defect.case], defect.name


def test_each_defect_says_what_it_does_and_what_it_models() -> None:
    for defect in DEFECTS:
        assert defect.does.endswith("."), defect.name
        assert defect.models.endswith("."), defect.name
        assert (defect.family == "harmless") == defect.harmless, defect.name


def test_each_defect_changes_something() -> None:
    for defect in DEFECTS:
        assert defect.front or defect.back or defect.backend or defect.settings, defect.name


def test_the_listing_has_what_readers_need() -> None:
    keys = ["name", "family", "suite", "case", "at", "harmless", "does", "models"]
    assert [list(row) for row in listing(*SUITES)] == [keys] * len(DEFECTS)
    assert {row["suite"] for row in listing()} == {"parity"}
    assert {row["suite"] for row in listing("security")} == {"security"}
    assert {row["suite"] for row in listing("load")} == {"load"}


def test_the_demo_runs_its_unsafe_cases() -> None:
    cases = _demo().cases
    assert all(case.safe or case.unsafe == "run" for case in cases)
    assert len(cases) >= 40
