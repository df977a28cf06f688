"""A token endpoint that may misbehave below HTTP: each connection is handed to a function."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

Serve = Callable[["TokenEndpoint", socket.socket], None]


@dataclass(slots=True)
class TokenEndpoint:
    """Calls `serve` with each connection while the context lasts; with `tls`, once the handshake is done."""

    serve: Serve
    tls: ssl.SSLContext | None = None
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    _listener: socket.socket | None = None
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return the address of the endpoint."""
        assert self._listener is not None
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/token"

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listener is not None
        self.ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        assert self._listener is not None
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._start(self._handle, connection)

    def _handle(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(10)
            if self.tls is None:
                self.serve(self, connection)
                return
            with self.tls.wrap_socket(connection, server_side=True) as secure:
                self.serve(self, secure)


def read(endpoint: TokenEndpoint, connection: socket.socket) -> bytes:
    """Read one request, head and body, and note it."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    endpoint.requests.append(head + b"\r\n\r\n" + body)
    return endpoint.requests[-1]


def answers(body: bytes, status: int = 200, *headers: str, length: int | None = None) -> Serve:
    """Answer each request so; `length` is what Content-Length says, if not the truth."""

    def serve(endpoint: TokenEndpoint, connection: socket.socket) -> None:
        read(endpoint, connection)
        head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body) if length is None else length}", *headers]
        connection.sendall("\r\n".join([*head, "Connection: close", "", ""]).encode() + body)

    return serve


def says(status: int = 200, **fields: Any) -> Serve:
    """Answer with a JSON object."""
    return answers(json.dumps(fields).encode(), status, "Content-Type: application/json")


def hang(endpoint: TokenEndpoint, connection: socket.socket) -> None:
    """Read the request and say nothing."""
    read(endpoint, connection)
    endpoint.ended.wait(20)


def drip(endpoint: TokenEndpoint, connection: socket.socket) -> None:
    """Send a head that never ends, one byte at a time."""
    read(endpoint, connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while not endpoint.ended.wait(0.05):
        connection.sendall(b"x")


def drip_body(endpoint: TokenEndpoint, connection: socket.socket) -> None:
    """Send a body that never ends, one byte at a time, delimited by the connection's end."""
    read(endpoint, connection)
    connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"access_token": "abcdefgh", "token_type": "Bearer"}')
    while not endpoint.ended.wait(0.05):
        connection.sendall(b" ")


def reset(endpoint: TokenEndpoint, connection: socket.socket) -> None:
    """Read the request and reset the connection."""
    read(endpoint, connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close(endpoint: TokenEndpoint, connection: socket.socket) -> None:
    """Read the request and close the connection."""
    read(endpoint, connection)


def huge(endpoint: TokenEndpoint, connection: socket.socket) -> None:
    """Send 5 MB of JSON."""
    read(endpoint, connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000002\r\n\r\n[")
    with suppress(OSError):
        connection.sendall(b" " * 5_000_000 + b"]")
