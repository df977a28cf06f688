"""The operations that the scenario's cases use, and one request of each that can be asked by itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from urllib.parse import unquote_plus

from harness.model.request import SAFE_METHODS, Headers
from harness.model.rule import Expect, ExpectSide
from harness.model.side import Side
from harness.scenario.credential import HeaderCredential, QueryCredential
from harness.scenario.marks import escaped, fill, fill_body, literal, names
from harness.scenario.types import Case, Scenario, Security, Step, Unsafe

PLACEHOLDER = "cutover-probe"
_REFUSALS = frozenset({401, 403, 407, 429})
_CREDENTIAL_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-api-key", "ocp-apim-subscription-key"}
)
_TEMPLATE = re.compile(r"\\\{[^/{}]+\\\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Method and path template, with the request that stands for it.

    `step` has no identity, no captures, and a placeholder where the case uses a captured value: a caller that is let
    through is then told that there is no such thing, which is as telling as success. `callers` are the identities that
    the cases use on it and do not expect to be refused; `public` says that a case is let in without any credential.
    `unsafe` and `because` are the case's ("" where the method is safe). `own` are the names of the credentials that the
    step itself carries, as headers or query parameters: what it presents as nobody in particular (`bare` takes them
    off). `settled` are callers ("" for nobody) that the new side alone is to refuse, and the reason that a case gives.
    """

    name: str
    step: Step
    callers: tuple[str, ...] = ()
    public: bool = False
    unsafe: Unsafe = ""
    because: str = ""
    file: str = ""
    line: int = 0
    own: tuple[str, ...] = ()
    settled: tuple[tuple[str, str], ...] = ()

    @property
    def sent(self) -> bool:
        """Tell whether it may be sent: its method is safe, or a case says `unsafe: run`."""
        return self.step.method in SAFE_METHODS or self.unsafe == "run"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """A step that asks an operation, and the case that it is in."""

    case: Case
    step: Step
    own: tuple[str, ...]

    @property
    def nobody(self) -> bool:
        return self.step.identity is None and not self.own


def operations(scenario: Scenario, security: Security) -> tuple[Operation, ...]:
    """Return the operations that the security suite covers, in the order of the scenario."""
    return tuple(_operation(name, uses) for name, uses in _uses(scenario, security).items() if len(_sides(uses)) > 1)


def one_sided(scenario: Scenario, security: Security) -> tuple[tuple[Operation, Side], ...]:
    """Return the operations that the cases ask one side alone: there is nothing to compare."""
    asked = ((name, uses, _sides(uses)) for name, uses in _uses(scenario, security).items())
    return tuple((_operation(name, uses), sides[0]) for name, uses, sides in asked if len(sides) == 1)


def bare(step: Step, own: Sequence[str]) -> Step:
    """Return `step` without the credentials that it carries itself."""
    if not own:
        return step
    gone = frozenset(own)
    headers = tuple((name, value) for name, value in step.headers if name.lower() not in gone)
    path, mark, query = step.target.partition("?")
    kept = "&".join(piece for piece in query.split("&") if _parameter(piece) not in gone)
    return replace(step, headers=headers, target=path + (mark + kept if kept else ""))


def _uses(scenario: Scenario, security: Security) -> dict[str, list[_Use]]:
    """Return what asks each operation, of those that `security.operations` chooses."""
    credentials = _credential_names(scenario)
    found: dict[str, list[_Use]] = {}
    for case in scenario.cases:
        for step in case.steps:
            use = _Use(case=case, step=step, own=_own(step, credentials))
            found.setdefault(_name(case, step), []).append(use)
    chosen = security.operations
    return {name: uses for name, uses in found.items() if not chosen or any(fnmatchcase(name, one) for one in chosen)}


def _name(case: Case, step: Step) -> str:
    """Return the case's operation where it is about this step, else method and path, captured values as {name}."""
    if _is_about(case, step):
        return case.operation
    path = literal(step.target.partition("?")[0])
    return f"{step.method} {path.replace('${', '{')}"


def _is_about(case: Case, step: Step) -> bool:
    """Tell whether this is what the case's operation names: its one step, those of this template, else its first."""
    method, _, template = case.operation.partition(" ")
    if step.method != method:
        return False
    if len(case.steps) == 1 or _fits(template, step):
        return True
    return step is case.steps[0] and not any(one.method == method and _fits(template, one) for one in case.steps)


def _fits(template: str, step: Step) -> bool:
    """Tell whether a path is one of a template's; a captured value stands for one segment."""
    pattern = _TEMPLATE.sub("[^/]+", re.escape(template.partition("?")[0]))
    return re.fullmatch(pattern, literal(step.target.partition("?")[0])) is not None


