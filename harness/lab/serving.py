"""Handlers as raw ASGI applications on uvicorn."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import uvicorn

from harness.lab.lean import LeanProtocol
from harness.lab.message import LARGEST_REQUEST, Call, Handler, Pairs, Reply

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

Listener = socket.socket

_BODILESS = frozenset({204, 304})
_FOREVER = 3_600


def application(handler: Handler, *, largest: int = LARGEST_REQUEST) -> Application:
    """Return `handler` as an ASGI application; of a request body no more than `largest` bytes are kept."""

    async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        call = await _read(scope, receive, largest)
        if call is None:
            return
        reply = await handler(call)
        if reply.reset:
            _reset(scope["state"]["transport"])
        await _write(reply, call.method, send)

    return serve


async def _read(scope: dict[str, Any], receive: Receive, largest: int) -> Call | None:
    """Return the request with its body, None if the caller went away."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece = message.get("body", b"")
        size += len(piece)
        # what is over the limit is read, so that the caller gets to our answer, but not kept
        if size <= largest:
            parts.append(piece)
        more = message.get("more_body", False)
    return Call(
        method=scope["method"],
        path=scope["raw_path"],
        query=scope["query_string"],
        headers=tuple(scope["headers"]),
        body=b"".join(parts),
        cut=size > largest,
        client=scope["client"][0] if scope["client"] else "",
        scheme=scope["scheme"],
        certificate=scope.get("state", {}).get("certificate", b""),
    )


def _reset(transport: asyncio.Transport) -> None:
    # without lingering the end is a reset, not an orderly close
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _write(reply: Reply, method: str, send: Send) -> None:
    headers = _framed(reply, method)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.stream is not None:
        try:
            async for piece in reply.stream:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            await reply.stream.aclose()
        await send({"type": "http.response.body", "body": b""})
        return
    body = b"" if method == "HEAD" or reply.status in _BODILESS else reply.body
    await send({"type": "http.response.body", "body": body, "more_body": reply.broken})
    # An answer that is broken off is left incomplete: uvicorn then closes the connection.


def _framed(reply: Reply, method: str) -> Pairs:
    """Return the headers with a Content-Length where the size is known and nobody has said it."""
    known = reply.stream is None and method != "HEAD" and reply.status not in _BODILESS
    if not known or reply.header(b"content-length") is not None or reply.header(b"transfer-encoding") is not None:
        return reply.headers
    return (*reply.headers, (b"Content-Length", str(len(reply.body)).encode()))


class _Telling(LeanProtocol):
    """uvicorn's protocol, which also tells the certificate that a client showed, and what breaks the connection off."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        shown = tls.getpeercert(binary_form=True) if tls is not None else None
        self.app_state = {**self.app_state, "certificate": shown or b"", "transport": transport}


class Serving:
    """One uvicorn server in the running event loop; over TLS with `context`."""

    def __init__(
        self, app: Application, listener: socket.socket, *, dated: bool, context: ssl.SSLContext | None = None
    ) -> None:
        config = uvicorn.Config(
            app,
            http=_Telling,
            loop="asyncio",
            lifespan="off",
            ws="none",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=dated,
            proxy_headers=False,
            timeout_keep_alive=_FOREVER,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=256 * 1024,
        )
        self._server = uvicorn.Server(config)
        self._listener = listener
        self._context = context
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve; return when connections are accepted."""
        config = self._server.config
        config.load()
        config.ssl = self._context
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(sockets=[self._listener])
        self._task = asyncio.create_task(self._server.main_loop())

    async def stop(self) -> None:
        """Stop accepting, give requests in flight a moment, close."""
        self._server.should_exit = True
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await self._task
        await self._server.shutdown(sockets=[self._listener])


def listen(host: str, port: int, *, closed: bool = False) -> socket.socket:
    """Return a listening socket; port 0 is a free one. Raises OSError if the port is taken.

    A `closed` one is only held, so that nobody else takes it: connections to it are refused.
    """
    # asyncio switches Nagle's delay off only where the protocol is named
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        if not closed:
            listener.listen(512)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener
