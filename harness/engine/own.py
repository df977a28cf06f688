"""One side, as a user's own test asks it: same wire, same limits, same journal."""

import time
from dataclasses import dataclass

from harness.credentials.keyring import CredentialUnavailable
from harness.engine.session import Session
from harness.model.errors import HarnessError, UsageError
from harness.model.event import Asked
from harness.model.request import SAFE_METHODS, Headers, Request
from harness.model.response import Answer
from harness.model.side import Side
from harness.scenario.paths import mapped


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSide:
    """What the fixtures `old` and `new` give."""

    session: Session
    side: Side
    item: str

    def send(
        self,
        request: str,
        *,
        headers: Headers = (),
        body: bytes | None = None,
        as_: str | None = None,
        unsafe: bool = False,
    ) -> Answer:
        """Send `request` ("GET /orders?limit=1") to this side and return its answer; journaled as evidence.

        `as_` names one of the scenario's credentials. A method that changes something needs `unsafe=True`.
        Raises UsageError for a request that cannot be or may not be sent, HarnessError where the credential cannot be
        had (the test then is an error, no failure: nothing was asked).
        """
        __tracebackhide__ = True  # trouble is shown where the test asks
        method, _, target = request.partition(" ")
        if not target.startswith("/"):
            raise UsageError(f"{request!r}: expected METHOD and a path, as in 'GET /orders'")
        if method not in SAFE_METHODS and not unsafe:
            raise UsageError(
                f"{request}: {method} may change something", hint="say send(..., unsafe=True) if you mean it"
            )
        made = self._request(method, target, headers, body, as_)
        wire = self.session.wire
        wire.submit(made, made)
        while not (ended := wire.wait(1.0)):
            pass
        exchange = ended[0][1]
        recorded = self.session.examination.recorder.exchange(exchange, keep=False)
        self.session.add(
            Asked(at=time.time(), item=self.session.shown(self.item), side=self.side.value, exchange=recorded)
        )
        return exchange.answer

    def _request(self, method: str, target: str, headers: Headers, body: bytes | None, as_: str | None) -> Request:
        __tracebackhide__ = True
        scenario = self.session.scenario
        path = mapped(target, scenario.paths) if self.side is Side.NEW else target
        request = Request(
            side=self.side,
            method=method,
            url=scenario.gateway(self.side).url + path,
            headers=headers,
            body=body,
            timeout=scenario.limits.timeout,
        )
        if as_ is None:
            return request
        if as_ not in scenario.identities:
            raise UsageError(f"no credential is called {as_!r}", hint=f"there are: {', '.join(scenario.identities)}")
        try:
            return self.session.present(as_, request)
        except CredentialUnavailable as missing:
            raise HarnessError(f"credential {as_}: {missing.reason}") from None