def _sides(uses: Sequence[_Use]) -> tuple[Side, ...]:
    """Return the sides that have this operation, as far as the cases tell.

    A step that reads on one side what was made on the other is limited by the case, not by the gateway.
    """
    limited = [use.step.side for use in uses if use.step.side is not None and use.step.captured_from is None]
    if len(limited) < len(uses):
        return tuple(Side)
    return tuple(side for side in Side if side in limited)


def _operation(name: str, uses: Sequence[_Use]) -> Operation:
    best = min(uses, key=_rank)
    let_in = [use for use in uses if not _refused(use.step.expect)]
    callers = dict.fromkeys(use.step.identity for use in let_in if use.step.identity is not None)
    safe = best.step.method in SAFE_METHODS
    return Operation(
        name=name,
        step=_alone(best.step),
        callers=tuple(callers),
        public=any(use.nobody for use in let_in),
        unsafe="" if safe else best.case.unsafe,
        because="" if safe else best.case.because,
        file=best.case.file,
        line=best.case.line,
        own=best.own,
        settled=tuple(_settled(uses)),
    )


def _rank(use: _Use) -> tuple[bool | int, ...]:
    """Order the requests by how well they stand for the operation; the first of the best does.

    Only what may be sent shows anything. Then: a caller that is let in, by its own name, on both sides, with an answer
    that is a success, to a request that needs no placeholder.
    """
    step = use.step
    return (
        0 if step.method in SAFE_METHODS else _WILLING[use.case.unsafe],
        _refused(step.expect),
        bool(use.own),
        _fails(step.expect),
        any(True for _ in _marks(step)),
        step.side is not None,
        not _said(step.expect),
    )


_WILLING: dict[Unsafe, int] = {"run": 0, "skip": 1, "": 2}


def _said(expect: Expect) -> list[tuple[int, ...]]:
    """Return the statuses that a case names, of both sides or of each."""
    return [side.status for side in (expect.both, expect.old, expect.new) if side.status]


def _refused(expect: Expect) -> bool:
    """Tell whether a case says itself that a side is to refuse it."""
    return any(set(status) <= _REFUSALS for status in _said(expect))


def _fails(expect: Expect) -> bool:
    """Tell whether a case asks for an error on purpose: a thing that is not there, a body that is wrong."""
    return any(all(one >= 400 for one in status) for status in _said(expect))


def _settled(uses: Sequence[_Use]) -> Iterator[tuple[str, str]]:
    """Yield the callers that the new side alone is to refuse, as a case says; letting in more is never settled."""
    found: dict[str, str] = {}
    for use in uses:
        expect = use.step.expect
        if _says_no(expect, expect.new) and not _says_no(expect, expect.old) and not use.own:
            why = f"the case '{use.case.name}' expects the new side alone to refuse it"
            found.setdefault(use.step.identity or "", f"{why}: {expect.because}" if expect.because else why)
    yield from found.items()


def _says_no(expect: Expect, side: ExpectSide) -> bool:
    said = side.status or expect.both.status
    return bool(said) and set(said) <= _REFUSALS


def _credential_names(scenario: Scenario) -> frozenset[str]:
    """Return the headers (lower case) and query parameters by which this scenario's callers are known."""
    found = set(_CREDENTIAL_HEADERS)
    for identity in scenario.identities.values():
        for credential in identity.old + identity.new:
            if isinstance(credential, HeaderCredential):
                found.update(name.lower() for name, _ in credential.headers)
            elif isinstance(credential, QueryCredential):
                found.update(name for name, _ in credential.parameters)
    return frozenset(found)


def _own(step: Step, credentials: frozenset[str]) -> tuple[str, ...]:
    """Return what a step carries itself of what identifies callers; beside a named caller, a cookie is content."""
    if not step.headers and "?" not in step.target:
        return ()
    known = credentials if step.identity is None else credentials - {"cookie"}
    headers = (name.lower() for name, _ in step.headers)
    query = (_parameter(piece) for piece in step.target.partition("?")[2].split("&"))
    return tuple(dict.fromkeys(name for name in (*headers, *query) if name in known))


def _parameter(piece: str) -> str:
    return unquote_plus(piece.partition("=")[0])


def _alone(step: Step) -> Step:
    """Return a step that needs no other: a placeholder for each captured value."""
    values = dict.fromkeys(_marks(step), PLACEHOLDER)
    return replace(
        step,
        target=escaped(fill(step.target, values)),
        headers=_filled(step.headers, values),
        body=fill_body(step, values) if step.body_has_marks else step.body,
        body_has_marks=False,
        identity=None,
        expect=Expect(),
        captures=(),
        side=None,
        captured_from=None,
        always=False,
    )


def _filled(headers: Headers, values: dict[str, str]) -> Headers:
    return tuple((name, escaped(fill(value, values))) for name, value in headers)


def _marks(step: Step) -> Iterator[str]:
    yield from names(step.target)
    for _, value in step.headers:
        yield from names(value)
    if step.body_has_marks and step.body is not None:
        yield from names(step.body.decode())
