"""One survey for all checks of the suite: made when the first of them is run, told once, then judged topic by topic."""

import time
from dataclasses import dataclass, field, replace

from harness.dns.entries import SUITE
from harness.dns.facts import Survey, View
from harness.dns.switching.judge_switch import state_of
from harness.dns.times.timing import timing
from harness.dns.topics import JUDGES, LOOKS
from harness.model.check import Tools
from harness.model.event import CaseInfo, Checked, Surveyed
from harness.model.outcome import Outcome
from harness.model.switch import SwitchState
from harness.scenario.moving import Dns
from harness.scenario.types import Scenario

INTERRUPTED = "interrupted before it was seen to the end: run it again, or resume"


@dataclass(slots=True)
class Campaign:
    """The survey of a scenario's names."""

    scenario: Scenario
    _surveys: tuple[Survey, ...] = field(default=(), init=False)
    _broken: Exception | None = field(default=None, init=False)
    _once: dict[object, object] = field(default_factory=dict, init=False)

    def checked(self, tools: Tools, info: CaseInfo, move: int, topic: str) -> Checked:
        """Return what `topic` comes to for the name of this number."""
        if not self._surveys:
            self._survey_once(tools)
        survey = self._surveys[move]
        view = self._view(survey)
        found = JUDGES[topic](survey, view) if topic in JUDGES else LOOKS[topic](survey, view, tools)
        if survey.interrupted and not found.reasons:
            found.say(Outcome.INCONCLUSIVE, INTERRUPTED)
        return found.checked(info, SUITE)

    def _survey_once(self, tools: Tools) -> None:
        """Survey, but not again for each topic where that broke."""
        if self._broken is not None:
            raise self._broken
        try:
            self._survey(tools)
        except Exception as error:
            self._broken = error
            raise

    def _survey(self, tools: Tools) -> None:
        from harness.dns.surveying.survey import surveys  # noqa: PLC0415  brings dnspython, which planning has no use for

        self._surveys = tuple(self._with_switch(survey, tools) for survey in surveys(self._dns, tools))
        for survey in self._surveys:
            if survey.interrupted:
                continue  # who was not asked might hold the name for longer
            told = timing(survey, self._view(survey))
            within = self._dns.rollback_within
            tools.tell(Surveyed(at=time.time(), suite=SUITE, timing=told, rollback_within=within))

    def _with_switch(self, survey: Survey, tools: Tools) -> Survey:
        state = None if tools.stopping() else state_of(survey, self._view(survey), tools.hide)
        return replace(survey, switch=state) if isinstance(state, SwitchState) else survey

    @property
    def _dns(self) -> Dns:
        assert self.scenario.dns is not None  # else there is no check that could ask
        return self.scenario.dns

    def _view(self, survey: Survey) -> View:
        return View(scenario=self.scenario, dns=self._dns, move=survey.move, now=time.time(), once=self._once)
