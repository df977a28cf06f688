"""Questions that several names share (their zone's, those above it) are asked once, and all get the same reply."""

import asyncio
from typing import Protocol

from harness.model.dns import Reply, Server

_Key = tuple[Server, str, str, bool, bool, bool]


class Asks(Protocol):
    """Whoever asks one question of one server (dns/asking/ask.py); network trouble is a Reply, never an exception."""

    async def ask(
        self,
        server: Server,
        name: str,
        type_: str,
        *,
        recurse: bool = True,
        signatures: bool = False,
        checking_disabled: bool = False,
    ) -> Reply:
        """Ask, and return what came of it."""


class Once:
    """Asks by another; a question that was asked before, or is being asked, is not asked again.

    Not for what changes while it is looked at: a resolver's TTLs run down.
    """

    def __init__(self, asker: Asks) -> None:
        self._asker = asker
        self._asked: dict[_Key, asyncio.Task[Reply]] = {}

    async def ask(
        self,
        server: Server,
        name: str,
        type_: str,
        *,
        recurse: bool = True,
        signatures: bool = False,
        checking_disabled: bool = False,
    ) -> Reply:
        """Return the one reply."""
        key = (server, name, type_, recurse, signatures, checking_disabled)
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._ask(key))
        # one who gives up waiting must not take it from the others
        return await asyncio.shield(self._asked[key])

    async def _ask(self, key: _Key) -> Reply:
        server, name, type_, recurse, signatures, checking_disabled = key
        return await self._asker.ask(
            server, name, type_, recurse=recurse, signatures=signatures, checking_disabled=checking_disabled
        )
