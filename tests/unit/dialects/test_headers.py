"""Which headers only name the product or the request, and which never do."""

import pytest

from harness.dialects.registry import DIALECTS, dialect
from harness.dialects.rows import Names

RELIED_ON = (
    "cache-control", "etag", "age", "vary", "retry-after", "www-authenticate", "content-type", "content-length",
    "content-encoding", "content-language", "content-disposition", "content-location", "location", "link", "set-cookie",
    "access-control-allow-origin", "access-control-allow-headers", "access-control-expose-headers", "expires", "pragma",
    "last-modified", "allow", "accept-ranges", "strict-transport-security", "content-security-policy", "x-frame-options",
    "x-content-type-options", "x-ratelimit-remaining", "x-powered-by", "x-amzn-errortype", "x-amzn-remapped-www-authenticate",
    "x-total-count", "deprecation", "sunset", "warning", "server-timing", "alt-svc", "x-amz-request-id",
)  # fmt: skip
PRODUCT = {
    "aws-rest": (
        "x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id", "x-amzn-remapped-date", "x-amzn-remapped-connection",
        "x-amzn-remapped-content-length", "x-amzn-remapped-server", "x-cache", "x-amz-cf-pop", "x-amz-cf-id",
    ),
    "aws-http": ("apigw-requestid",),
    "azure-apim": ("request-context", "ocp-apim-trace-location", "x-azure-ref"),
    "generic": ("x-envoy-upstream-service-time", "x-kong-proxy-latency", "cf-ray", "x-azure-ref"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DIALECTS)
def test_nothing_that_clients_rely_on_is_a_name(kind: str) -> None:
    assert [name for name in RELIED_ON if dialect(kind).names(name) is not None] == []


@pytest.mark.parametrize("kind", DIALECTS)
def test_names_of_products_and_requests(kind: str) -> None:
    for name in (*PRODUCT[kind], "date", "server", "via"):
        assert dialect(kind).names(name) is Names.PRODUCT, name
    for name in ("x-request-id", "x-correlation-id", "traceparent"):
        assert dialect(kind).names(name) is Names.REQUEST, name
