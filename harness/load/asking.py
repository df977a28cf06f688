"""Who asks what under load: each case of the mix as each caller, for both sides; presented anew while it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.credentials.trouble import CredentialUnavailable
from harness.load.mix import Shares
from harness.model.check import Tools
from harness.model.request import Headers, Request
from harness.model.side import Side
from harness.scenario.asking import plain_request
from harness.scenario.types import Case, Scenario


class NotPresented(Exception):  # noqa: N818  reads as a fact at the call site
    """A caller of the mix cannot be presented; the text says who and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A case of the mix as one caller ("" for nobody): the requests of both sides, before that caller is presented."""

    case: Case
    caller: str
    plain: Mapping[Side, Request]

    def presented(self, tools: Tools) -> dict[Side, Request]:
        """Return the requests as they are sent now; raises NotPresented."""
        return {side: self._presented(tools, request) for side, request in self.plain.items()}

    def _presented(self, tools: Tools, request: Request) -> Request:
        if not self.caller:
            return request
        try:
            return tools.present(self.caller, request)
        except CredentialUnavailable as missing:
            raise NotPresented(f"the credential of {self.caller} cannot be had: {missing.reason}") from None


def asked(scenario: Scenario, shares: Shares) -> list[Asked]:
    """Return what the load asks: each case of the mix, as the section's callers or as its own."""
    assert scenario.load is not None
    return [
        Asked(
            case=case,
            caller=caller,
            plain={side: plain_request(scenario, case.steps[0], side) for side in Side},
        )
        for case in scenario.cases
        if case.name in shares.weights
        for caller in scenario.load.callers or (case.steps[0].identity or "",)
    ]


def renewed(
    everything: Sequence[Asked], before: list[dict[Side, Request]], tools: Tools
) -> dict[str, dict[str, list[list[str]]]]:
    """Return the headers that have changed since `before`, by number and side, and take note of them there.

    Raises NotPresented where a caller's credential has come to its end.
    """
    changed: dict[str, dict[str, list[list[str]]]] = {}
    for number, one in enumerate(everything):
        now = one.presented(tools)
        for side, request in now.items():
            if request.headers != before[number][side].headers:
                changed.setdefault(str(number), {})[side.value] = _listed(request.headers)
        before[number] = now
    return changed


def _listed(headers: Headers) -> list[list[str]]:
    return [[name, value] for name, value in headers]
