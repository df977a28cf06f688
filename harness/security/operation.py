"""The operations that the scenario's cases use, and one request of each that can be asked by itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from harness.model.rule import Expect
from harness.scenario.marks import escaped, fill, fill_body, names
from harness.scenario.types import Case, Scenario, Security, Step, Unsafe

PLACEHOLDER = "cutover-probe"
_REFUSALS = frozenset({401, 403, 407, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Method and path template, with the request that stands for it.

    `step` has no identity, no captures, and a placeholder where the case uses a captured value: a caller that is let
    through is then told that there is no such thing, which is as telling as success. `callers` are the identities that
    the cases use on it and do not expect to be refused; `public` says that a case is let in without any. `unsafe` and
    `because` are the case's.
    """

    name: str
    step: Step
    callers: tuple[str, ...] = ()
    public: bool = False
    unsafe: Unsafe = ""
    because: str = ""
    file: str = ""
    line: int = 0


def operations(scenario: Scenario, security: Security) -> tuple[Operation, ...]:
    """Return the operations that the security suite covers, in the order of the scenario."""
    found: dict[str, Operation] = {}
    for case in scenario.cases:
        for step in case.steps:
            name = _name(case, step)
            known = found.get(name) or _new(name, case, step)
            found[name] = _with_caller(known, case, step)
    chosen = security.operations
    return tuple(one for one in found.values() if not chosen or any(fnmatchcase(one.name, glob) for glob in chosen))


def _name(case: Case, step: Step) -> str:
    """Return the case's operation where it is about this step, else method and path, captured values as {name}."""
    method = case.operation.partition(" ")[0]
    if len(case.steps) == 1 or (step is case.steps[0] and method == step.method):
        return case.operation
    path = step.target.partition("?")[0].replace("${", "{")
    return f"{step.method} {path}"


def _new(name: str, case: Case, step: Step) -> Operation:
    return Operation(
        name=name, step=_alone(step), unsafe=case.unsafe, because=case.because, file=case.file, line=case.line
    )


def _with_caller(known: Operation, case: Case, step: Step) -> Operation:
    if known.unsafe != "run" and case.unsafe == "run":
        known = replace(known, step=_alone(step), unsafe="run", because=case.because)
    if _refused(step.expect):
        return known
    if step.identity is None:
        return replace(known, public=True)
    if not known.callers and not known.public and step.method == known.step.method:
        known = replace(known, step=_alone(step))  # a request that is let in stands better for it than a refused one
    return replace(known, callers=tuple(dict.fromkeys((*known.callers, step.identity))))


def _refused(expect: Expect) -> bool:
    """Tell whether a case says itself that it is to be refused."""
    said = expect.both.status or expect.old.status
    return bool(said) and set(said) <= _REFUSALS


def _alone(step: Step) -> Step:
    """Return a step that needs no other: a placeholder for each captured value."""
    values = dict.fromkeys(_marks(step), PLACEHOLDER)
    return replace(
        step,
        target=escaped(fill(step.target, values)),
        headers=tuple((name, escaped(fill(value, values))) for name, value in step.headers),
        body=fill_body(step, values) if step.body_has_marks else step.body,
        body_has_marks=False,
        identity=None,
        expect=Expect(),
        captures=(),
        side=None,
        captured_from=None,
        always=False,
    )


def _marks(step: Step) -> Iterator[str]:
    yield from names(step.target)
    for _, value in step.headers:
        yield from names(value)
    if step.body_has_marks and step.body is not None:
        yield from names(step.body.decode())
