"""Small things that all checks of this suite use."""

import socket
from collections.abc import Sequence
from functools import lru_cache

from harness.model.check import Tools
from harness.model.event import CaseInfo, Checked
from harness.model.found import Found
from harness.model.outcome import Outcome
from harness.model.probe import Probe
from harness.model.request import SAFE_METHODS, Request
from harness.model.side import Side
from harness.scenario import asking
from harness.scenario.types import Scenario
from harness.security.draft import SUITE, Draft, is_required, name_of
from harness.security.operation import Operation, bare

INTERRUPTED = "interrupted before it was seen to the end: run it again, or resume"


def interrupted(info: CaseInfo) -> Checked:
    """Return what a check comes to that was stopped before it looked."""
    found = Found()
    found.say(Outcome.INCONCLUSIVE, INTERRUPTED)
    return found.checked(info, SUITE)


def info_of(draft: Draft, probe: Probe, index: int, *, proves_maybe: bool = False) -> CaseInfo:
    """Return the plan's entry of a check; `proves_maybe`: it may see nothing, which holds only where required."""
    return CaseInfo(
        index=index,
        name=name_of(probe),
        operation=probe.row,
        probe=probe,
        accepted=proves_maybe and not is_required(probe, draft.security.require),
    )


def plain_request(
    scenario: Scenario, operation: Operation, side: Side, *, nobody: bool = False, url: str = "", door: str = ""
) -> Request:
    """Return the request that stands for an operation, before any caller is presented.

    `nobody` takes off what it carries itself of credentials; `url` and `door` name another entrance.
    """
    step = bare(operation.step, operation.own) if nobody else operation.step
    return asking.plain_request(scenario, step, side, url=url, door=door)


def presented(tools: Tools, caller: str, request: Request) -> Request | str:
    """Return the request as this caller ("" for nobody) sends it, or why its credential cannot be had."""
    from harness.credentials.trouble import CredentialUnavailable  # noqa: PLC0415  not needed to plan

    if not caller:
        return request
    try:
        return tools.present(caller, request)
    except CredentialUnavailable as missing:
        return f"the credential of {caller} cannot be had: {missing}"


def behind_proxy(scenario: Scenario, sides: Sequence[Side]) -> str:
    """Return why one of `sides` cannot be spoken to below HTTP, "" if all can.

    What `proxy: environment` leads to is only known where the run is.
    """
    proxies = {side: scenario.gateway(side).proxy for side in sides}
    shut = next((side for side, proxy in proxies.items() if proxy not in {None, "environment"}), None)
    return "" if shut is None else f"{shut} is behind a proxy, which leads to nothing but whole HTTP requests"


def easiest(operations: Sequence[Operation]) -> Operation | None:
    """Return the operation that is asked where any will do: one that changes nothing, GET before the others."""
    safe = [one for one in operations if one.step.method in SAFE_METHODS and one.step.body is None]
    return min(safe, key=lambda one: (one.step.method != "GET", not (one.callers or one.public)), default=None)


@lru_cache(maxsize=1)
def this_machine() -> str:
    """Return the name of the machine that looks; "this machine" if it has none."""
    return socket.gethostname() or "this machine"
