"""Live values → what the journal holds: masked, redacted, bounded.

This is the only way from a request or an answer to the disk, to the screen and to every report.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.journal.bodies import CAP, BodyStore
from harness.journal.encode import Kept, Sent, certificate_line, told, with_response, without_response
from harness.journal.mask import Mask
from harness.journal.redact import CannotRedact, redact, redact_text, redact_value
from harness.model.difference import Cause, Difference
from harness.model.event import Recorded, RecordedDifference
from harness.model.exchange import Exchange
from harness.model.place import JsonPath
from harness.model.request import Headers, Request
from harness.model.response import Answer, Body, NoResponse, Response
from harness.scenario.types import Evidence

LONGEST = 500  # characters of one value of a difference
LONGEST_NOTE = 2000
MOST = 100  # differences kept of one pair
MASKED, REDACTED, CUT, NOT_KEPT = "masked", "redacted", "cut", "not kept"
CHANGED = (MASKED, REDACTED)
UNREADABLE = f"{NOT_KEPT}: its coding could not be undone, so it may hold secrets unseen"
UNREDACTABLE = f"{NOT_KEPT}: cannot be redacted"
_SLACK = 64 * 1024  # bytes looked through beyond the cut; no secret is half as long, however it is escaped
_CREDENTIAL_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
_SCHEMES = frozenset({"basic", "bearer", "digest", "negotiate", "aws4-hmac-sha256"})
_FIRST = {Cause.WEAKER: 0, Cause.UNEXPLAINED: 1}
_JSON_TYPES = ("json", "event-stream", "jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A body as it may be kept: `content` is None where it may not; `note` tells what was done."""

    content: bytes | None
    note: str = ""


