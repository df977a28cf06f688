"""`cutover probe`: what both sides say to one request right now, side by side on the terminal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TextIO

import msgspec
from rich.console import Console as Terminal
from rich.table import Table
from rich.text import Text

from harness.model.difference import Cause, Difference
from harness.model.exchange import Exchange
from harness.model.gateway import Gateway
from harness.model.response import NoResponse, Response
from harness.model.side import Side
from harness.report.curl import Mask, curl_command
from harness.report.text import milliseconds, plural, short, size, visible

MOST_LINES = 120
MOST_DIFFERENCES = 60
_CONTEXT = 2
_VALUE = 600
_MOST_COMPARED = 1_500  # lines of a body
_LARGEST = 256 * 1024  # bytes of a body that are looked at
_FAILING = frozenset({Cause.UNEXPLAINED, Cause.WEAKER})

_Rows = Iterator[tuple[Text | str, Text | str, Text | str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """One step as it was asked: the live exchanges (None for a side that was not asked) and how they differ."""

    title: str
    old: Exchange | None
    new: Exchange | None
    differences: tuple[Difference, ...] = ()
    why: tuple[str, ...] = ()


def show_probe(
    file: TextIO,
    steps: Sequence[Probed],
    gateways: Mapping[Side, Gateway],
    mask: Mask,
    *,
    width: int | None = None,
    color: bool | None = None,
) -> None:
    """Write every step: both answers side by side, the differences, and the commands to see it by hand.

    `mask` replaces secrets; it sees every text before the terminal does.
    """
    terminal = Terminal(
        file=file,
        width=width,
        force_terminal=True if color else None,
        no_color=True if color is False else None,
        markup=False,
        emoji=False,
        highlight=False,
    )

    def say(text: str) -> str:
        return visible(mask(text))

    for step in steps:
        terminal.print(Text(f"\n{say(step.title)}", style="bold"))
        for table in _answers(step, say, mask):
            terminal.print(table)
            terminal.print()
        if step.differences:
            terminal.print(_differences(step.differences, say))
        else:
            terminal.print(Text("No difference." if step.old and step.new else "Nothing to compare.", style="dim"))
        for reason in _untold(step):
            terminal.print(Text(f"• {say(reason)}"))
        for command in _commands(step, gateways, mask):
            terminal.print(Text(command), soft_wrap=True)


_Say = Callable[[str], str]


def _answers(step: Probed, say: _Say, mask: Mask) -> Iterator[Table]:
    """Yield what is compared: each table has a first column as narrow as its words."""
    yield _table(_facts(step, say), head=True)
    yield _table(_headers(step, say))
    yield _table(_body(step, mask))


def _table(rows: _Rows, *, head: bool = False) -> Table:
    table = Table(expand=True, show_header=head, pad_edge=False, box=None, padding=(0, 1))
    table.add_column("", style="dim", overflow="fold", max_width=20)
    table.add_column("old", header_style="bold blue", ratio=1, overflow="fold")
    table.add_column("new", header_style="bold yellow", ratio=1, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _facts(step: Probed, say: _Say) -> _Rows:
    old, new = step.old, step.new
    yield "request", _request(old, say), _request(new, say)
    status = [Text(short(say(_status(side)), _VALUE), style="bold") for side in (old, new)]
    if status[0].plain != status[1].plain:
        for text in status:
            text.stylize("red")
    yield "answer", status[0], status[1]
    yield "time", _times(old), _times(new)
    yield "body", say(_size(old)), say(_size(new))


def _request(exchange: Exchange | None, say: _Say) -> str:
    return "not asked" if exchange is None else say(f"{exchange.request.method} {exchange.request.url}")


def _status(exchange: Exchange | None) -> str:
    if exchange is None:
        return ""
    answer = exchange.answer
    if isinstance(answer, NoResponse):
        return f"no response: {answer.reason}: {answer.detail}"
    return f"{answer.status} {answer.reason}".rstrip()


def _times(exchange: Exchange | None) -> str:
    if exchange is None:
        return ""
    times = exchange.answer.timings
    phases = (("connect", times.connect), ("TLS", times.tls), ("first byte", times.first_byte), ("total", times.total))
    return ", ".join(f"{name} {milliseconds(value)}" for name, value in phases if value is not None)


def _size(exchange: Exchange | None) -> str:
    if exchange is None or isinstance(exchange.answer, NoResponse):
        return ""
    body = exchange.answer.body
    return ", ".join(part for part in (size(body.size), body.coding, body.fault) if part)


def _headers(step: Probed, say: _Say) -> _Rows:
    old, new = _by_name(step.old), _by_name(step.new)
    for name in dict.fromkeys([*old, *new]):
        left, right = old.get(name, []), new.get(name, [])
        for index in range(max(len(left), len(right))):
            pair = [values[index] if index < len(values) else None for values in (left, right)]
            style = "dim" if pair[0] == pair[1] else "default"
            cells = [Text("" if value is None else short(say(value), _VALUE), style=style) for value in pair]
            yield Text(short(say(name), 60)), cells[0], cells[1]


def _by_name(exchange: Exchange | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in exchange.answer.headers if exchange else ():
        found.setdefault(name.lower(), []).append(value)
    return found


def _body(step: Probed, mask: Mask) -> _Rows:
    old, new = _lines(step.old, mask), _lines(step.new, mask)
    shown = 0
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        rows = _equal(old[a:b]) if tag == "equal" else _changed(old[a:b], new[c:d])
        for row in rows:
            shown += 1
            if shown > MOST_LINES:
                yield "", Text("… more", style="dim"), Text("… more", style="dim")
                return
            yield row


def _equal(lines: Sequence[str]) -> _Rows:
    skipped = len(lines) - 2 * _CONTEXT
    if skipped <= 1:
        yield from (("", Text(line, style="dim"), Text(line, style="dim")) for line in lines)
        return
    yield from _equal(lines[:_CONTEXT])
    words = Text(f"… {plural(skipped, 'equal line')}", style="dim italic")
    yield "", words, words
    yield from _equal(lines[-_CONTEXT:])


def _changed(old: Sequence[str], new: Sequence[str]) -> _Rows:
    for index in range(max(len(old), len(new))):
        left, right = (lines[index] if index < len(lines) else "" for lines in (old, new))
        yield Text("≠", style="red"), Text(left, style="blue"), Text(right, style="yellow")


def _lines(exchange: Exchange | None, mask: Mask) -> list[str]:
    if exchange is None or not isinstance(exchange.answer, Response):
        return []
    content = exchange.answer.body.content[:_LARGEST]
    try:
        text = mask(content.decode("utf-8"))
    except UnicodeDecodeError:
        return [f"binary: {_masked_bytes(content, mask)[:48].hex(' ')}"]
    with suppress(msgspec.DecodeError, RecursionError, ValueError):  # else it is shown as it came
        text = msgspec.json.format(text, indent=2)
    return [short(line, _VALUE) for line in text.split("\n")[:_MOST_COMPARED]] if text else []


def _masked_bytes(content: bytes, mask: Mask) -> bytes:
    """Return bytes with secrets masked: in hex, half a secret would no longer be found."""
    return mask(content.decode("latin-1")).encode("latin-1", "replace")


def _differences(differences: Sequence[Difference], say: _Say) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), expand=True)
    for name, ratio in (("difference", 3), ("kind", None), ("cause", None), ("old", 3), ("new", 3)):
        table.add_column(name, header_style="bold", ratio=ratio, overflow="fold")
    ordered = sorted(differences, key=lambda difference: difference.cause not in _FAILING)
    for difference in ordered[:MOST_DIFFERENCES]:
        style = "red" if difference.cause in _FAILING else "dim"
        values = (difference.old, difference.new)
        cells = [Text("(none)" if value is None else short(say(value), _VALUE)) for value in values]
        table.add_row(
            Text(say(difference.at), style="cyan"), difference.kind, Text(difference.cause, style=style), *cells
        )
        for words in filter(None, (difference.note, difference.remedy)):
            table.add_row(Text(f"  {say(words)}", style="dim"))
    if len(ordered) > MOST_DIFFERENCES:
        table.add_row(Text(f"… and {plural(len(ordered) - MOST_DIFFERENCES, 'more difference')}", style="dim"))
    return table


def _untold(step: Probed) -> Iterator[str]:
    """Yield the reasons that the table of differences does not tell anyway."""
    places = tuple(f"{difference.at}: " for difference in step.differences)
    yield from (why for why in step.why if not why.removeprefix("weaker than old: ").startswith(places))


def _commands(step: Probed, gateways: Mapping[Side, Gateway], mask: Mask) -> Iterator[str]:
    for side, exchange in ((Side.OLD, step.old), (Side.NEW, step.new)):
        if exchange is not None:
            command = curl_command(exchange.request, gateways[side], mask)
            # A command goes to a shell, line ends and all: only what could hide in it is made visible.
            yield f"\n# {side}, by hand:\n" + "\n".join(map(visible, command.split("\n")))
