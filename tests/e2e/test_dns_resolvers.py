"""Questions to real servers: nsd and unbound by every protocol, beside what dig makes of the same servers."""

import asyncio
import re
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from harness.dns.asking.ask import Asker
from harness.dns.facts import AtResolver
from harness.dns.surveying.at_resolver import look, sight
from harness.model.dns import Heard, Points, Protocol, Reply, Server
from harness.scenario.moving import Dns, Move, Target
from tests.servers.nsd import Nsd, zone_text
from tests.servers.process import HOST, find_program, free_ports
from tests.servers.signed import signed
from tests.servers.tls import Authority
from tests.servers.unbound import Unbound

pytestmark = [pytest.mark.server("nsd"), pytest.mark.server("unbound")]

T = TypeVar("T")
ZONE = "example.test"
RESOLVER = "resolver.test"
TTL, CLAMPED = 2, 4
RECORDS = f"""
@ NS ns1
@ NS ns2.elsewhere.test.
@ MX 10 mail
@ CAA 0 issue "ca.test"
@ TXT "v=spf1 -all" "two parts"
ns1 A 127.0.0.1
api {TTL} CNAME old
plain {TTL} A 192.0.2.1
mixed 300 A 192.0.2.1
mixed 300 A 192.0.2.9
six AAAA 2001:db8::1
old A 192.0.2.1
old A 192.0.2.2
new A 192.0.2.9
new HTTPS 1 . alpn=h2 ipv4hint=192.0.2.9
_sip._tcp SRV 1 2 5061 old
loop CNAME pool
pool CNAME loop
dangling CNAME nothing
deep CNAME Deep2
deep2 CNAME api
big TXT {" ".join('"' + str(at) * 200 + '"' for at in range(4))}
big TXT {" ".join('"' + str(at) * 200 + '"' for at in range(4, 8))}
odd\\.label TXT "a\\"b;c\\007"
*.wild A 192.0.2.7
sub NS ns.sub
ns.sub A 192.0.2.53
"""
MOVE = Move(name=f"api.{ZONE}", old=Target(cname=f"old.{ZONE}"), new=Target(cname=f"new.{ZONE}"))
PLAIN = Move(name=f"plain.{ZONE}", old=Target(addresses=("192.0.2.1",)), new=Target(alias=f"new.{ZONE}"))


def zone(*, serial: int = 1, leads: str = "old", address: str = "192.0.2.1") -> str:
    records = RECORDS.replace(f"api {TTL} CNAME old", f"api {TTL} CNAME {leads}")
    return zone_text(ZONE, records.replace(f"plain {TTL} A 192.0.2.1", f"plain {TTL} A {address}"), serial=serial)


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """An authority, a resolver over it, and one that clamps."""

    nsd: Nsd
    plain: Unbound
    slow: Unbound
    trust: Authority

    @property
    def authority(self) -> Server:
        return Server(name="ns1", address=self.nsd.address, port=self.nsd.port)

    def by(self, protocol: Protocol, **changes: Any) -> Server:
        return replace(self.plain.server(protocol, protocol, host=RESOLVER, ca_file=self.trust.ca_file), **changes)


@pytest.fixture(scope="module")
def servers(authority: Authority) -> Iterator[Servers]:
    with Nsd({ZONE: zone()}) as nsd:
        stubs = {ZONE: f"{nsd.address}@{nsd.port}"}
        tls = authority.certificate(RESOLVER)
        with Unbound(stubs, tls=tls) as plain, Unbound(stubs, options=[f"cache-min-ttl: {CLAMPED}"]) as slow:
            yield Servers(nsd=nsd, plain=plain, slow=slow, trust=authority)


def run(make: Callable[[Asker], Coroutine[Any, Any, T]], *, timeout: float = 5.0) -> T:
    async def within() -> T:
        async with Asker(timeout) as asker:
            return await make(asker)

    return asyncio.run(within())


