"""A request together with what came back."""

from dataclasses import dataclass

from harness.model.request import Request
from harness.model.response import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its final answer; `earlier` holds the answers of attempts before it (retries)."""

    request: Request
    answer: Answer
    sent_at: float
    earlier: tuple[Answer, ...] = ()
