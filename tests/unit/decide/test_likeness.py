"""What makes two answers alike, and what makes them surely different."""

import json

import pytest

from harness.decide.likeness import Likeness
from harness.model.response import Body, Response


def like(body: object, *headers: tuple[str, str]) -> Likeness:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Likeness.of(Response(status=404, headers=headers, body=Body(content=content)))


SAME = {
    "nothing": ("", ""),
    "an id": ({"error": "no order 17", "id": "a1"}, {"error": "no order 18", "id": "b2"}),
    "a time": ("at 2026-11-21T10:00:00Z: gone", "at 2026-11-22T11:00:01Z: gone"),
    "a page": ("<html>404 Not Found</html>", "<html>404 Not Found</html>"),
}
FOREIGN = {
    "a page, a document": ("<html>no</html>", {"items": []}),
    "nothing, a document": ("", {"items": []}),
    "other keys": ({"error": "no"}, {"items": [1], "total": 1}),
    "a list, an error": ([{"id": 1}], {"error": "no"}),
}


@pytest.mark.parametrize("name", SAME)
def test_what_names_the_request_makes_no_difference(name: str) -> None:
    one, other = (like(body) for body in SAME[name])
    assert one.same_words(other)
    assert one.alike(other)
    assert not one.foreign(other)


@pytest.mark.parametrize("name", FOREIGN)
def test_answers_of_two_kinds_are_told_apart(name: str) -> None:
    one, other = (like(body) for body in FOREIGN[name])
    assert one.foreign(other)
    assert not one.alike(other)
    assert not one.same_words(other)


def test_documents_of_the_same_keys_are_alike_whatever_they_hold() -> None:
    one, other = like({"items": ["a"]}), like({"items": ["b"]})
    assert one.alike(other)
    assert not one.same_words(other)
    assert not one.foreign(like({"items": [], "more": None}))


def test_where_a_redirection_leads_is_part_of_it_but_not_its_query() -> None:
    here, signed = (
        like("", ("Location", "https://files.example/x")),
        like("", ("Location", "https://files.example/x?sig=a")),
    )
    assert here.same_words(signed)
    assert not here.same_words(like("", ("Location", "https://login.example/")))


def test_a_head_is_held_against_what_a_get_gets() -> None:
    get = like({"a": 1}, ("Content-Type", "application/json; charset=utf-8"), ("Content-Length", "8"))
    assert like("", ("content-type", "application/json"), ("content-length", "8")).same_head(get)
    assert like("", ("content-type", "application/json")).same_head(get)
    assert not like("", ("content-type", "application/json"), ("content-length", "51")).same_head(get)
    assert not like("", ("content-type", "text/html"), ("content-length", "8")).same_head(get)


@pytest.mark.parametrize("body", ["", {"a|b": 1, "c": 2}, "plain | text", "[" * 5000, "a" * 400_000, "{}"])
def test_what_is_told_is_read_back_and_holds_no_content(body: object) -> None:
    one = like(body, ("Content-Type", "text/x|y;q=1"), ("Content-Length", "1|2"))
    assert Likeness.read(one.told()) == one
    assert "a|b" not in one.told()


def test_what_is_no_likeness_is_none() -> None:
    assert Likeness.read("") is None
    assert Likeness.read("json") is None
