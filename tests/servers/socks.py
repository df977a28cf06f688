"""A SOCKS5 proxy (RFC 1928, no authentication) that remembers what it was asked to connect to."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"


class SocksProxy:
    """Connects every wish to `target` (host, port), whatever name was asked for; `wishes` holds (name, port)."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self.wishes: list[tuple[str, int]] = []
        self._listener = socket.create_server((HOST, 0))
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    @property
    def port(self) -> int:
        """Return the port."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sock in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, work: Callable[..., None], *args: socket.socket) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            self._spawn(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.wishes.append(_handshake(client))
            upstream = socket.create_connection(self._target)
            self._sockets.append(upstream)
            client.sendall(b"\x05\x00\x00\x01" + bytes(6))
            self._spawn(_pump, upstream, client)
            _pump(client, upstream)


def _handshake(client: socket.socket) -> tuple[str, int]:
    methods = _exactly(client, 2)[1]
    _exactly(client, methods)
    client.sendall(b"\x05\x00")
    kind = _exactly(client, 4)[3]
    if kind == 3:
        name = _exactly(client, _exactly(client, 1)[0]).decode("ascii")
    else:
        name = socket.inet_ntop(
            *((socket.AF_INET, _exactly(client, 4)) if kind == 1 else (socket.AF_INET6, _exactly(client, 16)))
        )
    port: int = struct.unpack("!H", _exactly(client, 2))[0]
    return name, port


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise ConnectionError("cut short")
        data += more
    return data


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
