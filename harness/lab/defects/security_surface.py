"""The surface: methods, spellings of paths, names of hosts and odd requests that the old side refused."""

from dataclasses import replace
from urllib.parse import unquote_to_bytes

from harness.lab.defects.change import envelope, instead
from harness.lab.defects.defect import Defect
from harness.lab.defects.guarding import another, doors, let_past, reread, security
from harness.lab.message import Call
from harness.lab.settings_apim import Operation
from harness.lab.wrap import Wrap

_REPORT = "/partners/report, partner: "
_SMALL_HEADERS = 8_192


def _climbed(mark: bytes) -> Wrap:
    """Undo one way of writing "one up", after the policies of the first path were chosen."""
    return let_past(lambda path: b"/" + path.rpartition(mark)[2] if mark in path else None)


def _climb(name: str, mark: bytes, column: str, models: str) -> Defect:
    written = mark.decode()
    return Defect(
        suite="security",
        name=name,
        family="surface",
        case=f"/pages: {column} to /partners/report, no credential",
        at="status",
        does=f"From /pages, {written} leads to the report without a key.",
        models=models,
        front=_climbed(mark),
    )


def _cut(name: str, end: bytes, column: str) -> Defect:
    return Defect(
        suite="security",
        name=name,
        family="surface",
        case=_REPORT + column,
        at="status",
        does=f"{end.decode()} at the end of a path is cut off before it is matched.",
        models="A server before the gateway that cleans paths (facts 1.4: the old side matches raw ones).",
        front=reread(lambda path: path.removesuffix(end)),
    )


def _large_headers(call: Call) -> bool:
    return sum(len(name) + len(value) for name, value in call.headers) > _SMALL_HEADERS


