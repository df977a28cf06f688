"""How a gateway reaches the backend: HTTP/1.1 over kept connections, targets and header names verbatim."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import h11

from harness.lab.message import Call, Handler, Reply, without
from harness.lab.pace import median_of

_CHUNK = 256 * 1024


class UnreachableError(Exception):
    """The backend did not give a complete answer."""


class _Connection:
    """One connection and where its conversation stands."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.state = h11.Connection(h11.CLIENT)

    def ask(self, host: bytes, call: Call) -> None:
        headers = [(b"Host", host), *without(call.headers, b"host", b"content-length", b"transfer-encoding")]
        if call.body or call.method in {"POST", "PUT", "PATCH"}:
            headers.append((b"Content-Length", str(len(call.body)).encode()))
        self._send(h11.Request(method=call.method, target=call.target, headers=headers))
        if call.body:
            self._send(h11.Data(data=call.body))
        self._send(h11.EndOfMessage())

    def _send(self, event: Any) -> None:
        data = self.state.send(event)
        if data:
            self.writer.write(data)

    async def head(self) -> h11.Response:
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                return event

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        while True:
            event = await self._next()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return

    async def _next(self) -> Any:
        while (event := self.state.next_event()) is h11.NEED_DATA:
            self.state.receive_data(await self.reader.read(_CHUNK))
        if isinstance(event, h11.ConnectionClosed):
            raise UnreachableError("the backend closed the connection")
        return event

    def ready_again(self) -> bool:
        """Tell whether another request may follow, and prepare for it."""
        if self.state.our_state is not h11.DONE or self.state.their_state is not h11.DONE:
            return False
        self.state.start_next_cycle()
        return not self.reader.at_eof()


class Upstream:
    """A pool of connections to one backend; used by one event loop.

    Calls that ask for a pace (lab/pace.py) go to `near`, the same backend in the same process, if there is one: another
    hop takes a third of a call's CPU time, and under load it is the gateways that are looked at.
    """

    def __init__(self, host: str, port: int, near: Handler | None = None) -> None:
        self._near = near
        self._host = host
        self._port = port
        self._name = f"{host}:{port}".encode()
        self._idle: deque[_Connection] = deque()

    async def send(self, call: Call, *, stream: bool = False) -> Reply:
        """Send `call`; with `stream` the body is handed on as it comes. Raises UnreachableError; never sends twice."""
        if self._near is not None and median_of(call) is not None:
            reply = await self._near(call)
            # what its server would have added
            return replace(reply, headers=((b"Date", formatdate(usegmt=True).encode()), *reply.headers))
        connection = await self._connection()
        try:
            connection.ask(self._name, call)
            await connection.writer.drain()
            head = await connection.head()
            reply = Reply(status=head.status_code, headers=tuple(head.headers.raw_items()))
            if stream:
                return Reply(status=reply.status, headers=reply.headers, stream=self._passing(connection))
            body = b"".join([piece async for piece in connection.pieces()])
        except (OSError, h11.ProtocolError) as error:
            connection.writer.close()
            raise UnreachableError(str(error)) from error
        except BaseException:
            # a deadline passed, or the answer broke off: what is left of the conversation is unknown
            connection.writer.close()
            raise
        self._give_back(connection)
        return Reply(status=reply.status, headers=reply.headers, body=body)

    async def _passing(self, connection: _Connection) -> AsyncGenerator[bytes, None]:
        complete = False
        try:
            async for piece in connection.pieces():
                yield piece
            complete = True
        finally:
            if complete:
                self._give_back(connection)
            else:
                connection.writer.close()

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.reader.at_eof() and not connection.writer.is_closing():
                return connection
            connection.writer.close()
        try:
            return _Connection(*await asyncio.open_connection(self._host, self._port, limit=_CHUNK))
        except OSError as error:
            raise UnreachableError(str(error)) from error

    def _give_back(self, connection: _Connection) -> None:
        if connection.ready_again():
            self._idle.append(connection)
        else:
            connection.writer.close()

    async def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            connection = self._idle.pop()
            connection.writer.close()
            # A peer that went away first is no trouble when closing.
            await asyncio.gather(connection.writer.wait_closed(), return_exceptions=True)
