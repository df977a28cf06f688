"""A small HTTP/1.1 server whose answers are a function of the request; counts what it was asked."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came; `given` are its headers with those that came twice."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    given: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[str]:
        """Return the values of a header (lower case), as often as it came."""
        return [value for key, value in self.given if key.lower() == name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to say; `raw` is sent as it is, in place of all else, and ends the connection."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    body: bytes = b"{}"
    raw: bytes | None = None


Behaviour = Callable[[Asked], Answer]


@dataclass(slots=True)
class PlainServer:
    """Serves `behave` on a free loopback port while the context lasts."""

    behave: Behaviour
    asked: list[Asked] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return the base address."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def counts(self) -> Counter[str]:
        """Return how often each "METHOD target" was asked."""
        return Counter(f"{one.method} {one.target}" for one in self.asked)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet about clients that were killed."""


def _handler(server: PlainServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self._serve
            raise AttributeError(name)

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            given = tuple(self.headers.items())
            # `path` is not what came: two slashes at its start are one there
            target = self.requestline.split(" ")[1]
            asked = Asked(method=self.command, target=target, headers=dict(given), body=body, given=given)
            server.asked.append(asked)
            answer = server.behave(asked)
            if answer.raw is not None:
                self.wfile.write(answer.raw)
                self.close_connection = True
                return
            content = b"" if self.command == "HEAD" else answer.body
            head = [f"HTTP/1.1 {answer.status} X"]
            head += [f"{name}: {value}" for name, value in answer.headers]
            if answer.status not in {204, 304}:
                head.append(f"Content-Length: {len(answer.body)}")
            self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + content)

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            """Count what is refused before it could be served, such as a header of 70 KB."""
            server.asked.append(Asked(method=str(self.command), target="", headers={}, body=b""))
            super().send_error(code, message, explain)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
            pass

    return Handler
