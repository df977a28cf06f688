"""CORS: what pages of an allowed origin, of a foreign one and of none (`null`) may send and read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.model.probe import CorsAsk, Decision, Group, Probe, Reads
from harness.model.request import Headers
from harness.scenario.types import CorsPlan, Step
from harness.security.draft import Draft
from harness.security.operation import Operation, bare
from harness.security.paths import Place, first_caller, left_paths, path_of, places, query_of, spread

MOST_PLACES = 40
MOST_ORIGINS = 3
NOWHERE = "/cutover-no-such-path"

_NOT_CROSS = frozenset({"OPTIONS", "HEAD"})
_CORS_HEADERS = frozenset({"origin", "access-control-request-method", "access-control-request-headers"})
# what a browser never asks for in a preflight (their usual values need no permission)
_NEVER_ASKED = frozenset({"accept", "accept-language", "content-language"})
_ALLOWED = "`security.cors.origins` names this origin: that its pages may do so is meant"
_ANY_PAGE = "any page on the web may then read answers that are meant for the user who is signed in"


def add(draft: Draft) -> None:
    """Add all probes of CORS."""
    found = [one for one in places(draft) if one.methods - _NOT_CROSS]
    # what anybody may read without a page has nothing to lose to pages: it is asked where there is nothing else
    worth = [one for one in found if _guarded(one)] or found
    tried = spread(worth, MOST_PLACES)
    for place in tried:
        _allowed(draft, place)
        _others(draft, place)
    if found and not draft.security.cors.origins:
        probe = Probe(group=Group.CORS, row="allowed origin", column="CORS of the API's own pages")
        draft.leave_out(probe, "add `security.cors.origins`")
    rest = [one for one in worth if one not in tried]
    if rest:
        probe = Probe(group=Group.CORS, row="further paths", column="CORS")
        draft.leave_out(
            probe, f"asked on {len(tried)} of the paths that have something to lose; left: {left_paths(rest)}"
        )


def _guarded(place: Place) -> bool:
    """Tell whether there is something to lose: a credential is asked for, or something can be changed."""
    return any(one.callers for one in place.operations) or bool(place.methods - _NOT_CROSS - {"GET"})


def _allowed(draft: Draft, place: Place) -> None:
    """Ask as the API's own pages do; where only the new side goes along, that is what the scenario says it should."""
    plan = draft.security.cors
    for origin in plan.origins[:MOST_ORIGINS]:
        for operation in _by_method(place, plan):
            ask = _ask(operation, origin, plan, credentials=plan.credentials)
            _preflight(draft, place, operation, replace(ask, preflight=True), allowed=True)
        _actual(draft, place, origin, credentials=plan.credentials, allowed=True)
    for origin in plan.origins[:1]:
        _error(draft, place, origin, plan, allowed=True)


def _others(draft: Draft, place: Place) -> None:
    """Ask as pages from elsewhere; with credentials it is dangerous that they are answered, without it may be meant."""
    plan = draft.security.cors
    for origin in (plan.foreign, "null"):
        operation = _by_method(place, plan)[-1]
        ask = _ask(operation, origin, plan, credentials=False)
        _preflight(draft, place, operation, replace(ask, preflight=True), allowed=False)
        for credentials in (False, True):
            _actual(draft, place, origin, credentials=credentials, allowed=False)
    _error(draft, place, plan.foreign, plan, allowed=False)


def _by_method(place: Place, plan: CorsPlan) -> tuple[Operation, ...]:
    """Return an operation per method of the path, those that the plan names if there are such; the safe ones first."""
    found = {one.step.method: one for one in place.operations if one.step.method not in _NOT_CROSS}
    named = {method: one for method, one in found.items() if method in plan.methods} or found
    return tuple(sorted(named.values(), key=lambda one: one.step.method != "GET"))


def _ask(operation: Operation, origin: str, plan: CorsPlan, *, credentials: bool) -> CorsAsk:
    typed = ("content-type",) if operation.step.body is not None else ()
    names = dict.fromkeys(name.lower() for name in (*plan.headers, *typed))
    headers = tuple(sorted(name for name in names if name not in _NEVER_ASKED))
    return CorsAsk(origin=origin, method=operation.step.method, headers=headers, credentials=credentials)


def _preflight(draft: Draft, place: Place, operation: Operation, ask: CorsAsk, *, allowed: bool) -> None:
    """Ask whether the page may send this: a browser does so without any credential."""
    headers: Headers = (("Origin", ask.origin), ("Access-Control-Request-Method", ask.method))
    if ask.headers:
        headers = (*headers, ("Access-Control-Request-Headers", ",".join(ask.headers)))
    step = Step(method="OPTIONS", target=bare(operation.step, operation.own).target, headers=headers)
    draft.ask(operation, _probe(place, f"preflight of {ask.method} from {ask.origin}", ask, allowed=allowed), step)


def _actual(draft: Draft, place: Place, origin: str, *, credentials: bool, allowed: bool) -> None:
    """Ask what the page is after, as a caller that is let in."""
    operation = place.asked
    if operation is None or operation.step.method in _NOT_CROSS:
        return
    ask = CorsAsk(origin=origin, method=operation.step.method, credentials=credentials)
    column = f"answer to {origin}{' with credentials' if credentials else ''}"
    caller = first_caller(operation)
    probe = _probe(place, column, ask, allowed=allowed)
    probe = replace(probe, caller=caller, control=draft.control(operation, caller))
    if credentials and not allowed:
        probe = replace(probe, dangerous=_ANY_PAGE)
    step = replace(operation.step, headers=_from(origin, operation.step.headers), identity=caller or None)
    draft.ask(operation, probe, step)


def _error(draft: Draft, place: Place, origin: str, plan: CorsPlan, *, allowed: bool) -> None:
    """Ask so that the gateway itself refuses: without CORS on its errors, a page sees a network error instead."""
    operation = place.safe
    if operation is None:
        return
    step = bare(operation.step, operation.own)
    if operation.public:
        step = replace(step, target=path_of(step.target).rstrip("/") + NOWHERE + query_of(step.target))
    step = replace(step, headers=_from(origin, step.headers))
    ask = CorsAsk(origin=origin, method=step.method, credentials=plan.credentials)
    draft.ask(operation, _probe(place, f"error answer to {origin}", ask, allowed=allowed), step)


def _probe(place: Place, column: str, ask: CorsAsk, *, allowed: bool) -> Probe:
    probe = Probe(group=Group.CORS, row=place.path, column=column, reads=Reads.CORS, cors=ask)
    return replace(probe, excused=Decision.THROUGH, excuse=_ALLOWED) if allowed else probe


def _from(origin: str, headers: Headers) -> Headers:
    """Return a request's headers as a page at `origin` sends them."""
    return (*_without(headers, _CORS_HEADERS), ("Origin", origin))


def _without(headers: Headers, names: Sequence[str] | frozenset[str]) -> Iterator[tuple[str, str]]:
    return (pair for pair in headers if pair[0].lower() not in names)
