"""Name servers that are a table: what each says to which question, without a network."""

from collections import Counter
from collections.abc import Mapping

from harness.model.dns import Heard, Records, Reply, Server

SOA = "ns1.example.test hostmaster.example.test {serial} 3600 600 86400 60"


def rr(name: str, type_: str, *values: str, ttl: int = 60) -> Records:
    return Records(name=name, type=type_, ttl=ttl, values=tuple(sorted(values)))


def soa(zone: str, serial: int = 1, primary: str = "ns1.example.test") -> Records:
    return rr(zone, "SOA", SOA.format(serial=serial).replace("ns1.example.test", primary))


def says(*answer: Records, aa: bool = True) -> Reply:
    """Return an answer; the server and the question are filled in when it is given."""
    return Reply(server=NOBODY, name="", type="", heard=Heard.ANSWER, answer=answer, authoritative=aa)


def empty(zone: str, *answer: Records, heard: Heard = Heard.EMPTY, aa: bool = True) -> Reply:
    return Reply(
        server=NOBODY, name="", type="", heard=heard, answer=answer, authority=(soa(zone),), authoritative=aa
    )  # fmt: skip


def refers(zone: str, *names: str, glue: Mapping[str, str] | None = None) -> Reply:
    additional = tuple(rr(name, "A", address) for name, address in (glue or {}).items())
    return Reply(
        server=NOBODY,
        name="",
        type="",
        heard=Heard.REFERRAL,
        authority=(rr(zone, "NS", *names),),
        additional=additional,
    )


def fails(heard: Heard) -> Reply:
    return Reply(server=NOBODY, name="", type="", heard=heard)


NOBODY = Server(name="nobody", address="")
Key = tuple[str, str, str]


class Fake:
    """Answers by (address, name, type); what is not in the table is EMPTY in the zone of that address, or silence."""

    def __init__(self, table: Mapping[Key, Reply | list[Reply]], zones: Mapping[str, str] | None = None) -> None:
        self._table = {key: list(said) if isinstance(said, list) else said for key, said in table.items()}
        self._zones = zones or {}
        self.asked: Counter[Key] = Counter()
        self.recursed: set[str] = set()

    async def ask(
        self, server: Server, name: str, type_: str, *, recurse: bool = True, signatures: bool = False,
        checking_disabled: bool = False,
    ) -> Reply:  # fmt: skip
        key = (server.address, name, type_)
        self.asked[key] += 1
        if recurse:
            self.recursed.add(server.address)
        said = self._table.get(key)
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        if said is None:
            zone = self._zones.get(server.address)
            said = fails(Heard.SILENT) if zone is None else empty(zone)
        return Reply(
            server=server, name=name, type=type_, heard=said.heard, answer=said.answer, authority=said.authority,
            additional=said.additional, authoritative=said.authoritative,
        )  # fmt: skip

    def addresses(self) -> set[str]:
        return {address for address, _, _ in self.asked}
