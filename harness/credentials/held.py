"""What was got for one credential: fetched in time, remembered when it cannot be."""

import math
from collections.abc import Callable

from harness.credentials.sources import Got, Source, got, is_at_hand
from harness.credentials.trouble import CredentialUnavailable
from harness.model.secret import Secret

PAUSE = 30.0  # seconds after a failed attempt: a dead token endpoint costs one request, not one for each case
_NOT_YET = "nothing was fetched for it yet"


class Held:
    """The token or the keys of one credential, for all identities that have it. `version` counts what was got."""

    __slots__ = ("_credential", "_ends", "_failed", "_got", "_hide", "_label", "_reason", "_renew", "version")

    def __init__(self, credential: Source, hide: Callable[[Secret], None], label: str) -> None:
        self._credential = credential
        self._hide = hide
        self._label = label
        self._got: Got | None = None
        self._renew = self._ends = self._failed = -math.inf
        self._reason = _NOT_YET
        self.version = 0
        if is_at_hand(credential):
            self.attempt(0.0)

    def due(self, now: float) -> bool:
        """Tell whether it is time to get it (again)."""
        return now >= self._renew and not 0 <= now - self._failed < PAUSE

    def attempt(self, now: float) -> None:
        """Get it, once; trouble is remembered, and what was got before serves to its end."""
        try:
            found = got(self._credential, now)
        except Exception as error:  # noqa: BLE001  a library that stumbles over an answer must not end the run
            self._reason = getattr(error, "reason", "") or f"it cannot be fetched ({type(error).__name__})"
            self._failed = now
            return
        for secret in found.secrets:
            self._hide(Secret(value=secret, label=self._label))
        self._got = found
        self._ends = now + found.lifetime
        self._renew = self._ends - found.early
        self._reason = "what was fetched for it has expired"
        self._failed = -math.inf
        self.version += 1

    def at(self, now: float) -> Got:
        """Return what is presented at `now`; raise CredentialUnavailable."""
        if self._got is None or now >= self._ends:
            raise CredentialUnavailable(self._reason)
        return self._got
