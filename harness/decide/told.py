"""What suites tell beside their cases: loads, when a name can be moved, how it moved."""

from harness.model.event import Anew, Event, Loaded, Loading, Sighted, Surveyed, Watching
from harness.model.finding import LoadRun, Propagation


class Told:
    """Takes these events one by one, and passes over all others."""

    def __init__(self) -> None:
        self._loads: list[LoadRun] = []
        self._surveyed: dict[str, Surveyed] = {}
        self._watched: list[tuple[Watching, list[Sighted]]] = []

    def add(self, event: Event) -> None:
        """Take the next event."""
        match event:
            case Loading():
                self._loads.append(LoadRun(loading=event))
            case Loaded():
                begun = self._loads.pop().loading if self._loads and self._loads[-1].loaded is None else None
                self._loads.append(LoadRun(loading=begun, loaded=event))
            case Surveyed():
                self._surveyed[event.timing.name] = event
            case Anew():
                self._surveyed = {name: one for name, one in self._surveyed.items() if one.suite != event.suite}
            case Watching():
                self._watched.append((event, []))
            case Sighted() if self._watched:
                self._watched[-1][1].append(event)

    @property
    def loads(self) -> tuple[LoadRun, ...]:
        """Return the loads in the order of the journal; what came of one goes with the one that was begun last."""
        return tuple(self._loads)

    @property
    def surveyed(self) -> tuple[Surveyed, ...]:
        """Return what was told last of each name."""
        return tuple(self._surveyed.values())

    @property
    def propagations(self) -> tuple[Propagation, ...]:
        """Return what was watched, in order."""
        return tuple(Propagation(watching=one, sighted=tuple(seen)) for one, seen in self._watched)
