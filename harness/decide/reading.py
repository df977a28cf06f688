"""An answer → what the gateway decided, held against how it answers a caller that it lets in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.decide.cors import grants
from harness.decide.likeness import Likeness
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
# the peer's own word in a handshake; one that timed out or broke off says nothing
_ALERT = re.compile(r"\balert\b", re.IGNORECASE)
_OUR_OWN = frozenset({Reason.HARNESS, Reason.REFUSED_TO_SEND})
# what a gateway does to requests that it will not even parse
_HUNG_UP = frozenset({Reason.RESET, Reason.PROTOCOL})
# a gateway that has too much to do says nothing about CORS
_BUSY = frozenset({429, 503})
# what the products answer by themselves where the door itself fails: nobody gets in
_AT_THE_DOOR = frozenset({Situation.AUTHORIZER_FAILED})
# what the products answer by themselves after a request got past every check
_BEHIND = frozenset({Situation.TIMEOUT, Situation.BACKEND_UNREACHABLE, Situation.BACKEND_CRASH, Situation.CONFIG_ERROR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """How this side answers the valid caller, where it lets it in; `like` is None where that was not kept."""

    status: int
    like: Likeness | None = None


def read(probe: Probe, request: Request, answer: Answer, control: Control | None, dialect: Dialect) -> Read:
    """Return what `answer` says, held against the valid caller's, if that is known."""
    if probe.reads is Reads.REACH:
        return reach(answer, control.status if control else None)
    if isinstance(answer, NoResponse):
        return _silence(answer, probe, request)
    if probe.reads is Reads.CORS and probe.cors is not None:
        busy = answer.status in _BUSY
        return (Decision.UNCLEAR, f"{answer.status}: too busy to tell") if busy else grants(answer, probe.cors)
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


def _silence(answer: NoResponse, probe: Probe, request: Request) -> Read:
    """Read that no answer came. Safe requests were asked twice by now; a payload that changes something was not."""
    if answer.status is not None and answer.status not in _REFUSALS:
        words = f"an answer with status {answer.status} that broke off ({answer.reason}): {answer.detail}"
        return Decision.UNCLEAR, words
    if answer.reason is Reason.TLS and not probe.valid and _ALERT.search(answer.detail):
        return Decision.REFUSED, f"refused in the TLS handshake: {answer.detail}"
    confirmed = probe.group is Group.SURFACE or (probe.group is Group.WAF and request.method not in _CHANGING)
    if answer.reason in _HUNG_UP and confirmed:
        return Decision.REFUSED, f"connection closed ({answer.reason})"
    return Decision.UNCLEAR, f"no answer ({answer.reason}): {answer.detail}"


def _by_status(probe: Probe, request: Request, answer: Response, control: Control | None, dialect: Dialect) -> Read:
    status = answer.status
    if status in _REFUSALS:
        return Decision.REFUSED, str(status)
    if status == 429:
        return Decision.UNCLEAR, "429: throttled, which says nothing about the caller"
    readings = dialect.readings(answer, request)
    if readings and all(reading.situation in _AT_THE_DOOR for reading in readings):
        return Decision.REFUSED, f"{status}: {readings[0].situation}: without its word nobody gets in"
    if status >= 500:
        return _server_error(status)
    if readings and not all(reading.situation in _BEHIND for reading in readings):
        return Decision.REFUSED, f"{status}: {readings[0].situation}"
    if status < 300 and request.method == "OPTIONS" and probe.group is Group.SURFACE:
        return _options(answer, control)
    if status < 300 or status == 304:
        return Decision.THROUGH, str(status)
    if control is not None and status == control.status:
        return _as_valid(probe, request, answer, control)
    if status < 400:
        return Decision.REFUSED, f"{status}: sent elsewhere"
    return _client_error(probe, request, status, control, readings, dialect)


def _client_error(
    probe: Probe,
    request: Request,
    status: int,
    control: Control | None,
    readings: Sequence[Reading],
    dialect: Dialect,
) -> Read:
    """Read an error that is none of the usual refusals, and not the valid caller's."""
    if status in _TOO_MUCH:
        return Decision.REFUSED, f"{status}: too large"
    if probe.group is Group.SURFACE and status in _UNSERVED and not dialect.recognises_errors:
        return Decision.REFUSED, f"{status}: not served"
    return _backend_error(request, status, control, readings, dialect)


def _options(answer: Response, control: Control | None) -> Read:
    """Read a success of OPTIONS: a gateway that tells which methods there are has not let anybody in."""
    mine = Likeness.of(answer)
    like = control.like if control else None
    if mine.kind == "empty" or (like is not None and not mine.alike(like)):
        return Decision.REFUSED, f"{answer.status}, which only tells what may be asked"
    return Decision.THROUGH, str(answer.status)


def _as_valid(probe: Probe, request: Request, answer: Response, control: Control) -> Read:
    """Read an error or a redirection with the status that the valid caller gets: only the same words are the same."""
    status, like = answer.status, control.like
    through = Decision.THROUGH, f"{status}, as for the valid caller"
    if like is None:
        return through
    mine = Likeness.of(answer)
    if request.method == "HEAD":
        return through if mine.same_head(like) else (Decision.REFUSED, f"{status}, of another kind than a GET's")
    # what is asked for by another path or in other words may be answered in other words
    same = mine.same_words(like) if probe.group is Group.CALLERS else not mine.foreign(like)
    if same:
        return through
    if request.method in _CHANGING and not mine.foreign(like):
        return Decision.UNCLEAR, f"{status}, as for the valid caller, but in other words"
    return Decision.REFUSED, f"{status}, in other words than for the valid caller"


def _server_error(status: int) -> Read:
    if status in _NOT_SERVED:
        return Decision.REFUSED, f"{status}: not served"
    return Decision.UNCLEAR, f"{status}: a server error"


def _backend_error(
    request: Request, status: int, control: Control | None, readings: Sequence[Reading], dialect: Dialect
) -> Read:
    """Read an error that a backend may well make.

    Asked again, a request that changes nothing (CONNECT too) and is let in is answered as the valid caller's was. One
    that changes something may meet what the control left behind: a conflict, say, which only a backend knows of.
    """
    if request.method not in _CHANGING or control is None:
        return Decision.REFUSED, str(status)
    if dialect.recognises_errors and not readings:
        return Decision.THROUGH, f"{status}, which {dialect.product} does not make itself: the backend answered"
    return Decision.UNCLEAR, f"{status}, where the valid caller gets {control.status}: a refusal, or the backend's word"


def ours(answer: Answer) -> bool:
    """Tell whether it is the harness that failed, not the gateway."""
    return isinstance(answer, NoResponse) and answer.reason in _OUR_OWN