def one(server: Server, name: str = f"old.{ZONE}", type_: str = "A", *, timeout: float = 5.0, **how: bool) -> Reply:
    return run(lambda asker: asker.ask(server, name, type_, **how), timeout=timeout)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class TestProtocols:
    @pytest.mark.parametrize("protocol", ["udp", "tcp", "dot", "doh"])
    def test_each_brings_the_same_answer(self, servers: Servers, protocol: Protocol) -> None:
        reply = one(servers.by(protocol))
        assert (reply.heard, reply.transport, reply.detail) == (Heard.ANSWER, protocol, "")
        assert reply.answer[0].values == ("192.0.2.1", "192.0.2.2")

    @pytest.mark.parametrize("protocol", ["udp", "tcp", "dot", "doh"])
    def test_a_large_answer(self, servers: Servers, protocol: Protocol) -> None:
        reply = one(servers.by(protocol), f"big.{ZONE}", "TXT")
        assert reply.heard is Heard.ANSWER
        assert reply.transport == ("tcp" if protocol == "udp" else protocol)

    @pytest.mark.parametrize("protocol", ["dot", "doh"])
    def test_another_name_in_the_certificate(self, servers: Servers, protocol: Protocol) -> None:
        reply = one(servers.by(protocol, host="other.test"))
        assert reply.heard is Heard.UNTRUSTED
        assert "other.test" in reply.detail

    @pytest.mark.parametrize("protocol", ["dot", "doh"])
    def test_an_authority_that_is_not_trusted(self, servers: Servers, protocol: Protocol) -> None:
        assert one(servers.by(protocol, ca_file=None)).heard is Heard.UNTRUSTED

    @pytest.mark.parametrize("protocol", ["dot", "doh"])
    def test_authorities_that_cannot_be_read(self, servers: Servers, protocol: Protocol, tmp_path: Path) -> None:
        reply = one(servers.by(protocol, ca_file=tmp_path / "missing.pem"))
        assert reply.heard is Heard.NOT_ASKED
        assert "missing.pem" in reply.detail

    @pytest.mark.parametrize("protocol", ["udp", "tcp", "dot", "doh"])
    def test_nobody_there(self, servers: Servers, protocol: Protocol) -> None:
        reply = one(servers.by(protocol, port=free_ports(1)[0]))
        assert reply.heard is Heard.UNREACHABLE
        assert "refused" in reply.detail

    @pytest.mark.parametrize("protocol", ["dot", "doh"])
    def test_no_tls_there(self, servers: Servers, protocol: Protocol) -> None:
        assert one(servers.by(protocol, port=servers.nsd.port), timeout=0.5).heard in {Heard.UNREACHABLE, Heard.SILENT}

    def test_a_path_that_no_questions_are_asked_at(self, servers: Servers) -> None:
        reply = one(servers.by("doh", path="/elsewhere"))
        assert (reply.heard, reply.detail) == (Heard.ERROR, "HTTP 404")

    def test_what_cannot_be_asked(self, servers: Servers) -> None:
        for name, type_ in ((f"{'x' * 64}.test", "A"), (ZONE, "NONSENSE"), ("a..b", "A")):
            assert one(servers.by("udp"), name, type_).heard is Heard.NOT_ASKED
        assert one(replace(servers.by("udp"), address="no-address.test")).heard is Heard.NOT_ASKED

    @pytest.mark.parametrize("protocol", ["udp", "tcp", "dot", "doh"])
    def test_a_server_that_no_system_can_speak_to(self, servers: Servers, protocol: Protocol) -> None:
        for odd in ({"port": 70_000}, {"port": -1}, {"address": "a..b"}, {"address": "x" * 300}):
            reply = one(servers.by(protocol, **odd), timeout=1)
            assert not reply.heard.tells
            assert not reply.answer


class TestAuthority:
    def test_it_speaks_for_its_zone_and_refers_for_what_it_delegates(self, servers: Servers) -> None:
        own = one(servers.authority, ZONE, "SOA", recurse=False)
        assert own.authoritative
        assert own.answer[0].values == (f"ns1.{ZONE} hostmaster.{ZONE} 1 3600 600 86400 60",)
        below = one(servers.authority, f"www.sub.{ZONE}", recurse=False)
        assert below.heard is Heard.REFERRAL
        assert below.authority[0].values == (f"ns.sub.{ZONE}",)
        assert below.additional[0].values == ("192.0.2.53",)

    def test_it_is_no_resolver(self, servers: Servers) -> None:
        assert one(servers.authority, "elsewhere.test").heard is Heard.REFUSED
        reply = one(servers.authority, f"www.sub.{ZONE}")
        assert (reply.heard, reply.detail) == (Heard.ERROR, "does not recurse")

    def test_nothing_of_this_type_and_no_such_name(self, servers: Servers) -> None:
        assert one(servers.authority, f"old.{ZONE}", "AAAA").heard is Heard.EMPTY
        assert one(servers.authority, f"missing.{ZONE}").heard is Heard.NO_NAME


