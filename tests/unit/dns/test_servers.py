"""Which resolvers are asked."""

from dataclasses import replace

import pytest

from harness.dns.asking import servers
from harness.dns.asking.servers import PUBLIC, resolvers
from harness.model.dns import Server
from harness.scenario.moving import Dns, Move, Target

MOVE = Move(name="api.example.test", old=Target(cname="old.test"), new=Target(cname="new.test"))
OFFICE = Server(name="office", address="192.0.2.53")
SECTION = Dns(moves=(MOVE,), system=False, resolvers=(OFFICE,))


def names(section: Dns) -> list[str]:
    return [one.name for one in resolvers(section)]


def test_those_of_the_scenario_alone() -> None:
    assert resolvers(SECTION) == (OFFICE,)
    assert resolvers(replace(SECTION, resolvers=())) == ()


def test_public_ones_where_they_are_wanted() -> None:
    assert resolvers(replace(SECTION, public=True)) == (OFFICE, *PUBLIC)


def test_each_once_under_the_name_that_the_scenario_gives_it() -> None:
    own = Server(name="ours", address="8.8.8.8")
    six = Server(name="six", address="2001:db8:0::1")
    again = Server(name="again", address="2001:db8::1")
    other = replace(OFFICE, name="office by TLS", protocol="dot", port=853)
    section = replace(SECTION, public=True, resolvers=(own, OFFICE, six, again, other, replace(OFFICE, name="twice")))
    assert names(section) == ["ours", "office", "six", "office by TLS", "Cloudflare (1.1.1.1)", "Quad9 (9.9.9.9)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nameserver 127.0.0.53\nnameserver 2001:db8::53\noptions edns0\n", ["127.0.0.53", "2001:db8::53"]),
        ("nameserver 0.0.0.0\nnameserver 192.0.2.53\n", ["192.0.2.53"]),
        ("# none\n", []),
        (None, []),
    ],
)
def test_this_machines_own(tmp_path_factory: pytest.TempPathFactory, text: str | None, expected: list[str]) -> None:
    file = tmp_path_factory.mktemp("resolv") / "resolv.conf"
    if text is not None:
        file.write_text(text)
    found = servers.system(file)
    assert [one.address for one in found] == expected
    assert all(one.name == f"system ({one.address})" for one in found)
