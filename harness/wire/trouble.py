"""libcurl's errors → reasons. Its words go into `detail`, bounded; they name the host, never the target."""

from dataclasses import dataclass

from harness.model.request import Headers
from harness.model.response import Reason
from harness.wire.heads import Head

_DETAIL = 300

_RESOLVE = frozenset({5, 6})
_TLS = frozenset({35, 51, 53, 54, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91, 98})
_CONNECT = frozenset({7, 89, 97})
_RESET = frozenset({52, 55, 56})
_OWN_FAULT = frozenset({2, 3, 4, 43, 48, 58, 65})  # 58: our own certificate or key
_OWN_TROUBLE = frozenset({23, 27})  # our own callbacks failed, no memory

SEND_FAILED = 55
TIMED_OUT = 28
TOO_LARGE = 63
ABORTED = 42

# where libcurl leaves its own empty
_WORDS = {16: "the HTTP/2 connection failed below the request", 100: "status line or headers too large"}

# libcurl says no more than this where the server's alert is about our certificate, not its own
_ALERT_EXPIRED = (60, "SSL certificate verification failed")

# errors 55 and 56 also stand for answers that make no sense; only the words tell them apart
_NONSENSE = ("chunk", "hex", "header", "nul byte", "malformed", "illegal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a transfer ended, as libcurl tells it.

    `sends` counts how often the request was put on the wire (libcurl's own second try was stopped); the three
    booleans tell which phases were over.
    """

    code: int
    words: str
    sends: int
    resolved: bool
    connected: bool
    secured: bool


def reason_of(failure: Failure, head: Head) -> Reason:
    """Return the typed reason of a failed transfer."""
    code = failure.code
    if code == TIMED_OUT:
        return _timeout(failure, head)
    if code == ABORTED:
        return Reason.RESET if failure.sends > 1 else Reason.HARNESS
    if code in _OWN_TROUBLE:
        return Reason.HARNESS
    if code in _RESOLVE:
        return Reason.NAME
    if code in _CONNECT or (code in _RESET and not failure.sends and "CONNECT" in failure.words):
        return Reason.CONNECT
    if code in _TLS or (code in _RESET and head.status is None and _is_alert(failure.words)):
        return Reason.TLS
    if code == TOO_LARGE:
        return Reason.TOO_LARGE
    if code in _RESET and not any(word in failure.words.lower() for word in _NONSENSE):
        return Reason.RESET
    if code in _OWN_FAULT and not failure.sends:
        return Reason.REFUSED_TO_SEND
    return Reason.PROTOCOL


def _is_alert(words: str) -> bool:
    """Tell whether the peer ended it in words of TLS: in 1.3 it judges our certificate after our handshake is over."""
    return "SSL routines" in words and " alert " in words


def _timeout(failure: Failure, head: Head) -> Reason:
    if failure.sends:
        return Reason.TIMEOUT_BODY if head.complete else Reason.TIMEOUT_HEADERS
    if not failure.resolved:
        return Reason.NAME
    return Reason.TLS if failure.connected and not failure.secured else Reason.CONNECT


def detail_of(failure: Failure) -> str:
    """Return libcurl's words, bounded and on one line."""
    if failure.code == ABORTED and failure.sends > 1:
        return "the connection closed before an answer came; not sent again"
    if (failure.code, failure.words) == _ALERT_EXPIRED:
        return "the server says that the client certificate is expired (TLS alert; libcurl error 60)"
    words = "".join(char if char.isprintable() else " " for char in failure.words[:_DETAIL])
    return f"{words or _WORDS.get(failure.code, 'no words')} (libcurl error {failure.code})"


def too_large(limit: int, received: int, headers: Headers) -> str:
    """Return the words for a body beyond the limit; only a declared length tells its true size."""
    declared = next((value for name, value in headers if name.lower() == "content-length"), "")
    if declared.isascii() and declared.isdigit():
        return (
            f"the body is beyond the limit of {limit} bytes: {declared[:20]} bytes were declared, {received} had come"
        )
    return f"the body is beyond the limit of {limit} bytes: {received} bytes had come, its true size is unknown"
