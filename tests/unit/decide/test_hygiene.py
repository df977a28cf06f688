"""Protection that the new side's answers lost, and banners that they gained."""

import pytest

from harness.decide.hygiene import BANNERS, lost
from harness.model.difference import Cause, Difference, Kind
from harness.model.request import Headers
from harness.model.response import Response

HSTS, CSP, XFO, XCTO = (
    "Strict-Transport-Security",
    "Content-Security-Policy",
    "X-Frame-Options",
    "X-Content-Type-Options",
)
REFERRER, PERMISSIONS, CACHE, COOKIE = "Referrer-Policy", "Permissions-Policy", "Cache-Control", "Set-Cookie"
COOP, COEP, CORP = "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Cross-Origin-Resource-Policy"


def found(old: Headers, new: Headers) -> tuple[Difference, ...]:
    return lost(Response(status=200, headers=old), Response(status=401, headers=new))


PROTECTION = [
    # name, old, new, weaker
    (HSTS, "max-age=31536000", None, True),
    (HSTS, "max-age=31536000", "max-age=31536000", False),
    (HSTS, "max-age=31536000", "max-age=63072000", False),
    (HSTS, "max-age=31536000", "max-age=300", True),
    (HSTS, "max-age=31536000", "max-age=0", True),
    (HSTS, "max-age=31536000", "includeSubDomains", True),
    (HSTS, "max-age=31536000", 'MAX-AGE="31536000" ; preload', False),
    (HSTS, "max-age=31536000; includeSubDomains", "max-age=31536000", True),
    (HSTS, "max-age=31536000; includeSubDomains", "max-age=31536000;includesubdomains", False),
    (HSTS, "max-age=31536000; preload", "max-age=31536000", True),
    (HSTS, "max-age=31536000", "max-age=" + "9" * 400, True),
    (CSP, "default-src 'none'", None, True),
    (CSP, "default-src 'none'", "default-src *", True),
    (CSP, "default-src 'none'; img-src *", "img-src  *;default-src 'none';", False),
    (XFO, "DENY", None, True),
    (XFO, "DENY", "SAMEORIGIN", True),
    (XFO, "SAMEORIGIN", "DENY", False),
    (XFO, "DENY", "deny", False),
    (XFO, "SAMEORIGIN", "ALLOWALL", True),
    (XCTO, "nosniff", None, True),
    (XCTO, "nosniff", "NoSniff", False),
    (XCTO, "nosniff", "none", True),
    (REFERRER, "no-referrer", None, True),
    (REFERRER, "no-referrer", "unsafe-url", True),
    (REFERRER, "strict-origin", "same-origin", False),
    (REFERRER, "same-origin", "strict-origin-when-cross-origin", True),
    (REFERRER, "same-origin", "nonsense", True),
    (REFERRER, "unsafe-url", "no-referrer", False),
    (REFERRER, "nonsense", "unsafe-url", False),
    (PERMISSIONS, "camera=()", None, True),
    (PERMISSIONS, "camera=(), geolocation=()", "geolocation=(), camera=()", False),
    (PERMISSIONS, "camera=()", "camera=*", True),
    (COOP, "same-origin", None, True),
    (COOP, "same-origin", "unsafe-none", True),
    (COOP, "same-origin-allow-popups", "same-origin", False),
    (COEP, "require-corp", "credentialless", True),
    (COEP, "credentialless", "require-corp", False),
    (CORP, "same-origin", "cross-origin", True),
    (CORP, "same-site", "same-origin", False),
    (CACHE, "no-store", None, True),
    (CACHE, "private, no-store", "private", True),
    (CACHE, "no-store", "private, No-Store", False),
    (CACHE, "max-age=60", None, False),
    (CACHE, "max-age=60", "max-age=600", False),
    (HSTS, None, "max-age=1", False),
    (CSP, None, "default-src *", False),
]


