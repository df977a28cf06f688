"""What each side made or is: captures and own addresses; near misses stay unexplained."""

from collections.abc import Callable
from typing import Any

import pytest

from harness.model.gateway import PathMap

OLD = "https://a1.execute-api.eu-west-1.amazonaws.com/prod"
HOST = "https://a1.execute-api.eu-west-1.amazonaws.com"
NEW = "https://contoso.azure-api.net"
IDS = {"id": ("ord-8f3a", "ord-77b1")}
SHORT = {"id": ("1", "2")}
V1 = (PathMap(match="/orders/**", new="/orders/v1/**"),)
Bound = Callable[..., str]

CAPTURES = [
    ('"ord-8f3a"', '"ord-77b1"', IDS, "bound"),
    ('"/orders/ord-8f3a/items"', '"/orders/ord-77b1/items"', IDS, "bound"),
    ('"order_ord-8f3a"', '"order_ord-77b1"', IDS, "bound"),
    ('"a ord-8f3a, b ord-8f3a"', '"a ord-77b1, b ord-77b1"', IDS, "bound"),
    ("17", "18", {"id": ("17", "18")}, "bound"),
    ('"1"', '"2"', SHORT, "bound"),
    ('"/orders/1?page=1"', '"/orders/2?page=1"', SHORT, "bound"),
    ('"/1/2"', '"/2/1"', {"a": ("1", "2"), "b": ("2", "1")}, "bound"),
    ('"x \\"ord-8f3a\\""', '"x \\"ord-77b1\\""', IDS, "bound"),
    ('"ord-8f3a"', '"ord-8f3b"', IDS, "unexplained"),
    ('"ord-8f3a and ord-8f3a"', '"ord-77b1 and ord-8f3a"', IDS, "unexplained"),
    ('"ord-77b1"', '"ord-8f3a"', IDS, "unexplained"),
    ('"xord-8f3a"', '"xord-77b1"', IDS, "unexplained"),
    ('"ord-8f3a0"', '"ord-77b10"', IDS, "unexplained"),
    ('"/orders/ord-8f3a"', '"/Orders/ord-77b1"', IDS, "unexplained"),
    ('"page 10"', '"page 20"', SHORT, "unexplained"),
    ('"1"', "2", SHORT, "unexplained"),
    ('"1"', '"3"', SHORT, "unexplained"),
    ("17", "18", {"id": ("17", None)}, "unexplained"),
    ("17", "18", {"id": ("", "18")}, "unexplained"),
    ("true", "false", {"flag": ("true", "false")}, "unexplained"),
    ('"a"', '"b"', {}, "unexplained"),
]


@pytest.mark.parametrize(("old", "new", "captures", "wanted"), CAPTURES)
def test_captures(bound: Bound, old: str, new: str, captures: dict[str, tuple[str, str]], wanted: str) -> None:
    assert bound(old, new, captures=captures) == wanted


LINKS = [
    (f"{OLD}/orders/5", f"{NEW}/orders/5", (), "bound"),
    (f"{OLD}/orders/5", f"{NEW}/orders/v1/5", V1, "bound"),
    (f"{OLD}/orders/5?page=2#top", f"{NEW}/orders/v1/5?page=2#top", V1, "bound"),
    (f"see {OLD}/orders and {OLD}/items.", f"see {NEW}/orders and {NEW}/items.", (), "bound"),
    (f"{OLD}", f"{NEW}", (), "bound"),
    (f"{OLD}/orders/5", f"{NEW}:443/orders/5", (), "bound"),
    ("//a1.execute-api.eu-west-1.amazonaws.com/prod/x", "//contoso.azure-api.net/x", (), "bound"),
    (OLD.replace("https", "http") + "/x", NEW.replace("https", "http") + "/x", (), "bound"),
    (f"{HOST}/orders/5", f"{NEW}/orders/5", (), "bound"),
    ("https%3A%2F%2Fa1.execute-api.eu-west-1.amazonaws.com%2Fprod%2Fx", "https%3a%2f%2fcontoso.azure-api.net%2fx", (), "bound"),
    (f"{OLD}/orders/5", f"{NEW}/orders/5", V1, "unexplained"),
    (f"{OLD}/orders/5", f"{NEW}/orders/6", (), "unexplained"),
    (f"{OLD}/orders/5", f"{NEW}/prod/orders/5", (), "unexplained"),
    (f"{OLD}/orders/5", NEW.replace("https", "http") + "/orders/5", (), "unexplained"),
    (f"{OLD}/orders/5", "https://other.example/orders/5", (), "unexplained"),
    (f"{OLD}/orders/5", f"{NEW}:8443/orders/5", (), "unexplained"),
    (f"{OLD}/orders/5", f"{NEW}.evil.example/orders/5", (), "unexplained"),
    (f"{HOST}.evil.example/prod/x", f"{NEW}/x", (), "unexplained"),
    ("a1.execute-api.eu-west-1.amazonaws.com", "contoso.azure-api.net", (), "unexplained"),
    ("https://backend.internal/x", "https://contoso.azure-api.net/x", (), "unexplained"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "paths", "wanted"), LINKS)
