"""One bounded HTTP request to a service: no proxy of the environment, no redirect followed, one deadline for all."""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from harness.clouds.trouble import CloudTrouble, host_of, quoted

if TYPE_CHECKING:
    import httpx

SECONDS = 10.0  # for one attempt, from the first packet to the last byte
MOST_BYTES = 1_000_000
_REACH = "check the address, and that this machine may reach it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a service answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """Return the first header of this name (lower case), "" if there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes,
    ca_file: Path | None = None,
    seconds: float = SECONDS,
    http2: bool = False,
    server_name: str = "",
    trusted: ssl.SSLContext | None = None,
) -> Said:
    """Return the answer; raise CloudTrouble when there is none, it is too slow, too long or no HTTP.

    `http2` offers HTTP/2 too; `server_name` is the name for SNI and the certificate where the URL has an address.
    `trusted` stands in for `ca_file` where many requests are sent: it is read once (`trust`), not for each.
    """
    import httpx  # noqa: PLC0415  heavy, and most runs fetch nothing

    host = host_of(url)
    with _Deadline(seconds) as deadline:
        try:
            _check(url)
            named = {"sni_hostname": server_name} if server_name else {}
            request = httpx.Request(method, url, headers=headers, content=content, extensions=named)
            if request.url.scheme == "https":
                trusted = trusted or trust(ca_file)
            said = _send(request, trusted, seconds, deadline, http2=http2)
        except CloudTrouble:
            raise
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            late = deadline.passed or isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout)
            why = f"no complete answer within {seconds:g} s; {_REACH}" if late else _why(error)
            raise CloudTrouble(f"{host or 'the address'}: {why}") from None
        if deadline.passed:  # else an answer that ends with its connection would look complete
            raise CloudTrouble(f"{host}: no complete answer within {seconds:g} s; {_REACH}")
    return said


class BadAddress(ValueError):  # noqa: N818  reads as a fact
    """No address at all."""


def _check(url: str) -> None:
    """Refuse a port beyond 65535: the resolver would take what is left of it after 16 bits."""
    try:
        urlsplit(url).port  # noqa: B018  it is checked when it is read
    except ValueError:
        raise BadAddress from None


def _send(
    request: "httpx.Request", trusted: ssl.SSLContext | None, seconds: float, deadline: "_Deadline", *, http2: bool
) -> Said:
    import httpx  # noqa: PLC0415  as in send

    timeout = httpx.Timeout(seconds, connect=seconds / 2)
    request.extensions |= {"timeout": timeout.as_dict(), "trace": deadline.see}
    request.headers["Accept-Encoding"] = "identity"  # nothing to unpack, so no bomb
    # reading all authorities takes longer than a request that has no use for them
    verify = trusted or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with (
        httpx.Client(trust_env=False, verify=verify, timeout=timeout, http2=http2) as client,
        closing(client.send(request, stream=True, follow_redirects=False)) as response,
    ):
        return Said(
            status=response.status_code,
            headers=tuple(response.headers.multi_items()),
            body=_bounded(response, host_of(str(request.url))),
        )


def _bounded(response: "httpx.Response", host: str) -> bytes:
    body = bytearray()
    for piece in response.iter_raw(65536):
        body += piece
        if len(body) > MOST_BYTES:
            raise CloudTrouble(f"{host}: answered {response.status_code} with more than {MOST_BYTES // 10**6} MB")
    return bytes(body)


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the scenario's authorities, else this machine's (SSL_CERT_FILE too), else those that httpx brings.

    Raises CloudTrouble where `ca_file` cannot be read.
    """
    context = _trusting(ca_file)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # set from Python 3.13 on; the gateways are not asked so strictly
    return context


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    import httpx  # noqa: PLC0415  as in send

    if ca_file is not None:
        try:
            return ssl.create_default_context(cafile=ca_file)
        except (OSError, ValueError) as error:
            raise CloudTrouble(f"`ca_file` {quoted(ca_file)} cannot be read ({quoted(error)})") from None
    if ssl.get_default_verify_paths().cafile:
        return ssl.create_default_context()
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()  # a folder of certificates may be all that this machine has
    return context


def _why(error: Exception) -> str:
    """Say in words what went wrong below HTTP."""
    for one in _chain(error):
        for kind, words in _BELOW_HTTP:
            if isinstance(one, kind):
                told = getattr(one, "verify_message", None) or getattr(one, "reason", None)
                return words.format(quoted(told or "the connection was cut"))
    name = type(error).__name__
    if name == "ConnectTimeout":
        return f"no connection (TCP, TLS) in time; {_REACH}"
    if name == "RemoteProtocolError":
        return f"no complete HTTP answer ({quoted(error)}); check that the address is right"
    if name in {"InvalidURL", "UnsupportedProtocol", "BadAddress"}:
        return "no http(s) address; check how it is written"
    return f"cannot be asked ({quoted(error) or name}); {_REACH}"


_BELOW_HTTP: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted ({}); name its authority with `ca_file`"),
    (ssl.SSLError, "TLS failed ({}); check that https is spoken there"),
    (socket.gaierror, f"no such host; {_REACH}"),
    (ConnectionRefusedError, f"connection refused; {_REACH}"),
    ((ConnectionResetError, BrokenPipeError), "the connection was reset; check the service's own health"),
)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class _Deadline:
    """Cuts the connection when time is up: timeouts of single reads are no bound for a server that drips."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for one in self._sockets:
                one.close()
            self._sockets = []

    def see(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of a new connection; a duplicate, since TLS takes the socket itself over."""
        if event == "connection.connect_tcp.complete":
            with self._lock:
                self._sockets.append(info["return_value"].get_extra_info("socket").dup())
            if self.passed:
                self._cut()

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
