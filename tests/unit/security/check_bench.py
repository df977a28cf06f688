"""What the tests of checks use: a small scenario, and Tools whose wire answers from a function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.model.check import Tick
from harness.model.event import Event
from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.request import Request
from harness.model.response import Answer, Response
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.credential import HeaderCredential
from harness.scenario.types import Case, Identity, Scenario, Security, Step
from harness.security.draft import Draft
from harness.security.operation import operations


def identity(name: str) -> Identity:
    credential = (HeaderCredential(headers=(("x-api-key", f"key of {name}"),)),)
    return Identity(name=name, old=credential, new=credential)


def case(index: int, method: str, target: str, caller: str | None = None, **changes: Any) -> Case:
    step = Step(method=method, target=target, identity=caller)
    return Case(index=index, name=f"case {index}", operation=f"{method} {target}", steps=(step,), **changes)


ORDERS = case(0, "GET", "/orders", "partner")


def scenario(
    *cases: Case, old: str = "https://old.example", new: str = "https://new.example", security: Security | None = None
) -> Scenario:
    return Scenario(
        name="s",
        files=(Path("s.yaml"),),
        digest="",
        old=Gateway(side=Side.OLD, kind="aws-rest", url=old),
        new=Gateway(side=Side.NEW, kind="azure-apim", url=new),
        identities={name: identity(name) for name in ("partner", "shop")},
        cases=cases or (ORDERS,),
        security=security or Security(),
    )


def draft_of(scenario: Scenario) -> Draft:
    assert scenario.security is not None
    chosen = operations(scenario, scenario.security)
    return Draft(scenario=scenario, security=scenario.security, operations=chosen)


@dataclass(kw_only=True)
class FakeTools:
    """Tools that keep what is sent. `stop_after`: the user wants to stop once so much was sent (None: never)."""

    answer: Callable[[Request], Answer] = lambda request: Response(status=200)
    stop_after: int | None = None
    sent: list[Request] = field(default_factory=list)
    limits: list[Limits | None] = field(default_factory=list)
    pauses: int = 0

    def stopping(self) -> bool:
        return self.stop_after is not None and len(self.sent) >= self.stop_after

    def send(self, requests: Sequence[Request], *, limits: Limits | None = None) -> list[Exchange]:
        self.limits.append(limits)
        found = []
        for request in requests:
            self.sent.append(request)
            found.append(Exchange(request=request, answer=self.answer(request), sent_at=float(len(self.sent))))
        return found

    def present(self, identity: str, request: Request) -> Request:
        return replace(request, headers=(*request.headers, ("x-api-key", identity)))

    def hide(self, secret: Secret) -> None:
        raise NotImplementedError

    def tell(self, event: Event) -> None:
        raise NotImplementedError

    def show(self, tick: Tick) -> None:
        raise NotImplementedError

    def pause(self) -> None:
        self.pauses += 1
