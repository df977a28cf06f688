"""A short way through the server for plain GETs that ask for a pace (lab/pace.py): a load takes it, nothing else does.

h11 checks and keeps track of everything that a connection may say, which other suites look at; it takes more CPU
time than all that the gateways do. A request that is whole, plain and alone on its connection needs none of it.
"""

import asyncio
import re
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from harness.lab.pace import HEADER

_PLAIN = re.compile(rb"GET (/[!-~]*) HTTP/1\.1\r\n((?:[A-Za-z0-9-]+:[ -~]*\r\n)+)\r\n")
_BODILESS = frozenset({204, 304})
_UNUSUAL = frozenset({b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade"})
_USUAL_CONNECTION = (b"connection", b"keep-alive")

Headers = list[tuple[bytes, bytes]]


class LeanProtocol(H11Protocol):
    """uvicorn's protocol, with the short way."""

    _answering: asyncio.Task[None] | None = None
    _later = b""

    def data_received(self, data: bytes) -> None:
        """Take the short way where a request may, uvicorn's otherwise."""
        if self._answering is not None:
            self._later += data
            return
        scope = self._scope(data)
        if scope is None:
            super().data_received(data)
            return
        self._answering = self.loop.create_task(self._answer(scope))
        self.tasks.add(self._answering)
        self._answering.add_done_callback(self._answered)

    def _scope(self, data: bytes) -> dict[str, Any] | None:
        """Return a request as ASGI says it, None for one that does not take the short way."""
        busy = self.cycle is not None and not self.cycle.response_complete
        found = None if busy or self.conn.trailing_data[0] else _PLAIN.fullmatch(data)
        if found is None:
            return None
        lines = (line.partition(b":") for line in found[2].split(b"\r\n")[:-1])
        headers = [(name.lower(), value.strip()) for name, _, value in lines]
        names = {name for name, value in headers if (name, value.lower()) != _USUAL_CONNECTION}
        if HEADER not in names or names & _UNUSUAL:
            return None
        path, _, query = found[1].partition(b"?")
        return {
            "type": "http",
            "method": "GET",
            "raw_path": path,
            "query_string": query,
            "headers": headers,
            "client": self.client,
            "scheme": self.scheme,
            "state": self.app_state.copy(),
        }

    async def _answer(self, scope: dict[str, Any]) -> None:
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        await self.app(scope, receive, send)
        start, *rest = said
        whole = not rest[-1].get("more_body", False)
        headers = [*self.server_state.default_headers, *start["headers"]]
        self.transport.write(_bytes(start["status"], headers, b"".join(one["body"] for one in rest)))
        if not whole or any(name.lower() == b"connection" and value == b"close" for name, value in headers):
            self.transport.close()

    def _answered(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._answering, later, self._later = None, self._later, b""
        if task.cancelled() or task.exception() is not None:
            self.transport.close()
        elif later and not self.transport.is_closing():
            self.data_received(later)


def _bytes(status: int, headers: Headers, body: bytes) -> bytes:
    if status not in _BODILESS and not any(name.lower() == b"content-length" for name, _ in headers):
        headers = [*headers, (b"Content-Length", b"%d" % len(body))]
    head = b"".join(b"%b: %b\r\n" % pair for pair in headers)
    return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (status, HTTPStatus(status).phrase.encode(), head, body)
