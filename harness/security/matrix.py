"""The matrix of callers: for every operation, who is asked for and what is presented instead."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from harness.model.probe import Group, Probe, Wants
from harness.scenario.credential import Credential
from harness.scenario.types import Step
from harness.security.callers_variants import (
    GIVEN,
    Variant,
    columns_of_kinds,
    has_key,
    keys_of,
    variants,
)
from harness.security.draft import VALID, Draft, is_required
from harness.security.operation import Operation, bare, one_sided

NOBODY = "no credential"
UNCHANGED = "old credential, unchanged"
EVERYWHERE = "all operations"
_OPEN = "anybody gets in"
_GIVEN_HINT = (
    "add `security: {{identities: {{{column}: NAME}}}}` and such a credential under `credentials: {{NAME: …}}`"
)
_DANGEROUS_GIVEN = {"disabled key": "a key that was withdrawn gets in"}


def add(draft: Draft) -> None:
    """Add the matrix of callers to the draft."""
    matrix = _Matrix(draft=draft)
    matrix.one_sided()
    for operation in draft.operations:
        matrix.operation(operation)
    matrix.left_out()


def columns() -> tuple[str, ...]:
    """Return all standard columns, in the order of the matrix: what `security.require` and `identities` may name."""
    return (VALID, NOBODY, *columns_of_kinds(), UNCHANGED)


@dataclass(slots=True, kw_only=True)
class _Matrix:
    """The matrix in the making. What is left out is gathered: one cell for all operations, not one for each."""

    draft: Draft
    _taken: frozenset[str] = field(init=False)
    _others: tuple[str, ...] = field(init=False)
    _variants: dict[str, tuple[Variant, ...]] = field(default_factory=dict)
    _missing: dict[tuple[str, str], tuple[str, str, list[Operation]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort the callers: those that fill a column of their own are asked there alone."""
        identities = self.draft.scenario.identities
        given = set(self.draft.security.identities.values())
        self._taken = keys_of(identities.values())
        self._others = tuple(name for name in identities if name not in given)

    def one_sided(self) -> None:
        """List the operations that only one side is asked: there is nothing to compare."""
        for operation, side in one_sided(self.draft.scenario, self.draft.security):
            probe = Probe(group=Group.CALLERS, row=operation.name, column=VALID)
            self.draft.leave_out(probe, f"the cases ask the {side} side alone: there is nothing to compare it with")

    def operation(self, operation: Operation) -> None:
        """Add the row of an operation; of one that must not be sent, its control alone, which says so."""
        callers = operation.callers
        if not operation.sent:
            self.draft.control(operation, callers[0] if callers else "")
            return
        control = self._controls(operation)
        if not operation.public:
            self._nobody(operation, control)
        step = bare(operation.step, operation.own)
        for caller in callers:
            self._caller(operation, caller)
        for name in self._others:
            if name not in callers:
                self._as(operation, step, name, control)
        for column, name in self.draft.security.identities.items():
            if name not in callers:
                self._given(operation, step, column, name, control)

    def _controls(self, operation: Operation) -> int | None:
        """Add the callers as they are, and return the control for those that are none."""
        nobody = operation.public or (operation.own and not operation.callers)
        asked = [self.draft.control(operation, caller) for caller in operation.callers]
        asked += [self.draft.control(operation, "")] if nobody else []
        return asked[0] if asked else None

    def _nobody(self, operation: Operation, control: int | None) -> None:
        probe = Probe(
            group=Group.CALLERS,
            row=operation.name,
            column=NOBODY,
            control=control,
            dangerous="" if control is None else _OPEN,
        )
        self._ask(operation, probe, bare(operation.step, operation.own))

    def _caller(self, operation: Operation, caller: str) -> None:
        control = self.draft.control(operation, caller)
        for variant in self._variants_of(caller):
            if variant.why:
                self._miss(operation, caller, variant.column, variant.why, variant.dangerous)
            elif variant.side is None or not operation.public:
                self._variant(operation, caller, variant, control)
        if has_key(self.draft.scenario.identities[caller]):
            self._miss_given(operation)
        self._unchanged(operation, caller, control)

    def _variant(self, operation: Operation, caller: str, variant: Variant, control: int) -> None:
        probe = Probe(
            group=Group.CALLERS,
            row=operation.name,
            column=variant.column,
            caller=caller,
            wants=Wants.SAME if variant.side is None else Wants.REFUSED,
            control=control,
            # where nobody needs a credential, a wrong one that is not looked at is no danger
            dangerous="" if operation.public else variant.dangerous,
        )
        identity = self._identity(caller, variant.column, variant.old, variant.new)
        step = replace(operation.step, identity=identity, side=variant.side)
        self.draft.ask(operation, probe, step)

    def _unchanged(self, operation: Operation, caller: str, control: int) -> None:
        """Ask with the old side's credential on both: nobody should have to change."""
        identity = self.draft.scenario.identities[caller]
        if identity.old == identity.new:
            return  # the control shows it
        probe = Probe(
            group=Group.CALLERS,
            row=operation.name,
            column=UNCHANGED,
            caller=caller,
            wants=Wants.UNCHANGED,
            control=control,
            change=self.draft.security.clients_change.get(caller, ""),
        )
        name = self._identity(caller, UNCHANGED, identity.old, identity.old)
        self.draft.ask(operation, probe, replace(operation.step, identity=name))

    def _as(self, operation: Operation, step: Step, name: str, control: int | None) -> None:
        """Ask as a caller that no case lets in here: both sides must decide alike."""
        probe = Probe(group=Group.CALLERS, row=operation.name, column=name, caller=name, control=control)
        self._ask(operation, probe, replace(step, identity=name))

    def _given(self, operation: Operation, step: Step, column: str, name: str, control: int | None) -> None:
        probe = Probe(
            group=Group.CALLERS,
            row=operation.name,
            column=column,
            caller=name,
            control=control,
            dangerous="" if operation.public else _DANGEROUS_GIVEN.get(column, ""),
        )
        self._ask(operation, probe, replace(step, identity=name))

    def _ask(self, operation: Operation, probe: Probe, step: Step) -> None:
        """Ask, unless a case of the operation has settled that the new side alone refuses this caller."""
        settled = dict(operation.settled).get(probe.caller, "")
        if settled:
            self.draft.leave_out(probe, settled)
        else:
            self.draft.ask(operation, probe, step)

    def _identity(self, caller: str, column: str, old: tuple[Credential, ...], new: tuple[Credential, ...]) -> str:
        return self.draft.identity(f"{caller}: {column}", old, new)

    def _variants_of(self, caller: str) -> Sequence[Variant]:
        if caller not in self._variants:
            scenario, security = self.draft.scenario, self.draft.security
            self._variants[caller] = variants(scenario.identities[caller], scenario, security, self._taken)
        return self._variants[caller]

    def _miss_given(self, operation: Operation) -> None:
        for column in GIVEN:
            self._miss(operation, "", column, "only you have such a key: " + _GIVEN_HINT.format(column=column), "")

    def _miss(self, operation: Operation, caller: str, column: str, why: str, dangerous: str) -> None:
        """Gather a question that cannot be asked, unless a credential of the user's own fills its column."""
        if column not in self.draft.security.identities:
            self._missing.setdefault((caller, column), (why, dangerous, []))[2].append(operation)

    def left_out(self) -> None:
        """Add what cannot be asked: once for all operations, and for each that `security.require` names by itself."""
        for (caller, column), (why, dangerous, missed) in self._missing.items():
            probe = Probe(group=Group.CALLERS, row=EVERYWHERE, column=column, caller=caller, dangerous=dangerous)
            self.draft.leave_out(probe, why)
            for named in self._named(probe, missed):
                self.draft.leave_out(named, why)

    def _named(self, probe: Probe, missed: Sequence[Operation]) -> Iterator[Probe]:
        require = self.draft.security.require
        if not require or is_required(probe, require):
            return  # what asks for all of them is held by the one cell
        rows = (replace(probe, row=name) for name in dict.fromkeys(operation.name for operation in missed))
        yield from (row for row in rows if is_required(row, require))
