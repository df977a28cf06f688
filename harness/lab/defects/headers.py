"""Headers: lost, added, doubled, changed, on the way out and on the way in."""

from dataclasses import replace

from harness.lab.defects.change import at, on_call, on_reply
from harness.lab.defects.defect import Defect
from harness.lab.message import Addresses, Call, Handler, Reply, without
from harness.lab.wrap import Wrap

_PRODUCT = at("/products/LAMP-1", "GET")


def _in_swedish(call: Call) -> bool:
    return call.path == b"/headers" and call.text(b"accept-language").startswith("sv")


def _doubled(reply: Reply) -> Reply:
    origin = reply.header(b"access-control-allow-origin")
    return replace(reply, headers=(*reply.headers, (b"Access-Control-Allow-Origin", origin or b"*")))


def _cookies(reply: Reply, lines: tuple[bytes, ...]) -> Reply:
    kept = without(reply.headers, b"set-cookie")
    return replace(reply, headers=(*kept, *((b"Set-Cookie", line) for line in lines)))


def _set_cookies(reply: Reply) -> tuple[bytes, ...]:
    return tuple(value for name, value in reply.headers if name.lower() == b"set-cookie")


def _unsecured(reply: Reply) -> Reply:
    return _cookies(reply, tuple(line.replace(b"; Secure", b"") for line in _set_cookies(reply)))


def _folded(reply: Reply) -> Reply:
    return _cookies(reply, (b", ".join(_set_cookies(reply)),))


def _backend_location() -> Wrap:
    """Return a wrap that lets the backend's own address through in Location."""

    def wrap(inner: Handler, addresses: Addresses) -> Handler:
        async def handle(call: Call) -> Reply:
            reply = await inner(call)
            location = reply.header(b"location")
            if location is None:
                return reply
            own = b"http://" + (call.header(b"host") or b"")
            return reply.with_header(b"Location", location.replace(own, addresses.backend.encode()))

        return handle

    return wrap


DEFECTS = (
    Defect(
        name="header-dropped",
        family="headers",
        case="product",
        at="header:etag",
        does="ETag does not reach the caller.",
        models="A set-header policy with exists-action delete, or a mapping that lists headers (facts 1.4, 2.2).",
        front=on_reply(_PRODUCT, lambda reply: reply.without(b"etag")),
    ),
    Defect(
        name="header-added",
        family="headers",
        case="plain text",
        at="header:x-powered-by",
        does="The answer tells what the backend is made with.",
        models="Azure API Management passes headers on that the old gateway's mapping left out (facts 2.2).",
        front=on_reply(at("/text"), lambda reply: reply.with_header(b"X-Powered-By", b"orders-engine 2.4")),
    ),
    Defect(
        name="header-duplicated",
        family="headers",
        case="call from a web page",
        at="header:access-control-allow-origin",
        does="Access-Control-Allow-Origin is there twice, which browsers refuse.",
        models="Both the cors policy and the backend add it (facts 1.6, 2.2, CORS).",
        front=on_reply(
            lambda call: call.path == b"/orders/1007" and b"shop" in (call.header(b"origin") or b""), _doubled
        ),
    ),
    Defect(
        name="cors-headers-lost",
        family="headers",
        case="call from a web page",
        at="header:access-control-allow-credentials",
        does="Access-Control-Allow-Credentials does not reach the caller.",
        models="A cors policy without allow-credentials replaces what the backend said (facts 1.6, 2.2, CORS).",
        front=on_reply(at("/orders/1007"), lambda reply: reply.without(b"access-control-allow-credentials")),
    ),
    Defect(
        name="cors-open-to-all",
        family="headers",
        case="call from another web page",
        at="header:access-control-allow-origin",
        does="Every origin is allowed.",
        models="A cors policy with * where the backend lists its origins (facts 2.2, CORS).",
        front=on_reply(
            lambda call: call.path == b"/orders/1007" and "elsewhere" in call.text(b"origin"),
            lambda reply: reply.with_header(b"Access-Control-Allow-Origin", b"*"),
        ),
    ),
    Defect(
        name="cache-control-replaced",
        family="headers",
        case="product",
        at="header:cache-control",
        does="Cache-Control says no-store where the backend allows a minute.",
        models="cache-lookup with downstream-caching-type none, its default (facts 2.2, Cache).",
        front=on_reply(_PRODUCT, lambda reply: reply.with_header(b"Cache-Control", b"no-store")),
    ),
    Defect(
        name="vary-lost",
        family="headers",
        case="not compressed",
        at="header:vary",
        does="Vary does not reach the caller, so that shared caches mix codings up.",
        models="A set-header policy or mapping that lists headers (facts 1.4, 2.2).",
        front=on_reply(
            lambda call: call.path == b"/gzip" and "gzip" not in call.text(b"accept-encoding"),
            lambda reply: reply.without(b"vary"),
        ),
    ),
    Defect(
        name="cookie-secure-lost",
        family="headers",
        case="cookies",
        at="header:set-cookie[sid].secure",
        does="The session's cookie loses its Secure flag.",
        models="Cookies written anew by a policy (seed: transformation and policy mapping).",
        front=on_reply(at("/cookies"), _unsecured),
    ),
    Defect(
        name="cookies-joined",
        family="headers",
        case="cookies",
        at="header:set-cookie[theme]",
        does="All cookies come in one Set-Cookie line, joined by commas; browsers see the first alone.",
        models="Headers held in a map of single values by a policy or function (seed: transformation).",
        front=on_reply(at("/cookies"), _folded),
    ),
    Defect(
        name="location-of-backend",
        family="headers",
        case="order life cycle",
        at="header:location",
        does="Location leads to the backend's own address.",
        models="Nothing rewrites the backend's address on the way out (facts 2.2; seed: configure backends).",
        front=_backend_location(),
    ),
    Defect(
        name="request-header-dropped",
        family="headers",
        case="request headers",
        at="body:$.x_correlation_id",
        does="X-Correlation-Id does not reach the backend.",
        models="Headers must be handed on by the new side's policies as they were before (facts 1.4, 2.2).",
        back=on_call(at("/headers"), lambda call: call.without(b"x-correlation-id")),
    ),
    Defect(
        name="request-header-replaced",
        family="headers",
        case="request headers",
        at="body:$.accept_language",
        does="The backend sees another Accept-Language than the caller sent.",
        models="set-header with exists-action override where append or skip was meant (seed: policy mapping).",
        back=on_call(_in_swedish, lambda call: call.with_header(b"accept-language", b"en")),
    ),
)
