"""Every kind of credential, presented: what is fixed at once, what must be fetched or minted in time, signatures last.

`due` and `present` never wait; `prepare` does, within bounds. What cannot be had makes `present` raise: a request is
never sent without the credential that it was meant to carry, since its refusal would prove nothing.
"""

import time
from collections.abc import Callable, Hashable

from harness.credentials.held import Held
from harness.credentials.ring import Ring
from harness.credentials.sources import Source, key_of
from harness.credentials.trouble import CredentialUnavailable
from harness.model.request import Request
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.types import Identity

__all__ = ["CredentialUnavailable", "Keyring"]


class Keyring:
    """What the identities of a run present. `hide` is told each new secret before it is used; `clock` is in seconds.

    Equal credentials share what was fetched for them.
    """

    def __init__(self, hide: Callable[[Secret], None], *, clock: Callable[[], float] = time.time) -> None:
        self._hide = hide
        self._clock = clock
        self._held: dict[Hashable, Held] = {}
        self._old: dict[str, Ring] = {}
        self._new: dict[str, Ring] = {}

    def due(self, identity: Identity, side: Side) -> bool:
        """Tell whether something must be fetched before `identity` is presented to `side`."""
        ring = self._ring(identity, side)
        return bool(ring.held) and any(held.due(self._clock()) for held in ring.held)

    def prepare(self, identity: Identity, side: Side) -> None:
        """Fetch what is due; waits for each at most 10 s. Trouble is remembered, and told by `present`."""
        for held in self._ring(identity, side).held:
            if held.due(self._clock()):
                held.attempt()

    def present(self, identity: Identity, request: Request) -> Request:
        """Return `request` as this caller sends it to `request.side`; raise CredentialUnavailable."""
        ring = self._ring(identity, request.side)
        try:
            return ring.presented(request, 0.0 if ring.is_fixed else self._clock())
        except CredentialUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  a library that stumbles over one request must not end the run
            raise CredentialUnavailable(f"it cannot be presented ({type(error).__name__})") from None

    def _ring(self, identity: Identity, side: Side) -> Ring:
        rings = self._old if side is Side.OLD else self._new
        ring = rings.get(identity.name)
        if ring is None or (ring.identity is not identity and ring.identity != identity):
            ring = rings[identity.name] = Ring(identity, side, self._holder(identity), self._hide)
        return ring

    def _holder(self, identity: Identity) -> Callable[[Source], Held]:
        def hold(source: Source) -> Held:
            key = key_of(source)
            if key not in self._held:
                self._held[key] = Held(source, self._hide, f"credential {identity.name}", self._clock)
            return self._held[key]

        return hold