def test_own_addresses(bound: Bound, old: str, new: str, paths: tuple[PathMap, ...], wanted: str) -> None:
    assert bound(f'"{old}"', f'"{new}"', paths=paths) == wanted
    assert bound(old, new, paths=paths, header="X-Self") == wanted


def test_slashes_may_be_escaped_in_both(bound: Bound) -> None:
    escaped = [f'"embedded {{\\"u\\": \\"{url}/x\\"}}"'.replace("/", "\\\\/") for url in (OLD, NEW)]
    assert bound(*escaped) == "bound"


def test_addresses_and_captures_together(bound: Bound) -> None:
    old, new = f"{OLD}/orders/ord-8f3a", f"{NEW}/orders/v1/ord-77b1"
    assert bound(old, new, header="Location", captures=IDS, paths=V1) == "bound"
    assert bound(old, new.replace("77b1", "77b2"), header="Location", captures=IDS, paths=V1) == "unexplained"


RELATIVE = [
    ("Location", "/prod/orders/1", "/orders/1", (), "bound"),
    ("Location", "/prod/orders/1", "/orders/v1/1", V1, "bound"),
    ("Location", "/orders/1", "/orders/v1/1", V1, "bound"),
    ("Content-Location", "/prod/orders/1", "/orders/1", (), "bound"),
    ("Location", "/prod", "/", (), "bound"),
    ("Location", "/prod/orders/1", f"{NEW}/orders/1", (), "bound"),
    ("Location", f"{OLD}/orders/1", "/orders/1", (), "bound"),
    ("Location", f"{OLD}/orders/1", "/orders/v1/1", V1, "bound"),
    ("Location", "/prod/orders/1", f"{NEW}/orders/2", (), "unexplained"),
    ("Location", "/prod/orders/1", "http" + NEW[5:] + "/orders/1", (), "unexplained"),
    ("Location", "/prod/orders/1", "//contoso.azure-api.net/orders/1", (), "unexplained"),
    ("Location", "https://x.example/orders/1", "/orders/1", (), "unexplained"),
    ("X-Path", f"{OLD}/orders/1", "/orders/1", (), "unexplained"),
    ("Link", '</prod/orders?page=2>; rel="next"', '</orders?page=2>; rel="next"', (), "bound"),
    ("Link", f'<{OLD}/o?p=2>; rel="next", </prod/o?p=9>; rel="last"', f'<{NEW}/o?p=2>; rel="next", </o?p=9>; rel="last"', (), "bound"),
    ("Link", '</prod/orders?page=2>; rel="next"', '</orders?page=3>; rel="next"', (), "unexplained"),
    ("Location", "/production/orders/1", "/uction/orders/1", (), "unexplained"),
    ("Location", "/prod/orders/1", "/orders/1", V1, "unexplained"),
    ("Location", "/orders/1", "/orders/2", (), "unexplained"),
    ("X-Path", "/prod/orders/1", "/orders/1", (), "unexplained"),
]  # fmt: skip


@pytest.mark.parametrize(("header", "old", "new", "paths", "wanted"), RELATIVE)
def test_relative_links(bound: Bound, header: str, old: str, new: str, paths: tuple[PathMap, ...], wanted: str) -> None:
    assert bound(old, new, paths=paths, header=header) == wanted


def test_a_base_path_in_the_body_is_no_address(bound: Bound) -> None:
    assert bound('"/prod/orders/1"', '"/orders/1"') == "unexplained"


