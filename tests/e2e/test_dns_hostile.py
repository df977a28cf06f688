"""A name server that lies in all it says: markup, escapes, formulas, endless chains, thousands of records.

Nothing of it runs anywhere, no report breaks or grows without bound, and nobody takes it for a clean zone.
"""

import json
import os
import random
import socket
import string
import struct
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import pytest
from markdown_it import MarkdownIt

from tests.e2e.dns_stage import stage
from tests.e2e.dns_world import NAME, ZONES
from tests.e2e.test_html_report import Opened, browser, show
from tests.servers.command import Done, cutover
from tests.servers.scripted_dns import Answer, serving

__all__ = ["browser", "show"]

WHOLE = bool(os.environ.get("WHOLE_CATALOGUE"))
LABELS = (
    b"<script>window.pwned=1;alert(1)</script>",
    b"<img src=x onerror=window.pwned=1>",
    b"<a href=http://evil.example/x>",
    b"</script><script>pwned=1</script>",
    b"\x1b[2J\x1b]0;pwned\x07\x00\x08\x7f\x9b31m",
    b"a\r\nb\n# head\n\n| x | y |",
    b"![x](http://evil.example/x.png)",
    b"[x](javascript:alert(1)) `x` **b**",
    "\u202egnp.exe\u2066\u2028\u200b".encode(),
    b"=cmd|'/c calc'!A1",
    b"+1+1",
    b"@SUM(1)",
    b"-2+3",
    b"]]><!--",
    b"{{7*7}}${7*7}%s%n",
    b"[bold red]x[/]",
    b"'\";--",
    b"\xff\xfe\x80\xc0\xaf",
    b"a.b.c\\",
    b"__proto__",
)
"""Labels of at most 63 octets: a name may hold any octets (RFC 2181 §11)."""
_OWNER = b"\xc0\x0c"


def _text(data: bytes) -> bytes:
    return b"".join(bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255))


def _name(*labels: bytes) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\x04test\x00"


def _rdata(type_: int, at: int) -> bytes | None:
    """Return the data of a record of a type that says something hostile; None for a type without texts."""
    label = LABELS[at % len(LABELS)][:63]
    name = _name(label, b"evil")
    match dns.rdatatype.RdataType(type_):
        case dns.rdatatype.CNAME | dns.rdatatype.NS:
            return name
        case dns.rdatatype.TXT:
            return _text(label * 3)
        case dns.rdatatype.MX:
            return struct.pack("!H", 10) + name
        case dns.rdatatype.SRV:
            return struct.pack("!HHH", 1, 1, 443) + name
        case dns.rdatatype.SOA:
            return name + _name(label) + struct.pack("!IIIII", 1, 3600, 600, 86400, 60)
        case dns.rdatatype.CAA:
            return b"\x00\x05issue" + label
        case dns.rdatatype.HTTPS | dns.rdatatype.SVCB:
            return struct.pack("!H", 1) + name + struct.pack("!HH", 1, len(label) + 1) + bytes([len(label)]) + label
    return None


def _wire(
    asked: dns.message.Message, records: Sequence[tuple[int, bytes]], *, authority: int = 0, aa: bool = True
) -> bytes:
    """Return an answer of records (type, data), all owned by the name that was asked for."""
    question = asked.question[0]
    flags = 0x8180 | (0x0400 if aa else 0)
    counts = (len(records) - authority, authority, 0)
    head = struct.pack("!HHHHHH", asked.id, flags, 1, *counts) + (question.name.to_wire() or b"")
    body = b"".join(_OWNER + struct.pack("!HHIH", kind, 1, 60, len(data)) + data for kind, data in records)
    return head + struct.pack("!HH", question.rdtype, 1) + body


def lying(clean: Answer, count: int) -> Answer:
    """Return a server of everything that is asked for, with hostile texts in it; for addresses a clean one."""

    def answer(asked: dns.message.Message) -> dns.message.Message | bytes | None:
        type_ = asked.question[0].rdtype
        if type_ in {dns.rdatatype.A, dns.rdatatype.AAAA}:
            return clean(asked)
        first = sum(map(ord, str(asked.question[0].name))) + type_
        records = [(type_, data) for at in range(count) if (data := _rdata(type_, first + at)) is not None]
        return _wire(asked, records) if records else clean(asked)

    return answer


def endless(asked: dns.message.Message) -> bytes:
    """Lead from name to name without an end, over names as long as they may be."""
    made = random.Random(str(asked.question[0].name))
    labels = ["".join(made.choices(string.ascii_lowercase, k=63)) for _ in range(3)]
    target = dns.name.from_text(f"{'.'.join(labels)}.example.test.")
    return _wire(asked, [(dns.rdatatype.CNAME, target.to_wire() or b"")])


