"""The catalogue of defects holds together, and the demo scenario knows its cases."""

from collections import Counter
from pathlib import Path

from harness.lab.catalogue import DEFECTS, listing
from harness.scenario.load import load
from harness.scenario.types import Scenario

ROOT = Path(__file__).resolve().parents[3]
FAMILIES = {"routing", "headers", "status", "body", "auth", "cache", "time", "limits", "flaky", "harmless"}
PLACES = ("status", "response", "body", "header:", "time:first_byte")


def _demo() -> Scenario:
    return load(ROOT / "scenarios" / "demo.yaml", environ={})


def test_names_are_unique_and_families_covered() -> None:
    assert max(Counter(defect.name for defect in DEFECTS).values()) == 1
    assert {defect.family for defect in DEFECTS} == FAMILIES
    assert sum(not defect.harmless for defect in DEFECTS) >= 34
    assert sum(defect.harmless for defect in DEFECTS) == 3


def test_each_defect_names_a_case_of_the_demo_and_a_place() -> None:
    names = {case.name for case in _demo().cases}
    for defect in DEFECTS:
        assert defect.case in names, defect.name
        assert defect.at.startswith(PLACES), defect.name
        assert defect.suite == "parity"
        assert defect.does.endswith(".")
        assert defect.models.endswith(".")


def test_each_defect_changes_something() -> None:
    for defect in DEFECTS:
        assert defect.front or defect.back or defect.settings, defect.name


def test_the_listing_has_what_readers_need() -> None:
    keys = ["name", "family", "suite", "case", "at", "harmless", "does", "models"]
    assert [list(row) for row in listing()] == [keys] * len(DEFECTS)


def test_the_demo_runs_its_unsafe_cases() -> None:
    cases = _demo().cases
    assert all(case.safe or case.unsafe == "run" for case in cases)
    assert len(cases) >= 40