def test_cookies_belong_to_their_own_host_and_path(bound: Bound) -> None:
    old = "s=1; Domain=a1.execute-api.eu-west-1.amazonaws.com"
    assert bound(old, "s=1; Domain=contoso.azure-api.net", header="Set-Cookie") == "bound"
    assert bound(old, "s=1; Domain=azure-api.net", header="Set-Cookie") == "unexplained"
    assert bound("s=1; Path=/prod", "s=1; Path=/", header="Set-Cookie") == "bound"
    assert bound("s=1; Path=/prod/a", "s=1; Path=/a", header="Set-Cookie") == "bound"
    assert bound("s=1; Path=/prod/a", "s=1; Path=/", header="Set-Cookie") == "unexplained"


def test_ports_belong_to_the_address(bound: Bound) -> None:
    urls = ("http://127.0.0.1:8081/prod", "http://127.0.0.1:8082")
    assert bound('"http://127.0.0.1:8081/prod/x"', '"http://127.0.0.1:8082/x"', urls=urls) == "bound"
    assert bound('"http://127.0.0.1:8083/x"', '"http://127.0.0.1:8082/x"', urls=urls) == "unexplained"
    assert bound('"http://127.0.0.1/prod/x"', '"http://127.0.0.1:8082/x"', urls=urls) == "unexplained"


def test_members_of_objects_and_arrays(pairs: Any) -> None:
    json = (("Content-Type", "application/json"),)
    old = pairs.answer(200, json, '{"orders": {"ord-8f3a": {"self": "/o/ord-8f3a", "n": 1.0}}}')
    new = pairs.answer(200, json, '{"orders": {"ord-77b1": {"n": 1.0, "self": "/o/ord-77b1"}}}')
    assert set(pairs.causes(old, new, captures=IDS).values()) == {"bound"}
    changed = pairs.answer(200, json, '{"orders": {"ord-77b1": {"n": 2.0, "self": "/o/ord-77b1"}}}')
    assert set(pairs.causes(old, changed, captures=IDS).values()) == {"unexplained"}
    texts = pairs.answer(200, json, '{"orders": {"ord-77b1": {"n": "1.0", "self": "/o/ord-77b1"}}}')
    assert set(pairs.causes(old, texts, captures=IDS).values()) == {"unexplained"}


# Old's address is 51 characters long with the stage, 46 without, new's 29; with escaped slashes 54, 48 and 31.
LENGTHS = [
    ("one link", 500, 500 - 22, "HEAD", "bound"),
    ("three links", 500, 500 - 66, "HEAD", "bound"),
    ("one without the stage", 500, 500 - 17, "HEAD", "bound"),
    ("two with escaped slashes", 500, 500 - 46, "HEAD", "bound"),
    ("as GET says it", 500, 500 - 22, "GET", "unexplained"),
    ("no whole number", 500, 500 - 21, "HEAD", "unexplained"),
    ("the wrong way", 500, 500 + 22, "HEAD", "unexplained"),
    ("no room", 70, 70 - 44, "HEAD", "unexplained"),
    ("nothing told", 44, 0, "HEAD", "unexplained"),
    ("nothing at all told", 220, 0, "HEAD", "unexplained"),
]


@pytest.mark.parametrize(("what", "old", "new", "method", "wanted"), LENGTHS, ids=[row[0] for row in LENGTHS])
def test_lengths_that_own_links_make(pairs: Any, what: str, old: int, new: int, method: str, wanted: str) -> None:
    sides = (pairs.answer(200, (("Content-Length", str(size)),)) for size in (old, new))
    captures = {"n": (str(old), str(new))}
    assert pairs.causes(*sides, method=method, captures=captures) == {"header:content-length": wanted}


def test_addresses_of_nearly_the_same_length_explain_no_length(pairs: Any) -> None:
    sides = [pairs.answer(200, (("Content-Length", str(size)),)) for size in (5_000, 4_998)]
    urls = ("http://127.0.0.1:18081", "http://127.0.0.1:8082")
    assert pairs.causes(*sides, method="HEAD", urls=urls) == {"header:content-length": "unexplained"}
    urls = ("http://127.0.0.1:8081", "http://127.0.0.1:8082")
    assert pairs.causes(*sides, method="HEAD", urls=urls) == {"header:content-length": "unexplained"}


@pytest.mark.parametrize("size", [3_000, 40_000])
def test_long_texts_end_soon(bound: Bound, size: int) -> None:
    old, new = "1-" * (size // 2), "2-" * (size // 2)
    assert bound(f'"{old}x"', f'"{new}y"', captures=SHORT) == "unexplained"