class Recorder:
    """Makes the journal's values of one run.

    `whole` keeps bodies of any size (a one-sided run is compared later), else the first MiB of each.
    """

    def __init__(self, mask: Mask, evidence: Evidence, store: BodyStore, *, whole: bool = False) -> None:
        self._mask = mask
        self._paths = evidence.redact
        self._store = store
        self._whole = whole

    def exchange(self, exchange: Exchange, *, keep: bool) -> Recorded:
        """Return the exchange as it may be written down; with `keep` its bodies go to the store."""
        request, answer = exchange.request, exchange.answer
        sent = Sent(url=request.url, headers=_without_credentials(request.headers))
        earlier = tuple(map(told, exchange.earlier))
        certificate = certificate_line(answer.certificate) if isinstance(answer, Response) else ""
        if self._tells(sent, answer, (*earlier, certificate)):
            sent = Sent(url=self._mask.text(sent.url), headers=self.headers(sent.headers))
            answer = masked_head(answer, self._mask)
            earlier = tuple(map(self._mask.text, earlier))
            certificate = self._mask.text(certificate)
        request_body = self._request_body(request) if keep and request.body else ""
        if isinstance(answer, NoResponse):
            return without_response(exchange, sent, answer, earlier, request_body)
        name, note = self._body(answer) if keep else ("", NOT_KEPT if answer.body.size else "")
        kept = Kept(request_body=request_body, body=name, note=note, sha256=self._hash(answer), certificate=certificate)
        return with_response(exchange, sent, answer, earlier, kept)

    def differences(
        self, differences: Sequence[Difference]
    ) -> tuple[dict[str, int], tuple[RecordedDifference, ...], bool]:
        """Return how many there are per cause, at most 100 (the worst causes first), and whether that cut any."""
        counts: dict[str, int] = {}
        for difference in differences:
            cause = difference.cause.value
            counts[cause] = counts.get(cause, 0) + 1
        cut = len(differences) > MOST
        if cut:
            differences = sorted(differences, key=lambda difference: _FIRST.get(difference.cause, 2))[:MOST]
        return counts, self._recorded(differences), cut

    def headers(self, headers: Headers) -> Headers:
        """Return headers with secrets masked, in names too."""
        text = self._mask.text
        return tuple((text(name), text(value)) for name, value in headers)

    def shown(self, content: bytes, content_type: str) -> Shown:
        """Return a body redacted, then masked; never cut."""
        kept, notes = content, []
        if self._paths:
            try:
                kept = (redact if _is_json(content_type) else redact_text)(content, self._paths)
            except CannotRedact:
                return Shown(content=None, note=UNREDACTABLE)
            if kept is not content:
                notes.append(REDACTED)
        masked = self._mask.data(kept)
        if masked is not kept:
            notes.append(MASKED)
        return Shown(content=masked, note=", ".join(notes))

    def _tells(self, sent: Sent, answer: Answer, more: tuple[str, ...]) -> bool:
        """Look once through all the texts: most exchanges hold no secret, then no text needs a look of its own."""
        if not self._mask:
            return False
        join = "\0".join
        texts = [sent.url, *map(join, sent.headers), *map(join, answer.headers), *more]
        if isinstance(answer, NoResponse):
            texts.append(answer.detail)
        else:
            texts += (answer.reason, answer.body.fault, answer.body.coding)
        return self._mask.found_in(join(texts).encode("utf-8", "surrogatepass"))

    def masked(self, answer: Response) -> Response:
        """Return a response with every text of it masked, but for its body."""
        masked = masked_head(answer, self._mask)
        assert isinstance(masked, Response)
        return masked

    def _request_body(self, request: Request) -> str:
        content_type = next((value for name, value in request.headers if name.lower() == "content-type"), "")
        return self._keep(request.body or b"", content_type)[0]

    def _body(self, response: Response) -> tuple[str, str]:
        body = response.body
        if not body.size and not body.content:
            return "", ""
        return self._keep(body.content, response.first("content-type") or "")

    def _keep(self, content: bytes, content_type: str) -> tuple[str, str]:
        """Store a body as it may be kept; return its name and what was done to it."""
        seen = content if self._whole or self._paths else content[: CAP + _SLACK]
        shown = self.shown(seen, content_type)
        if shown.content is None:
            return "", shown.note
        kept = shown.content if self._whole else shown.content[:CAP]
        if len(seen) < len(content):  # what follows may be half a secret
            kept = kept[: max(0, len(shown.content) - _SLACK // 2)]
        is_cut = len(kept) < len(shown.content)
        cut = f"{CUT} at {len(kept)} of {len(content)} bytes" if is_cut else ""
        return self._store.put(kept), ", ".join(filter(None, (shown.note, cut)))

    def _hash(self, response: Response) -> str:
        """Return the body's hash, but for one that may hold what is redacted: few digits are soon guessed."""
        return "" if self._paths and response.body.size else response.body.sha256

    def _among(self, texts: Iterable[tuple[str | None, ...]]) -> bool:
        joined = "\0".join([text for of_one in texts for text in of_one if text])
        return self._mask.found_in(joined.encode("utf-8", "surrogatepass"))

    def _recorded(self, differences: Sequence[Difference]) -> tuple[RecordedDifference, ...]:
        """Mask, then cut: a secret across the cut would escape the mask the other way round."""
        paths = self._paths
        texts = [(one.at, *_sides(one, paths), one.note, one.remedy) for one in differences]
        change = self._mask.text if self._mask and self._among(texts) else str
        return tuple(
            RecordedDifference(
                at=bounded(change(at)),
                kind=one.kind.value,
                cause=one.cause.value,
                old=old and bounded(change(old)),
                new=new and bounded(change(new)),
                note=bounded(change(note), LONGEST_NOTE),
                remedy=bounded(change(remedy), LONGEST_NOTE),
            )
            for one, (at, old, new, note, remedy) in zip(differences, texts, strict=True)
        )


def masked_head(answer: Answer, mask: Mask) -> Answer:
    """Return an answer with every text of it masked, but for its body."""
    text = mask.text
    headers = tuple((text(name), text(value)) for name, value in answer.headers)
    if isinstance(answer, NoResponse):
        return NoResponse(
            reason=answer.reason,
            detail=text(answer.detail),
            status=answer.status,
            headers=headers,
            received=answer.received,
            timings=answer.timings,
        )
    body = answer.body
    return Response(
        status=answer.status,
        reason=text(answer.reason),
        version=answer.version,
        headers=headers,
        body=Body(
            content=body.content, size=body.size, sha256=body.sha256, coding=text(body.coding), fault=text(body.fault)
        ),
        trailers=answer.trailers,
        interim=answer.interim,
        timings=answer.timings,
        certificate=answer.certificate,
    )


def _sides(difference: Difference, paths: tuple[JsonPath, ...]) -> tuple[str | None, str | None]:
    """Return both values, redacted where they are of a body."""
    old, new = difference.old, difference.new
    if not paths or not difference.at.startswith("body"):
        return old, new
    path = difference.path
    return old and redact_value(path, old, paths), new and redact_value(path, new, paths)


def bounded(text: str, longest: int = LONGEST) -> str:
    """Return a text that JSON can carry, cut to `longest` characters."""
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


@lru_cache(maxsize=4096)
def _without_credentials(headers: Headers) -> Headers:
    """Hide what a caller proves itself with, whoever wrote it there; the scheme tells what kind it is."""
    if not any(name.lower() in _CREDENTIAL_HEADERS for name, _ in headers):
        return headers
    return tuple((name, _hidden(name, value)) for name, value in headers)


def _hidden(name: str, value: str) -> str:
    if name.lower() not in _CREDENTIAL_HEADERS:
        return value
    scheme = value.partition(" ")[0]
    lead = f"{scheme} " if scheme.lower() in _SCHEMES else ""
    return f"{lead}[masked {name}]"


def _is_json(content_type: str) -> bool:
    essence = content_type.partition(";")[0].strip().lower()
    return any(word in essence for word in _JSON_TYPES)
