"""Evidence of single cases, in a compact form that a browser reads piece by piece.

A piece holds its own table of texts ("s": index 0 is ""), and per row of the case list ("d") what was asked and
answered, as arrays of numbers into that table. reports/html/app.js reads the same positions (`ANSWER`, `PAIR`).
Passing cases keep all but their bodies; bodies of the others are embedded while the budget lasts.
"""

from collections.abc import Callable, Iterable

import msgspec

from harness.model.difference import Cause
from harness.model.event import Anew, Checked, Recorded, RecordedDifference, RecordedPair, Round
from harness.model.finding import CaseResult
from harness.model.outcome import Outcome
from harness.report.check_details import check_row
from harness.report.embed import encode, encoded_size

OUTCOMES = tuple(outcome.value for outcome in Outcome)
CAUSES = tuple(cause.value for cause in Cause)

BODY_LIMIT = 32 * 1024  # bytes of one body
BODY_BUDGET = 5_000_000  # bytes of all embedded bodies, as encoded
DETAIL_BUDGET = 6_500_000  # bytes of all else, about
TEXT_LIMIT = 2_000  # characters of one header value, URL, note
PIECE_ROWS = 250
MOST_ROUNDS = 100
MOST_DIFFERENCES = 200
MOST_HEADERS = 200

_RANK = {name: rank for rank, name in enumerate(OUTCOMES)}
_TELLING = frozenset({"gateway", "intended", "waived"})

Load = Callable[[str], bytes]
Row = list[object]


class _Texts(dict[str, int]):
    """Texts by number, in order of first use; long ones are cut in `table`, bodies have a limit of their own."""

    def __init__(self) -> None:
        super().__init__({"": 0})
        self.table = [""]
        self._bodies: dict[str, int] = {"": 0}

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self.table)
        more = len(text) - TEXT_LIMIT
        self.table.append(f"{text[:TEXT_LIMIT]}… (cut here; {more:,} more characters)" if more > 0 else text)
        return number

    def body(self, text: str) -> int:
        """Return the number of a body's text."""
        number = self._bodies.get(text)
        if number is None:
            number = self._bodies[text] = len(self.table)
            self.table.append(text)
        return number


class _Piece:
    """Details of some rows, with the texts they share."""

    def __init__(self) -> None:
        self.texts = _Texts()
        self.rows: dict[int, Row] = {}

    def encoded(self) -> bytes:
        """Return the piece as JSON."""
        return encode({"s": self.texts.table, "d": {str(row): detail for row, detail in self.rows.items()}})


class _Bodies:
    """Embeds bodies until the budget is spent."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._left = BODY_BUDGET
        self._known: dict[str, tuple[int, str]] = {}

    def take(self, name: str) -> tuple[int, str]:
        """Return (form, text): 0 nothing kept, 1 text, 2 text cut, 3 binary as hex, 4 too much: see bodies/."""
        if not name:
            return 0, ""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._embed(name)
        return known

    def _embed(self, name: str) -> tuple[int, str]:
        if self._left <= 0:
            return 4, name
        found = _shown(self._load(name))
        cost = encoded_size(found[1])
        if cost > self._left:
            return 4, name
        self._left -= cost
        return found


def _shown(content: bytes) -> tuple[int, str]:
    part = content[:BODY_LIMIT]
    try:
        text = part.decode("utf-8")
    except UnicodeDecodeError as error:
        if not (len(content) > BODY_LIMIT and error.start > BODY_LIMIT - 4):
            return 3, content[:1024].hex(" ")
        text = part[: error.start].decode("utf-8")
    return (2 if len(content) > BODY_LIMIT else 1), text


class Details:
    """Takes the rounds of a journal one by one; `pieces` are the encoded results."""

    def __init__(self, cases: Iterable[CaseResult], load: Load) -> None:
        self._rows = {(case.suite, case.info.index): (row, case) for row, case in enumerate(cases)}
        self._bodies = _Bodies(load)
        self._spent = 0
        self._pieces: list[_Piece] = []
        self._worst: dict[int, tuple[int, int]] = {}
        self._rounds: dict[int, list[Row]] = {}
        self.piece_of: dict[int, int] = {}

    def add(self, event: Round) -> None:
        """Take one asking of a case; of many the first of the worst is shown, the others in one line each."""
        found = self._rows.get((event.suite, event.index))
        if found is None:
            return
        row, case = found
        rank = max((_RANK.get(pair.outcome, 0) for pair in event.pairs), default=0)
        if case.info.rounds > 1:
            self._note_round(row, event, rank)
        worst = self._worst.get(row)
        if worst is not None and worst >= (rank, -event.round):
            return
        self._worst[row] = (rank, -event.round)
        self._keep(row, case, event)

    def add_check(self, event: Checked) -> None:
        """Take what a check saw."""
        found = self._rows.get((event.suite, event.index))
        if found is None or self._spent > DETAIL_BUDGET:
            return
        piece = self._piece(found[0])
        before = len(piece.texts.table)
        piece.rows[found[0]] = check_row(event, piece.texts)
        self._spent += 300 + 60 * (len(piece.texts.table) - before)

    def anew(self, event: Anew) -> None:
        """Forget what a suite's checks saw."""
        for (suite, _), (row, _) in self._rows.items():
            if suite == event.suite and row in self.piece_of:
                self._pieces[self.piece_of.pop(row)].rows.pop(row, None)

    def _note_round(self, row: int, event: Round, rank: int) -> None:
        rounds = self._rounds.setdefault(row, [])
        if len(rounds) < MOST_ROUNDS:
            old, new = (_first_of(event.pairs, side) for side in ("old", "new"))
            rounds.append([event.round, rank, _status(old), _status(new), _total(old), _total(new)])

    def _keep(self, row: int, case: CaseResult, event: Round) -> None:
        failing = case.outcome is not Outcome.PASS
        if self._spent > DETAIL_BUDGET:
            return
        piece = self._piece(row)
        embed = failing or not _TELLING.isdisjoint(case.counts)
        before = len(piece.texts.table)
        pairs = [_pair(pair, piece.texts, self._bodies if embed else None) for pair in event.pairs]
        # Encoded at once: thousands of live lists would cost memory, and the collector time.
        piece.rows[row] = [event.round, int(event.at * 1000), msgspec.Raw(encode(pairs))]
        self._spent += 300 * len(pairs) + 60 * (len(piece.texts.table) - before)

    def _piece(self, row: int) -> _Piece:
        number = self.piece_of.get(row)
        if number is None:
            if not self._pieces or len(self._pieces[-1].rows) >= PIECE_ROWS:
                self._pieces.append(_Piece())
            number = self.piece_of[row] = len(self._pieces) - 1
        return self._pieces[number]

    def pieces(self) -> list[bytes]:
        """Return the encoded pieces, in order."""
        for row, rounds in self._rounds.items():
            piece = self._pieces[self.piece_of[row]] if row in self.piece_of else None
            if piece is not None:
                piece.rows[row].append(sorted(rounds, key=_number))
        return [piece.encoded() for piece in self._pieces]


