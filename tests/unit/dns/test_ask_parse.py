"""Messages off the wire: what dnspython reads as the model writes it, and whatever is no message refused."""

import ipaddress
import random

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dns.asking.parse import MOST_RECORDS, NoMessage, Record, parse
from tests.servers import dns_hostile

RECORDS = [
    ("api.Example.test.", "A", "192.0.2.1"),
    ("api.example.test.", "AAAA", "2001:db8::1"),
    ("six.example.test.", "AAAA", "2001:db8:0:0:1::"),
    ("www.example.test.", "CNAME", "Api.Example.TEST."),
    ("example.test.", "NS", "ns1.example.test."),
    ("example.test.", "NS", "."),
    ("example.test.", "SOA", "Ns1.example.test. host\\.master.example.test. 4294967295 1 2 3 4"),
    ("example.test.", "MX", "10 mail.example.test."),
    ("example.test.", "TXT", '"one" "two \\"three\\" \\007\\255"'),
    ("example.test.", "CAA", '0 issue "ca.test; account=1"'),
    ("example.test.", "HTTPS", "1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1"),
    ("_x._tcp.example.test.", "SRV", "1 2 443 api.example.test."),
    ("example.test.", "DS", "1 13 2 " + "ab" * 32),
    ("example.test.", "TYPE65280", "\\# 3 010203"),
    ("alias.test.", "DNAME", "example.test."),
    ("1.2.0.192.in-addr.arpa.", "PTR", "api.example.test."),
    ("sp\\032ace\\.dot\\200.test.", "A", "192.0.2.2"),
    ("x" * 63 + "." + "y" * 63 + "." + "z" * 63 + ".test.", "A", "192.0.2.3"),
    (".", "NS", "a.root-servers.test."),
]
NAMES = {dns.rdatatype.CNAME, dns.rdatatype.NS, dns.rdatatype.DNAME, dns.rdatatype.PTR}


def expected(message: dns.message.Message) -> list[list[Record]]:
    """Return a message's records as dnspython reads them, written as the model writes them."""
    return [
        [
            Record(name=_name(one.name), type=dns.rdatatype.to_text(one.rdtype), ttl=one.ttl, value=_value(one))
            for one in section[:MOST_RECORDS]
            if one.rdclass == 1 and len(one)
        ]
        for section in (message.answer, message.authority, message.additional)
    ]


def _name(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _value(one: dns.rrset.RRset) -> str:
    rdata = one[0]
    if one.rdtype in NAMES:
        return _name(rdata.target)
    if one.rdtype == dns.rdatatype.SOA:
        first, second, rest = rdata.to_text().split(" ", 2)
        return f"{first.lower().removesuffix('.')} {second.lower().removesuffix('.')} {rest}"
    if one.rdtype == dns.rdatatype.AAAA:
        return str(ipaddress.ip_address(rdata.address))
    return str(rdata.to_text())


def made(records: list[tuple[str, str, str]], *, seed: int = 1) -> bytes:
    asked = dns.message.make_query("api.example.test.", "A", use_edns=0)
    reply = dns.message.make_response(asked)
    chance = random.Random(seed)
    for owner, type_, value in records:
        section = chance.choice([reply.answer, reply.authority, reply.additional])
        section.append(dns.rrset.from_text(owner, chance.randrange(2**31), "IN", type_, value))
    return reply.to_wire(max_size=65535)


def read_by_dnspython(wire: bytes) -> dns.message.Message | None:
    try:
        return dns.message.from_wire(wire, one_rr_per_rrset=True)
    except Exception:  # noqa: BLE001  whatever it stumbles over
        return None


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: f"{record[1]} {record[0][:20]}")
def test_each_kind_of_record(record: tuple[str, str, str]) -> None:
    wire = made([record])
    found = parse(wire)
    assert list(found.sections) == expected(dns.message.from_wire(wire))
    assert found.questions == [("api.example.test", 1, 1)]
    assert found.edns


def test_all_of_them_together() -> None:
    for seed in range(20):
        records = RECORDS * 3
        random.Random(seed).shuffle(records)
        wire = made(records, seed=seed)
        assert list(parse(wire).sections) == expected(dns.message.from_wire(wire, one_rr_per_rrset=True))


@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4),
    end=st.integers(0, 40),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_damaged_message_is_read_as_dnspython_reads_it_or_refused(changes: list[tuple[int, int]], end: int) -> None:
    wire = bytearray(WHOLE)
    for at, byte in changes:
        wire[at % len(wire)] = byte
    wire[2] &= 0x87  # other kinds of messages than questions and answers are told from each other before
    wire = wire[: len(wire) - end if end < 20 else len(wire)]
    other = read_by_dnspython(bytes(wire))
    try:
        found = parse(bytes(wire))
    except NoMessage:
        return
    if other is not None:
        assert [[(one.name, one.type, one.ttl) for one in section] for section in found.sections] == [
            [(one.name, one.type, one.ttl) for one in section] for section in expected(other)
        ]
        assert found.code == other.rcode()


@given(st.binary(max_size=600))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_bytes_are_read_or_refused(wire: bytes) -> None:
    for start in (b"", dns_hostile.raw(dns.message.make_query("api.example.test.", "A"), b"", counts=(9, 9, 9))):
        try:
            found = parse(start + wire)
        except NoMessage:
            continue
        assert all(len(section) <= MOST_RECORDS for section in found.sections)


@pytest.mark.parametrize("row", sorted(set(dns_hostile.ROWS) - {"update"}))
def test_what_dnspython_refuses_is_refused(row: str) -> None:
    asked = dns.message.make_query(f"{row}.{dns_hostile.ROW}", "A", use_edns=0)
    for answers in (dns_hostile.ROWS[row].udp, (dns_hostile.ROWS[row].tcp,)):
        for make in answers:
            wire = make(asked) if make is not None else b""
            if read_by_dnspython(wire) is None:
                with pytest.raises(NoMessage):
                    parse(wire)


def test_of_many_records_a_bounded_number_is_kept() -> None:
    """65 kB of records whose owners are as long as may be: a bounded number of them is kept."""
    asked = dns.message.make_query(".".join(["a"] * 120) + ".", "A")
    body = b"".join(dns_hostile.record(b"\xc0\x00\x00\x01", owner=b"\x01b\xc0\x0e") for _ in range(3600))
    found = parse(dns_hostile.raw(asked, body, counts=(1200, 1200, 1200)))
    assert [len(section) for section in found.sections] == [MOST_RECORDS] * 3
    assert found.left_out == 3000


def test_more_than_one_question() -> None:
    wire = bytearray(dns_hostile.raw(dns.message.make_query("a.test.", "A"), b""))
    wire[4:6] = b"\x00\x02"
    with pytest.raises(NoMessage):
        parse(bytes(wire))


WHOLE = made(RECORDS)
