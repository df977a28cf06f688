"""Checks of the small texts of HTTP: methods, targets, header names and values, hosts. Each raises Wrong."""

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

from harness.scenario.context import Wrong

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_REQUEST = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (/[!-\"$-~]*)")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_BAD_TARGET = re.compile(r"[^!-~]")
_HOST_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "PATCH", "DELETE"}
_FORM = "write it as METHOD /path, such as: GET /orders?limit=10"

REQUEST = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+ /[!-\"$-~]*$"


def request(text: str) -> tuple[str, str]:
    """Return (method, target) of `METHOD /target`; the target stays as it is written."""
    found = _REQUEST.fullmatch(text)
    if found and found[1] == "CONNECT":
        raise Wrong("CONNECT asks a proxy for a tunnel, not a gateway", "use another method")
    if found and (found[1] in _METHODS or found[1].upper() == found[1]):
        return found[1], found[2]
    method, space, target = text.partition(" ")
    if not space:
        raise Wrong(f"'{_cut(text)}' is no request", _FORM)
    if not _TOKEN.fullmatch(method):
        raise Wrong(f"'{_cut(method)}' is no method", _FORM)
    if method != method.upper():
        raise Wrong(f"methods are written in capitals, got '{_cut(method)}'", f"write {method.upper()}")
    raise _wrong_target(target)


def _wrong_target(target: str) -> Wrong:
    if target.lower().startswith(("http://", "https://")):
        return Wrong(
            f"a target is a path, got '{_cut(target)}'", "leave scheme and host out: they are the gateway's `url`"
        )
    if not target.startswith("/"):
        hint = "one space between method and path" if target.startswith(" ") else "a path begins with /"
        return Wrong(f"'{_cut(target)}' is no target", hint)
    found = _BAD_TARGET.search(target)
    if not found:
        return Wrong(f"'#' in the target '{_cut(target)}'", "a fragment is never sent; percent-encode # as %23")
    char = found.group()
    name = {" ": "a space", "\r": "CR", "\n": "LF"}.get(char, f"the character U+{ord(char):04X}")
    encoded = "".join(f"%{byte:02X}" for byte in char.encode())
    return Wrong(f"{name} in the target '{_cut(target)}'", f"percent-encode it: {encoded}")


def header_name(name: str) -> None:
    """Check a header's name."""
    if not _TOKEN.fullmatch(name):
        raise Wrong(f"'{_cut(name)}' is no header name", "letters, digits and - alone; no colon, no space")


def header_value(value: str) -> None:
    """Check a header's value; never shows it."""
    found = _BAD_VALUE.search(value)
    if found:
        name = {"\r": "CR", "\n": "LF"}.get(found.group(), f"the control character U+{ord(found.group()):04X}")
        raise Wrong(f"{name} in a header's value", "a header is one line: remove it")
    if not value.isascii():
        raise Wrong("a header's value with characters beyond ASCII", "encode them as the receiver expects it")


@lru_cache(maxsize=1024)
def is_sensitive(name: str) -> bool:
    """Tell whether a header of this name (any case) carries a secret."""
    folded = name.lower()
    return folded in _SENSITIVE or any(part in folded for part in _SENSITIVE_PARTS)


_SENSITIVE = {"authorization", "cookie", "proxy-authorization", "x-api-key", "ocp-apim-subscription-key"}
_SENSITIVE_PARTS = ("token", "secret", "api-key", "apikey", "password", "subscription-key")


def token(value: str) -> None:
    """Check a bearer token; never shows it."""
    if not re.fullmatch(r"[!-~]+", value):
        raise Wrong("a bearer token holds visible ASCII characters alone", "give the token itself, without 'Bearer '")


def user(value: str) -> None:
    """Check a Basic user."""
    if ":" in value or _BAD_VALUE.search(value):
        raise Wrong("a Basic user holds no colon and no control characters", "")


def password(value: str) -> None:
    """Check a Basic password; never shows it."""
    if _BAD_VALUE.search(value):
        raise Wrong("a Basic password holds no control characters", "")


def one_line(text: str) -> None:
    """Check a text that is shown on one line."""
    if any(char < " " or char == "\x7f" for char in text):
        raise Wrong("a line break or control character in a name", "write it on one line")
    if len(text) > 300:
        raise Wrong("a name of more than 300 characters", "shorten it")


def url(text: str) -> None:
    """Check a gateway's URL."""
    found = _BAD_TARGET.search(text)
    if found:
        raise Wrong(f"'{_cut(text)}' is no URL: it holds a blank or a character beyond ASCII", "percent-encode it")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise Wrong(f"'{_cut(text)}' is no URL: {error}", "such as https://api.example.com/prod") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Wrong(f"'{_cut(text)}' is no http or https URL", "such as https://api.example.com/prod")
    if parts.username is not None or parts.password is not None:
        raise Wrong("a user in the URL", "callers belong under `credentials:`, as basic: {user: …, password: …}")
    if "?" in text or "#" in text:
        raise Wrong(
            f"a query or fragment in the URL '{_cut(text)}'", "a case's own path comes after it; queries go there"
        )
    if port == 0:
        raise Wrong(f"port 0 in the URL '{_cut(text)}'", "")


def is_loopback(host: str) -> bool:
    """Tell whether a host, by name or address, is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_port(text: str) -> None:
    """Check `host:port`."""
    found = _HOST_PORT.fullmatch(text)
    if "://" in text or "/" in text:
        raise Wrong(f"'{_cut(text)}' is no host:port", "leave the scheme and the path out: contoso.azure-api.net:443")
    if not found or not 0 < int(found[1]) < 65_536:
        raise Wrong(f"'{_cut(text)}' is no host:port", "such as contoso.azure-api.net:443 or [::1]:8443")


def proxy(text: str) -> None:
    """Check a proxy: its URL, or the word `environment`."""
    if text == "environment":
        return
    scheme, mark, rest = text.partition("://")
    if not mark or scheme not in {"socks5h", "socks5", "http"}:
        hint = "socks5h://host:port, socks5://host:port, http://host:port, or environment"
        raise Wrong("a proxy is a URL or the word environment", hint)
    address = rest.rpartition("@")[2].rstrip("/")
    if not _HOST_PORT.fullmatch(address):
        raise Wrong("a proxy's URL ends with host:port", f"such as {scheme}://127.0.0.1:1080")


def glob_path(text: str) -> None:
    """Check a path with wildcards."""
    if not text.startswith("/"):
        raise Wrong(f"'{_cut(text)}' is no path", "a path begins with /, such as /orders/**")
    if "?" in text or "#" in text or _BAD_TARGET.search(text):
        raise Wrong(f"'{_cut(text)}' is no path", "* and ** are the wildcards; no query, no blanks")


def _cut(text: str) -> str:
    return f"{text[:80]}…" if len(text) > 80 else text
