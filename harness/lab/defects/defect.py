"""A defect: a switch that breaks the new side in one way."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.lab.settings_apim import ApimSettings
from harness.lab.wrap import Wrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One thing that goes wrong in real migrations.

    `case` is the case of scenarios/demo.yaml that must catch it, `at` the place of the expected finding; a harmless
    one must not be found at all and says what it touches. In the suite `security`, `case` is a glob (fnmatch) over the
    cells of scenarios/security.yaml, "row, caller: column", and `at` one over places. In the suite `load`, `case` is
    the threshold of scenarios/load.yaml and `at` the metric (or "metric:operation") that must notice it. `front` stands
    between the callers and the new gateway, `back` between that gateway and the backend, `backend` before the backend
    of both sides; `settings` changes how the gateway is configured.
    """

    name: str
    family: str
    case: str
    at: str
    does: str
    models: str
    suite: str = "parity"
    harmless: bool = False
    front: Wrap | None = None
    back: Wrap | None = None
    backend: Wrap | None = None
    settings: Callable[[ApimSettings], ApimSettings] | None = None

    def listed(self) -> dict[str, object]:
        """Return what a reader of the catalogue sees."""
        return {
            "name": self.name,
            "family": self.family,
            "suite": self.suite,
            "case": self.case,
            "at": self.at,
            "harmless": self.harmless,
            "does": self.does,
            "models": self.models,
        }
