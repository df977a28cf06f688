"""Back doors: entrances past the firewall, which must refuse whoever comes, and the plain-text ones."""

from dataclasses import replace
from urllib.parse import urlsplit

from harness.model.gateway import Gateway
from harness.model.probe import Group, Probe, Reads, Wants
from harness.model.request import SAFE_METHODS
from harness.model.side import Side
from harness.scenario.types import Scenario
from harness.security.draft import Draft
from harness.security.operation import PLACEHOLDER, Operation, bare

MOST_OPERATIONS = 10
_DANGER = "whoever asks here goes past the firewall"


def add(draft: Draft) -> None:
    """Ask each door as a caller that is let in through the front, and as nobody."""
    chosen = _chosen(draft.operations)
    for door, row in _rows(draft.scenario):
        if not chosen:
            why = "no operation can be asked there without changing something"
            draft.leave_out(_probe(row, "any operation", "", None), why)
        for operation in chosen:
            caller = next(iter(operation.callers), "")
            control = draft.control(operation, caller)
            nobody = replace(operation, step=bare(operation.step, operation.own))
            if caller or operation.own:
                _ask(draft, operation, door, _probe(row, operation.name, caller, control))
            _ask(draft, nobody, door, _probe(row, f"{operation.name}, no credential", "", control))


def plain_door(side: Side) -> str:
    """Return the name of a side's plain-text entrance."""
    return f"http {side.value}"


def gateways(scenario: Scenario) -> dict[str, Gateway]:
    """Return the doors by the name that Step.door and Request.door use.

    A proxy of the new side leads to its doors too: where nothing goes out but through it, a door that is asked past it
    would look closed.
    """
    if scenario.security is None:
        return {}
    new = scenario.new
    found = {}
    for number, url in enumerate(scenario.security.direct, 1):
        found[f"direct {number}"] = Gateway(
            side=Side.NEW, kind=new.kind, url=_base(url), ca_file=new.ca_file, proxy=new.proxy
        )
    for number, url in enumerate(scenario.security.backend, 1):
        found[f"backend {number}"] = Gateway(
            side=Side.NEW, kind="generic", url=_base(url), ca_file=new.ca_file, proxy=new.proxy
        )
    for side in Side:
        plain = _plain(scenario.gateway(side), scenario.security.http.get(side, ""))
        if plain is not None:
            found[plain_door(side)] = plain
    return found


def _rows(scenario: Scenario) -> list[tuple[str, str]]:
    security = scenario.security
    if security is None:
        return []
    direct = [(f"direct {number}", f"direct: {url}") for number, url in enumerate(security.direct, 1)]
    return direct + [(f"backend {number}", f"backend: {url}") for number, url in enumerate(security.backend, 1)]


def _chosen(operations: tuple[Operation, ...]) -> list[Operation]:
    """Return the operations to ask: the protected ones first, those that change nothing, those that find something."""
    askable = [one for one in operations if one.sent]
    askable.sort(
        key=lambda one: (
            not one.callers or one.public,
            one.step.method not in SAFE_METHODS,
            PLACEHOLDER in one.step.target,  # a 404 tells less where it is also the answer through the front
        )
    )
    return askable[:MOST_OPERATIONS]


def _ask(draft: Draft, operation: Operation, door: str, probe: Probe) -> None:
    draft.ask(operation, probe, replace(operation.step, identity=probe.caller or None, side=Side.NEW, door=door))


def _probe(row: str, column: str, caller: str, control: int | None) -> Probe:
    return Probe(
        group=Group.DOORS,
        row=row,
        column=column,
        caller=caller,
        reads=Reads.REACH,
        wants=Wants.REFUSED,
        control=control,
        dangerous=_DANGER,
    )


def _base(url: str) -> str:
    return url.rstrip("/")


def _plain(gateway: Gateway, said: str) -> Gateway | None:
    """Return the plain-text entrance of a side, at the address that the side itself is reached at; None if unknown."""
    own = urlsplit(gateway.url)
    if said:
        url = _base(said)
    elif own.scheme == "https" and (own.port or 443) == 443 and _is_443(gateway.connect_to):
        host = f"[{own.hostname}]" if ":" in (own.hostname or "") else own.hostname
        url = f"http://{host}{own.path}"
    else:
        return None
    asked = urlsplit(url)
    connect_to = None
    if gateway.connect_to and asked.hostname == own.hostname:  # not yet in DNS, or still pointing to the other side
        connect_to = f"{gateway.connect_to.rpartition(':')[0]}:{asked.port or 80}"
    return Gateway(side=gateway.side, kind=gateway.kind, url=url, connect_to=connect_to, proxy=gateway.proxy)


def _is_443(connect_to: str | None) -> bool:
    return connect_to is None or connect_to.rpartition(":")[2] == "443"
