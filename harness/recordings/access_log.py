"""Access logs of one line a request: Common and Combined (nginx, Apache, API Gateway's CLF), API Gateway's CSV and XML.

Sources: Apache mod_log_config and nginx ngx_http_log_module (escapes), Amazon API Gateway developer guide, "Set up
CloudWatch logging" (the console's templates).
"""

import re
from html import unescape

from harness.model.recording import RecordedRequest
from harness.recordings import parts
from harness.recordings.moments import CLF, clf, moment
from harness.recordings.recording import Unread

# The request comes quoted, its own quotes and odd bytes escaped; before the time anything may stand (IPv6, a virtual
# host, a user with blanks), after the status too.
_COMMON = re.compile(
    rf'\[({CLF})\] "((?:[^"\\]|\\.)*)" ([0-9]{{3}}|-)(?: (?:[0-9]+|-)(?: "(?:[^"\\]|\\.)*"){{0,2}}(.*))?'
)
_TOOK = re.compile(r"\b(?:rt|request_time)=\"?([0-9]{1,6}\.[0-9]{1,6})")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "v": "\v", "f": "\f"}
_CSV = re.compile(
    rf'(?:[^,]{{0,300}},){{0,5}}"?({CLF})"?,"?([A-Z]{{2,20}})"?,"?(.+?)"?,"?HTTP/[0-9.]{{1,3}}"?,"?([0-9]{{3}}|-)"?(?:,(.*))?'
)
_ADDRESS = re.compile(r"\s*\"?([0-9A-Fa-f.:]{3,45})\"?[ ,]")
# no other column of the console's templates reads so: ids hold no dot, sizes and latencies no letters
_DOMAIN = re.compile(r"(?:[a-z0-9_-]{1,63}\.){1,10}[a-z][a-z0-9-]{1,62}", re.IGNORECASE)
_TAG = re.compile(r"<([A-Za-z]{1,40})>([^<]{0,20000})</\1>")


def common(line: str, number: int) -> RecordedRequest:
    """Read a line of a Common or Combined Log; raises Unread. `rt=` or `request_time=` (seconds) is its duration."""
    found = _COMMON.search(line)
    if not found:
        raise Unread("no line of a Common or Combined Log")
    time, request, status, rest = found.groups()
    text = _unescaped(request) if "\\" in request else request
    asked, _, target = text.partition(" ")
    head, blank, protocol = target.rpartition(" ")
    took = _TOOK.search(rest) if rest and "=" in rest else None
    return RecordedRequest(
        at=clf(time),
        method=parts.method(asked),
        target=parts.target(head if blank and protocol.startswith("HTTP/") else target),
        status=parts.status(status),
        duration_ms=float(took[1]) * 1000 if took else None,
        line=number,
        client=_client(line),
    )


def _client(line: str) -> str:
    """Return the address at the beginning of a line."""
    found = _ADDRESS.match(line)
    return parts.client(found[1]) if found else ""


def _unescaped(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        return chr(int(found[1], 16)) if found[1] else _CONTROLS.get(found[2], found[2])

    return _ESCAPE.sub(plain, text)


def csv(line: str, number: int) -> RecordedRequest:
    """Read a line of API Gateway's CSV, with a resource path or a route; raises Unread.

    A column after the status that reads as a domain name is $context.domainName, which users add to the template.
    """
    found = _CSV.fullmatch(line)
    if not found:
        raise Unread("no line of API Gateway's CSV")
    return RecordedRequest(
        at=clf(found[1]),
        method=parts.method(found[2]),
        target=parts.target(found[3]),
        status=parts.status(found[4]),
        line=number,
        host=_domain(found[5] or ""),
        client=_client(line),
    )


def _domain(columns: str) -> str:
    given = (column.strip(' "') for column in columns.split(","))
    return next((parts.host(one) for one in given if _DOMAIN.fullmatch(one)), "")


def xml(line: str, number: int) -> RecordedRequest:
    """Read a line of API Gateway's XML; raises Unread."""
    if not line.lstrip().startswith("<request"):
        raise Unread("no line of API Gateway's XML")
    told = {name: unescape(text.strip()) for name, text in _TAG.findall(line)}
    return RecordedRequest(
        at=moment(told.get("requestTime")),
        method=parts.method(told.get("httpMethod")),
        target=parts.target(told.get("path") or told.get("resourcePath")),
        status=parts.status(told.get("status")),
        line=number,
        host=parts.host(told.get("domainName") or told.get("host")),
        client=parts.client(told.get("apiKeyId") or told.get("ip")),
    )