def huge(asked: dns.message.Message) -> bytes:
    """Say as much as a message holds: 500 name servers, thousands of addresses, texts without an end."""
    question = asked.question[0]
    if asked.flags & dns.flags.RD and question.rdtype == dns.rdatatype.A:
        records = [(int(question.rdtype), struct.pack("!I", 0xC0000200 + at)) for at in range(4000)]
    elif question.rdtype == dns.rdatatype.NS:
        records = [(int(question.rdtype), _name(b"%d" % at, b"n" * 60)) for at in range(500)]
    elif question.rdtype == dns.rdatatype.SOA:
        records = [(int(question.rdtype), _rdata(dns.rdatatype.SOA, 0) or b"")]
    else:
        records = [(dns.rdatatype.TXT, _text(b"x" * 2000)) for _ in range(30)]
    return _wire(asked, records)


CLEAN = serving(ZONES)
STORIES: dict[str, Answer] = {
    "texts": lying(CLEAN, 1),
    "many": lying(CLEAN, 40),
    "endless": endless,
    "huge": huge,
}
_CHOSEN = STORIES if WHOLE else {name: STORIES[name] for name in ("texts", "huge")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A run against one story."""

    done: Done
    memory: int


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    base = tmp_path_factory.mktemp("hostile")
    found = {}
    with stage(base) as made:
        for name, answer in _CHOSEN.items():
            made.names.answer = answer
            file = made.scenario(base / name, wait="1s")
            weight = file.parent / "memory"
            done = cutover("rehearse", file, "--suite", "dns", cwd=file.parent, memory=weight)
            found[name] = Told(done=done, memory=int(weight.read_text()) * 1024)
    return found


@pytest.mark.parametrize("name", _CHOSEN)
def test_a_liar_is_never_let_pass(name: str, told: dict[str, Told]) -> None:
    one = told[name]
    assert one.done.code in {1, 5}, one.done.out[-3000:] + one.done.err
    assert one.done.err == ""
    assert "the harness failed" not in json.dumps(one.done.report)


@pytest.mark.parametrize("name", _CHOSEN)
def test_what_is_written_is_bounded_and_well_formed(name: str, told: dict[str, Told]) -> None:
    run = told[name].done.run
    assert told[name].memory < 400_000_000
    for file in ("report.json", "report.html", "report.md", "junit.xml", "report.sarif", "journal.jsonl"):
        assert (run / file).stat().st_size < 2_000_000, file
    ET.parse(run / "junit.xml")
    json.loads((run / "report.sarif").read_text())
    drawn = MarkdownIt("commonmark").enable("table").render((run / "report.md").read_text())
    for tag in ("<script", "<img", 'href="javascript', 'href="http://evil', "<!--"):
        assert tag not in drawn.lower(), tag


@pytest.mark.parametrize("name", _CHOSEN)
def test_a_terminal_gets_no_orders(name: str, told: dict[str, Told]) -> None:
    one = told[name].done
    for text in (one.out, (one.run / "report.md").read_text(), (one.run / "junit.xml").read_text()):
        strange = {char for char in text if not (char == "\n" or char.isprintable())}
        assert strange == set()
    assert "evil" in one.out if name in {"texts", "many"} else one.out


@pytest.mark.skipif(not WHOLE, reason="long; `make soak` runs it")
def test_silent_resolvers_cost_no_more_for_many_names(tmp_path: Path) -> None:
    """30 resolvers that say nothing are waited for a few times, not for each of 100 names."""
    with ExitStack() as stack:
        made = stack.enter_context(stage(tmp_path))
        silent = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(30)]
        for one in silent:
            one.bind(("127.0.0.1", 0))
        resolvers = [
            {"name": f"silent {at}", "address": "127.0.0.1", "port": one.getsockname()[1]}
            for at, one in enumerate(silent)
        ]
        names = [NAME, *(f"api{at}.example.test" for at in range(99))]
        file = made.scenario(tmp_path / "run", name=None, names=names, resolvers=resolvers, wait="1s")
        done = cutover("rehearse", file, "--suite", "dns", cwd=file.parent, timeout=100)
        assert done.code in {1, 5}
        asked = sum(_packets(one) for one in silent)
    # each question is sent twice; the names, their zones and targets would come to some 30,000
    assert asked < 30 * 2 * 200, asked
    assert "no answer in time" in json.dumps(done.report)


def _packets(silent: socket.socket) -> int:
    silent.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while silent.recv(65_535):
            count += 1
    return count


@pytest.mark.server("chromium")
@pytest.mark.parametrize("name", _CHOSEN)
def test_nothing_of_it_runs_in_a_browser(name: str, told: dict[str, Told], show: Callable[..., Opened]) -> None:
    opened = show((told[name].done.run / "report.html").read_bytes(), "#case-0", viewport={"width": 900, "height": 900})
    rows = opened.page.evaluate("document.querySelectorAll('[data-row], tr').length")
    assert rows
    for case in range(0, 15, 3):
        opened.page.goto(opened.page.url.split("#")[0] + f"#case-{case}")
    assert opened.page.evaluate("window.pwned") is None
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.trouble == []
    assert [url for url in opened.asked if not url.startswith(("file://", "data:"))] == []
    body = opened.page.evaluate("document.body.innerText")
    assert not [hidden for hidden in "\x1b\x00\u202e\u2066\u2028" if hidden in body]
