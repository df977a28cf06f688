"""DNS over HTTPS where the server is none, or a bad one: a clear outcome each."""

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dns.message
import pytest

from harness.dns.asking.ask import Asker
from harness.model.dns import Heard, Reply, Server
from tests.servers import dns_hostile
from tests.servers.process import HOST
from tests.servers.tls import Authority

KIND = "application/dns-message"
TIMEOUT = 1.5


class Handler(BaseHTTPRequestHandler):
    """Answers by the path: /<row of the hostile name server>, or what is wrong with HTTP itself."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = dns.message.from_wire(self.rfile.read(int(self.headers["Content-Length"])))
        good = dns_hostile.good(asked)
        row = self.path.strip("/")
        match row:
            case "no-type":
                self.say(200, good, "text/html; charset=utf-8")
            case "moved":
                self.say(302, b"", KIND, Location="/good")
            case "busy":
                self.say(429, good, KIND)
            case "huge":
                self.say(200, good + b"\0" * 70_000, KIND)
            case "endless":
                self.say(200, b"\0" * 2_000_000, KIND)
            case "half":
                self.say(200, good, KIND, length=len(good) + 10)
                self.close_connection = True
            case "slow":
                STOP.wait(20)
                self.close_connection = True
            case "drip":
                self.say(200, b"", KIND, length=len(good))
                for one in good:
                    if STOP.wait(0.1):
                        break
                    self.wfile.write(bytes([one]))
            case _:
                made = dns_hostile.ROWS[row].udp[0]
                self.say(200, made(asked), f"{KIND}; charset=x")

    def say(self, status: int, body: bytes, kind: str, *, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for key, value in {"Content-Type": kind, "Content-Length": str(length or len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            self.close_connection = True


class Bad(ThreadingHTTPServer):
    """All rows come at once."""

    daemon_threads = True
    request_queue_size = 64


STOP = threading.Event()
OUTCOMES = {
    "good": (Heard.ANSWER, ""),
    "servfail": (Heard.SERVFAIL, ""),
    "other-id": (Heard.WRONG_ID, "another id"),
    "other-question": (Heard.WRONG_ID, "other.test"),
    "garbage": (Heard.MALFORMED, ""),
    "short": (Heard.MALFORMED, "2 bytes"),
    "cut-then-whole": (Heard.CUT_OFF, ""),
    "no-type": (Heard.MALFORMED, "content type text/html"),
    "moved": (Heard.ERROR, "HTTP 302"),
    "busy": (Heard.ERROR, "HTTP 429"),
    "huge": (Heard.MALFORMED, "bytes"),
    "endless": (Heard.ERROR, "more than 1 MB"),
    "half": (Heard.MALFORMED, "no complete HTTP answer"),
    "slow": (Heard.SILENT, ""),
    "drip": (Heard.SILENT, ""),
}


@pytest.fixture(scope="module")
def replies(authority: Authority) -> Iterator[dict[str, Reply]]:
    files = authority.certificate("doh.test")
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(files.cert, files.key)
    with Bad((HOST, 0), Handler) as server:
        server.socket = trust.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        one = Server(
            name="doh",
            address=HOST,
            port=server.server_port,
            protocol="doh",
            host="doh.test",
            ca_file=authority.ca_file,
        )

        async def ask() -> list[Reply]:
            async with Asker(TIMEOUT) as asker:
                await asker.ask(replace(one, path="/good"), "good.test", "A")  # what is imported is imported by then
                return await asyncio.gather(
                    *(asker.ask(replace(one, path=f"/{row}"), f"{row}.{dns_hostile.ROW}", "A") for row in OUTCOMES)
                )

        STOP.clear()
        try:
            yield dict(zip(OUTCOMES, asyncio.run(ask()), strict=True))
        finally:
            STOP.set()
            server.shutdown()
            thread.join(10)


@pytest.mark.parametrize("row", OUTCOMES)
def test_the_outcome(replies: dict[str, Reply], row: str) -> None:
    heard, words = OUTCOMES[row]
    reply = replies[row]
    assert reply.heard is heard, reply
    assert words in reply.detail
    assert bool(reply.answer) is (heard is Heard.ANSWER)
    assert reply.at <= time.time()


def test_an_address_of_the_sixth_version_that_nobody_listens_on() -> None:
    async def ask() -> list[Reply]:
        async with Asker(TIMEOUT) as asker:
            servers = [Server(name="six", address="::1", port=1, protocol=one) for one in ("udp", "tcp", "dot", "doh")]
            return await asyncio.gather(*(asker.ask(server, "api.test", "A") for server in servers))

    assert {reply.heard for reply in asyncio.run(ask())} <= {Heard.UNREACHABLE, Heard.NOT_ASKED}