class TestLook:
    def test_a_copy_that_counts_down_is_seen_running_out_and_a_clamping_resolver_shows(self, servers: Servers) -> None:
        async def both(asker: Asker) -> Any:
            section = Dns(moves=(MOVE,))
            until = time.time() + 30
            resolvers = [servers.plain.server("plain"), servers.slow.server("slow")]
            # one who asked before, so that what is held is no fresh copy
            await asyncio.gather(*(asker.ask(server, MOVE.name, "A") for server in resolvers))
            held = TTL
            while held == TTL:
                reply = await asker.ask(resolvers[0], MOVE.name, "CNAME")
                held = reply.answer[0].ttl
            return await asyncio.gather(
                *(look(asker, server, MOVE, section, ttl=lambda: TTL, until=until) for server in resolvers)
            )

        plain, slow = run(both)
        assert plain.first.ttl < TTL
        assert plain.first.points is Points.OLD
        assert plain.later[-1][1].ttl == TTL
        assert slow.later[-1][1].ttl == CLAMPED
        assert {chain.points for chain in plain.chains.values()} == {Points.OLD}
        assert plain.target["A"].addresses == ("192.0.2.9",)
        assert plain.https.heard is Heard.EMPTY

    def test_a_fresh_copy_is_not_waited_out(self, servers: Servers) -> None:
        move = replace(
            MOVE, name=f"mixed.{ZONE}", old=Target(addresses=("192.0.2.1",)), new=Target(alias=f"new.{ZONE}")
        )
        section = Dns(moves=(move,))
        started = time.monotonic()
        seen = run(
            lambda asker: look(asker, servers.authority, move, section, ttl=lambda: 300, until=time.time() + 600)
        )
        assert not seen.later
        assert seen.chains["A"].points is Points.BOTH
        assert time.monotonic() - started < 60

    @pytest.mark.parametrize(
        ("name", "heard", "side", "words"),
        [
            ("loop", Heard.SERVFAIL, Points.UNKNOWN, "server failure from plain"),
            ("missing", Heard.NO_NAME, Points.NOWHERE, "does not exist"),
            ("dangling", Heard.NO_NAME, Points.NOWHERE, "where dangling.example.test leads to, does not exist"),
            ("six", Heard.EMPTY, Points.NOWHERE, ""),
            ("deep", Heard.ANSWER, Points.OLD, ""),
        ],
    )
    def test_names_that_lead_nowhere(self, servers: Servers, name: str, heard: Heard, side: Points, words: str) -> None:
        move = replace(MOVE, name=f"{name}.{ZONE}")
        seen = run(
            lambda asker: look(
                asker, servers.plain.server("plain"), move, Dns(moves=(move,)), ttl=lambda: None, until=time.time()
            )
        )
        assert seen.first is not None
        assert (seen.first.heard, seen.first.points) == (heard, side)
        assert words in seen.first.detail
        assert not seen.later

    def test_what_a_resolver_has_validated(self) -> None:
        good = signed("signed.test", zone_text("signed.test", "@ NS ns1\nns1 A 127.0.0.1\napi CNAME ns1\n"))
        bad = signed("bad.test", zone_text("bad.test", "@ NS ns1\nns1 A 127.0.0.1\napi CNAME ns1\n"), forged=("api",))
        plain = zone_text("plain.test", "@ NS ns1\nns1 A 127.0.0.1\napi CNAME ns1\n")

        async def seen(asker: Asker) -> list[AtResolver]:
            moves = [replace(MOVE, name=f"api.{zone}") for zone in ("signed.test", "bad.test", "plain.test")]
            section = Dns(moves=tuple(moves))
            asked = (look(asker, server, move, section, ttl=lambda: None, until=0) for move in moves)
            return await asyncio.gather(*asked)

        with (
            Nsd({"signed.test": good.text, "bad.test": bad.text, "plain.test": plain}) as nsd,
            Unbound({"test": f"{nsd.address}@{nsd.port}"}, anchors=[good.anchor, bad.anchor]) as validating,
        ):
            server = validating.server()
            first, forged, unsigned = run(seen)
        assert [one.authenticated for one in (first, forged, unsigned)] == [True, False, False]
        assert forged.first is not None
        assert forged.first.heard is Heard.SERVFAIL


