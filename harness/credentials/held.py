"""What was got for one credential: fetched in time, remembered when it cannot be."""

import math
from collections.abc import Callable

from harness.credentials.sources import Got, Source, got, is_at_hand
from harness.credentials.trouble import CredentialUnavailable
from harness.model.secret import Secret

# Seconds from the end of a failed attempt to the next: a dead token endpoint costs one request, not one for each case.
# Twice as many after each further failure: endpoints that hang must not hold the run up again and again.
PAUSE = 30.0
LONGEST_PAUSE = 600.0
_NOT_YET = "nothing was fetched for it yet"


class Held:
    """The token or the keys of one credential, for all identities that have it. `version` counts what was got."""

    __slots__ = (
        "_clock",
        "_credential",
        "_ends",
        "_got",
        "_hide",
        "_label",
        "_pause",
        "_reason",
        "_renew",
        "_rests_from",
        "version",
    )

    def __init__(
        self, credential: Source, hide: Callable[[Secret], None], label: str, clock: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._credential = credential
        self._hide = hide
        self._label = label
        self._got: Got | None = None
        self._renew = self._ends = self._rests_from = -math.inf
        self._pause = PAUSE
        self._reason = _NOT_YET
        self.version = 0
        if is_at_hand(credential):
            self.attempt()

    def due(self, now: float) -> bool:
        """Tell whether it is time to get it (again)."""
        return now >= self._renew and not 0 <= now - self._rests_from < self._pause

    def attempt(self) -> None:
        """Get it, once; trouble is remembered, and what was got before serves to its end."""
        now = self._clock()
        try:
            found = got(self._credential, now)
        except Exception as error:  # noqa: BLE001  a library that stumbles over an answer must not end the run
            self._reason = getattr(error, "reason", "") or f"it cannot be fetched ({type(error).__name__})"
            if self._rests_from > -math.inf:
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self._rests_from = self._clock()
            return
        for secret in found.secrets:
            self._hide(Secret(value=secret, label=self._label))
        self._got = found
        self._ends = now + found.lifetime
        self._renew = self._ends - found.early
        self._reason = "what was fetched for it has expired"
        self._rests_from = -math.inf
        self._pause = PAUSE
        self.version += 1

    def at(self, now: float) -> Got:
        """Return what is presented at `now`; raise CredentialUnavailable."""
        if self._got is None or now >= self._ends:
            raise CredentialUnavailable(self._reason)
        return self._got
