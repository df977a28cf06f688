"""report.sarif holds what SARIF 2.1.0 and code-scanning pages ask for, whatever the words of a finding.

`_check` is written from the OASIS text: the properties that its objects must have, their types and values.
"""

import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from harness.decide.fold import fold
from harness.model.event import Ended
from harness.model.finding import Summary
from harness.model.outcome import Outcome, Severity, Verdict
from harness.report.sarif import MOST_RESULTS, relative_uri, render_sarif
from harness.report.sarif_rules import slug
from tests.bench.sample_run import make_run
from tests.golden.security_run import AT, HOSTILE, events

LEVELS = {"none", "note", "warning", "error"}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")
RELATIVE = re.compile(r"(?!/)(?:[A-Za-z0-9\-._~/!$&'()*+,;=@]|%[0-9A-F]{2})+\Z")


@pytest.fixture(scope="module")
def summary() -> Summary:
    return fold([*events(), Ended(at=AT + 9, state="finished")])


def _text(message: dict[str, Any]) -> None:
    assert set(message) <= {"text", "markdown"}
    for words in message.values():
        assert isinstance(words, str)
        assert words.strip()
        assert not re.search(r"(?<!\{)(?:\{\{)*\{(?!\{)", words), "a single brace is a placeholder"
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", words)
    assert "](" not in message["text"], "a link of theirs"


