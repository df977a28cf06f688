"""A dialect: the tables of one product, and what they say about an answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.dialects.rows import ErrorRow, Facts, HeaderRow, Names, Reading, Situation, facts_of
from harness.model.request import Request
from harness.model.response import Response

Match = Callable[[ErrorRow, Facts, Request], Reading | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one product speaks.

    `match` holds an answer against one row (situation to be filled in from the row). `same_answer` tells by
    situation how to make this product answer as another did (`{status}` is the other's); `repairs` what is likely
    wrong when this product makes such an answer alone. `recognises_errors` is True if errors that the product makes
    itself can be told from a backend's at all. `renames` is the prefix under which it hides a backend's headers.
    """

    kind: str
    product: str
    headers: tuple[HeaderRow, ...]
    errors: tuple[ErrorRow, ...] = ()
    match: Match
    same_answer: Mapping[Situation, str] = field(default_factory=dict)
    same_answer_else: str = ""
    repairs: Mapping[Situation, str] = field(default_factory=dict)
    renames: str = ""

    @property
    def recognises_errors(self) -> bool:
        """Tell whether an error that no row reads is a backend's (or a policy's) rather than the product's."""
        return bool(self.errors)

    def names(self, header: str) -> Names | None:
        """Return what a header (lower case) names, None for one that says something about the answer."""
        return next((row.names for row in self.headers if row.name == header), None)

    def readings(self, response: Response, request: Request) -> tuple[Reading, ...]:
        """Return every way to read an answer as made by the product itself; () if a backend made it.

        If the product's own words are found, readings of customised bodies are left out.
        """
        if not self.errors or (response.status < 400 and request.method != "OPTIONS"):
            return ()
        facts = facts_of(response, request)
        if facts is None:
            return ()
        rows = (row for row in self.errors if row.status == response.status)
        found = [reading for row in rows if (reading := self.match(row, facts, request)) is not None]
        exact = [reading for reading in found if not reading.customised]
        return tuple(
            Reading(situation=situation, row=reading.row, customised=reading.customised)
            for reading in exact or found
            for situation in reading.row.situations
        )

    def remedy(self, situation: Situation, status: int) -> str:
        """Return how to make this product answer with `status` and the other product's words."""
        text = self.same_answer.get(situation, self.same_answer_else)
        return text.replace("{status}", str(status))


def never(row: ErrorRow, facts: Facts, request: Request) -> Reading | None:  # noqa: ARG001  a Match like the others
    """Read nothing."""
    return None
