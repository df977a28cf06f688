"""The topic of the production name as a Host: the new side must serve the API under it, before any change."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from harness.dns.facts import Survey, View
from harness.dns.new_side.endpoint import INTERRUPTED, OPEN, gateway, nothing, once, ways_in
from harness.dns.times.moments import few
from harness.model.check import Tools
from harness.model.found import Found
from harness.model.gateway import Gateway
from harness.model.outcome import Outcome, Severity
from harness.model.request import Request
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.model.seen import Port
from harness.model.side import Side
from harness.scenario.asking import plain_request
from harness.scenario.types import Case, Step

_AT = "dns:host"
_TIMEOUT = 10.0
_TURN = 0.5
_ROOT = Step(method="GET", target="/")
_NOT_HERE = frozenset({400, 403, 404})
"""What hosts say of names that they do not know; of an API's own paths and callers, too."""
_BROKEN = frozenset({400, 404})
"""Those of them that callers who get an answer today are not to get, by whatever name."""

_REMEDY = (
    "Add {name} as a custom domain of the new gateway, with its certificate (Azure API Management: Custom domains; "
    "Front Door: a domain that is associated with the route)."
)
_NOTHING = "nothing listens there"
_SEE = "(see: certificate of the new side)"
_UNVERIFIED, _TIMED_OUT = "(libcurl error 60)", "(libcurl error 28)"


class _Reads(Enum):
    """What an answer under the production name says."""

    SERVED = auto()
    REFUSED = auto()
    UNCLEAR = auto()
    UNSEEN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked: a case's own request, or (`known` False) the root, of which nobody said that the API has it."""

    step: Step
    known: bool

    @property
    def text(self) -> str:
        return f"{self.step.method} {self.step.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Others:
    """What the same question brought otherwise: by the target's own name, and from the old side (None: not asked)."""

    own: Answer | None
    old: Answer | None


def host_accepted(survey: Survey, view: View, tools: Tools) -> Found:
    """Ask each address of the new side for the production name, and hold the answers against what is known to serve."""
    found, asked = Found(), _question(view)
    ways = ways_in(survey, view)
    if not ways:
        nothing(found, survey)
        return found
    made = _request(view, tools, asked, Side.NEW)
    if isinstance(made, str):
        found.say(Outcome.INCONCLUSIVE, made)
        return found
    others = _Others(own=_own(found, view, tools, asked, ways[0]), old=_old(found, view, tools, asked))
    answers: dict[str, Answer] = {}
    for way in ways:
        if tools.stopping():
            found.say(Outcome.INCONCLUSIVE, INTERRUPTED)
            break
        answers[way] = _ask(gateway(view, way), made, view, tools)
        found.requests[Side.NEW.value] += 1
    for way, answer in answers.items():
        found.fact(asked.text, **{f"{view.move.name} at {way}": _words(answer)})
    _judge(found, view, tools, asked, others, answers)
    return found


def _question(view: View) -> _Question:
    """Return the case that is easiest to ask: a plain GET of both sides that is let in, as far as the case says."""
    fit = [case for case in view.scenario.cases if _is_plain(case)]
    best = min(fit, key=lambda case: not _expects(case.steps[0], range(200, 300)), default=None)
    return _Question(step=best.steps[0], known=True) if best else _Question(step=_ROOT, known=False)


def _is_plain(case: Case) -> bool:
    if not case.steps:
        return False
    step = case.steps[0]
    alone = not case.skip and step.side is None and not step.door
    return alone and step.method == "GET" and step.body is None and not _has_marks(step) and _expects(step, range(400))


def _has_marks(step: Step) -> bool:
    return any("${" in text for text in (step.target, *(value for _, value in step.headers)))


def _expects(step: Step, statuses: range) -> bool:
    """Tell whether both sides are expected to answer with one of these, or with anything."""
    expect = step.expect
    return all(status in statuses for side in (expect.both, expect.old, expect.new) for status in side.status)


def _request(view: View, tools: Tools, asked: _Question, side: Side, url: str = "") -> Request | str:
    """Return the question as its caller asks it (the new side for the production name), or why it cannot be."""
    from harness.credentials.trouble import CredentialUnavailable  # noqa: PLC0415  not needed to plan

    base = url or (gateway(view, "").url if side is Side.NEW else "")
    made = plain_request(view.scenario, asked.step, side, url=base)
    made = replace(made, timeout=min(_TIMEOUT, made.timeout))
    caller = asked.step.identity
    try:
        return tools.present(caller, made) if caller else made
    except CredentialUnavailable as missing:
        return f"the credential of {caller} cannot be had: {missing}"


def _own(found: Found, view: View, tools: Tools, asked: _Question, way: str) -> Answer | None:
    """Return the answer by the target's own name, where it has one; the same for all names that lead there."""
    name = view.move.new.name
    if not name or name == view.move.name or tools.stopping():
        return None
    entrance = gateway(view, way, name=name)

    def now() -> Answer | None:
        made = _request(view, tools, asked, Side.NEW, entrance.url)
        if isinstance(made, str):
            return None
        found.requests[Side.NEW.value] += 1
        return _ask(entrance, made, view, tools)

    answer = once(view, ("own name", entrance.url, way), now)
    if answer is not None:
        found.fact(asked.text, **{f"{name} at {way}": _words(answer)})
    return answer


def _old(found: Found, view: View, tools: Tools, asked: _Question) -> Answer | None:
    """Return the old side's answer."""

    def now() -> Answer | None:
        made = _request(view, tools, asked, Side.OLD)
        if isinstance(made, str) or tools.stopping():
            return None
        found.requests[Side.OLD.value] += 1
        (exchange,) = tools.send([made])
        return exchange.answer

    answer = once(view, "old answers", now)
    if answer is not None:
        found.fact(asked.text, old=_words(answer))
    return answer


