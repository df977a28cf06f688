"""A step → the request that one side gets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from harness.credentials.keyring import CredentialUnavailable, Keyring
from harness.model.gateway import Gateway
from harness.model.request import Request
from harness.model.side import Side
from harness.scenario.asking import with_defaults
from harness.scenario.marks import MissingCapture, fill, fill_body
from harness.scenario.paths import mapped
from harness.scenario.types import Case, Identity, Scenario, Step


class NotMade(Exception):  # noqa: N818  reads as a fact at the call site
    """A step's request cannot be made: a capture or a credential is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """Makes requests: knows the callers (the scenario's and the suites' own), their tokens, and every door."""

    scenario: Scenario
    keyring: Keyring
    identities: Mapping[str, Identity]
    doors: Mapping[str, Gateway] = field(default_factory=dict)

    def request(self, step: Step, side: Side, captures: Mapping[str, str]) -> Request:
        """Return the request of `step` for `side`; raises NotMade."""
        target, headers, body = step.target, step.headers, step.body
        try:
            if "${" in target:
                target = fill(target, captures)
            if headers:
                headers = tuple([(name, fill(value, captures)) for name, value in headers])
            if step.body_has_marks:
                body = fill_body(step, captures)
        except MissingCapture as missing:
            raise NotMade(f"`{missing.name}` was not captured on this side") from missing
        if side is Side.NEW and self.scenario.paths:
            target = mapped(target, self.scenario.paths)
        gateway = self.doors[step.door] if step.door else self.scenario.gateway(side)
        made = Request(
            side=side,
            method=step.method,
            url=gateway.url + target,
            headers=headers if step.identity else with_defaults(headers),
            body=body,
            timeout=self.scenario.limits.timeout,
            door=step.door,
        )
        return self.present(step.identity, made) if step.identity else made

    def present(self, identity: str, request: Request) -> Request:
        """Return `request` as this caller sends it; raises NotMade."""
        try:
            presented = self.keyring.present(self.identities[identity], request)
        except CredentialUnavailable as missing:
            raise NotMade(f"credential {self._owner(identity)}: {missing.reason}") from missing
        # after the credential, whose own User-Agent or Accept goes before ours; signatures do not cover these
        return replace(presented, headers=with_defaults(presented.headers))

    def _owner(self, identity: str) -> str:
        """Return whose credential it is: an identity of the security suite is named after the caller it was made of.

        One dead token endpoint is then one trouble, however the tokens were to be broken.
        """
        if identity in self.scenario.identities:
            return identity
        callers = [name for name in self.scenario.identities if identity.startswith(f"{name}: ")]
        return max(callers, key=len, default=identity)

    def due(self, case: Case) -> bool:
        """Tell whether something must be fetched before this case can be asked."""
        return any(self.keyring.due(identity, side) for identity, side in self._callers(case))

    def prepare(self, case: Case) -> None:
        """Fetch what is due; blocks. What could not be had is told by each request that needs it."""
        for identity, side in self._callers(case):
            if self.keyring.due(identity, side):
                self.keyring.prepare(identity, side)

    def _callers(self, case: Case) -> Iterator[tuple[Identity, Side]]:
        for step in case.steps:
            if step.identity is not None:
                identity = self.identities[step.identity]
                yield from ((identity, side) for side in Side if step.side in (None, side))
