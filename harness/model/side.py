"""The two gateways of a migration."""

from enum import StrEnum


class Side(StrEnum):
    """Which of the two gateways."""

    OLD = "old"
    NEW = "new"

    @property
    def other(self) -> "Side":
        """Return the opposite side."""
        return Side.NEW if self is Side.OLD else Side.OLD
