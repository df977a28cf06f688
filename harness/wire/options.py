"""What every handle of a side is set to, whatever it sends (the traps behind each are told beside it)."""

import os
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pycurl

from harness.model.errors import HarnessError
from harness.model.gateway import Gateway

Setting = tuple[int, object]

_SUPPRESS_CONNECT_HEADERS = 265  # pycurl has no name for it; integers may be set by number
_DISALLOW_USERNAME_IN_URL = 278

# Many servers close a connection that was idle for five seconds (Node.js, uvicorn, Apache httpd by default). A request
# that meets such a close is not sent again, and would count against a gateway that did nothing wrong.
IDLE_SECONDS = 4


def origin_of(url: str) -> str:
    """Return scheme://host[:port] of `url`, as written."""
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise HarnessError(f"a gateway's url is http(s)://host[:port][/path], not {url!r}")
    return url[: url.index("://") + 3 + len(parts.netloc)]


def settings(gateway: Gateway, body_limit: int) -> tuple[Setting, ...]:
    """Return the options, in order, that a handle of `gateway` needs after each reset."""
    origin = origin_of(gateway.url)
    return (
        (pycurl.URL, f"{origin}/"),  # the path goes into REQUEST_TARGET: libcurl rewrites paths of URLs
        (pycurl.NOSIGNAL, 1),
        (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
        (pycurl.FOLLOWLOCATION, 0),
        (pycurl.PATH_AS_IS, 1),
        (pycurl.USERAGENT, ""),  # pycurl sets one of its own
        (pycurl.HTTP09_ALLOWED, 0),
        (_DISALLOW_USERNAME_IN_URL, 1),
        (pycurl.NETRC, pycurl.NETRC_IGNORED),
        (pycurl.MAXFILESIZE_LARGE, max(1, body_limit)),  # declared lengths at once, undeclared ones on the way
        (pycurl.TCP_NODELAY, 1),
        (pycurl.MAXAGE_CONN, IDLE_SECONDS),
        (pycurl.HTTP_VERSION, _http_version(gateway)),
        (pycurl.PIPEWAIT, int(gateway.http == "2")),  # wait for a connection to multiplex on instead of opening more
        *_tls(gateway, origin),
        *_proxy(gateway),
        *_connect_to(gateway, origin),
    )


def _http_version(gateway: Gateway) -> int:
    if gateway.http == "1.1":
        return pycurl.CURL_HTTP_VERSION_1_1
    if gateway.url.lower().startswith("https:"):
        return pycurl.CURL_HTTP_VERSION_2TLS
    return pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE


def _tls(gateway: Gateway, origin: str) -> tuple[Setting, ...]:
    if not origin.lower().startswith("https:"):
        return ()
    return (
        (pycurl.SSL_VERIFYPEER, 1),
        (pycurl.SSL_VERIFYHOST, 2),
        (pycurl.SSL_SESSIONID_CACHE, 0),  # sessions are keyed by name, blind to CONNECT_TO, and hide the certificate
        (pycurl.OPT_CERTINFO, 1),
        (pycurl.CAINFO, str(gateway.ca_file or system_bundle(os.environ.get))),
    )


def system_bundle(env: Callable[[str], str | None]) -> Path:
    """Return the certificates that this machine trusts: SSL_CERT_FILE, else OpenSSL's, a known place, certifi's.

    The libcurl of a wheel looks where its builder's machine had them. Raises HarnessError where there are none.
    """
    paths = ssl.get_default_verify_paths()
    candidates = [env("SSL_CERT_FILE"), paths.cafile, paths.openssl_cafile, *_KNOWN_BUNDLES, _certifi()]
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    raise HarnessError(
        "no trusted certificates found on this machine",
        hint="set SSL_CERT_FILE to a PEM bundle, or `ca_file` in the scenario",
    )


_KNOWN_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def _certifi() -> str | None:
    try:
        import certifi  # noqa: PLC0415  not a dependency: used where something else brought it
    except ImportError:
        return None
    return certifi.where()


def _proxy(gateway: Gateway) -> tuple[Setting, ...]:
    """Return the proxy's options; an empty PROXY is what keeps libcurl from reading the environment."""
    tunnel: tuple[Setting, ...] = (
        (pycurl.HTTPPROXYTUNNEL, 1),  # else an HTTP proxy would be given another target than the gateway
        (_SUPPRESS_CONNECT_HEADERS, 1),
    )
    if gateway.proxy == "environment":
        return tunnel
    if gateway.proxy is None:
        return ((pycurl.PROXY, ""), (pycurl.NOPROXY, "*"))
    return ((pycurl.PROXY, gateway.proxy), (pycurl.NOPROXY, ""), *tunnel)


def _connect_to(gateway: Gateway, origin: str) -> tuple[Setting, ...]:
    if gateway.connect_to is None:
        return ()
    parts = urlsplit(origin)
    port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return ((pycurl.CONNECT_TO, [f"{host}:{port}:{gateway.connect_to}"]),)