class TestMoving:
    def test_a_switched_record_is_seen_moving(self, servers: Servers) -> None:
        """By a CNAME and by addresses, at the authority at once, at a resolver when its copy has run out."""
        sides = {"old": frozenset({"192.0.2.1"}), "new": frozenset({"192.0.2.9"})}
        spots = [servers.authority, servers.plain.server("plain")]

        async def moving(asker: Asker) -> dict[tuple[str, str], list[tuple[float, Points]]]:
            seen: dict[tuple[str, str], list[tuple[float, Points]]] = {}

            async def see(move: Move, server: Server) -> None:
                one = await sight(asker, server, move.name, move, **sides)
                seen.setdefault((move.name, server.name), []).append((time.time(), one.points))

            async def see_all() -> None:
                await asyncio.gather(*(see(move, server) for move in (MOVE, PLAIN) for server in spots))

            await see_all()
            await asyncio.to_thread(servers.nsd.rewrite, ZONE, zone(serial=2, leads="new", address="192.0.2.9"))
            for _ in range(60):
                await see_all()
                if all(looks[-1][1] is Points.NEW for looks in seen.values()):
                    break
                await asyncio.sleep(0.2)
            return seen

        try:
            seen = run(moving)
        finally:
            servers.nsd.rewrite(ZONE, zone(serial=3))
        order = {spot: [points for _, points in looks] for spot, looks in seen.items()}
        assert all(points == sorted(points, key=[Points.OLD, Points.NEW].index) for points in order.values())
        assert all((points[0], points[-1]) == (Points.OLD, Points.NEW) for points in order.values())
        moved = {spot: next(at for at, points in looks if points is Points.NEW) for spot, looks in seen.items()}
        for move in (MOVE, PLAIN):
            assert moved[move.name, "ns1"] <= moved[move.name, "plain"]


class TestWidth:
    def test_many_at_once_and_all_sockets_closed(self, servers: Servers) -> None:
        async def many(asker: Asker) -> set[Heard]:
            asked = [asker.ask(servers.by("tcp"), f"x{at}.wild.{ZONE}", "A") for at in range(50)]
            asked += [asker.ask(servers.by("dot"), f"x{at}.wild.{ZONE}", "A") for at in range(50)]
            asked += [asker.ask(servers.by("udp"), f"x{at}.wild.{ZONE}", "A") for at in range(300)]
            replies = await asyncio.gather(*asked)
            assert asker.questions == 400
            return {one.heard for one in replies}

        before = open_files()
        assert run(many) == {Heard.ANSWER}
        assert open_files() == before

    def test_nothing_is_asked_once_the_user_wants_to_end(self, servers: Servers) -> None:
        async def stopped() -> tuple[Reply, int]:
            async with Asker(5.0, stopping=lambda: True) as asker:
                assert not await asker.pause(60)
                return await asker.ask(servers.by("udp"), ZONE, "SOA"), asker.questions

        reply, questions = asyncio.run(stopped())
        assert (reply.heard, reply.detail, questions) == (Heard.NOT_ASKED, "interrupted", 0)

    def test_being_cancelled_is_no_reply(self) -> None:
        """A silent server is left in the middle of a question; nothing of it stays open."""

        async def cancelled(asker: Asker) -> None:
            before = open_files()
            loop = asyncio.get_running_loop()
            silent, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, (HOST, 0))
            server = Server(name="silent", address=HOST, port=silent.get_extra_info("sockname")[1])
            task = asyncio.create_task(asker.ask(server, ZONE, "A"))
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            silent.close()
            await asyncio.sleep(0)
            assert open_files() == before

        run(cancelled)


