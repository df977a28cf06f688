"""Two answers to the same request → what differs between them."""

from dataclasses import dataclass

from harness.compare import bodies, headers, timing
from harness.compare.collect import Collector
from harness.model.difference import Difference, Kind
from harness.model.response import Response
from harness.model.rule import CompareRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs. Causes are UNEXPLAINED, or INTENDED where a rule of the scenario sets a place aside.

    `capped` tells that there were more differences than are kept (1,000); a last one says so too.
    """

    differences: tuple[Difference, ...] = ()
    capped: bool = False


EQUAL = Comparison()


def compare(old: Response, new: Response, rules: CompareRules, *, method: str = "GET") -> Comparison:
    """Compare status, headers, trailers, body and streaming of two answers; never raises for what they hold."""
    old_body, new_body = old.body, new.body
    same_body = old_body.content == new_body.content and old_body.fault == new_body.fault
    streams = timing.may_stream(old)
    if (
        same_body
        and not streams
        and not rules.body
        and old.status == new.status
        and old.headers == new.headers
        and old.trailers == new.trailers
    ):
        return EQUAL
    out = Collector()
    if old.status != new.status:
        out.add("status", Kind.VALUE, str(old.status), str(new.status))
    head = method == "HEAD"
    headers.compare(old, new, rules.ignored_headers, out, head=head)
    if streams:
        timing.compare(old, new, out)
    if not head and (not same_body or rules.body):
        bodies.compare(old, new, rules.body, out)
    found = out.result()
    return Comparison(differences=found, capped=out.capped) if found else EQUAL
