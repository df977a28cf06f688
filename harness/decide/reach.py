"""A door that only the firewall's side should open: what an answer there says about it."""

import re

from harness.dialects.block_pages import blocked_by
from harness.model.probe import Decision
from harness.model.response import Answer, NoResponse, Reason, Response

_REFUSALS = frozenset({401, 403, 407})
# The host is not served here, or this path is not: no way in for this operation, if it exists elsewhere.
_NOT_HERE = frozenset({404, 410, 421})
# A proxy, a platform or a busy host answers so, whether or not there is a way in.
_NO_WORD = frozenset({408, 429, 502, 503, 504})
_MOST_READ = 4096

_OWN_NO_ROUTE = re.compile(
    r'\A\s*\{\s*"statusCode"\s*:\s*404\s*,\s*"message"\s*:\s*"Resource not found"\s*\}\s*\Z|404 Web Site not found'
)
_CERTIFICATE = re.compile(r"No required SSL certificate was sent|The SSL certificate error", re.IGNORECASE)
_NO_SUCH_HOST = re.compile(r"Invalid Hostname", re.IGNORECASE)
_PLAIN_TO_TLS = re.compile(r"plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server", re.IGNORECASE)
_BY_PROXY = re.compile(r"\bCONNECT\b|\bproxy\b|Network is unreachable")

_NOTHING_TRIED = {
    Reason.NAME: "its name is not resolved from here, so that nothing was tried: correct the address",
    Reason.TLS: "no TLS connection could be made, so that nothing was asked: correct the address or `ca_file`",
    Reason.HARNESS: "this process was too slow to tell",
    Reason.REFUSED_TO_SEND: "the request could not be sent",
    Reason.TIMEOUT_HEADERS: "the connection was taken and no answer came in time, which proves neither",
    Reason.RESET: "the connection was taken and then broken off, which proves neither",
    Reason.PROTOCOL: "what answers does not speak HTTP as it should, which proves neither",
}


def reach(answer: Answer, control_status: int | None) -> tuple[Decision, str]:
    """Tell whether this door refused, and say why.

    Any answer of HTTP that is no refusal means that the door is open, an error of a backend too. `control_status` is
    what the same operation gets through the new side's own entrance (None: not known).
    """
    if isinstance(answer, NoResponse):
        return _silent(answer, control_status)
    page = blocked_by(answer)
    if page is not None:
        return Decision.REFUSED, f"{answer.status}, the block page of {page.product}"
    text = answer.body.content[:_MOST_READ].decode("utf-8", "replace")
    if answer.status == 400:
        return _bad_request(text)
    if 300 <= answer.status < 400 and answer.status != 304:
        return Decision.UNCLEAR, _redirected(answer)
    if answer.status == 404 and _OWN_NO_ROUTE.search(text):
        return Decision.REFUSED, "is no door to this operation (404 of the gateway's own)"
    return _status(answer.status, control_status)


def _silent(answer: NoResponse, control_status: int | None) -> tuple[Decision, str]:
    if answer.status is not None:
        decision, why = _status(answer.status, control_status)
        return decision, f"{why}; the answer broke off ({answer.reason})"
    if answer.reason is Reason.CONNECT and _BY_PROXY.search(answer.detail):
        return Decision.UNCLEAR, f"nothing was tried: no way leads there (a proxy, or no network): {answer.detail}"
    if answer.reason is Reason.CONNECT:
        return Decision.REFUSED, f"cannot be reached from here: {answer.detail}"
    words = _NOTHING_TRIED.get(answer.reason, "no answer could be read")
    return Decision.UNCLEAR, f"{words} ({answer.detail})"


def _bad_request(text: str) -> tuple[Decision, str]:
    if _CERTIFICATE.search(text):
        return Decision.REFUSED, "asks for a client certificate (400)"
    if _NO_SUCH_HOST.search(text):
        return Decision.REFUSED, "does not serve this host (400)"
    if _PLAIN_TO_TLS.search(text):
        return Decision.UNCLEAR, "is a TLS port that was asked in plain text (400): write https:// in its address"
    return Decision.THROUGH, "answers 400, which is no refusal of the caller: the request was read there"


def _redirected(answer: Response) -> str:
    where = (answer.first("location") or "nowhere")[:200]
    return f"redirects ({answer.status}) to {where}: name that address instead, if it is a door too"


def _status(status: int, control_status: int | None) -> tuple[Decision, str]:
    if status in _REFUSALS:
        return Decision.REFUSED, f"refused ({status})"
    if status in _NO_WORD:
        return Decision.UNCLEAR, f"answers {status}, as a proxy or a busy host does, which proves neither"
    if status in _NOT_HERE:
        return _not_here(status, control_status)
    return Decision.THROUGH, f"answers {status}: this door is open"


def _not_here(status: int, control_status: int | None) -> tuple[Decision, str]:
    """Read a 404: no way in if the operation is there through the front; else it may be the backend's own word."""
    if status == 421:
        return Decision.REFUSED, "does not serve this host (421)"
    if control_status is None:
        return Decision.UNCLEAR, f"answers {status}, and it is not known what the operation answers through the front"
    if control_status == status:
        return Decision.THROUGH, f"answers {status}, as the operation does through the front: this door is open"
    return Decision.REFUSED, (
        f"does not serve this path ({status}; through the front the operation answers {control_status}); "
        "if it serves the operation elsewhere, write that base path in its address"
    )
