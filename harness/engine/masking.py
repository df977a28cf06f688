"""The mask of a scenario: every secret that it names, and every form in which its credentials are sent."""

import re
from collections.abc import Iterable, Iterator

from harness.credentials.apply import clashes
from harness.credentials.secrets import secrets_of
from harness.journal.mask import Mask
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.types import Scenario

_NAME = re.compile(r"[a-z0-9_.-]{8,253}")  # a shorter word in lower case stands anywhere by chance


def mask_of(scenario: Scenario) -> Mask:
    """Return what masks all secrets of `scenario`."""
    derived = [secret for identity in scenario.identities.values() for secret in secrets_of(identity)]
    found = (*scenario.secrets, *derived)
    return Mask(found if scenario.dns is None else (*found, *_as_names(found)))


def _as_names(secrets: Iterable[Secret]) -> Iterator[Secret]:
    """Yield secrets that may stand in a name, as names are told: in lower case, without the final dot."""
    for secret in secrets:
        name = secret.value.lower().rstrip(".")
        if name != secret.value and _NAME.fullmatch(name):
            yield Secret(value=name, label=secret.label)


def not_sent(scenario: Scenario) -> Iterator[str]:
    """Tell where a case's own header or parameter takes the place of its credential's."""
    for case in scenario.cases:
        for step in case.steps:
            if step.identity is None or not (step.headers or "?" in step.target):
                continue
            identity = scenario.identities[step.identity]
            for side in Side:
                for what in clashes(identity, side, scenario.gateway(side).url + step.target, step.headers):
                    yield f"{case.name}: the case's own {what} goes to {side}, not that of credential {identity.name}"
