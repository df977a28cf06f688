"""What is sent to one side."""

from dataclasses import dataclass

from harness.model.side import Side

Headers = tuple[tuple[str, str], ...]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it goes out: `url` verbatim (scheme://host[:port]/target), headers in order, as given."""

    side: Side
    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None
    timeout: float = 35.0

    @property
    def safe(self) -> bool:
        """Tell whether the method is safe (RFC 9110 §9.2.1)."""
        return self.method in SAFE_METHODS
