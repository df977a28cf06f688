"""What the new side's answers no longer say to browsers, or say too much: security headers, cookie flags, banners."""

import re
from collections.abc import Callable, Iterator

from harness.compare.cookies import Cookie, read
from harness.model.difference import Cause, Difference, Kind
from harness.model.response import Response

_SET = "Set the header on the new side as before, on the gateway's own errors too (Azure API Management: `set-header` "
_SET += "in `outbound` and in `on-error` of All APIs)."
_DELETE = "Take the header off on the new side (Azure API Management: "
_DELETE += '`<set-header name="{name}" exists-action="delete" />` in `outbound` and `on-error`).'
_COOKIE = "The cookie's flags must arrive as the backend set them: no policy of the new side may rewrite Set-Cookie, "
_COOKIE += "and the backend must be told that the client's scheme is https (X-Forwarded-Proto)."

BANNERS = ("server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version")
_VERSION = re.compile(r"\d+\.\d+|/\d")
_AGE = re.compile(r"\s*max-age\s*=\s*\"?(\d{1,18})\"?\s*", re.IGNORECASE)
_SAME_SITE = {"strict": 2, "lax": 1}
# least to most that a browser tells other sites (Referrer Policy §3)
_REFERRER = (
    "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "origin",
    "origin-when-cross-origin", "no-referrer-when-downgrade", "unsafe-url",
)  # fmt: skip
_FRAME = {"deny": 2, "sameorigin": 1}
_EMBEDDER = {"require-corp": 2, "credentialless": 1}
_OPENER = {"same-origin": 3, "same-origin-allow-popups": 2, "noopener-allow-popups": 2}
_RESOURCE = {"same-origin": 2, "same-site": 1}


def lost(old: Response, new: Response) -> tuple[Difference, ...]:
    """Return what of the old answer's protection the new one lacks (weaker), and what it gives away (unexplained)."""
    return (*_headers(old, new), *_cookies(old, new), *_banners(old, new))


def _headers(old: Response, new: Response) -> Iterator[Difference]:
    for name, weakened in _PROTECTION.items():
        before, after = _joined(old, name), _joined(new, name)
        if before is None or before == after:
            continue
        if after is None:
            if name != "cache-control" or "no-store" in _directives(before):
                yield _weaker(f"header:{name}", before, None, "lost on the new side", _SET)
        elif note := weakened(before, after):
            yield _weaker(f"header:{name}", before, after, note, _SET)


def _transport(before: str, after: str) -> str:
    mine, theirs = _directives(before), _directives(after)
    if _age(after) < _age(before):
        return f"max-age is {_age(after)} s, it was {_age(before)} s"
    gone = [word for word in ("includesubdomains", "preload") if word in mine and word not in theirs]
    return f"lost {', '.join(gone)}" if gone else ""


def _changed(before: str, after: str) -> str:
    """Tell any other policy: whether it is stricter or weaker is for people."""
    same = _policy(before) == _policy(after)
    return "" if same else "another policy than before: whether it is as strict is for you to say"


def _ranked(ranks: dict[str, int]) -> Callable[[str, str], str]:
    """Return a comparison of single values by strength; what is not in `ranks` protects from nothing."""

    def weakened(before: str, after: str) -> str:
        mine, theirs = (ranks.get(_last(text), 0) for text in (before, after))
        return "weaker than before" if theirs < mine else ""

    return weakened


def _referrer(before: str, after: str) -> str:
    mine, theirs = (_REFERRER.index(_last(text)) if _last(text) in _REFERRER else None for text in (before, after))
    if mine is None:
        return ""
    return "tells other sites more than before" if theirs is None or theirs > mine else ""


def _no_sniff(before: str, after: str) -> str:
    return "no longer nosniff" if _last(before) == "nosniff" and _last(after) != "nosniff" else ""


