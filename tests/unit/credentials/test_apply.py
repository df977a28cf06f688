from collections.abc import Sequence

import pytest

from harness.credentials.apply import clashes
from harness.credentials.keyring import Keyring
from harness.model.request import Headers, Request
from harness.model.side import Side
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    Credential,
    HeaderCredential,
    QueryCredential,
)
from harness.scenario.types import Identity

URL = "https://old/orders?limit=10"


def identity(*old: Credential, new: Sequence[Credential] = ()) -> Identity:
    return Identity(name="partner", old=old, new=tuple(new))


def apply(caller: Identity, side: Side, url: str, headers: Headers) -> tuple[str, Headers]:
    """Return URL and headers as a request of this caller has them."""
    request = Request(side=side, method="GET", url=url, headers=headers)
    presented = Keyring(lambda secret: None).present(caller, request)
    return presented.url, presented.headers


def test_each_side_has_its_own_way_of_saying_it() -> None:
    caller = identity(
        HeaderCredential(headers=(("x-api-key", "k"),)),
        new=[HeaderCredential(headers=(("Ocp-Apim-Subscription-Key", "s"),))],
    )
    assert apply(caller, Side.OLD, URL, (("A", "b"),)) == (URL, (("A", "b"), ("x-api-key", "k")))
    assert apply(caller, Side.NEW, URL, ()) == (URL, (("Ocp-Apim-Subscription-Key", "s"),))


def test_basic_and_bearer() -> None:
    caller = identity(BasicCredential(user="Aladdin", password="open sesame"), new=[BearerCredential(token="t.o.k")])
    assert apply(caller, Side.OLD, URL, ())[1] == (("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),)
    assert apply(caller, Side.NEW, URL, ())[1] == (("Authorization", "Bearer t.o.k"),)


@pytest.mark.parametrize(
    ("url", "after"),
    [
        ("https://x/o", "https://x/o?key=a%2Fb%20%26%2B%C3%BC"),
        ("https://x/o?", "https://x/o?key=a%2Fb%20%26%2B%C3%BC"),
        ("https://x/o?b=%2f&a", "https://x/o?b=%2f&a&key=a%2Fb%20%26%2B%C3%BC"),
        ("https://x/o?b&", "https://x/o?b&key=a%2Fb%20%26%2B%C3%BC"),
        ("https://x/o?b#f?x", "https://x/o?b&key=a%2Fb%20%26%2B%C3%BC#f?x"),
        ("https://x/o#f", "https://x/o?key=a%2Fb%20%26%2B%C3%BC#f"),
    ],
)
def test_a_query_parameter_is_added_and_the_rest_stays(url: str, after: str) -> None:
    caller = identity(QueryCredential(parameters=(("key", "a/b &+ü"),)))
    assert apply(caller, Side.OLD, url, ()) == (after, ())


def test_kinds_may_be_combined() -> None:
    caller = identity(
        QueryCredential(parameters=(("a b", "1"), ("c", "2"))),
        HeaderCredential(headers=(("H", "3"),)),
        BearerCredential(token="t"),
    )
    assert apply(caller, Side.OLD, "https://x/", ()) == (
        "https://x/?a%20b=1&c=2",
        (("H", "3"), ("Authorization", "Bearer t")),
    )


def test_what_the_case_says_itself_wins_and_is_told() -> None:
    caller = identity(BearerCredential(token="t"), QueryCredential(parameters=(("a key", "1"), ("b", "2"))))
    url, headers = "https://x/?a+key=9", (("authorization", "mine"),)
    assert apply(caller, Side.OLD, url, headers) == ("https://x/?a+key=9&b=2", headers)
    assert clashes(caller, Side.OLD, url, headers) == ("header Authorization", "query parameter a key")
    assert clashes(caller, Side.OLD, "https://x/", ()) == ()


def test_a_side_without_credentials_is_anonymous() -> None:
    assert apply(identity(BearerCredential(token="t")), Side.NEW, URL, ()) == (URL, ())