@pytest.mark.parametrize(("name", "old", "new", "weaker"), PROTECTION)
def test_protection(name: str, old: str | None, new: str | None, weaker: bool) -> None:
    differences = found(*(((name, value),) if value is not None else () for value in (old, new)))
    assert [(one.at, one.cause, one.old, one.new) for one in differences] == (
        [(f"header:{name.lower()}", Cause.WEAKER, old, new)] if weaker else []
    )
    assert all(one.note and one.remedy for one in differences)
    assert all(one.kind is (Kind.MISSING if new is None else Kind.VALUE) for one in differences)


COOKIES = [
    # old, new, what was lost
    ("sid=1; Secure; HttpOnly; SameSite=Strict", "sid=2; Secure; HttpOnly; SameSite=Strict", []),
    ("sid=1; Secure; HttpOnly", "sid=2; secure; httponly", []),
    ("sid=1; Secure; HttpOnly", "sid=2; HttpOnly", ["secure"]),
    ("sid=1; Secure; HttpOnly", "sid=2; Secure", ["httponly"]),
    ("sid=1; Secure; HttpOnly", "sid=2", ["secure", "httponly"]),
    ("sid=1; SameSite=Strict", "sid=2; SameSite=Lax", ["samesite"]),
    ("sid=1; SameSite=Lax", "sid=2; SameSite=None", ["samesite"]),
    ("sid=1; SameSite=Strict", "sid=2", ["samesite"]),
    ("sid=1; SameSite=Lax", "sid=2; SameSite=STRICT", []),
    ("sid=1; SameSite=None", "sid=2", []),
    ("sid=1", "sid=2; Secure", []),
    ("sid=1; Secure", "other=2", []),
    ("", "", []),
]


@pytest.mark.parametrize(("old", "new", "flags"), COOKIES)
def test_cookies(old: str, new: str, flags: list[str]) -> None:
    differences = found(((COOKIE, old),), ((COOKIE, new),))
    assert [one.at for one in differences] == [f"header:set-cookie[sid].{flag}" for flag in flags]
    assert {one.cause for one in differences} <= {Cause.WEAKER}


def test_the_last_of_equally_named_cookies_counts() -> None:
    old = ((COOKIE, "sid=; Max-Age=0"), (COOKIE, "sid=1; Secure"))
    assert [one.at for one in found(old, old[:1])] == ["header:set-cookie[sid].secure"]
    assert found(old, old) == ()


def test_a_cookies_value_is_not_told() -> None:
    (one,) = found(((COOKIE, "sid=secret; Secure"),), ((COOKIE, "sid=secret"),))
    assert "secret" not in f"{one.old}{one.new}{one.note}"


BANNER_ROWS = [
    # name, old headers, new value, told
    ("server", (), "nginx/1.18.0", True),
    ("server", (), "Microsoft-IIS/10.0", True),
    ("server", (), "envoy", False),
    ("server", (("Server", "nginx"),), "nginx/1.18.0", True),
    ("server", (("Server", "nginx/1.18.0"),), "nginx/1.18.0", False),
    ("server", (("Server", "nginx/1.18.0"),), "Kestrel/2.0", False),
    ("server", (("Server", "Apache"),), "nginx", False),
    ("server", (("x-amzn-Remapped-Server", "nginx/1.18.0"),), "nginx/1.18.0", False),
    ("x-powered-by", (), "ASP.NET", True),
    ("x-powered-by", (("X-Powered-By", "ASP.NET"),), "ASP.NET", False),
    ("x-powered-by", (("X-Powered-By", "PHP"),), "PHP/8.1.2", True),
    ("x-aspnet-version", (), "4.0.30319", True),
    ("x-aspnetmvc-version", (), "5.2", True),
]


@pytest.mark.parametrize(("name", "old", "new", "told"), BANNER_ROWS)
def test_banners(name: str, old: Headers, new: str, told: bool) -> None:
    differences = found(old, ((name.title(), new),))
    assert [(one.at, one.cause, one.new) for one in differences] == (
        [(f"header:{name}", Cause.UNEXPLAINED, new)] if told else []
    )
    assert all(f'name="{name}" exists-action="delete"' in one.remedy for one in differences)


def test_a_banner_that_went_is_fine() -> None:
    assert found(tuple((name, "x/1.0") for name in BANNERS), ()) == ()