def _no_store(before: str, after: str) -> str:
    return "no-store is lost: caches may keep this" if "no-store" in _directives(before) - _directives(after) else ""


_PROTECTION: dict[str, Callable[[str, str], str]] = {
    "strict-transport-security": _transport,
    "content-security-policy": _changed,
    "x-frame-options": _ranked(_FRAME),
    "x-content-type-options": _no_sniff,
    "referrer-policy": _referrer,
    "permissions-policy": _changed,
    "cross-origin-opener-policy": _ranked(_OPENER),
    "cross-origin-embedder-policy": _ranked(_EMBEDDER),
    "cross-origin-resource-policy": _ranked(_RESOURCE),
    "cache-control": _no_store,
}


def _cookies(old: Response, new: Response) -> Iterator[Difference]:
    """Yield flags lost, by cookie name; a cookie that is not set at all is for the parity suite."""
    theirs = {cookie.name: cookie for cookie in map(read, new.all("set-cookie"))}
    for cookie in {cookie.name: cookie for cookie in map(read, old.all("set-cookie"))}.values():
        if cookie.name in theirs:
            yield from _flags(cookie, theirs[cookie.name])


def _flags(old: Cookie, new: Cookie) -> Iterator[Difference]:
    at = f"header:set-cookie[{old.name}]"
    for flag, word in (("secure", "Secure"), ("httponly", "HttpOnly")):
        if flag in old.attributes and flag not in new.attributes:
            yield _weaker(f"{at}.{flag}", word, None, f"the cookie lost {word}", _COOKIE)
    before, after = old.attributes.get("samesite"), new.attributes.get("samesite")
    if _SAME_SITE.get(after or "", 0) < _SAME_SITE.get(before or "", 0):
        yield _weaker(f"{at}.samesite", before, after, "SameSite is weaker than before", _COOKIE)


def _banners(old: Response, new: Response) -> Iterator[Difference]:
    for name in BANNERS:
        # Amazon API Gateway shows a backend's banner under another name
        before, after = _joined(old, name) or _joined(old, f"x-amzn-remapped-{name}"), _joined(new, name)
        if after is None or before == after:
            continue
        if before is None:
            # the product may say its name, but no more than that
            if name == "server" and not _VERSION.search(after):
                continue
            yield _banner(name, None, after, "the new side names its software, the old one did not")
        elif _VERSION.search(after) and not _VERSION.search(before):
            yield _banner(name, before, after, "the new side tells a version, the old one did not")


def _weaker(at: str, old: str | None, new: str | None, note: str, remedy: str) -> Difference:
    kind = Kind.MISSING if new is None else Kind.VALUE
    return Difference(at=at, kind=kind, old=old, new=new, cause=Cause.WEAKER, note=note, remedy=remedy.strip())


def _banner(name: str, old: str | None, new: str, note: str) -> Difference:
    kind = Kind.ADDED if old is None else Kind.VALUE
    remedy = _DELETE.replace("{name}", name)
    return Difference(at=f"header:{name}", kind=kind, old=old, new=new, note=note, remedy=remedy)


def _joined(response: Response, name: str) -> str | None:
    values = response.all(name)
    return ", ".join(value.strip() for value in values) if values else None


def _last(text: str) -> str:
    """Return the last of several values, in lower case: the one that browsers take, or a proxy added."""
    return text.rpartition(",")[2].partition(";")[0].strip().strip('"').lower()


def _directives(text: str) -> frozenset[str]:
    return frozenset(part.partition("=")[0].strip().lower() for part in re.split(r"[;,]", text))


def _policy(text: str) -> frozenset[str]:
    return frozenset(" ".join(part.split()) for part in re.split(r"[;,]", text) if part.strip())


def _age(text: str) -> int:
    """Return the first max-age in seconds, 0 for none (then the header has no effect)."""
    found = (_AGE.fullmatch(part) for part in re.split(r"[;,]", text))
    return next((int(match[1]) for match in found if match), 0)
