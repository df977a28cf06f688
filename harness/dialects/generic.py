"""What any HTTP server may add: headers that well-known proxies and edges name themselves or the request by.

No error of an unknown product can be told from its backend's, so there are no error rows.
"""

from harness.dialects.dialect import Dialect, never
from harness.dialects.rows import Grade, HeaderRow, Names

_RFC = "RFC 9110 §6.6.1, §7.6.3, §10.2.4"


def product(name: str, source: str, grade: Grade = Grade.DOCUMENTED) -> HeaderRow:
    """Return a row for a header that names the product."""
    return HeaderRow(name=name, names=Names.PRODUCT, grade=grade, source=source)


def request_id(name: str, source: str, grade: Grade = Grade.DOCUMENTED) -> HeaderRow:
    """Return a row for a header that names the request."""
    return HeaderRow(name=name, names=Names.REQUEST, grade=grade, source=source)


HEADERS: tuple[HeaderRow, ...] = (
    product("date", _RFC),
    product("server", _RFC),
    product("via", _RFC),
    product("connection", "RFC 9110 §7.6.1"),
    product("keep-alive", "RFC 9110 §7.6.1"),
    product("proxy-connection", "RFC 9110 §7.6.1"),
    product("x-envoy-upstream-service-time", "Envoy: HTTP header manipulation"),
    product("x-envoy-decorator-operation", "Envoy: HTTP header manipulation"),
    product("x-kong-upstream-latency", "Kong Gateway: configuration `headers`"),
    product("x-kong-proxy-latency", "Kong Gateway: configuration `headers`"),
    product("x-kong-response-latency", "Kong Gateway: configuration `headers`"),
    product("x-kong-request-id", "Kong Gateway: configuration `headers`"),
    product("x-azure-ref", "§5 Front Door; §6 WAF", Grade.DOCUMENTED),
    product("x-msedge-ref", "Azure Front Door (classic)"),
    product("cf-ray", "Cloudflare: HTTP headers"),
    product("x-served-by", "Fastly: response headers"),
    product("x-timer", "Fastly: response headers"),
    product("x-varnish", "Varnish: built-in VCL"),
    request_id("x-request-id", "Envoy, Kong, nginx: common use"),
    request_id("request-id", "ASP.NET, Spring: common use"),
    request_id("x-correlation-id", "common use"),
    request_id("correlation-id", "common use"),
    request_id("x-trace-id", "common use"),
    request_id("traceparent", "W3C Trace Context"),
    request_id("tracestate", "W3C Trace Context"),
    request_id("traceresponse", "W3C Trace Context, level 2"),
    request_id("x-b3-traceid", "B3 propagation"),
    request_id("x-b3-spanid", "B3 propagation"),
    request_id("x-cloud-trace-context", "Google Cloud Trace"),
    request_id("uber-trace-id", "Jaeger"),
    # how long this very request took
    request_id("x-runtime", "Rack: Rack::Runtime"),
    request_id("x-response-time", "common use"),
    request_id("x-ms-request-id", "Azure REST guidelines"),
)

GENERIC = Dialect(
    kind="generic",
    product="the gateway",
    headers=HEADERS,
    match=never,
    same_answer_else="Make the new gateway answer with {status} and the old body in this situation.",
)
