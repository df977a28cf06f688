"""A quick HTTP/1.1 server on asyncio for load: what it says, and when, is a function of the request and the time."""

import asyncio
import contextlib
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to say after `wait` seconds; `silent` never answers, `hang_up` ends the connection in place of an answer.

    `close` ends it behind the answer, without a word about it. `cut` leaves out so many bytes of the body's end.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[str, ...] = ()
    wait: float = 0.0
    silent: bool = False
    hang_up: bool = False
    close: bool = False
    cut: int = 0


OK = Reply()


def always(_: str) -> Reply:
    """Answer everything at once."""
    return OK


def stalling(period: float, length: float, start: float) -> Callable[[str], Reply]:
    """Answer at once, but for `length` seconds in every `period` that say nothing until they are over."""

    def behave(_: str) -> Reply:
        at = (time.monotonic() - start) % period
        left = period / 2 + length - at
        return Reply(wait=left) if 0 < left <= length else OK

    return behave


@dataclass(slots=True)
class LoadedServer:
    """Serves `behave`, which is given each request's head, on a free loopback port in a thread of its own.

    `idle` are seconds without a request after which it closes a connection; `most` requests are worked on at a time.
    """

    behave: Callable[[str], Reply] = always
    tls: ssl.SSLContext | None = None
    idle: float = 0.0
    most: int = 0
    busy: int = 0
    line: deque[Callable[[], None]] = field(default_factory=deque)
    heads: list[str] = field(default_factory=list)
    port: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    open: set[asyncio.Transport] = field(default_factory=set)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    ending: bool = False
    _server: asyncio.Server | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return the base address."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def counts(self) -> Counter[str]:
        """Return how often each "METHOD target" was asked."""
        return Counter(head.partition(" HTTP/")[0] for head in list(self.heads))

    def __enter__(self) -> Self:
        self._server = server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Protocol(self), "127.0.0.1", 0, ssl=self.tls, backlog=1024)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._thread
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        assert self._server
        self._server.close()
        for transport in list(self.open):
            transport.abort()
        self.ending = True
        if not self.open:
            self.closed.set()
        await self.closed.wait()


class _Protocol(asyncio.Protocol):
    def __init__(self, server: LoadedServer) -> None:
        self._server = server
        self._seen = b""
        self._transport: asyncio.Transport | None = None
        self._until: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.open.add(transport)

    def connection_lost(self, _: Exception | None) -> None:
        assert self._transport
        self._server.open.discard(self._transport)
        if self._server.ending and not self._server.open:
            self._server.closed.set()

    def data_received(self, data: bytes) -> None:
        if self._until:
            self._until.cancel()
        self._seen += data
        while b"\r\n\r\n" in self._seen:
            head, _, rest = self._seen.partition(b"\r\n\r\n")
            text = head.decode("latin-1")
            length = next(
                (int(line[15:]) for line in text.split("\r\n") if line.lower().startswith("content-length:")), 0
            )
            if len(rest) < length:
                return
            self._seen = rest[length:]
            self._server.heads.append(text)
            self._take(text)

    def _take(self, text: str) -> None:
        """Answer, or have the request wait until there are few enough."""
        server = self._server
        if server.most and server.busy >= server.most:
            server.line.append(lambda: self._answer(server.behave(text)))
            return
        self._answer(server.behave(text))

    def _answer(self, reply: Reply) -> None:
        self._server.busy += 1
        if reply.silent:
            return
        if reply.wait > 0:
            asyncio.get_running_loop().call_later(reply.wait, self._write, reply)
        else:
            self._write(reply)

    def _write(self, reply: Reply) -> None:
        assert self._transport
        server = self._server
        with contextlib.suppress(OSError):
            if not reply.hang_up:
                lines = [f"HTTP/1.1 {reply.status} X", f"Content-Length: {len(reply.body)}", *reply.headers]
                body = reply.body[: len(reply.body) - reply.cut]
                self._transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            if reply.close or reply.hang_up or reply.cut:
                self._transport.close()
            elif server.idle:
                self._until = asyncio.get_running_loop().call_later(server.idle, self._transport.close)
        server.busy -= 1
        if server.line:
            server.line.popleft()()
