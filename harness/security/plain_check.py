"""Whether the plain-text address of a side answers in the clear what should come by https alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from harness.model.check import Check, Tools
from harness.model.difference import Cause
from harness.model.event import CaseInfo, Checked
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.probe import Decision, Group, Probe
from harness.model.request import Request
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.model.side import Side
from harness.security.doors import gateways, plain_door
from harness.security.draft import SUITE, Draft
from harness.security.found import easiest, info_of, interrupted, plain_request

COLUMN = "http://"
_PROBE = Probe(group=Group.TLS, row="TLS", column=COLUMN)
_TO_HTTPS = frozenset({301, 302, 303, 307, 308})
_CLOSED = frozenset({Reason.CONNECT, Reason.RESET, Reason.TIMEOUT_HEADERS})
_REFUSALS = frozenset({403, 426})
_NOT_HERE = frozenset({400, 404, 405, 410, 421})
_REMEDY = (
    "Serve https alone on the new side: in Azure API Management the API's URL scheme HTTPS; in Front Door and "
    "Application Gateway a redirect of HTTP to HTTPS."
)


@dataclass(slots=True, kw_only=True)
class PlainCheck:
    """The easiest operation, asked without any credential, in the clear and by https.

    `plain` and `secure` hold the requests by side; without an address of its own a side is not asked. `proxied` are the
    sides that a proxy leads to.
    """

    suite: ClassVar[str] = SUITE
    info: CaseInfo
    plain: Mapping[Side, Request]
    secure: Mapping[Side, Request]
    proxied: frozenset[Side]
    requests: Mapping[Side, int]

    def run(self, tools: Tools) -> Checked:
        """Ask both sides both ways."""
        if tools.stopping():
            return interrupted(self.info)
        asked = [pair[side] for side in self.plain for pair in (self.plain, self.secure)]
        answers = iter([exchange.answer for exchange in tools.send(asked)])
        if tools.stopping():
            return interrupted(self.info)
        read = {
            side: in_the_clear(next(answers), next(answers), self.secure[side].url, proxied=side in self.proxied)
            for side in self.plain
        }
        found = judge(read)
        for side, (decision, words) in read.items():
            found.fact("address", **{side.value: _origin(self.plain[side].url)})
            found.fact("answer", **{side.value: words})
            found.decisions[side.value] = decision.value
            found.requests[side.value] = 2
        return found.checked(self.info, SUITE)


Read = tuple[Decision, str]


def add(draft: Draft) -> None:
    """Leave the question out where there is nothing to ask."""
    why = _why_not(draft)
    if why:
        draft.leave_out(_PROBE, why)


def checks(draft: Draft, first: int) -> list[Check]:
    """Return the check, where the new side's plain-text address is known."""
    operation = easiest(draft.operations)
    if operation is None or _why_not(draft):
        return []
    doors = gateways(draft.scenario)
    plain, secure = {}, {}
    for side in Side:
        door = plain_door(side)
        if door in doors and _secure(draft, side):  # what goes in the clear carries no credential
            plain[side] = plain_request(draft.scenario, operation, side, nobody=True, url=doors[door].url, door=door)
            secure[side] = plain_request(draft.scenario, operation, side, nobody=True)
    info = info_of(draft, _PROBE, first)
    proxied = frozenset(side for side in plain if doors[plain_door(side)].proxy is not None)
    return [PlainCheck(info=info, plain=plain, secure=secure, proxied=proxied, requests=dict.fromkeys(plain, 2))]


def in_the_clear(answer: Answer, by_https: Answer, url: str, *, proxied: bool) -> Read:
    """Tell whether the plain-text address refused; `by_https` is the same request's answer by https, at `url`."""
    if isinstance(answer, NoResponse):
        return _silence(answer, by_https, proxied=proxied)
    if answer.status in _TO_HTTPS:
        return _redirect(answer, url)
    if answer.status in _REFUSALS:
        return Decision.REFUSED, f"refused ({answer.status})"
    if answer.status in _NOT_HERE:
        return _not_here(answer, by_https)
    return Decision.THROUGH, f"answers {answer.status} in the clear"


