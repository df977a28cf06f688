"""One question to one server, and whatever comes of it as a Reply. The only place that speaks to name servers."""

import asyncio
import secrets
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

import dns.rcode

from harness.dns.asking import transports
from harness.dns.asking.parse import Message, plain
from harness.dns.asking.reading import BadQuestion, Question, message, question, read
from harness.dns.asking.streams import Streams
from harness.dns.asking.transports import Unheard
from harness.model.dns import Heard, Reply, Server

if TYPE_CHECKING:
    from pathlib import Path

_THREADS = 16  # DoH requests under way at once
_LOOK = 0.1  # seconds between two looks at `stopping`
_NO_EDNS = {dns.rcode.FORMERR, dns.rcode.NOTIMP}


GIVE_UP = 16
"""A server that was silent to so many questions in a row is left alone for a while: some survey has thousands."""
_WHILE = 3.0  # times the timeout


class Asker:
    """Asks name servers, `width` questions at a time, each with `timeout` seconds from its turn on to its end.

    A question has a fresh id and a fresh port of the system's choice. By UDP it is sent again halfway, since a lost
    packet is no silent server, and goes over to TCP where the answer was cut off. A server that is silent to many
    questions in a row is not asked for a while, and counts as silent. Once `stopping` says True, nothing more is asked.
    Use as an asynchronous context manager: it closes what is open.
    """

    def __init__(self, timeout: float, *, stopping: Callable[[], bool] = lambda: False, width: int = 128) -> None:
        self.questions = 0
        self._timeout = timeout
        self._stopping = stopping
        self._turn = asyncio.Semaphore(width)
        self._over_https = asyncio.Semaphore(_THREADS)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="doh")
        self._streams = Streams()
        self._silent: dict[Server, tuple[int, float]] = {}
        self._trust: dict[tuple[str, Path | None], ssl.SSLContext] = {}
        self._stopped = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._watch = asyncio.create_task(self._look_for_the_end())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        self._streams.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

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
        """Return what `server` says of `name` and `type_`; trouble is in the reply, never an exception.

        `signatures` asks for DNSSEC's records too and keeps the whole message. `checking_disabled` asks a validating
        resolver for the answer even where its signatures do not hold (flag CD, RFC 4035 §3.2.2).
        """
        async with self._own_turn(server), self._turn:
            begun, at = time.perf_counter(), time.time()
            if self.stopping:
                return _none(server, name, type_, Unheard(Heard.NOT_ASKED, "interrupted"), at)
            if self._given_up(server):
                why = f"as to {GIVE_UP} questions in a row before; not asked again for now"
                return _none(server, name, type_, Unheard(Heard.SILENT, why), at)
            self.questions += 1
            try:
                asked = question(
                    name, type_, secrets.randbits(16),
                    recurse=recurse, signatures=signatures, checking_disabled=checking_disabled,
                )  # fmt: skip
                reply = await self._answer(server, asked)
            except BadQuestion as bad:
                reply = _none(server, name, type_, Unheard(Heard.NOT_ASKED, str(bad)), at)
            except Unheard as none:
                reply = _none(server, name, type_, none, at)
            except Exception as error:  # noqa: BLE001  the oddity of one server must not end a survey of thousands
                why = plain(f"{type(error).__name__}: {error}")
                reply = _none(server, name, type_, Unheard(Heard.ERROR, why), at)
            self._heard(server, reply.heard)
            return replace(reply, at=time.time(), ms=(time.perf_counter() - begun) * 1000)

    def _given_up(self, server: Server) -> bool:
        """Tell whether a server is left alone; after a while one question is let through."""
        (count, last), now = self._silent.get(server, (0, 0.0)), time.monotonic()
        if count < GIVE_UP:
            return False
        if now < last + _WHILE * self._timeout:
            return True
        self._silent[server] = count, now
        return False

    def _heard(self, server: Server, heard: Heard) -> None:
        if heard is Heard.SILENT:
            self._silent[server] = self._silent.get(server, (0, 0.0))[0] + 1, time.monotonic()
        else:
            self._silent.pop(server, None)

    def _own_turn(self, server: Server) -> AbstractAsyncContextManager[None]:
        """Return what a question waits for beside its turn among all: a connection, or a thread."""
        if server.protocol == "udp":
            return nullcontext()
        return (
            self._over_https if server.protocol == "doh" else self._streams.turn(server, tls=server.protocol == "dot")
        )

    @property
    def stopping(self) -> bool:
        """Tell whether the user wants to end."""
        return self._stopped.is_set() or self._stopping()

    async def pause(self, seconds: float) -> bool:
        """Wait; return False at once when the user wants to end."""
        if not self.stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), max(seconds, 0.0))
        return not self.stopping

    async def _look_for_the_end(self) -> None:
        while not self._stopping():  # noqa: ASYNC110  a flag of another thread, which sets no event of this loop
            await asyncio.sleep(_LOOK)
        self._stopped.set()

    async def _answer(self, server: Server, asked: Question) -> Reply:
        until = asyncio.get_running_loop().time() + self._timeout
        found, transport = await self._fetch(server, asked, until)
        if (found.code == dns.rcode.FORMERR or (found.code in _NO_EDNS and not found.edns)) and not asked.signatures:
            # a server from before EDNS is asked as it was in its day (RFC 6891 §7); some send the question's OPT back
            asked = replace(asked, edns=False, id=secrets.randbits(16))
            found, transport = await self._fetch(server, asked, until)
        said = read(found, asked)
        return Reply(
            server=server,
            name=asked.name,
            type=asked.type,
            heard=said.heard,
            detail=said.detail,
            answer=said.answer,
            authority=said.authority,
            additional=said.additional,
            authoritative=said.authoritative,
            authenticated=said.authenticated,
            wire=found.wire if asked.signatures else b"",
            transport=transport,
        )

    async def _fetch(self, server: Server, asked: Question, until: float) -> tuple[Message, str]:
        def accept(wire: bytes) -> Message:
            return message(wire, asked)

        if server.protocol == "doh":
            trust = self._trusted(server)
            return await transports.by_https(server, asked.wire, accept, until, trust, self._threads), "doh"
        if server.protocol == "dot":
            return await self._streams.ask(server, asked.wire, accept, until, self._trusted(server)), "dot"
        if server.protocol == "tcp":
            return await self._streams.ask(server, asked.wire, accept, until), "tcp"
        try:
            return await transports.by_udp(server, asked.wire, accept, until), "udp"
        except Unheard as none:
            if none.heard is not Heard.CUT_OFF:
                raise
        return await self._whole(server, asked, until, accept), "tcp"

    async def _whole(
        self, server: Server, asked: Question, until: float, accept: Callable[[bytes], Message]
    ) -> Message:
        """Ask by TCP for what was cut off by UDP (RFC 7766 §5)."""
        turn = self._streams.turn(server, tls=False)
        try:
            async with asyncio.timeout_at(until):
                await turn.acquire()
        except TimeoutError:
            raise Unheard(Heard.CUT_OFF, "by TCP: no connection was free in time") from None
        try:
            return await self._streams.ask(server, asked.wire, accept, until)
        except Unheard as none:
            why = f"by TCP: {none.heard}" + (f" ({none.detail})" if none.detail else "")
            raise Unheard(Heard.CUT_OFF, why) from None
        finally:
            turn.release()

    def _trusted(self, server: Server) -> ssl.SSLContext:
        key = server.protocol, server.ca_file  # HTTPS writes into its own what protocols it offers
        if key not in self._trust:
            self._trust[key] = transports.trusting(server)
        return self._trust[key]


def _none(server: Server, name: str, type_: str, why: Unheard, at: float) -> Reply:
    asked = name.lower().removesuffix(".") or "."
    return Reply(server=server, name=asked, type=type_.upper(), heard=why.heard, detail=why.detail, at=at)
