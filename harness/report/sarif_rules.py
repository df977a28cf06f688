"""Rules of report.sarif: what a finding is an instance of, told without the values of the single one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.model.difference import Cause
from harness.model.finding import CaseResult, Finding
from harness.model.outcome import Outcome, Severity
from harness.report.markdown_text import prose
from harness.report.text import short, visible

_NO_SLUG = re.compile(r"[^a-z0-9]+")

LEVEL = {Severity.CRITICAL: "error", Severity.MAJOR: "error", Severity.MINOR: "warning", Severity.INFO: "note"}
LEVEL_UNPROVEN = {Outcome.ERROR: "warning", Outcome.INCONCLUSIVE: "note"}

# Code-scanning pages read over 9 as critical, from 7 as high, from 4 as medium.
_OPEN = "9.8"
_SCORE = {Severity.CRITICAL: "8.0", Severity.MAJOR: "5.5", Severity.MINOR: "3.0", Severity.INFO: "0.5"}
_SCORE_UNPROVEN = "2.0"

_WEAKER = (
    "The new gateway lets through what the old one refuses, or what must be refused: who was kept out gets in.",
    "Close the door on the new side as the finding says, then rehearse again. Do not move traffic before.",
)
_DECIDED = (
    "The two gateways decide differently about the same request. Clients that are served now may be refused then.",
    "Make the new side decide as the old one does; or name the change in the scenario, with owner and date.",
)
_ANSWERED = (
    "The new gateway answers otherwise than the old one, and nothing in the scenario accounts for it.",
    "Make the new side answer as the old one does; or say in the case's `expect` or in a waiver that it may differ.",
)
_DIALECT = (
    "Both gateways say the same thing, each in its product's dialect, and the scenario is `strict`.",
    "Reword the new side's answer as the finding says, or do without `strict`.",
)
_LOADED = (
    "Under load the new gateway does not keep to a threshold of the scenario: slower, or failing more, than allowed.",
    "Find out what the new side does for the operation that is named, and load it again; or agree on another bound.",
)
_UNDECIDED = (
    "The load did not decide this: too few answers, or a measurement that does not hold. No data is never a pass.",
    "Read what it would need, and load both sides again.",
)
_UNPROVEN = (
    "This could not be judged: one of the sides gave no usable answer. No data is never a pass.",
    "Open the case in report.html, remove what was in the way, and rehearse again.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What results are instances of; `index` is its place in the file."""

    id: str
    index: int
    title: str
    told: str
    remedy: str
    level: str
    score: str
    tags: tuple[str, ...]

    def described(self) -> dict[str, Any]:
        """Return the rule as the file holds it."""
        properties: dict[str, Any] = {"tags": list(self.tags), "precision": "high"}
        if self.score:
            properties["security-severity"] = self.score
        else:
            properties["problem.severity"] = "recommendation" if self.level == "note" else self.level
        title, told = words(self.title), words(self.told)
        return {
            "id": self.id,
            "shortDescription": {"text": title},
            "fullDescription": {"text": told},
            "help": {
                "text": f"{told} {words(self.remedy)}",
                "markdown": f"{_formatted(self.told)}\n\n**What to do:** {braced(self.remedy)}",
            },
            "defaultConfiguration": {"level": self.level},
            "properties": properties,
        }


def rule_id(finding: Finding, case: CaseResult | None) -> str:
    """Return `suite/cause/what`: stable from run to run, and free of values."""
    unproven = finding.outcome is not Outcome.FAIL
    cause = "unproven" if unproven else finding.cause or "failed"
    probe = case.info.probe if case is not None else None
    if probe is not None:
        what = probe.column
    else:
        what = f"{finding.at.partition(':')[0]} {finding.kind if finding.at != 'status' else ''}"
    return "/".join(slug(part) for part in (finding.suite, cause, what))


def rule_of(finding: Finding, case: CaseResult | None, index: int) -> Rule:
    """Return the rule of a finding, which is the worst of those that share it."""
    unproven = finding.outcome is not Outcome.FAIL
    probe = case.info.probe if case is not None else None
    told, remedy = _texts(finding, secure=probe is not None)
    what = probe.column if probe is not None else f"{finding.at.partition(':')[0]} {finding.kind}".strip()
    secure = probe is not None or finding.suite == "security" or finding.cause == Cause.WEAKER.value
    tags = ("security", slug(probe.group.value)) if probe is not None else ("security",) if secure else _tags(finding)
    return Rule(
        id=rule_id(finding, case),
        index=index,
        title=f"{_head(finding)}: {short(what, 120)}",
        told=told,
        remedy=remedy,
        level=LEVEL_UNPROVEN[finding.outcome] if unproven else LEVEL[finding.severity],
        score=_score(finding) if secure else "",
        tags=tags,
    )


_HEAD: Mapping[str, str] = {
    "unproven": "Not proven",
    Cause.WEAKER.value: "Weaker than before",
    Cause.UNEXPLAINED.value: "Decided or answered otherwise",
    Cause.GATEWAY.value: "In the product's own words",
}


def _head(finding: Finding) -> str:
    if finding.outcome is not Outcome.FAIL:
        return _HEAD["unproven"]
    return "Not kept under load" if finding.suite == "load" else _HEAD.get(finding.cause, "Failed")


def _texts(finding: Finding, *, secure: bool) -> tuple[str, str]:
    if finding.outcome is not Outcome.FAIL:
        return _UNDECIDED if finding.suite == "load" else _UNPROVEN
    if finding.suite == "load":
        return _LOADED
    if finding.cause == Cause.WEAKER.value:
        return _WEAKER
    if finding.cause == Cause.GATEWAY.value:
        return _DIALECT
    return _DECIDED if secure else _ANSWERED


def _tags(finding: Finding) -> tuple[str, ...]:
    return ("performance",) if finding.suite == "load" else ("parity",)


def _score(finding: Finding) -> str:
    if finding.outcome is not Outcome.FAIL:
        return _SCORE_UNPROVEN
    return _OPEN if finding.cause == Cause.WEAKER.value else _SCORE[finding.severity]


def slug(text: str) -> str:
    """Return lower-case letters, digits and hyphens only; never empty."""
    return _NO_SLUG.sub("-", text.lower()[:200]).strip("-")[:60].strip("-") or "other"


def words(text: str) -> str:
    """Return plain words of a SARIF message: visible, no placeholder and no link of theirs; never empty."""
    return braced(visible(text).replace("](", "] (")).strip() or "(no words)"


def braced(text: str) -> str:
    """Return `text` with its braces doubled: a single pair would be a placeholder (SARIF 3.11.5)."""
    return text.replace("{", "{{").replace("}", "}}")


def _formatted(text: str) -> str:
    return braced(prose(text))
