"""Evidence that is no pair of answers: what a suite plans as a check, and what a check may use.

A suite makes checks (pure, nothing is opened until `run`); the engine runs them after the suite's cases, one at a time,
and journals what they return.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

from harness.model.dns import SurveyTick
from harness.model.event import CaseInfo, Checked, Event
from harness.model.exchange import Exchange
from harness.model.gateway import Limits
from harness.model.load import LoadTick
from harness.model.request import Request
from harness.model.secret import Secret
from harness.model.side import Side

Tick = LoadTick | SurveyTick
"""What a check that takes long shows of itself."""


class Tools(Protocol):
    """What a check is given by the engine.

    Once `stopping` says True, return what there is, as INCONCLUSIVE. Texts of a Checked need not be masked by the
    check, the engine does it.
    """

    def stopping(self) -> bool:
        """Tell whether the user wants to end."""

    def send(self, requests: Sequence[Request], *, limits: Limits | None = None) -> list[Exchange]:
        """Send all and return their exchanges in this order; within the scenario's limits, or those given."""

    def present(self, identity: str, request: Request) -> Request:
        """Return `request` as sent by a caller; raises CredentialUnavailable (credentials/keyring.py)."""

    def hide(self, secret: Secret) -> None:
        """Mask a value from now on."""

    def tell(self, event: Event) -> None:
        """Journal an event of one's own (Loading, Surveyed, Note …), synced to disk; its texts are masked here."""

    def show(self, tick: Tick) -> None:
        """Show how a long check is getting on; not journaled."""

    def pause(self) -> None:
        """Wait as long as the scenario's rate asks for between two requests: before each that is sent past `send`.

        Raises KeyboardInterrupt where the user wants to end.
        """


class Check(Protocol):
    """A planned check of `suite`. `requests` is the most that it sends, by side (connections count as requests)."""

    suite: ClassVar[str]

    @property
    def info(self) -> CaseInfo:
        """The check as it is planned."""

    @property
    def requests(self) -> Mapping[Side, int]:
        """The most that it sends."""

    def run(self, tools: Tools) -> Checked:
        """Look, and tell what was seen; network trouble is a result, never an exception."""