def _ask(entrance: Gateway, request: Request, view: View, tools: Tools) -> Answer:
    """Send one request by an entrance that only the survey told of, on a wire of its own."""
    from harness.wire.client import Wire  # noqa: PLC0415  brings libcurl

    tools.pause()
    with Wire({Side.NEW: entrance}, view.scenario.limits) as wire:
        wire.submit(request, 0)
        while not tools.stopping():
            for _, exchange in wire.wait(_TURN):
                return exchange.answer
    return NoResponse(reason=Reason.REFUSED_TO_SEND, detail=INTERRUPTED)


def _words(answer: Answer) -> str:
    return str(answer.status) if isinstance(answer, Response) else f"no answer ({answer.reason}): {answer.detail}"


def _judge(
    found: Found, view: View, tools: Tools, asked: _Question, others: _Others, answers: Mapping[str, Answer]
) -> None:
    """Say what the answers come to, once for all addresses that gave the same one."""
    same: dict[tuple[_Reads, str, str], list[str]] = {}
    for way, answer in answers.items():
        read, why = _read(answer, others, known=asked.known)
        if isinstance(answer, NoResponse) and answer.reason is Reason.CONNECT and _refuses(way, tools):
            read, why = _Reads.REFUSED, _NOTHING
        same.setdefault((read, why, _words(answer)), []).append(way)
    name = view.move.name
    for (read, why, words), ways in same.items():
        said = f"{asked.text} for {name} at {few(ways)}: {words}"
        if read is _Reads.REFUSED:
            remedy = OPEN if why == _NOTHING else _REMEDY.replace("{name}", name)
            found.fail(_AT, f"the new gateway does not serve {name}: {why} (at {few(ways)})",
                       old=_short(others.old), new=_short(answers[ways[0]]), note=said, remedy=remedy)  # fmt: skip
        elif read is _Reads.UNCLEAR:
            found.say(Outcome.INCONCLUSIVE, f"whether the new gateway serves {name} is not told: {why} ({said})")
        elif read is _Reads.UNSEEN:
            found.say(Outcome.ERROR, f"whether the new gateway serves {name} is not seen: {why} ({said})")
    if not asked.known and answers:
        found.tell(_AT, "no case is a plain GET: the root was asked, which says little of the API",
                   severity=Severity.MINOR, remedy="Add a case that asks for something that callers get.")  # fmt: skip


def _short(answer: Answer | None) -> str | None:
    """Return an answer as a value beside another one: the details of why there is none are in the note."""
    if isinstance(answer, NoResponse):
        return f"no answer ({answer.reason})"
    return None if answer is None else str(answer.status)


def _refuses(way: str, tools: Tools) -> bool:
    """Tell whether connections are refused, which libcurl's words no longer say."""
    from harness.wire.ports import knock  # noqa: PLC0415  brings libcurl

    host, _, port = way.rpartition(":")
    return knock(host, int(port), timeout=2.0, pause=tools.pause).state is Port.REFUSED


def _read(answer: Answer, others: _Others, *, known: bool) -> tuple[_Reads, str]:
    """Return what an answer under the production name says, and in which words."""
    if isinstance(answer, NoResponse):
        return _silent(answer, others.own)
    status, own, old = answer.status, _status(others.own), _status(others.old)
    if status == 421:
        return _Reads.REFUSED, "421, misdirected request"
    if 200 <= status < 300:
        return _Reads.SERVED, ""
    if status == 429:
        return _Reads.UNCLEAR, "429, too many requests"
    if 200 <= own < 300:
        return _Reads.REFUSED, f"{status}, where the target's own name brings {own}"
    if status not in _NOT_HERE and status < 500 and status // 100 in {own // 100, old // 100}:
        return _Reads.SERVED, ""
    if status == 401:
        return _Reads.UNCLEAR, "401: the caller is not let in, so what is behind the name is not seen"
    if 200 <= old < 300 and known and (not own or status in _BROKEN or status >= 500):
        alike = f" ({own} by the target's own name: it may be the API that is not there)" if own else ""
        return _Reads.REFUSED, f"{status}, where the old side answers {old}{alike}"
    if own and own // 100 == status // 100:
        return (
            _Reads.UNCLEAR,
            f"{status}, and {own} by the target's own name: it is not the name that makes the difference",
        )
    return _Reads.UNCLEAR, f"{status} is also what a host says of a name that it does not know"


def _silent(answer: NoResponse, own: Answer | None) -> tuple[_Reads, str]:
    if answer.reason is Reason.REFUSED_TO_SEND:
        return _Reads.UNCLEAR, answer.detail
    if answer.reason is Reason.TLS and _UNVERIFIED in answer.detail:
        return _Reads.UNCLEAR, f"nothing is asked where the certificate does not hold {_SEE}"
    if answer.reason is Reason.TLS and _TIMED_OUT not in answer.detail:
        if isinstance(own, Response) or "unrecognized name" in answer.detail:
            return _Reads.REFUSED, "its TLS handshake fails"
        return _Reads.UNCLEAR, f"the TLS handshake fails: perhaps a client certificate is demanded {_SEE}"
    if answer.reason is Reason.RESET and not isinstance(own, NoResponse):
        return _Reads.REFUSED, "the connection is cut off"
    return _Reads.UNSEEN, f"no answer ({answer.reason})"


def _status(answer: Answer | None) -> int:
    """Return the status, 0 where there is none."""
    return answer.status if isinstance(answer, Response) else 0
