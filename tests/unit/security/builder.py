"""Scenarios in a few lines, for the parts of the security suite."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.model.gateway import Gateway
from harness.model.rule import Expect
from harness.model.side import Side
from harness.scenario.credential import HeaderCredential
from harness.scenario.types import Case, Identity, Scenario, Security, Step
from harness.security.draft import Draft
from harness.security.operation import operations

KEY = (HeaderCredential(headers=(("x-api-key", "k"),)),)


def case(index: int, request: str, caller: str | None = None, *, operation: str = "", **more: Any) -> Case:
    method, _, target = request.partition(" ")
    unsafe = more.pop("unsafe", "")
    step = Step(method=method, target=target, identity=caller, expect=more.pop("expect", Expect()), **more)
    name = operation or f"{method} {target.partition('?')[0]}"
    return Case(index=index, name=f"case {index}", operation=name, steps=(step,), unsafe=unsafe)


def scenario(*cases: Case, old: str = "aws-rest", security: Security | None = None) -> Scenario:
    names = {step.identity for one in cases for step in one.steps if step.identity}
    return Scenario(
        name="test",
        files=(Path("test.yaml"),),
        digest="0",
        old=Gateway(side=Side.OLD, kind=old, url="https://old.example/prod"),
        new=Gateway(side=Side.NEW, kind="azure-apim", url="https://new.example"),
        identities={name: Identity(name=name, old=KEY, new=KEY) for name in sorted(names)},
        cases=cases,
        security=security or Security(),
    )


def draft(part: Callable[[Draft], None], *cases: Case, old: str = "aws-rest", **security: Any) -> Draft:
    """Return the draft with one part's cases."""
    chosen = Security(**security)
    made = scenario(*cases, old=old, security=chosen)
    found = Draft(scenario=made, security=chosen, operations=operations(made, chosen))
    part(found)
    return found


def asked(made: Draft) -> list[Case]:
    """Return the cases that ask something, controls left out."""
    return [one for one in made.cases if one.steps and one.probe is not None and not one.probe.valid]


def left(made: Draft) -> dict[str, str]:
    """Return what was left out, and why."""
    return {one.name: one.skip for one in made.cases if not one.steps}


def many(count: int) -> list[Case]:
    """Return cases of `count` paths and five callers, of every kind."""
    found = []
    for number in range(count):
        caller = None if number % 10 == 0 else f"caller-{number % 5}"
        method = "POST" if number % 3 == 0 else "GET"
        path = f"/area-{number % 40}/thing-{number}"
        more: dict[str, Any] = {"body": b'{"a": 1}', "unsafe": "run"} if method == "POST" else {}
        found.append(case(number, f"{method} {path}", caller, **more))
    return found
