from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.request import Request
from harness.model.response import NoResponse, Reason, Response
from harness.model.side import Side
from harness.wire.client import Wire
from tests.servers.hostile import HostileServer
from tests.servers.tls import Authority

Drain = Callable[[Wire, int], list[Exchange]]


@pytest.fixture
def three() -> Iterator[list[HostileServer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(HostileServer()) for _ in range(3)]


def _gateway(server: HostileServer, side: Side = Side.OLD) -> Gateway:
    return Gateway(side=side, kind="generic", url=server.url)


def _request(server: HostileServer, path: str = "/ok", side: Side = Side.OLD, door: str = "") -> Request:
    return Request(side=side, method="GET", url=server.url + path, door=door)


def test_a_door_is_another_way_in(open_wire: Callable[..., Wire], drain: Drain, three: list[HostileServer]) -> None:
    own, direct, backend = three
    wire = open_wire(
        _gateway(own), doors={"direct": _gateway(direct, Side.NEW), "backend": _gateway(backend, Side.NEW)}
    )
    wire.submit(_request(own, "/own"), 0)
    wire.submit(_request(direct, "/direct", Side.NEW, "direct"), 1)
    wire.submit(_request(backend, "/backend", Side.NEW, "backend"), 2)
    assert (wire.pending(Side.OLD), wire.pending(Side.NEW)) == (1, 2)
    assert all(isinstance(done.answer, Response) for done in drain(wire, 3))
    assert [[seen.target for seen in server.seen] for server in three] == [["/own"], ["/direct"], ["/backend"]]
    assert wire.pending(Side.NEW) == 0


@pytest.mark.parametrize(
    ("door", "where", "words"),
    [
        ("", 1, "does not lie on"),  # a door's host by the side's own entrance
        ("direct", 0, "does not lie on"),  # the side's host by the door
        ("direct", 2, "does not lie on"),  # a host that is nothing
        ("attic", 1, "no door is named 'attic'"),
        ("attic" * 100, 1, "no door is named 'attic"),
    ],
)
def test_nothing_is_sent_to_what_is_neither_side_nor_that_door(
    open_wire: Callable[..., Wire], three: list[HostileServer], door: str, where: int, words: str
) -> None:
    wire = open_wire(_gateway(three[0]), doors={"direct": _gateway(three[1])})
    for _ in range(2):
        wire.submit(_request(three[where], door=door), "token")
        ((token, done),) = wire.wait(5)
        assert token == "token"
        assert isinstance(done.answer, NoResponse)
        assert done.answer.reason is Reason.REFUSED_TO_SEND
        assert words in done.answer.detail
        assert len(done.answer.detail) < 300
    assert [server.connections for server in three] == [0, 0, 0]


def test_a_side_that_is_not_there_has_no_lane_but_its_door_may(
    open_wire: Callable[..., Wire], drain: Drain, three: list[HostileServer]
) -> None:
    wire = open_wire(_gateway(three[0]), doors={"direct": _gateway(three[1], Side.NEW)})
    with pytest.raises(KeyError):
        wire.submit(_request(three[1], side=Side.NEW), 0)
    wire.submit(_request(three[1], side=Side.NEW, door="direct"), 0)
    assert isinstance(drain(wire, 1)[0].answer, Response)


def test_a_side_and_its_doors_are_asked_no_faster_than_its_rate(
    open_wire: Callable[..., Wire], drain: Drain, three: list[HostileServer]
) -> None:
    doors = {"direct": _gateway(three[1], Side.NEW), "backend": _gateway(three[2], Side.NEW)}
    wire = open_wire(_gateway(three[0], Side.NEW), doors=doors, limits=Limits(rate=50, concurrency=8, timeout=5))
    for token in range(15):
        server, door = ((three[0], ""), (three[1], "direct"), (three[2], "backend"))[token % 3]
        wire.submit(_request(server, side=Side.NEW, door=door), token)
    sent = sorted(done.sent_at for done in drain(wire, 15))
    assert sent[-1] - sent[0] >= 14 / 50 - 0.02


def test_connections_are_limited_for_each_lane_by_itself(
    open_wire: Callable[..., Wire], drain: Drain, three: list[HostileServer]
) -> None:
    wire = open_wire(
        _gateway(three[0]), doors={"direct": _gateway(three[1])}, limits=Limits(rate=1e6, concurrency=2, timeout=5)
    )
    for token in range(12):
        server, door = (three[0], "") if token % 2 else (three[1], "direct")
        wire.submit(_request(server, "/slow?20", door=door), token)
    drain(wire, 12)
    assert [(server.most_at_once, server.connections) for server in three] == [(2, 2), (2, 2), (0, 0)]


def test_a_door_of_the_same_host_has_connections_of_its_own(
    open_wire: Callable[..., Wire], drain: Drain, three: list[HostileServer]
) -> None:
    wire = open_wire(_gateway(three[0]), doors={"direct": _gateway(three[0])})
    for door in ("", "direct", "", "direct"):
        wire.submit(_request(three[0], door=door), 0)
        drain(wire, 1)
    assert [seen.connection for seen in three[0].seen] == [0, 1, 0, 1]


def test_a_door_by_another_address_keeps_name_and_sni(
    open_wire: Callable[..., Wire], drain: Drain, authority: Authority, hostile: HostileServer
) -> None:
    with HostileServer(tls=authority.certificate("api.example.com")) as server:
        door = Gateway(
            side=Side.NEW,
            kind="generic",
            url="https://api.example.com",
            ca_file=authority.ca_file,
            connect_to=f"127.0.0.1:{server.port}",
        )
        wire = open_wire(_gateway(hostile), doors={"direct": door})
        wire.submit(Request(side=Side.NEW, method="GET", url="https://api.example.com/x", door="direct"), 0)
        assert isinstance(drain(wire, 1)[0].answer, Response)
        (seen,) = server.seen
    assert (seen.sni, seen.header_lines) == ("api.example.com", [b"Host: api.example.com"])
