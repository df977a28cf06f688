"""The old side's address in the new side's answer is a fault, even where both answers are equal."""

from typing import Any

import pytest

from harness.model.place import JsonPath, Step
from harness.model.rule import BodyRule, CompareRules, Waiver

OLD = "https://a1.execute-api.eu-west-1.amazonaws.com/prod"
HOST = "a1.execute-api.eu-west-1.amazonaws.com"
NEW = "https://contoso.azure-api.net"
JSON = (("Content-Type", "application/json"),)
LOCAL = ("http://127.0.0.1:8081/prod", "http://127.0.0.1:8082")


def told(pairs: Any, old: Any, new: Any, **kwargs: Any) -> dict[str, str]:
    found = pairs.explain(old, new, **kwargs).differences
    for difference in found:
        if difference.cause.value == "unexplained":
            assert difference.note.startswith("the new side's answer points to the old gateway")
            assert difference.remedy
    return {difference.at: difference.cause.value for difference in found}


def test_equal_bodies_leak_too(pairs: Any) -> None:
    body = f'{{"items": [{{"a": 1}}, {{"self": "{OLD}/orders/1"}}]}}'
    same = pairs.answer(200, JSON, body)
    found = pairs.explain(same, same).differences
    assert [(one.at, one.old, one.new, one.kind.value) for one in found] == [
        ("body:$.items[1].self", f'"{OLD}/orders/1"', f'"{OLD}/orders/1"', "value")
    ]
    assert told(pairs, same, same) == {"body:$.items[1].self": "unexplained"}


@pytest.mark.parametrize(
    ("header", "value", "at"),
    [
        ("Location", f"{OLD}/orders/1", "header:location"),
        ("Location", f"//{HOST}/prod/orders/1", "header:location"),
        ("X-Login", f"https://login.example/?back=https%3A%2F%2F{HOST}%2Fprod", "header:x-login"),
        ("Set-Cookie", f"s=1; Domain={HOST}", "header:set-cookie[s].domain"),
        ("Set-Cookie", f"s=1; Domain=.{HOST}", "header:set-cookie[s].domain"),
        ("Access-Control-Allow-Origin", f"https://{HOST}", "header:access-control-allow-origin"),
    ],
)
def test_headers(pairs: Any, header: str, value: str, at: str) -> None:
    same = pairs.answer(200, ((header, value),))
    assert told(pairs, same, same) == {at: "unexplained"}


def test_an_existing_difference_is_marked_not_doubled(pairs: Any) -> None:
    old = pairs.answer(200, JSON, f'{{"self": "{OLD}/orders/1"}}')
    new = pairs.answer(200, JSON, f'{{"self": "{OLD}/orders/2"}}')
    captures = {"id": ("1", "2")}
    assert told(pairs, old, new, captures=captures) == {"body:$.self": "unexplained"}
    gained = pairs.answer(200, JSON, f'{{"self": "{OLD}/orders/1", "links": {{"next": "{OLD}/orders"}}}}')
    assert told(pairs, old, gained) == {"body:$.links": "unexplained", "body:$.self": "unexplained"}


def test_other_places(pairs: Any) -> None:
    text = pairs.answer(200, (("Content-Type", "text/plain"),), f"one\ntwo {OLD}\n")
    assert told(pairs, text, text) == {"body:line 2": "unexplained"}
    xml = pairs.answer(200, (("Content-Type", "application/xml"),), f'<a href="{OLD}"/>')
    assert told(pairs, xml, xml) == {"body": "unexplained"}
    key = pairs.answer(200, JSON, f'{{"{OLD}": 1}}')
    assert told(pairs, key, key) == {"body": "unexplained"}


@pytest.mark.parametrize(
    "text",
    [
        NEW,
        f"https://x{HOST}/",
        f"https://{HOST}.example/",
        f"https://v2.{HOST}/",
        f"ops@{HOST}",
        "https://amazonaws.com/",
    ],
)
def test_other_hosts_are_no_leak(pairs: Any, text: str) -> None:
    same = pairs.answer(200, JSON, f'{{"v": "{text}"}}')
    assert told(pairs, same, same) == {}


def test_one_host_with_two_ports(pairs: Any) -> None:
    for text, wanted in (
        ("http://127.0.0.1:8081/prod/x", {"body:$.v": "unexplained"}),
        ("http%3A%2F%2F127.0.0.1%3A8081%2Fx", {"body:$.v": "unexplained"}),
        ("http://127.0.0.1:8082/x", {}),
        ("http://127.0.0.1:80811/x", {}),
        ("127.0.0.1", {}),
    ):
        same = pairs.answer(200, JSON, f'{{"v": "{text}"}}')
        assert told(pairs, same, same, urls=LOCAL) == wanted, text


def test_an_address_that_is_no_name_needs_scheme_or_port(pairs: Any) -> None:
    urls = ("http://10.0.0.1:8081", "http://10.0.0.2:8081")
    for text, wanted in (
        ("10.0.0.1", 0),
        ("http://10.0.0.1:8081/x", 1),
        ("http://10.0.0.1/x", 1),
        ("10.0.0.11:8081", 0),
    ):
        same = pairs.answer(200, JSON, f'{{"v": "{text}"}}')
        assert len(told(pairs, same, same, urls=urls)) == wanted, text


def test_one_name_for_both_leaks_nothing(pairs: Any) -> None:
    same = pairs.answer(200, JSON, f'{{"v": "{OLD}/x"}}')
    assert told(pairs, same, same, urls=(OLD, f"https://{HOST}/v2")) == {}


def test_what_the_request_says_may_be_echoed(pairs: Any) -> None:
    same = pairs.answer(200, (("Access-Control-Allow-Origin", f"https://{HOST}"),))
    assert told(pairs, same, same, sent=(("Origin", f"https://{HOST}"),)) == {}
    assert told(pairs, same, same, body=f"https://{HOST}".encode(), method="POST") == {}


def test_what_rules_ignore_is_ignored(pairs: Any) -> None:
    same = pairs.answer(200, (*JSON, ("X-Old", OLD)), f'{{"v": {{"w": "{OLD}/x"}}}}')
    rules = CompareRules(
        ignored_headers=frozenset({"x-old"}),
        body=(BodyRule(at=JsonPath(text="$.v", steps=(Step(names=("v",)),)), ignore=True),),
    )
    assert told(pairs, same, same, rules=rules) == {}


def test_a_waiver_holds(pairs: Any) -> None:
    same = pairs.answer(200, (("Location", OLD),))
    waiver = Waiver(id="w1", at="header:location", owner="a", until=pairs.today, because="moves last")
    assert told(pairs, same, same, waivers=(waiver,)) == {"header:location": "waived"}


def test_noise_never_hides_a_leak(pairs: Any) -> None:
    old = pairs.answer(200, (("X-Next", f"{OLD}/1"),))
    again = pairs.answer(200, (("X-Next", f"{OLD}/2"),))
    new = pairs.answer(200, (("X-Next", f"{OLD}/3"),))
    assert told(pairs, old, new, repeats=(again,)) == {"header:x-next": "unexplained"}


def test_hostile_bodies(pairs: Any) -> None:
    for body in ("[" * 50_000 + HOST, f'{{"a": "{HOST}', f"\x00{HOST}\x00", f'"{HOST}"'):
        same = pairs.answer(200, JSON, body)
        assert set(told(pairs, same, same).values()) == {"unexplained"}
    many = pairs.answer(200, JSON, "[" + ",".join(f'"{OLD}/{n}"' for n in range(500)) + "]")
    assert len(told(pairs, many, many)) == 20
