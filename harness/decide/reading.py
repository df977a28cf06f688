"""An answer → what the gateway decided, held against how it answers a caller that it lets in."""

from collections.abc import Sequence

from harness.decide.cors import grants
from harness.decide.reach import reach
from harness.dialects.block_pages import blocked_by
from harness.dialects.dialect import Dialect
from harness.dialects.rows import Reading, Situation
from harness.model.probe import Decision, Group, Probe, Reads
from harness.model.request import Request
from harness.model.response import Answer, NoResponse, Reason, Response

Read = tuple[Decision, str]
"""A decision and the words for it."""

_REFUSALS = frozenset({401, 403, 407})
_NOT_SERVED = frozenset({501, 505})
# what there is no such method, path or size for: nothing that a control could have left behind
_UNSERVED = frozenset({404, 405, 413, 414, 431})
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# whoever says so, has not let it in: a firewall or proxy before the gateway often does
_TOO_MUCH = frozenset({413, 414, 431})
_OUR_OWN = frozenset({Reason.HARNESS, Reason.REFUSED_TO_SEND})
# what a gateway does to requests that it will not even parse
_HUNG_UP = frozenset({Reason.RESET, Reason.PROTOCOL})
# what the products answer by themselves after a request got past every check
_BEHIND = frozenset({Situation.TIMEOUT, Situation.BACKEND_UNREACHABLE, Situation.BACKEND_CRASH, Situation.CONFIG_ERROR})


def read(probe: Probe, request: Request, answer: Answer, control: int | None, dialect: Dialect) -> Read:
    """Return what `answer` says; `control` is the status by which this side answers the valid caller, if known."""
    if probe.reads is Reads.REACH:
        return reach(answer, control)
    if isinstance(answer, NoResponse):
        return _silence(answer, probe)
    if probe.reads is Reads.CORS and probe.cors is not None:
        return grants(answer, probe.cors)
    page = blocked_by(answer)
    if page is not None:
        return Decision.REFUSED, f"{answer.status}, the block page of {page.product}"
    if probe.valid:
        return _valid(request, answer, dialect)
    return _by_status(probe, request, answer, control, dialect)


def _valid(request: Request, answer: Response, dialect: Dialect) -> Read:
    """Read the answer to a valid caller: whatever a backend says, even that there is no such thing, is letting in."""
    status = answer.status
    made = [one for one in dialect.readings(answer, request) if one.situation not in _BEHIND]
    if status in _REFUSALS or made:
        return Decision.REFUSED, f"{status}: {made[0].situation}" if made else str(status)
    if status == 429 or status >= 500:
        return Decision.UNCLEAR, f"{status}, which says nothing about the caller"
    return Decision.THROUGH, str(status)


def _silence(answer: NoResponse, probe: Probe) -> Read:
    if answer.reason is Reason.TLS and not probe.valid:
        return Decision.REFUSED, f"refused in the TLS handshake: {answer.detail}"
    if answer.reason in _HUNG_UP and probe.group in {Group.SURFACE, Group.WAF}:
        return Decision.REFUSED, f"connection closed ({answer.reason})"
    return Decision.UNCLEAR, f"no answer ({answer.reason}): {answer.detail}"


def _by_status(probe: Probe, request: Request, answer: Response, control: int | None, dialect: Dialect) -> Read:
    status = answer.status
    if status in _REFUSALS:
        return Decision.REFUSED, str(status)
    if status == 429:
        return Decision.UNCLEAR, "429: throttled, which says nothing about the caller"
    readings = dialect.readings(answer, request)
    if status >= 500:
        return _server_error(status, control)
    if readings and not all(reading.situation in _BEHIND for reading in readings):
        return Decision.REFUSED, f"{status}: {readings[0].situation}"
    if status < 300 or status == control:
        return Decision.THROUGH, str(status)
    if status < 400:
        return Decision.REFUSED, f"{status}: sent elsewhere"
    if status in _TOO_MUCH:
        return Decision.REFUSED, f"{status}: too large"
    if probe.group is Group.SURFACE and status in _UNSERVED and not dialect.recognises_errors:
        return Decision.REFUSED, f"{status}: not served"
    return _client_error(request, status, control, readings, dialect)


def _server_error(status: int, control: int | None) -> Read:
    if status in _NOT_SERVED:
        return Decision.REFUSED, f"{status}: not served"
    if status == control:
        return Decision.THROUGH, f"{status}, as for the valid caller"
    return Decision.UNCLEAR, f"{status}: a server error"


def _client_error(
    request: Request, status: int, control: int | None, readings: Sequence[Reading], dialect: Dialect
) -> Read:
    """Read an error that is none of the usual refusals.

    Asked again, a request that changes nothing (CONNECT too) and is let in is answered as the valid caller's was. One
    that changes something may meet what the control left behind: a conflict, say, which only a backend knows of.
    """
    if request.method not in _CHANGING or control is None:
        return Decision.REFUSED, str(status)
    if dialect.recognises_errors and not readings:
        return Decision.THROUGH, f"{status}, which {dialect.product} does not make itself: the backend answered"
    return Decision.UNCLEAR, f"{status}, where the valid caller gets {control}: a refusal, or the backend's word"


def ours(answer: Answer) -> bool:
    """Tell whether it is the harness that failed, not the gateway."""
    return isinstance(answer, NoResponse) and answer.reason in _OUR_OWN
