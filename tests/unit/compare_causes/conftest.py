"""Builders of pairs: two gateways, two answers, what the case says."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from harness.compare.causes import Causes, Explained
from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, PathMap
from harness.model.request import Headers, Request
from harness.model.response import Answer, Body, NoResponse, Response, Timings
from harness.model.rule import CompareRules, Expect, Waiver
from harness.model.side import Side

OLD = "https://a1.execute-api.eu-west-1.amazonaws.com/prod"
NEW = "https://contoso.azure-api.net"


class Pairs:
    """Explains one pair; what is not given is plain."""

    def __init__(self) -> None:
        self.today = date(2026, 11, 21)

    def answer(self, status: int, headers: Headers = (), body: str = "", total: float = 5.0) -> Response:
        content = body.encode()
        timings = Timings(first_byte=total, total=total)
        return Response(status=status, headers=headers, body=Body(content=content, size=len(content)), timings=timings)

    def explain(
        self,
        old: Answer,
        new: Answer,
        *,
        kinds: tuple[str, str] = ("aws-rest", "azure-apim"),
        urls: tuple[str, str] = (OLD, NEW),
        method: str = "GET",
        sent: Headers = (),
        body: bytes | None = None,
        paths: tuple[PathMap, ...] = (),
        rules: CompareRules = CompareRules(),  # noqa: B008  a frozen value
        waivers: tuple[Waiver, ...] = (),
        expect: Expect = Expect(),  # noqa: B008  a frozen value
        captures: Mapping[str, tuple[str | None, str | None]] | None = None,
        repeats: Sequence[Answer] = (),
        case: str = "list orders",
        operation: str = "GET /orders",
    ) -> Explained:
        causes = Causes(
            old_gateway=Gateway(side=Side.OLD, kind=kinds[0], url=urls[0]),
            new_gateway=Gateway(side=Side.NEW, kind=kinds[1], url=urls[1]),
            paths=paths,
            rules=rules,
            waivers=waivers,
            today=self.today,
        )

        def exchange(side: Side, answer: Answer) -> Exchange:
            url = urls[0 if side is Side.OLD else 1] + "/orders"
            return Exchange(
                request=Request(side=side, method=method, url=url, headers=sent, body=body), answer=answer, sent_at=0.0
            )

        return causes.explain(
            exchange(Side.OLD, old),
            exchange(Side.NEW, new),
            [exchange(Side.OLD, repeat) for repeat in repeats],
            case=case,
            operation=operation,
            expect=expect,
            captures=captures or {},
        )

    def causes(self, *args: Any, **kwargs: Any) -> dict[str, str]:
        """Return place → cause."""
        return {difference.at: difference.cause.value for difference in self.explain(*args, **kwargs).differences}

    def silent(self, *args: Any) -> NoResponse:
        return NoResponse(reason=args[0], detail=args[1])


@pytest.fixture
def pairs() -> Pairs:
    return Pairs()


@pytest.fixture
def bound(pairs: Pairs) -> Callable[..., str]:
    """Return the cause of one header's or body's two values."""

    def of(old: str, new: str, *, header: str = "", **kwargs: Any) -> str:
        if header:
            found = pairs.causes(pairs.answer(201, ((header, old),)), pairs.answer(201, ((header, new),)), **kwargs)
        else:
            json = (("Content-Type", "application/json"),)
            found = pairs.causes(
                pairs.answer(200, json, f'{{"v": {old}}}'), pairs.answer(200, json, f'{{"v": {new}}}'), **kwargs
            )
        assert len(found) == 1, found
        return next(iter(found.values()))

    return of
