"""The surface: methods that the API does not have, paths written otherwise, sizes, a Host of another name.

Only the trick is tested: who asks is a caller that is let in, or nobody where that is the point.
"""

from collections.abc import Sequence
from dataclasses import replace

from harness.model.probe import Decision, Group, Probe, Reads
from harness.scenario.types import Step
from harness.security.draft import Draft
from harness.security.operation import Operation, bare
from harness.security.paths import Place, first_caller, left_paths, path_of, places, plainest, query_of, spread
from harness.security.tricks import CLIMBS, ENDINGS, SPELLINGS, Trick, climbed

MOST_PLACES = 25
MOST_CLIMBS = 8

_ASKED_EVERYWHERE = ("GET", "HEAD", "OPTIONS")
_CHANGING = ("POST", "PUT", "PATCH", "DELETE")
# no method of APIs; harmless by their definitions (RFC 9110 §9.3.6, §9.3.8; RFC 4918 §9.1)
_STRANGE = ("TRACE", "PROPFIND", "CONNECT")
_TRACE = "TRACE sends back what it gets, credentials of a page's visitor included"
_OVERRIDES = ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method")
_AWS_OVERRIDE = (
    "Amazon API Gateway obeys X-HTTP-Method-Override (documented), the new side does not: clients that use it must "
    "send the method itself"
)
_ROUTING = "see whose answer this is: a path that is open may lead to an operation that is not"
OTHER_HOST = "cutover-another-name.invalid"

_KB = 1024
HEADER_SIZES = (7, 9, 12, 70)
URL_SIZES = (7, 9, 12)
BIG_BODY = 10_485_761
_LARGER = "the new side takes more than the old one did: a limit, no door; see that the backend bears it"


def add(draft: Draft) -> None:
    """Add all probes of the surface."""
    found = places(draft)
    tried = spread([one for one in found if one.asked], MOST_PLACES)
    for place in found:
        _methods(draft, place, strange=place in tried)
    for place in tried:
        _overrides(draft, place)
    for place in tried:
        _spellings(draft, place)
    _climbs(draft, tried)
    _hosts(draft, tried)
    _sizes(draft)
    _left_out(draft, found, tried)


def _probe(draft: Draft, place: Place, operation: Operation, caller: str, column: str) -> Probe:
    control = draft.control(operation, first_caller(operation))
    return Probe(group=Group.SURFACE, row=place.path, column=column, caller=caller, control=control)


def _methods(draft: Draft, place: Place, *, strange: bool) -> None:
    """Ask with methods that no case uses here; those that change things only where changing is agreed to."""
    operation = place.asked
    if operation is None:
        return
    methods = (*_ASKED_EVERYWHERE, *(_CHANGING if place.run else ()), *(_STRANGE if strange else ()))
    for method in (one for one in methods if one not in place.methods):
        caller = first_caller(operation)
        probe = _probe(draft, place, operation, caller, f"method {method}")
        probe = replace(probe, dangerous=_TRACE if method == "TRACE" else "")
        step = replace(_without_body(operation.step), method=method, identity=caller or None)
        # CONNECT and PROPFIND are not on the list of safe methods, so they need the word; the others have it
        draft.ask(replace(operation, unsafe="run"), probe, step, phase=2 if method in _CHANGING else 1)
    if not operation.public and "HEAD" not in place.methods:
        # a HEAD that nobody thought of when the checks were written
        step = replace(_without_body(bare(operation.step, operation.own)), method="HEAD", identity=None)
        draft.ask(operation, _probe(draft, place, operation, "", "method HEAD, no credential"), step)


def _without_body(step: Step) -> Step:
    headers = tuple(pair for pair in step.headers if not pair[0].lower().startswith("content-"))
    return replace(step, headers=headers, body=None, body_kind="")


