"""A security question: what is presented or tried, how an answer is read, and what must come of it.

A probe is a case of the security suite; its cell in the matrix is (row, column). An answer is read as a Decision; the
two sides' decisions are what is compared, not their words.
"""

from dataclasses import dataclass
from enum import StrEnum

NOT_ASKABLE = "not askable"
"""How the reason begins why a question is not asked, where it cannot be (CaseInfo.skip)."""


class Group(StrEnum):
    """The part of the security suite that a probe belongs to; the value is shown."""

    CALLERS = "callers"
    SURFACE = "surface"
    CORS = "CORS"
    WAF = "WAF"
    DOORS = "back doors"
    LIMITS = "rates and quotas"
    TLS = "TLS"


class Decision(StrEnum):
    """What a gateway decided about a request."""

    REFUSED = "refused"
    THROUGH = "let through"
    UNCLEAR = "unclear"


class Reads(StrEnum):
    """How an answer becomes a Decision.

    STATUS: against the control's status, by status and by what the product's own errors say. ANSWER: the same, and
    where both sides let the request through, the whole answers are compared as in the parity suite. CORS: whether a
    browser would let the page go on (`CorsAsk`). BLOCK: against the control, block pages of firewalls known. REACH:
    any HTTP answer that is no refusal means that the door is open.
    """

    STATUS = "status"
    ANSWER = "answer"
    CORS = "cors"
    BLOCK = "block"
    REACH = "reach"


class Wants(StrEnum):
    """What must come of a probe.

    SAME: both sides decide alike. REFUSED: whoever is asked must refuse, whatever the other side does. UNCHANGED: the
    old side's credential, sent to the new side as it is, must be let through where the old side lets it through.
    """

    SAME = "same"
    REFUSED = "refused"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsAsk:
    """What a page at `origin` wants to do; `preflight` tells which of the two requests this is."""

    origin: str
    method: str
    headers: tuple[str, ...] = ()
    credentials: bool = False
    preflight: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One question. `row` is the operation (or the name of what is looked at), `column` what is presented or tried.

    `caller` is the identity that it was made of ("" for none). `control` is the index of the case, in the same suite,
    whose answers show what letting through looks like (None: no such case is needed). `valid` marks a control itself.
    `change` is the reason why this caller has to change (`security.clients_change`). `dangerous` says why letting this
    through is bad even if both sides do ("" if it is not).
    `excuse` tells the known difference of the products that it is where only the new side decides as `excused`.
    """

    group: Group
    row: str
    column: str
    caller: str = ""
    reads: Reads = Reads.STATUS
    wants: Wants = Wants.SAME
    control: int | None = None
    valid: bool = False
    change: str = ""
    dangerous: str = ""
    cors: CorsAsk | None = None
    excused: Decision | None = None
    excuse: str = ""