def _silence(answer: NoResponse, by_https: Answer, *, proxied: bool) -> Read:
    """Read no answer in the clear as a refusal, unless it may be of something else on the way."""
    words = f"no answer ({answer.reason}): {answer.detail}"
    if answer.reason not in _CLOSED or answer.status is not None:
        return Decision.UNCLEAR, words
    if isinstance(by_https, NoResponse):
        return Decision.UNCLEAR, f"no answer ({answer.reason}), nor one by https: what is there cannot be told"
    if proxied:  # many proxies lead to port 443 alone
        return Decision.UNCLEAR, f"{words}; it may be the proxy that refuses"
    return Decision.REFUSED, f"no answer ({answer.reason})"


def _redirect(answer: Response, url: str) -> Read:
    to, own = urlsplit((answer.first("location") or "")[:2000]), urlsplit(url)
    if to.scheme.lower() == "https" and (to.hostname or "").lower() == (own.hostname or "").lower():
        return Decision.REFUSED, f"redirects to https ({answer.status})"
    return Decision.THROUGH, f"redirects ({answer.status}), and not to https of the same name"


def _not_here(answer: Response, by_https: Answer) -> Read:
    """Read what a host says where it serves the API by https alone (Azure API Management: 404)."""
    if isinstance(by_https, NoResponse):
        return Decision.UNCLEAR, f"answers {answer.status}; by https there is no answer to hold it against"
    if by_https.status == answer.status:
        return Decision.THROUGH, f"answers {answer.status} in the clear, as it does by https"
    return Decision.REFUSED, f"not served in the clear ({answer.status}; by https {by_https.status})"


def judge(read: Mapping[Side, Read]) -> Found:
    """Compare the two sides' decisions."""
    found = Found()
    new, words = read[Side.NEW]
    old, before = read.get(Side.OLD, (None, "not known"))
    told = {"old": before, "new": words}
    if new is Decision.UNCLEAR:
        found.say(Outcome.INCONCLUSIVE, f"new: {words}")
    elif new is Decision.THROUGH and old is Decision.REFUSED:
        found.fail(
            "tls:http",
            "new answers in the clear, old does not",
            cause=Cause.WEAKER,
            remedy=_REMEDY,
            old=told["old"],
            new=told["new"],
        )
    elif new is Decision.THROUGH and old is Decision.THROUGH:
        found.tell("tls:http", "both sides answer in the clear: dangerous, and no worse than before",
                   severity=Severity.MAJOR, remedy=_REMEDY, old=told["old"], new=told["new"])  # fmt: skip
    elif new is Decision.THROUGH:
        found.say(Outcome.INCONCLUSIVE, f"new {words}; whether old does is not known ({before})")
        found.tell(
            "tls:http",
            "new answers in the clear",
            severity=Severity.MAJOR,
            remedy=_REMEDY,
            old=told["old"],
            new=told["new"],
        )
    elif old is Decision.UNCLEAR:
        found.say(Outcome.INCONCLUSIVE, f"new refuses; whether old serves clients in the clear is not known: {before}")
    elif old is Decision.THROUGH:
        found.fail(
            "tls:http", "old answers in the clear, new does not: clients that use http:// break",
            severity=Severity.MAJOR, old=told["old"], new=told["new"],
            remedy="Move those clients to https first, or let the new side redirect them (safe requests alone follow).",
        )  # fmt: skip
    return found


def _why_not(draft: Draft) -> str:
    if not _secure(draft, Side.NEW):
        return "new is plain http itself"
    if plain_door(Side.NEW) not in gateways(draft.scenario):
        return "no plain-text address is known: new is not on port 443; `security.http` may name one"
    if easiest(draft.operations) is None:
        return "no operation can be asked without changing something"
    return ""


def _secure(draft: Draft, side: Side) -> bool:
    return draft.scenario.gateway(side).url.lower().startswith("https:")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