QUESTIONS = [
    ("@", "SOA"), ("@", "NS"), ("@", "MX"), ("@", "CAA"), ("@", "TXT"), ("api", "A"), ("api", "CNAME"), ("deep", "A"),
    ("six", "AAAA"), ("new", "HTTPS"), ("_sip._tcp", "SRV"), ("big", "TXT"), ("odd\\.label", "TXT"), ("x.wild", "A"),
    ("missing", "A"), ("old", "AAAA"), ("dangling", "A"), ("www.sub", "A"),
]  # fmt: skip


@pytest.mark.server("dig")
class TestBesideDig:
    @pytest.mark.parametrize("at", ["authority", "resolver"])
    def test_the_same_records_flags_and_outcomes(self, servers: Servers, at: str) -> None:
        server = servers.authority if at == "authority" else servers.plain.server("plain")
        names = [(f"{name}.{ZONE}".removeprefix("@."), type_) for name, type_ in QUESTIONS]
        names = names if at == "authority" else names[:-1]  # nobody serves the zone below, which takes long to find out

        async def ask(asker: Asker) -> list[Reply]:
            return await asyncio.gather(
                *(asker.ask(server, name, type_, recurse=at == "resolver") for name, type_ in names)
            )

        replies = run(ask)
        said = dig(server, names, recurse=at == "resolver")
        for (name, type_), reply, other in zip(names, replies, said, strict=True):
            where = f"{name} {type_} at {at}"
            assert _without_ttls(_records(reply)) == _without_ttls(other.records), where
            if at == "authority":  # a resolver's run down between the two questions
                assert _records(reply) == other.records, where
            assert reply.authoritative is ("aa" in other.flags), where
            assert _code(reply) == other.code, where


def _without_ttls(records: set[tuple[str, str, str, str]]) -> set[tuple[str, str, str]]:
    return {(name, type_, value) for name, type_, _, value in records}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dug:
    """What dig printed of one question."""

    code: str
    flags: set[str]
    records: set[tuple[str, str, str, str]]


def dig(server: Server, names: list[tuple[str, str]], *, recurse: bool) -> list[Dug]:
    """Ask dig the same, one question after the other."""
    program = find_program("dig")
    assert program is not None
    how = ["+noall", "+comments", "+answer", "+authority", "+bufsize=1232", "+nocookie", "+time=5", "+noidnout"]
    how.append("+recurse" if recurse else "+norecurse")
    argv = [program, f"@{server.address}", "-p", str(server.port), *how]
    for name, type_ in names:
        argv += ["-q", f"{name}.", "-t", type_]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return [_dug(text) for text in done.stdout.split(";; Got answer:")[1:]]


def _dug(text: str) -> Dug:
    code = re.search(r"status: (\w+)", text)
    flags = re.search(r"flags: ([\w ]*);", text)
    assert code is not None
    assert flags is not None
    lines = [line.split(None, 4) for line in text.splitlines() if line and not line.startswith(";")]
    return Dug(
        code=code[1],
        flags=set(flags[1].split()),
        records={
            (_plain(owner), type_, ttl if type_ == "SOA" else "", _value(type_, value))
            for owner, ttl, _, type_, value in lines
        },
    )


def _records(reply: Reply) -> set[tuple[str, str, str, str]]:
    """Return what dig prints; TTLs of zones' own records alone, since others count down between two questions."""
    return {
        (one.name, one.type, str(one.ttl) if one.type == "SOA" else "", value.lower() if one.type in LOWER else value)
        for part in (reply.answer, reply.authority)
        for one in part
        for value in one.values
    }


LOWER = {"MX", "SRV"}
NAMES = {"CNAME", "NS", "DNAME", "PTR"}


def _value(type_: str, value: str) -> str:
    if type_ in NAMES:
        return _plain(value)
    if type_ == "SOA":
        first, second, rest = value.split(" ", 2)
        return f"{_plain(first)} {_plain(second)} {rest}"
    if type_ == "HTTPS":
        return re.sub(r'="?([^" ]*)"?', r'="\1"', value)
    return value.lower() if type_ in LOWER else value


def _plain(name: str) -> str:
    return name.lower().removesuffix(".") or "."


def _code(reply: Reply) -> str:
    assert reply.heard.tells or reply.heard is Heard.REFERRAL
    return "NXDOMAIN" if reply.heard is Heard.NO_NAME else "NOERROR"
