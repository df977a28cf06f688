"""What the case's `expect` says: differences that it declares per side, and expectations that a side broke."""

from dataclasses import replace

from harness.model.difference import Cause, Difference
from harness.model.exchange import Exchange
from harness.model.response import Response
from harness.model.rule import Expect, ExpectSide

# What follows from another status: the answer's body and what describes it. CORS, cookies, caching do not.
ENTITY_HEADERS = frozenset(
    {
        "header:content-type",
        "header:content-length",
        "header:content-encoding",
        "header:content-language",
        "header:www-authenticate",
        "header:proxy-authenticate",
        "header:retry-after",
        "header:x-amzn-errortype",
    }
)


def says_nothing(expect: Expect) -> bool:
    """Tell whether there is no expectation at all."""
    return (
        expect.max_time is None
        and not expect.both.status
        and not expect.both.headers
        and not expect.old.status
        and not expect.old.headers
        and not expect.new.status
        and not expect.new.headers
    )


def declares_status(expect: Expect, old: Response, new: Response) -> bool:
    """Tell whether the case names the statuses of both sides, and they answered so, each otherwise."""
    return old.status != new.status and old.status in expect.old.status and new.status in expect.new.status


def explain(difference: Difference, expect: Expect, old: Response, new: Response) -> Difference | None:
    """Return the difference as intended, None if `expect` does not declare it."""
    at = difference.at
    if declares_status(expect, old, new) and (at == "status" or at.startswith("body") or at in ENTITY_HEADERS):
        return _intended(difference, expect)
    if at.startswith("header:") and _declares_header(at.removeprefix("header:"), expect, old, new):
        return _intended(difference, expect)
    return None


def _intended(difference: Difference, expect: Expect) -> Difference:
    note = "; ".join(filter(None, (difference.note, expect.because)))
    return replace(difference, cause=Cause.INTENDED, note=note)


def _declares_header(name: str, expect: Expect, old: Response, new: Response) -> bool:
    """Tell whether the case says what the new side's header is (and, if it says so, the old side's), and they hold."""
    mine = [wanted for header, wanted in expect.old.headers if header.lower() == name]
    theirs = [wanted for header, wanted in expect.new.headers if header.lower() == name]
    return (
        bool(theirs)
        and all(_has(new, name, wanted) for wanted in theirs)
        and all(_has(old, name, wanted) for wanted in mine)
        and _nothing_else(new, name, theirs)
    )


def _nothing_else(response: Response, name: str, wanted: list[str | None]) -> bool:
    """Tell whether the lines of a header are those that are named, and no more."""
    values = response.all(name)
    return ", ".join(values) in wanted or (len(values) == len(wanted) and set(values) == set(wanted)) or not values


def _has(response: Response, name: str, wanted: str | None) -> bool:
    values = response.all(name)
    if wanted is None:
        return not values
    return wanted in values or wanted == ", ".join(values)


def broken(expect: Expect, old: Exchange | None, new: Exchange | None) -> tuple[str, ...]:
    """Return the expectations that a side broke, as "old: expected status 200, got 500".

    A side that gave no response breaks none: that it is silent is told by itself.
    """
    found: list[str] = []
    for side, exchange, own in (("old", old, expect.old), ("new", new, expect.new)):
        if exchange is None or not isinstance(exchange.answer, Response):
            continue
        texts = _broken_status(exchange.answer, expect.both, own)
        texts += _broken_headers(exchange.answer, expect.both, own)
        texts += _too_slow(exchange.answer, expect.max_time)
        found += [f"{side}: {text}" for text in texts]
    return tuple(found)


def _broken_status(response: Response, *sides: ExpectSide) -> list[str]:
    return [
        f"expected status {' or '.join(map(str, side.status))}, got {response.status}"
        for side in sides
        if side.status and response.status not in side.status
    ]


def _broken_headers(response: Response, *sides: ExpectSide) -> list[str]:
    found = []
    for side in sides:
        for name, wanted in side.headers:
            if _has(response, name.lower(), wanted):
                continue
            got = ", ".join(response.all(name)) if response.all(name) else "none"
            asked = f"no header {name}" if wanted is None else f"header {name}: {wanted}"
            found.append(f"expected {asked}, got {got[:200]}")
    return found


def _too_slow(response: Response, max_time: float | None) -> list[str]:
    took = response.timings.total / 1000
    if max_time is None or took <= max_time:
        return []
    return [f"expected an answer within {max_time:g} s, took {took:.3f} s"]