def _number(row: Row) -> int:
    return int(str(row[0]))


def _first_of(pairs: tuple[RecordedPair, ...], side: str) -> Recorded | None:
    """Return the answer of the worst pair: the one that the round's line should tell about."""
    worst = max(pairs, key=lambda pair: _RANK.get(pair.outcome, 0), default=None)
    return None if worst is None else worst.old if side == "old" else worst.new


def _status(answer: Recorded | None) -> str:
    if answer is None:
        return ""
    return answer.trouble or str(answer.status)


def _total(answer: Recorded | None) -> float | None:
    return None if answer is None else round(answer.total_ms, 2)


def _pair(pair: RecordedPair, texts: _Texts, bodies: _Bodies | None) -> Row:
    return [
        pair.step,
        int(pair.first == "new"),
        _answer(pair.old, texts, bodies),
        _answer(pair.new, texts, bodies),
        _differences(pair.differences, texts),
        _RANK.get(pair.outcome, 0),
        [texts[text] for text in pair.why],
        [texts[text] for text in pair.broken],
        [[_status(noise), _total(noise)] for noise in pair.noise],
        sum(pair.counts.values()) - min(len(pair.differences), MOST_DIFFERENCES),
        _captures(pair, texts),
        int(pair.old is not None and pair.new is not None and pair.old.sha256 == pair.new.sha256),
    ]


def _differences(differences: tuple[RecordedDifference, ...], texts: _Texts) -> list[Row]:
    return [
        [
            texts[item.at],
            texts[item.kind],
            CAUSES.index(item.cause) if item.cause in CAUSES else 0,
            None if item.old is None else texts[item.old],
            None if item.new is None else texts[item.new],
            texts[item.note],
            texts[item.remedy],
        ]
        for item in differences[:MOST_DIFFERENCES]
    ]


def _captures(pair: RecordedPair, texts: _Texts) -> list[int]:
    found = pair.captures or {}
    return [
        texts[part] for side, values in found.items() for name, value in values.items() for part in (side, name, value)
    ]


def _answer(answer: Recorded | None, texts: _Texts, bodies: _Bodies | None) -> Row | None:
    if answer is None:
        return None
    form, text = bodies.take(answer.body) if bodies is not None else (0, "")
    sent_form, sent = bodies.take(answer.request_body) if bodies is not None else (0, "")
    return [
        texts[answer.method],
        texts[answer.url],
        [texts[part] for header in answer.request_headers[:MOST_HEADERS] for part in header],
        sent_form,
        texts.body(sent),
        answer.status,
        texts[answer.reason],
        texts[answer.version],
        [texts[part] for header in answer.headers[:MOST_HEADERS] for part in header],
        len(answer.headers),
        answer.size,
        texts[answer.coding],
        texts[answer.fault],
        form,
        texts.body(text),
        texts[answer.body_note],
        texts[answer.trouble],
        texts[answer.detail],
        _phases(answer),
        texts[answer.certificate],
        [texts[text] for text in answer.earlier],
        texts[answer.body],
        texts[answer.request_body],
    ]


def _phases(answer: Recorded) -> list[float | None]:
    phases = (answer.name_ms, answer.connect_ms, answer.tls_ms, answer.first_byte_ms, answer.total_ms)
    return [None if value is None else round(value, 2) for value in phases]
