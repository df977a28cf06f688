"""A security suite in the making: numbers its cases, names the identities that are made for it."""

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import count

from harness.model.probe import NOT_ASKABLE, Group, Probe, Wants
from harness.model.request import SAFE_METHODS
from harness.scenario.credential import Credential
from harness.scenario.types import Case, Identity, Scenario, Security, Step
from harness.security.operation import Operation

SUITE = "security"
VALID = "as it is"


@dataclass(slots=True, kw_only=True)
class Draft:
    """What the parts of the suite add their cases to.

    `identities` are those made for it, by a name that the scenario does not use; steps name them as they name the
    scenario's own.
    """

    scenario: Scenario
    security: Security
    operations: tuple[Operation, ...]
    cases: list[Case] = field(default_factory=list)
    identities: dict[str, Identity] = field(default_factory=dict)
    _controls: dict[tuple[str, str], int] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def control(self, operation: Operation, caller: str) -> int:
        """Return the index of the case that asks `operation` as `caller` ("" for nobody), made when first needed."""
        key = operation.name, caller
        if key not in self._controls:
            probe = Probe(group=Group.CALLERS, row=operation.name, column=VALID, caller=caller, valid=True)
            step = replace(operation.step, identity=caller or None)
            self._controls[key] = self.ask(operation, probe, step)
        return self._controls[key]

    def ask(self, operation: Operation, probe: Probe, *steps: Step, noise: bool = False, phase: int = 1) -> int:
        """Add a case that asks `probe` in these steps and return its index.

        The last step is the one that the probe is about. An unsafe step is sent only where a case of the operation says
        `unsafe: run`. `noise` lets the old side be asked again, for probes that compare whole answers. Controls are of
        phase 0; what leans on them, of phase 1; what may disturb the others, of phase 2.
        """
        hung_up_counts = probe.group in {Group.SURFACE, Group.WAF} and all(one.method in SAFE_METHODS for one in steps)
        return self._add(
            Case(
                index=len(self.cases),
                name=self._free(name_of(probe)),
                operation=probe.row,
                steps=steps,
                retries=1 if hung_up_counts else 0,  # a connection that broke by chance is no refusal
                critical=probe.wants is not Wants.SAME,
                unsafe=operation.unsafe,
                because=operation.because,
                file=operation.file,
                line=operation.line,
                suite=SUITE,
                phase=0 if probe.valid else phase,
                noise=noise,
                probe=probe,
            )
        )

    def leave_out(self, probe: Probe, why: str) -> int:
        """Add a question that cannot be asked, and why; it holds the verdict only where `require` names it."""
        required = is_required(probe, self.security.require)
        return self._add(
            Case(
                index=len(self.cases),
                name=self._free(name_of(probe)),
                operation=probe.row,
                steps=(),
                suite=SUITE,
                skip=f"{NOT_ASKABLE}: {why}",
                accepted=not required,
                probe=probe,
            )
        )

    def identity(self, name: str, old: tuple[Credential, ...], new: tuple[Credential, ...]) -> str:
        """Add an identity, and return the name that steps use; one of the same name must be the same."""
        while name in self.scenario.identities:
            name += "*"  # the user's own caller of this name stays what it is
        self.identities.setdefault(name, Identity(name=name, old=old, new=new))
        return name

    def _free(self, name: str) -> str:
        """Return a name that no case has yet: names are what people select by."""
        if name in self._names:
            name = next(more for nth in count(2) if (more := f"{name} ({nth})") not in self._names)
        self._names.add(name)
        return name

    def _add(self, case: Case) -> int:
        self.cases.append(case)
        return case.index


def name_of(probe: Probe) -> str:
    """Return what a cell is called: unique in the suite, and what `-k` looks at."""
    caller = f", {probe.caller}" if probe.caller not in {"", probe.column} else ""
    return f"{probe.row}{caller}: {probe.column}"


def is_required(probe: Probe, require: tuple[str, ...]) -> bool:
    """Tell whether `security.require` names this cell: by group, by column, or as "row: column"; globs are allowed."""
    said = (probe.group.value, probe.column, f"{probe.row}: {probe.column}", name_of(probe))
    return any(fnmatchcase(text, glob) for glob in require for text in said)
