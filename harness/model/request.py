"""What is sent to one side."""

from dataclasses import dataclass, field

from harness.model.side import Side

Headers = tuple[tuple[str, str], ...]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """What a client shows in the TLS handshake: PEM bytes (the leaf first, then its chain) and the key's, unencrypted.

    `label` says whose it is; it is what people see.
    """

    certificate: bytes
    key: bytes = field(repr=False)
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it goes out: `url` verbatim (scheme://host[:port]/target), headers in order, as given.

    `door` names another entrance than the side's own (`security.direct`, `security.backend`); "" for the side's own.
    """

    side: Side
    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None
    timeout: float = 35.0
    certificate: ClientCertificate | None = None
    door: str = ""

    @property
    def safe(self) -> bool:
        """Tell whether the method is safe (RFC 9110 §9.2.1)."""
        return self.method in SAFE_METHODS