def _overrides(draft: Draft, place: Place) -> None:
    """Ask for a method of the API by a header, under another method that the API does not have.

    Under a method that it has, an ignored header would look like one that is obeyed.
    """
    operation = place.run[0] if place.run else place.safe
    carriers = ("POST", "PUT", "PATCH") if place.run else ("OPTIONS", "HEAD")
    carrier = next((method for method in carriers if method not in place.methods), None)
    if operation is None or carrier is None or not (operation.callers or operation.public):
        return
    caller = first_caller(operation)
    for header in _OVERRIDES:
        column = f"{header}: {operation.step.method} on {carrier}"
        probe = _probe(draft, place, operation, caller, column)
        if draft.scenario.old.kind == "aws-rest" and header == _OVERRIDES[0]:
            probe = replace(probe, excused=Decision.REFUSED, excuse=_AWS_OVERRIDE)
        headers = (*operation.step.headers, (header, operation.step.method))
        step = replace(operation.step, method=carrier, headers=headers, identity=caller or None)
        draft.ask(operation, probe, step, phase=2 if place.run else 1)


def _spellings(draft: Draft, place: Place) -> None:
    """Write the path otherwise: as its own caller, and as nobody where it is not open to everybody."""
    operation = place.safe
    if operation is None:
        return
    for trick in (*SPELLINGS, *ENDINGS):
        _spelling(draft, place, operation, trick, first_caller(operation))
    for trick in () if operation.public else SPELLINGS:
        _spelling(draft, place, operation, trick, "")


def _spelling(draft: Draft, place: Place, operation: Operation, trick: Trick, caller: str) -> None:
    name, write = trick
    path = path_of(operation.step.target)
    written = write(path)
    if written == path:
        return
    anonymous = not caller and not operation.public
    probe = _probe(draft, place, operation, caller, name + (", no credential" if anonymous else ""))
    probe = replace(probe, reads=Reads.STATUS if anonymous else Reads.ANSWER)
    step = _as(operation, caller, written + query_of(operation.step.target))
    draft.ask(operation, probe, step, noise=not anonymous)


def _as(operation: Operation, caller: str, target: str) -> Step:
    """Return the operation's request at another target; what it carries itself stays only where it is open anyway."""
    anonymous = not caller and not operation.public
    path, query = path_of(target), query_of(target)
    step = bare(operation.step, operation.own) if anonymous else operation.step
    if anonymous and operation.own:
        query = query_of(step.target)
    return replace(step, target=path + query, identity=caller or None)


def _climbs(draft: Draft, tried: Sequence[Place]) -> None:
    """Go from a path that a caller may ask to one that it may not, by ways of writing "one up"."""
    for place, caller, goal in _pairs(tried)[:MOST_CLIMBS]:
        operation = goal.safe
        assert operation is not None  # _pairs chose those that have one
        start = _literal(place)
        for climb in CLIMBS:
            path = path_of(operation.step.target)
            target = climbed(climb, start, path) + query_of(operation.step.target)
            column = f"{climb[0]} to {goal.path}" + ("" if caller else ", no credential")
            probe = replace(_probe(draft, place, operation, caller, column), reads=Reads.ANSWER)
            draft.ask(operation, replace(probe, dangerous=_ROUTING), _as(operation, caller, target), noise=True)


def _literal(place: Place) -> str:
    return path_of(place.asked.step.target) if place.asked else place.path


def _pairs(tried: Sequence[Place]) -> list[tuple[Place, str, Place]]:
    """Return (where from, as whom, where to): through open paths first, then through other callers' paths.

    Where everything belongs to the same caller, nobody tries its luck through one path to the next.
    """
    guarded = [place for place in tried if place.safe and not place.public]
    opened = sorted((place for place in tried if place.public), key=lambda place: bool(_callers(place)))
    through = [(place, "") for place in opened]
    callers = ((place, caller) for place in tried for caller in _callers(place))
    through += [(place, caller) for place, caller in callers if not _may(guarded, caller)]
    if not through:
        through = [(place, "") for place in guarded[-1:]]
    goals = _by_segment(guarded)
    found = [
        (first + second, (place, caller, goal))
        for first, (place, caller) in enumerate(through)
        for second, goal in enumerate(goals)
        if goal is not place
    ]
    return [pair for _, pair in sorted(found, key=lambda one: one[0])]


