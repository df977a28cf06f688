"""A survey is made once for all topics, whatever becomes of it."""

from typing import cast

import pytest

from harness.dns.suite import suite
from harness.dns.surveying import survey as asking
from harness.engine.tools import broken
from harness.model.check import Tools
from harness.model.outcome import Outcome
from tests.unit.dns.made_survey import view


def test_a_survey_that_breaks_is_not_made_again_for_each_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def break_(_dns: object, _tools: Tools) -> None:
        made.append("survey")
        raise MemoryError

    monkeypatch.setattr(asking, "surveys", break_)
    scenario = view().scenario
    found = []
    for check in suite(scenario):
        try:
            check.run(cast("Tools", None))  # nothing is asked
        except MemoryError as error:
            found.append(broken(check, error).outcome)
    assert made == ["survey"]
    assert len(found) > 10
    assert set(found) == {Outcome.ERROR.value}