def _check(raw: bytes) -> dict[str, Any]:
    """Return the only run of a log that is as it must be."""
    log = msgspec.json.decode(raw)
    assert next(iter(log)) == "version"
    assert log["version"] == "2.1.0"
    assert len(raw) <= 10_000_000
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "cutover"
    rules = driver["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        _check_rule(rule)
    assert len(run["results"]) <= MOST_RESULTS
    for result in run["results"]:
        _check_result(result, rules)
    (invocation,) = run["invocations"]
    assert isinstance(invocation["executionSuccessful"], bool)
    assert isinstance(invocation["exitCode"], int)
    assert INSTANT.match(invocation["startTimeUtc"])
    assert INSTANT.match(invocation["endTimeUtc"])
    for notice in invocation["toolExecutionNotifications"]:
        assert notice["level"] in LEVELS
        _text(notice["message"])
    assert re.fullmatch(r"cutover/[^/]+/[^/]+/[^/]+", run["automationDetails"]["id"])
    found: dict[str, Any] = run
    return found


def _check_rule(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+/[a-z0-9-]+", rule["id"])
    for name in ("shortDescription", "fullDescription", "help"):
        _text(rule[name])
    assert "markdown" in rule["help"]
    assert rule["defaultConfiguration"]["level"] in LEVELS
    properties = rule["properties"]
    assert all(isinstance(tag, str) for tag in properties["tags"])
    assert len(properties["tags"]) == len(set(properties["tags"])) <= 20
    assert ("security-severity" in properties) == ("security" in properties["tags"])
    assert 0.0 <= float(properties.get("security-severity", "0.0")) <= 10.0


def _check_result(result: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["level"] in LEVELS
    _text(result["message"])
    assert all(isinstance(value, str) and value for value in result["partialFingerprints"].values())
    for location in (*result["locations"], *result.get("relatedLocations", ())):
        physical = location["physicalLocation"]
        assert RELATIVE.match(physical["artifactLocation"]["uri"])
        assert physical["region"]["startLine"] >= 1
    assert len(result["locations"]) == 1
    numbers = [location["id"] for location in result.get("relatedLocations", ())]
    assert len(numbers) == len(set(numbers)) <= 10


def test_a_security_run_is_told_at_the_lines_of_its_scenario(summary: Summary) -> None:
    run = _check(render_sarif(summary))
    first = run["results"][0]
    assert first["ruleId"] == "security/weaker/wrong-audience"
    assert first["level"] == "error"
    physical = first["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "scenarios/orders.yaml"
    assert physical["region"] == {"startLine": 12}
    assert [one["physicalLocation"]["region"]["startLine"] for one in first["relatedLocations"]] == [16]
    rule = run["tool"]["driver"]["rules"][first["ruleIndex"]]
    assert rule["properties"]["security-severity"] == "9.8"
    assert rule["properties"]["tags"] == ["security", "callers"]
    assert "What to do: `validate-jwt`" in first["message"]["text"]
    assert run["automationDetails"]["id"].startswith("cutover/Orders | security/staging/")


def test_what_was_set_aside_is_no_result_and_what_is_unproven_no_error(summary: Summary) -> None:
    results = _check(render_sarif(summary))["results"]
    assert len(results) == sum(finding.outcome is not Outcome.PASS for finding in summary.findings)
    unproven = [result for result in results if result["ruleId"].split("/")[1] == "unproven"]
    assert {result["level"] for result in unproven} == {"note"}


@pytest.mark.parametrize(
    ("outcome", "severity", "level"),
    [
        (Outcome.FAIL, Severity.CRITICAL, "error"),
        (Outcome.FAIL, Severity.MAJOR, "error"),
        (Outcome.FAIL, Severity.MINOR, "warning"),
        (Outcome.ERROR, Severity.MAJOR, "warning"),
        (Outcome.INCONCLUSIVE, Severity.MAJOR, "note"),
    ],
)
def test_levels(summary: Summary, outcome: Outcome, severity: Severity, level: str) -> None:
    finding = replace(summary.findings[0], outcome=outcome, severity=severity)
    (result,) = _check(render_sarif(replace(summary, findings=(finding,))))["results"]
    assert result["level"] == level


def test_a_parity_run_has_no_security_score() -> None:
    run = _check(render_sarif(fold(make_run(40, failing_every=5).events)))
    rules = run["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} == {
        "parity/unexplained/body-missing", "parity/unexplained/body-type", "parity/unexplained/header-value",
    }  # fmt: skip
    assert not any("security-severity" in rule["properties"] for rule in rules)


def test_an_empty_run_is_a_log_without_results(summary: Summary) -> None:
    bare = replace(summary, findings=(), cases=(), reasons=(), notes=())
    run = _check(render_sarif(bare))
    assert run["results"] == run["tool"]["driver"]["rules"] == []


@pytest.mark.parametrize(
    ("verdict", "state", "code"),
    [
        (Verdict.GO, "finished", 0),
        (Verdict.NO_GO, "finished", 1),
        (Verdict.ROLLBACK, "finished", 1),
        (Verdict.HOLD, "finished", 5),
        (Verdict.HOLD, "interrupted", 2),
        (Verdict.HOLD, "unfinished", 5),
    ],
)
def test_the_invocation_tells_the_exit_code(summary: Summary, verdict: Verdict, state: str, code: int) -> None:
    (invocation,) = _check(render_sarif(replace(summary, verdict=verdict, state=state)))["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (code, state == "finished")


WORDS = [
    HOSTILE,
    "",
    " ",
    "{0} {id} {{x}} }{",
    "[click](javascript:alert(1)) [a](0)",
    "lone \ud800 half",
    "\x1b[2J\x00\u202e\u2028",
    "a/b//../c",
    "x" * 100_000,
    "<img src=x onerror=alert(1)>",
]


@pytest.mark.parametrize("words", WORDS, ids=range(len(WORDS)))
def test_hostile_words_stay_words(summary: Summary, words: str) -> None:
    finding = replace(
        summary.findings[0], suite=words, title=words, at=words, kind=words, cause=words, case=words, operation=words,
        old=words, new=words, remedy=words, note=words, cases=(words, words), share=words, file=words, line=-3,
    )  # fmt: skip
    case = replace(summary.cases[2], suite=words, info=replace(summary.cases[2].info, name=words, file=words, line=0))
    assert case.info.probe is not None
    probed = replace(case, info=replace(case.info, probe=replace(case.info.probe, column=words, row=words)))
    for one in (case, probed):
        hostile = replace(
            summary, scenario=words, environment=words, run=words, version=words, state=words, reasons=(words,),
            notes=(words,), findings=(finding,), cases=(one,),
        )  # fmt: skip
        raw = render_sarif(hostile)
        assert len(_check(raw)["results"]) == 1
        assert len(raw) < 20_000
        assert render_sarif(hostile) == raw


def test_thirty_thousand_findings_stay_in_bounds_and_say_so(summary: Summary) -> None:
    many = tuple(replace(summary.findings[0], id=f"{number:012x}", cases=()) for number in range(30_000))
    run = _check(render_sarif(replace(summary, findings=many)))
    (invocation,) = run["invocations"]
    told = invocation["toolExecutionNotifications"][-1]["message"]["text"]
    assert 5_000 < len(run["results"]) <= MOST_RESULTS
    assert told.startswith(f"{30_000 - len(run['results']):,} more findings")


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("scenarios/orders.yaml", "scenarios/orders.yaml"),
        ("./orders.yaml", "orders.yaml"),
        ("a b/ü#?.yaml", "a%20b/%C3%BC%23%3F.yaml"),
        ("scenarios\\orders.yaml", "scenarios/orders.yaml"),
        ("/home/me/orders.yaml", "orders.yaml"),
        ("C:\\work\\orders.yaml", "orders.yaml"),
        ("../shared/orders.yaml", "orders.yaml"),
        ("..", "scenario.yaml"),
        ("", "scenario.yaml"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
    ],
)
def test_paths_are_relative(file: str, uri: str) -> None:
    assert relative_uri(file) == uri


def test_what_has_no_line_of_its_own_stands_in_the_scenario(summary: Summary) -> None:
    cases = tuple(replace(case, info=replace(case.info, file="", line=0)) for case in summary.cases)
    known = replace(cases[-1], info=replace(cases[-1].info, file="orders.yaml", line=7))
    for found, uri in (((*cases[:-1], known), "orders.yaml"), (cases, "scenario.yaml")):
        result = _check(render_sarif(replace(summary, cases=found)))["results"][0]
        physical = result["locations"][0]["physicalLocation"]
        assert (physical["artifactLocation"]["uri"], physical["region"]["startLine"]) == (uri, 1)


@pytest.mark.parametrize(
    ("text", "made"), [("alg: none", "alg-none"), ("", "other"), ("..;/", "other"), ("Ä b", "b"), ("x" * 99, "x" * 60)]
)
def test_slugs(text: str, made: str) -> None:
    assert slug(text) == made
