"""Where products read keys."""

import pytest

from harness.dialects.keys import header_for, query_for


@pytest.mark.parametrize(
    ("kind", "header", "query"),
    [
        ("azure-apim", "ocp-apim-subscription-key", "subscription-key"),
        ("azure-apim", "x-api-key", "x-api-key"),
        ("aws-rest", "x-api-key", "x-api-key"),
        ("generic", "apikey", "apikey"),
    ],
)
def test_query_of_a_header(kind: str, header: str, query: str) -> None:
    assert query_for(kind, header) == query


@pytest.mark.parametrize(
    ("kind", "query", "header"),
    [("azure-apim", "subscription-key", "Ocp-Apim-Subscription-Key"), ("azure-apim", "k", "k"), ("aws-http", "k", "k")],
)
def test_header_of_a_query(kind: str, query: str, header: str) -> None:
    assert header_for(kind, query) == header