DEFECTS = (
    Defect(
        suite="security",
        name="trace-answered",
        family="surface",
        case=f"{_REPORT}method TRACE",
        at="status",
        does="TRACE is answered with the request, credentials included.",
        models="A web server before the gateway that answers it (RFC 9110 §9.3.8).",
        settings=security(lambda now: replace(now, trace=True)),
    ),
    Defect(
        suite="security",
        name="head-without-key",
        family="surface",
        case=f"{_REPORT}method HEAD",
        at="status",
        does="HEAD /partners/report exists, and asks for no key.",
        models="A wildcard operation beside the imported ones (facts 2.1, OperationNotFound).",
        settings=another(Operation(method="HEAD", template="/partners/report", key=False)),
    ),
    Defect(
        suite="security",
        name="every-method-taken",
        family="surface",
        case="/ledger, signer: method DELETE",
        at="status",
        does="DELETE /ledger reaches the backend.",
        models="A wildcard operation that hands every method on (facts 1.1, 2.1: the old side knew no such method).",
        settings=another(Operation(method="DELETE", template="/ledger", key=False, check="sigv4")),
    ),
    Defect(
        suite="security",
        name="method-override-elsewhere",
        family="surface",
        case=f"{_REPORT}X-Method-Override: GET on OPTIONS",
        at="status",
        does="X-Method-Override and X-HTTP-Method change the method, too.",
        models="The old side obeys X-HTTP-Method-Override alone (facts 1.4); frameworks obey more.",
        settings=security(lambda now: replace(now, overrides=(*now.overrides, "x-method-override", "x-http-method"))),
    ),
    Defect(
        suite="security",
        name="other-letters-taken",
        family="surface",
        case=f"{_REPORT}path in other letters",
        at="status",
        does="/PARTNERS/REPORT is /partners/report.",
        models="Paths of Amazon API Gateway are case-sensitive; URL matching elsewhere often is not (facts 1.4, 7).",
        front=reread(lambda path: path.lower() if path.startswith(b"/PARTNERS") else path),
    ),
    Defect(
        suite="security",
        name="other-letters-skip-key",
        family="surface",
        case="/partners/report: path in other letters, no credential",
        at="status",
        does="/PARTNERS/REPORT is answered without a key.",
        models="A rule that is chosen by the exact path, before a router that is not so exact.",
        front=let_past(lambda path: path.lower() if path != path.lower() else None),
    ),
    Defect(
        suite="security",
        name="slash-skips-key",
        family="surface",
        case="/partners/report: slash at the end, no credential",
        at="status",
        does="/partners/report/ is answered without a key.",
        models="A rule that is chosen by the exact path, before a router that ignores a slash at the end.",
        front=let_past(lambda path: path.rstrip(b"/") if path.endswith(b"/") else None),
    ),
    Defect(
        suite="security",
        name="double-slash-skips-key",
        family="surface",
        case="/partners/report: double slash, no credential",
        at="status",
        does="//partners/report is answered without a key.",
        models="A proxy that merges slashes behind the policies.",
        front=let_past(lambda path: path[1:] if path.startswith(b"//") else None),
    ),
    Defect(
        suite="security",
        name="encoded-letter-taken",
        family="surface",
        case=f"{_REPORT}encoded letter",
        at="status",
        does="%70artners is partners.",
        models="A proxy that decodes paths before they are matched (facts 1.4: the old side matches raw ones).",
        front=reread(lambda path: unquote_to_bytes(path) if path.startswith(b"/%70artners") else path),
    ),
    Defect(
        suite="security",
        name="path-parameter-cut",
        family="surface",
        case=f"{_REPORT}path parameter ;x=1",
        at="status",
        does="What follows a semicolon in a path is cut off before it is matched.",
        models="A Java server's path parameters (RFC 3986 §3.3), which gateways do not know.",
        front=reread(lambda path: path.partition(b";")[0]),
    ),
    Defect(
        suite="security",
        name="dot-segment-taken",
        family="surface",
        case=f"{_REPORT}dot segment /./",
        at="status",
        does="/./partners/report is /partners/report.",
        models="A proxy that removes dot segments before paths are matched (RFC 3986 §5.2.4).",
        front=reread(lambda path: path.replace(b"/./", b"/")),
    ),
    _cut("encoded-slash-cut", b"%2f", "encoded slash %2f at the end"),
    _cut("nul-cut", b"%00", "%00 at the end"),
    _cut("backslash-cut", b"\\", "backslash at the end"),
    _climb(
        "dots-climb",
        b"../",
        "/../",
        "Policies chosen by how a path begins, before a server that removes dot segments.",
    ),
    _climb(
        "semicolon-climbs",
        b"..;/",
        "..;/",
        "A gateway that takes ..; for a name, before a server that cuts it to two dots.",
    ),
    _climb(
        "encoded-dots-climb",
        b"%2e%2e/",
        "%2e%2e/",
        "A gateway that matches before it decodes, before a server that decodes first.",
    ),
    _climb(
        "twice-encoded-dots-climb",
        b"%252e%252e/",
        "double encoded %252e%252e/",
        "Two servers in a row that each decode once.",
    ),
    _climb(
        "encoded-slash-climbs",
        b"..%2f",
        "encoded slash ..%2f",
        "A gateway for which an encoded slash is a letter, before a server for which it is a slash.",
    ),
    _climb(
        "backslash-climbs",
        b"..\\",
        "backslash ..\\",
        "A server that takes backslashes for slashes, as file systems of Windows do.",
    ),
    Defect(
        suite="security",
        name="any-host-accepted",
        family="surface",
        case="*: Host of another name",
        at="status",
        does="Any Host header is answered.",
        models="A default host at the edge (facts 1.8, 2.1: hosts that are not configured are rejected).",
        settings=doors(hosts_checked=False),
    ),
    Defect(
        suite="security",
        name="two-lengths-accepted",
        family="surface",
        case="raw requests: Content-Length with Transfer-Encoding",
        at="raw",
        does="A request with Content-Length and Transfer-Encoding is read by its chunks.",
        models="Two servers in a row that cut the same bytes differently (RFC 9112 §11.2).",
        settings=doors(framing_checked=False),
    ),
    Defect(
        suite="security",
        name="smaller-headers-taken",
        family="surface",
        case="sizes*: header of 9 KB",
        at="status",
        does="Requests with over 8 KB of headers are refused.",
        models="A gateway in front takes less than the old side's 10,240 bytes of headers (facts 1.5).",
        front=instead(_large_headers, lambda _: envelope(431, "Request header fields too large")),
    ),
    Defect(
        suite="security",
        name="shorter-addresses-taken",
        family="surface",
        case="sizes*: URL of 7 KB",
        at="status",
        does="Queries over 2,048 bytes are refused.",
        models="The Consumption tier's limits (facts 2.2); the old side took 10,240 characters (facts 1.5).",
        settings=lambda settings: replace(settings, longest_query=2_048),
    ),
)