def _callers(place: Place) -> tuple[str, ...]:
    return place.asked.callers if place.asked else ()


def _may(guarded: Sequence[Place], caller: str) -> bool:
    """Tell whether a caller is at home everywhere: there is nowhere to climb to."""
    return all(place.safe is not None and caller in place.safe.callers for place in guarded)


def _by_segment(guarded: Sequence[Place]) -> list[Place]:
    """Return the first guarded place below each first segment."""
    found: dict[str, Place] = {}
    for place in guarded:
        found.setdefault(_literal(place).split("/")[1], place)
    return list(found.values())


def _hosts(draft: Draft, tried: Sequence[Place]) -> None:
    """Name another host, on one open and one guarded path."""
    open_ = next((place for place in tried if place.safe and place.public), None)
    guarded = next((place for place in tried if place.safe and not place.public), None)
    for place in filter(None, (open_, guarded)):
        operation = place.safe
        assert operation is not None  # chosen so
        caller = first_caller(operation)
        headers = tuple(pair for pair in operation.step.headers if pair[0].lower() != "host")
        step = replace(operation.step, headers=(("Host", OTHER_HOST), *headers), identity=caller or None)
        draft.ask(operation, _probe(draft, place, operation, caller, "Host of another name"), step)


def _sizes(draft: Draft) -> None:
    """Ask one operation with more and more bytes, around the limits that products document."""
    operation = plainest(draft.operations, "GET")
    if operation is not None:
        step = operation.step
        for size in HEADER_SIZES:
            headers = (*step.headers, ("X-Cutover-Padding", "a" * (size * _KB)))
            _size(draft, operation, f"header of {size} KB", replace(step, headers=headers))
        for size in URL_SIZES:
            joint = "&" if "?" in step.target else "?"
            target = f"{step.target}{joint}cutover-padding="
            _size(draft, operation, f"URL of {size} KB", replace(step, target=target.ljust(size * _KB, "a")))
    posts = [one for one in draft.operations if one.unsafe == "run"]
    # a document is read and answered shortly; a form or plain text is often sent back whole
    big = plainest([one for one in posts if (one.step.body or b"").startswith(b"{")], "POST") or plainest(posts, "POST")
    if big is None:
        probe = Probe(group=Group.SURFACE, row="sizes", column="body over 10 MB")
        draft.leave_out(probe, "no POST operation that a case may change (`unsafe: run`)")
        return
    # blanks before a document change nothing about it, so that only the size is asked about
    _size(draft, big, "body over 10 MB", replace(big.step, body=(big.step.body or b"").rjust(BIG_BODY)), phase=2)


def _size(draft: Draft, operation: Operation, column: str, step: Step, phase: int = 1) -> None:
    caller = first_caller(operation)
    control = draft.control(operation, caller)
    probe = Probe(
        group=Group.SURFACE,
        row="sizes",
        column=column,
        caller=caller,
        control=control,
        excused=Decision.THROUGH,
        excuse=_LARGER,
    )
    draft.ask(operation, probe, replace(step, identity=caller or None), phase=phase)


def _left_out(draft: Draft, found: Sequence[Place], tried: Sequence[Place]) -> None:
    """Say once each what was not made."""
    shut = [place for place in found if place.asked is None]
    if shut:
        why = f"{left_paths(shut)}: no case that is let in and may be sent"
        draft.leave_out(Probe(group=Group.SURFACE, row="paths without a request", column="surface"), why)
    unsafe = [place for place in found if place.asked and not place.run]
    if unsafe:
        why = "POST, PUT, PATCH and DELETE could change something, and no case of these paths says `unsafe: run`: "
        why += left_paths(unsafe)
        draft.leave_out(Probe(group=Group.SURFACE, row="paths that are only read", column="methods that change"), why)
    rest = [place for place in found if place.asked and place not in tried]
    if rest:
        why = f"tricks are tried on {len(tried)} paths of every caller and prefix; not on {left_paths(rest)}"
        draft.leave_out(Probe(group=Group.SURFACE, row="further paths", column="path tricks"), why)
