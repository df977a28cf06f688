"""Values that must never reach the disk, the screen or a log in the clear."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret text and the words that stand in for it (`${env:KEY}`, `credential partner`)."""

    value: str = field(repr=False)
    label: str
