"""One resource in Azure Resource Manager: bounded reads, pages, and errors in words. Only reads.

Each answer is asked for once. A next page is fetched from the same host alone, since the token goes with it.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

from harness.clouds.http import Said, send
from harness.clouds.trouble import CloudTrouble, host_of, quoted
from harness.clouds.unread import Unread, by_status
from harness.model.series import Absence

PUBLIC = "https://management.azure.com"
_MOST_PAGES = 100  # of a list; Azure fills them with a hundred objects or so
_LONGEST_LINK = 8192  # characters
_WITHIN = 30.0  # seconds in which another page is begun


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedResource:
    """Asks about one resource; `resource` is its id, from /subscriptions/ on. All methods raise Unread."""

    role: ClassVar[str] = "Reader"  # the least that may read it

    resource: str
    endpoint: str = ""
    token: str = field(repr=False)

    def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Return what is at `path` (quoted already) below the resource."""
        said = self._said(self._url(path, query))
        if said.status != 200:
            raise self._refused(said)
        return self._object(said)

    def find(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """Return what is at `path`, None where nothing is (404)."""
        said = self._said(self._url(path, query))
        if said.status == 404:
            return None
        if said.status != 200:
            raise self._refused(said)
        return self._object(said)

    def pages(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the objects of all pages of a list; none are returned where there are more pages than are read."""
        url, until = self._url(path, query), time.monotonic() + _WITHIN
        found: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            said = self._said(url)
            if said.status != 200:
                raise self._refused(said)
            answer = self._object(said)
            if not isinstance(answer.get("value"), list):
                raise Unread(f"{self.host}: answered with a list that is none", Absence.FAILED)
            found += objects(answer["value"])
            link = answer.get("nextLink")
            if not link:
                return found
            url = self._next(link)
            if time.monotonic() > until:
                break
        raise Unread(f"{self.host}: has more pages of {path.strip('/')} than are read", Absence.FAILED)

    @property
    def host(self) -> str:
        """Return the host that is asked."""
        return host_of(self._base)

    @property
    def _base(self) -> str:
        return (self.endpoint or PUBLIC).rstrip("/")

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        return f"{self._base}{quote(self.resource.rstrip('/'), safe='/-._~')}{path}?{urlencode(query)}"

    def _next(self, link: object) -> str:
        """Check where the next page is; a link elsewhere would be given the token."""
        if not isinstance(link, str) or len(link) > _LONGEST_LINK:
            raise Unread(f"{self.host}: names a next page that is no address", Absence.FAILED)
        if _origin(link) != _origin(self._base):
            where = quoted(link, (self.token,))
            raise Unread(f"{self.host}: names a next page elsewhere ({where}), which is not followed", Absence.FAILED)
        return link

    def _said(self, url: str) -> Said:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "User-Agent": "cutover"}
        try:
            return send("GET", url, headers=headers, content=b"")
        except CloudTrouble as trouble:
            raise Unread(quoted(trouble.reason, (self.token,)), Absence.FAILED) from None

    def _object(self, said: Said) -> dict[str, Any]:
        answer = _json(said)
        if answer is None:
            raise Unread(f"{self.host}: answered 200 with no JSON object", Absence.FAILED)
        return answer

    def _refused(self, said: Said) -> Unread:
        """Word an error: {"error": {"code", "message"}}, or both at the top as older parts of Azure do."""
        kind = by_status(said.status)
        answer = _json(said) or {}
        error = answer.get("error", answer)
        told = error if isinstance(error, dict) else {}
        parts = [quoted(told.get(name) or "", (self.token,)) for name in ("code", "message")]
        words = ": ".join(part for part in parts if part) or "no word of what is wrong"
        wait = quoted(said.header("retry-after"))
        later = f", to be asked again in {wait} s" if kind is Absence.THROTTLED and wait.isdigit() else ""
        target = ", a redirect, which is not followed" if 300 <= said.status < 400 else ""
        return Unread(f"{self.host}: answered {said.status}{target} ({words}){later}{self._hint(kind)}", kind)

    def _hint(self, kind: Absence) -> str:
        if kind is Absence.DENIED:
            return f"; check that the token is not expired, and that its holder may read here (role {self.role})"
        return "; wait a little" if kind is Absence.THROTTLED else ""


def objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list; none where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def part(value: object, name: str) -> dict[str, Any]:
    """Return the object called `name` within another, {} if there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def properties(value: object) -> dict[str, Any]:
    """Return a resource's properties."""
    return part(value, "properties")


def text(value: object) -> str:
    """Return a stranger's text in one bounded line, "" where it is no text."""
    return quoted(value) if isinstance(value, str) else ""


def number(value: object) -> int | None:
    """Return a whole number from 0 to 2^31 - 1, None where it is none."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 <= value < 2**31 else None


def number_or(value: object, absent: int) -> int:
    """Return a whole number, `absent` where none is told; raises Unread where something else is."""
    found = absent if value is None else number(value)
    if found is None:
        raise Unread(f"told {quoted(repr(value))} where a whole number belongs", Absence.FAILED)
    return found


def host_name(value: object) -> str:
    """Return a host name as names are compared: in lower case, without the final dot."""
    return text(value).lower().rstrip(".")


def _json(said: Said) -> dict[str, Any] | None:
    try:
        answer = json.loads(said.body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _origin(url: str) -> tuple[str, str] | None:
    """Return scheme and authority of an address; one with a user's name is its own."""
    try:
        split = urlsplit(url)
    except ValueError:
        return None
    scheme, authority = split.scheme.lower(), split.netloc.lower()
    return scheme, authority.removesuffix(":443" if scheme == "https" else ":80")
