"""What a browser makes of CORS headers (Fetch standard), row by row."""

from typing import Any

import pytest

from harness.decide.cors import grants
from harness.model.probe import CorsAsk, Decision
from harness.model.request import Headers
from harness.model.response import Response

PAGE = "https://shop.example"
T, R = Decision.THROUGH, Decision.REFUSED
ACAO, ACAC = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
ACAM, ACAH = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"


def ask(**more: Any) -> CorsAsk:
    return CorsAsk(**{"origin": PAGE, "method": "GET", **more})


def judged(headers: Headers, asked: CorsAsk, status: int = 200) -> Decision:
    return grants(Response(status=status, headers=headers), asked)[0]


ORIGINS = [
    # Access-Control-Allow-Origin lines, Access-Control-Allow-Credentials lines, with credentials, origin, decision
    ((), (), False, PAGE, R),
    (("*",), (), False, PAGE, T),
    (("*",), ("true",), False, PAGE, T),
    (("*",), ("true",), True, PAGE, R),
    ((PAGE,), (), False, PAGE, T),
    ((PAGE,), (), True, PAGE, R),
    ((PAGE,), ("true",), True, PAGE, T),
    ((PAGE,), ("True",), True, PAGE, R),
    ((PAGE,), ("TRUE",), True, PAGE, R),
    ((PAGE,), ("false",), True, PAGE, R),
    ((PAGE,), ("true", "true"), True, PAGE, R),
    ((PAGE,), (" true ",), True, PAGE, T),
    ((f" {PAGE}\t",), (), False, PAGE, T),
    (("",), (), False, PAGE, R),
    (("https://SHOP.example",), (), False, PAGE, R),
    (("https://shop.example/",), (), False, PAGE, R),
    (("https://shop.example:443",), (), False, PAGE, R),
    (("http://shop.example",), (), False, PAGE, R),
    (("https://other.example",), (), False, PAGE, R),
    (("https://shop.example.evil.invalid",), (), False, PAGE, R),
    (("https://*.example",), (), False, PAGE, R),
    ((PAGE, PAGE), (), False, PAGE, R),
    ((f"{PAGE}, {PAGE}",), (), False, PAGE, R),
    ((f"{PAGE}, https://other.example",), (), False, PAGE, R),
    (("*", PAGE), (), False, PAGE, R),
    (("*, *",), (), False, PAGE, R),
    (("null",), (), False, "null", T),
    (("null",), ("true",), True, "null", T),
    (("NULL",), (), False, "null", R),
    (("*",), (), False, "null", T),
    (("null",), (), False, PAGE, R),
]


@pytest.mark.parametrize(("origins", "credentials", "include", "origin", "decision"), ORIGINS)
@pytest.mark.parametrize("preflight", [False, True])
@pytest.mark.parametrize("name", [ACAO, ACAO.lower(), ACAO.upper()])
def test_origin(
    origins: tuple[str, ...],
    credentials: tuple[str, ...],
    include: bool,
    origin: str,
    decision: Decision,
    preflight: bool,
    name: str,
) -> None:
    headers = (*((name, value) for value in origins), *((ACAC, value) for value in credentials))
    assert judged(headers, ask(origin=origin, credentials=include, preflight=preflight)) is decision


METHODS = [
    # listed, asked, with credentials, decision
    ((), "GET", False, T),
    ((), "HEAD", True, T),
    ((), "POST", True, T),
    (("GET",), "POST", False, T),
    ((), "PUT", False, R),
    (("GET, POST",), "DELETE", False, R),
    (("GET, DELETE",), "DELETE", False, T),
    (("GET", "DELETE"), "DELETE", False, T),
    (("GET ,, DELETE ,",), "DELETE", False, T),
    (("delete",), "DELETE", False, R),
    (("DELETE",), "delete", False, T),
    (("PATCH",), "PATCH", False, T),
    (("PATCH",), "patch", False, R),
    (("patch",), "patch", False, T),
    (("*",), "DELETE", False, T),
    (("*",), "DELETE", True, R),
    (("*, DELETE",), "DELETE", True, T),
    (("GET PUT",), "PUT", False, R),
    (("GET; PUT",), "GET", False, R),
    (("P\u00dcT",), "GET", False, R),
]


@pytest.mark.parametrize(("listed", "method", "include", "decision"), METHODS)
def test_methods(listed: tuple[str, ...], method: str, include: bool, decision: Decision) -> None:
    headers = ((ACAO, PAGE), (ACAC, "true"), *((ACAM, value) for value in listed))
    assert judged(headers, ask(method=method, credentials=include, preflight=True)) is decision


HEADERS = [
    ((), (), False, T),
    ((), ("x-tenant",), False, R),
    (("X-Tenant",), ("x-tenant",), False, T),
    (("x-tenant",), ("X-TENANT",), True, T),
    (("content-type, x-tenant",), ("content-type", "x-tenant"), False, T),
    (("content-type",), ("content-type", "x-tenant"), False, R),
    (("content-type", "x-tenant"), ("content-type", "x-tenant"), False, T),
    ((), ("accept", "Accept-Language", "content-language"), False, T),
    ((), ("content-type",), False, R),
    (("*",), ("x-tenant",), False, T),
    (("*",), ("x-tenant",), True, R),
    (("*",), ("authorization",), False, R),
    (("*, Authorization",), ("authorization", "x-tenant"), False, T),
    (("*, Authorization",), ("authorization", "x-tenant"), True, R),
    (("x tenant",), (), False, R),
    (('"x-tenant"',), ("x-tenant",), False, R),
]


@pytest.mark.parametrize(("listed", "asked", "include", "decision"), HEADERS)
def test_headers(listed: tuple[str, ...], asked: tuple[str, ...], include: bool, decision: Decision) -> None:
    headers = ((ACAO, PAGE), (ACAC, "true"), *((ACAH, value) for value in listed))
    assert judged(headers, ask(headers=asked, credentials=include, preflight=True)) is decision


@pytest.mark.parametrize(
    ("status", "decision"),
    [(200, T), (204, T), (299, T), (199, R), (300, R), (301, R), (304, R), (401, R), (403, R), (404, R), (500, R)],
)
def test_preflight_needs_success(status: int, decision: Decision) -> None:
    assert judged(((ACAO, "*"),), ask(preflight=True), status) is decision


@pytest.mark.parametrize("status", [200, 301, 401, 403, 404, 429, 500, 503])
def test_errors_can_be_read_if_they_say_so(status: int) -> None:
    assert judged(((ACAO, PAGE),), ask(), status) is T
    assert judged((), ask(), status) is R


def test_lists_of_a_preflight_do_not_matter_to_an_answer() -> None:
    assert judged(((ACAO, PAGE), (ACAM, "GET")), ask(method="DELETE", headers=("x-tenant",))) is T


def test_empty_200_is_a_refusal() -> None:
    """Azure API Management answers so to a preflight that no rule allows (facts §2.2)."""
    decision, words = grants(Response(status=200), ask(preflight=True))
    assert (decision, words) == (R, "no Access-Control-Allow-Origin")


def test_what_a_server_wrote_is_shown_bounded_and_on_one_line() -> None:
    _, words = grants(Response(status=200, headers=((ACAO, "\x1b[31m" + "x" * 5000),)), ask())
    assert len(words) < 200
    assert words.isprintable()
