"""What two TLS endpoints say about each other, topic by topic, and the checks that look."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.model.event import Checked
from harness.model.found import Found
from harness.model.gateway import Gateway
from harness.model.seen import Leaf, Offer, TlsFacts
from harness.model.side import Side
from harness.scenario.types import Security
from harness.security import tls_check, tls_points
from harness.security.draft import Draft
from harness.security.found import info_of
from harness.security.tls_check import MOST_CONNECTIONS, Looks, TlsCheck
from harness.security.tls_points import Pair
from tests.unit.security.check_bench import FakeTools, draft_of, scenario

NOW = 1_800_000_000.0
DAY = 86_400.0
LEAF = Leaf(
    subject="CN=api.example",
    issuer="CN=CA",
    names=("api.example",),
    not_before=NOW - DAY,
    not_after=NOW + 90 * DAY,
    key="RSA 2048",
    key_bits=2048,
    signature="sha256",
    sha256="00",
)
A, R, U = Offer.ACCEPTED, Offer.REFUSED, Offer.UNKNOWN
NAMES = ("TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
GOOD = TlsFacts(
    versions=tuple(zip(NAMES, (R, R, A, A), strict=True)),
    chain=(LEAF,),
    trusted=True,
    alpn="h2",
    demands_certificate="no",
    connections=7,
)


def offers(*states: Offer) -> dict[str, Any]:
    return {"versions": tuple(zip(NAMES, states, strict=True))}


def leaf(**changes: Any) -> dict[str, Any]:
    return {"chain": (replace(LEAF, **changes),)}


def pair(old: dict[str, Any] | None, new: dict[str, Any]) -> Pair:
    return Pair(
        old=None if old is None else replace(GOOD, **old), new=replace(GOOD, **new), host="api.example", now=NOW
    )


def checked(found: Found) -> Checked:
    draft = draft_of(scenario())
    return found.checked(info_of(draft, tls_check._probe("x"), 0), "security")


def told(seen: Checked) -> list[tuple[str, str, str, str]]:
    return [(point.at, point.outcome, point.severity, point.cause) for point in seen.points]


Row = tuple[dict[str, Any] | None, dict[str, Any], str, list[tuple[str, str, str, str]]]
VERSIONS: dict[str, Row] = {
    "alike": ({}, {}, "PASS", []),
    "new accepts TLS 1.0": ({}, offers(A, R, A, A), "FAIL", [("tls:TLS 1.0", "FAIL", "critical", "weaker")]),
    "both accept TLS 1.0": (offers(A, R, A, A), offers(A, R, A, A), "PASS", [("tls:TLS 1.0", "PASS", "info", "")]),
    "new alone, and it accepts TLS 1.1": (
        None,
        offers(R, A, A, A),
        "FAIL",
        [("tls:TLS 1.1", "FAIL", "major", "unexplained")],
    ),
    "new drops TLS 1.2": ({}, offers(R, R, R, A), "FAIL", [("tls:TLS 1.2", "FAIL", "major", "unexplained")]),
    "new drops TLS 1.3": ({}, offers(R, R, A, R), "PASS", [("tls:TLS 1.3", "PASS", "minor", "")]),
    "new drops TLS 1.0": (offers(A, A, A, A), offers(R, A, A, A), "PASS", [
        ("tls:TLS 1.0", "PASS", "minor", ""), ("tls:TLS 1.1", "PASS", "info", "")]),
    "cannot be told of new": ({}, offers(U, R, A, A), "INCONCLUSIVE", []),
    "cannot be told of old": (offers(U, R, A, A), offers(A, R, A, A), "INCONCLUSIVE", []),
    "cannot be told of old, and new refuses": (offers(U, R, A, A), {}, "PASS", []),
    "cannot be told of new, old accepts TLS 1.2": ({}, offers(R, R, U, A), "INCONCLUSIVE", []),
    "nothing seen": ({}, {"versions": ()}, "INCONCLUSIVE", []),
}  # fmt: skip
CERTIFICATE: dict[str, Row] = {
    "alike": ({}, {}, "PASS", []),
    "not trusted": (
        {},
        {"trusted": False, "distrust": "self-signed"},
        "FAIL",
        [("tls:trust", "FAIL", "critical", "weaker")],
    ),
    "not trusted on both": (
        {"trusted": False},
        {"trusted": False},
        "FAIL",
        [("tls:trust", "FAIL", "major", "unexplained")],
    ),
    "trust not seen": ({}, {"trusted": None, "distrust": "not seen: no answer in time"}, "INCONCLUSIVE", []),
    "not trusted, of old not seen": (
        {"trusted": None},
        {"trusted": False},
        "FAIL",
        [("tls:trust", "FAIL", "critical", "unexplained")],
    ),
    "new alone, not trusted": (None, {"trusted": False}, "FAIL", [("tls:trust", "FAIL", "critical", "unexplained")]),
    "old not trusted": ({"trusted": False}, {}, "PASS", []),
    "expired": ({}, leaf(not_after=NOW - DAY), "FAIL", [("tls:expiry", "FAIL", "critical", "unexplained")]),
    "not yet": ({}, leaf(not_before=NOW + DAY), "FAIL", [("tls:expiry", "FAIL", "critical", "unexplained")]),
    "in 13 days": ({}, leaf(not_after=NOW + 13 * DAY), "FAIL", [("tls:expiry", "FAIL", "major", "unexplained")]),
    "in 20 days": ({}, leaf(not_after=NOW + 20 * DAY), "PASS", [("tls:expiry", "PASS", "minor", "")]),
    "none seen": ({}, {"chain": ()}, "INCONCLUSIVE", []),
    "beyond all dates": ({}, leaf(not_after=1e18), "PASS", []),
}
KEY: dict[str, Row] = {
    "alike": ({}, {}, "PASS", []),
    "RSA 1024": ({}, leaf(key="RSA 1024", key_bits=1024), "FAIL", [("tls:key", "FAIL", "critical", "weaker")]),
    "RSA 1024 on both": (
        leaf(key="RSA 1024", key_bits=1024),
        leaf(key="RSA 1024", key_bits=1024),
        "PASS",
        [("tls:key", "PASS", "major", "")],
    ),
    "EC P-192": ({}, leaf(key="EC P-192", key_bits=192), "FAIL", [("tls:key", "FAIL", "critical", "weaker")]),
    "new alone": (None, leaf(key="RSA 512", key_bits=512), "FAIL", [("tls:key", "FAIL", "critical", "unexplained")]),
    "RSA to EC P-256": ({}, leaf(key="EC P-256", key_bits=256), "PASS", []),
    "RSA 4096 to RSA 2048": (leaf(key="RSA 4096", key_bits=4096), {}, "PASS", [("tls:key", "PASS", "minor", "")]),
    "sha1": ({}, leaf(signature="sha1"), "FAIL", [("tls:signature", "FAIL", "critical", "weaker")]),
    "sha1 on both": (leaf(signature="sha1"), leaf(signature="SHA1"), "PASS", [("tls:signature", "PASS", "major", "")]),
    "none seen": ({}, {"chain": ()}, "INCONCLUSIVE", []),
}
HTTP2: dict[str, Row] = {
    "alike": ({}, {}, "PASS", []),
    "lost": ({}, {"alpn": "http/1.1"}, "PASS", [("tls:alpn", "PASS", "minor", "")]),
    "gained": ({"alpn": ""}, {}, "PASS", [("tls:alpn", "PASS", "info", "")]),
    "new alone": (None, {}, "PASS", []),
}
CLIENT: dict[str, Row] = {
    "alike": ({}, {}, "PASS", []),
    "required on both": ({"demands_certificate": "required"}, {"demands_certificate": "required"}, "PASS", []),
    "no longer": ({"demands_certificate": "required"}, {}, "FAIL", [("tls:client certificate", "FAIL", "critical", "weaker")]),
    "by policy": ({"demands_certificate": "required"}, {"demands_certificate": "asked for"}, "PASS", [
        ("tls:client certificate", "PASS", "minor", "")]),
    "not even asked for": ({"demands_certificate": "asked for"}, {}, "FAIL", [
        ("tls:client certificate", "FAIL", "major", "weaker")]),
    "new": ({}, {"demands_certificate": "required"}, "FAIL", [("tls:client certificate", "FAIL", "major", "unexplained")]),
    "not known of new": ({}, {"demands_certificate": ""}, "INCONCLUSIVE", []),
    "not known of old": ({"demands_certificate": ""}, {}, "INCONCLUSIVE", []),
    "new alone": (None, {"demands_certificate": "required"}, "PASS", []),
}  # fmt: skip
TOPICS = {
    tls_points.versions: VERSIONS,
    tls_points.certificate: CERTIFICATE,
    tls_points.key: KEY,
    tls_points.http2: HTTP2,
    tls_points.client_certificate: CLIENT,
}


@pytest.mark.parametrize(("topic", "row"), [(topic, row) for topic, rows in TOPICS.items() for row in rows])
def test_judges(topic: Any, row: str) -> None:
    old, new, outcome, points = TOPICS[topic][row]
    seen = checked(topic(pair(old, new)))
    assert (seen.outcome, told(seen)) == (outcome, points)
    assert bool(seen.why) == (outcome != "PASS")
    assert "new" in next(iter(seen.facts.values()), {"new": ""})


def test_shows_both_certificates() -> None:
    seen = checked(tls_points.certificate(pair({}, leaf(names=("a.example", "b.example")))))
    assert seen.facts["names"] == {"old": "api.example", "new": "a.example, b.example"}
    assert seen.facts["not after"]["new"] == "2027-04-15"


TROUBLE: dict[str, tuple[dict[str, Any] | None, dict[str, Any], str]] = {
    "old": ({"trouble": "connection refused"}, {}, "ERROR"),
    "new": ({}, {"trouble": "handshake failed"}, "FAIL"),
    "both": ({"trouble": "no route"}, {"trouble": "no route"}, "ERROR"),
    "new alone": (None, {"trouble": "handshake failed"}, "FAIL"),
    "new behind a proxy": ({}, {"trouble": "behind a proxy", "untried": True}, "INCONCLUSIVE"),
    "old behind a proxy": ({"trouble": "behind a proxy", "untried": True}, {"trouble": "refused"}, "INCONCLUSIVE"),
}


@pytest.mark.parametrize("row", TROUBLE)
def test_tells_trouble(row: str) -> None:
    old, new, outcome = TROUBLE[row]
    found = tls_points.trouble(pair(old, new))
    assert found is not None
    assert checked(found).outcome == outcome


def test_no_trouble() -> None:
    assert tls_points.trouble(pair({}, {})) is None


def checks_of(draft: Draft, look: Any) -> list[TlsCheck]:
    made = [one for one in tls_check.checks(draft, 3) if isinstance(one, TlsCheck)]
    looks = Looks(scenario=draft.scenario, look=look)
    for one in made:
        one.looks = looks
        one.clock = lambda: NOW
    return made


def test_looks_at_each_side_once() -> None:
    asked: list[Side] = []

    def look(gateway: Gateway, *, timeout: float, pause: Callable[[], None]) -> TlsFacts:
        assert 0 < timeout <= 10
        pause()
        asked.append(gateway.side)
        return GOOD

    tools = FakeTools()
    made = checks_of(draft_of(scenario()), look)
    assert [sum(one.requests.values()) for one in made] == [2 * MOST_CONNECTIONS, 0, 0, 0, 0]
    seen = [one.run(tools) for one in made]
    assert asked == [Side.OLD, Side.NEW]
    assert tools.pauses == 2
    assert [one.requests for one in seen] == [{"old": 7, "new": 7}, {}, {}, {}, {}]
    assert {one.outcome for one in seen} == {"PASS"}
    assert [one.index for one in seen] == [3, 4, 5, 6, 7]


def test_looks_at_new_alone_where_old_is_plain() -> None:
    draft = draft_of(scenario(old="http://old.example"))
    tls_check.add(draft)
    made = checks_of(draft, lambda gateway, **_: replace(GOOD, trusted=gateway.side is Side.OLD))
    assert [one.run(FakeTools()).outcome for one in made] == ["PASS", "FAIL", "PASS", "PASS", "PASS"]
    assert draft.cases == []


def test_plain_where_it_was_encrypted() -> None:
    draft = draft_of(scenario(new="http://new.example"))
    tls_check.add(draft)
    (check,) = tls_check.checks(draft, len(draft.cases))
    seen = check.run(FakeTools())
    assert (seen.outcome, seen.points[0].cause, seen.points[0].severity) == ("FAIL", "weaker", "critical")
    assert dict(check.requests) == {}
    assert len(draft.cases) == 5


def test_leaves_out_what_is_plain_on_both_sides() -> None:
    draft = draft_of(scenario(old="http://old.example", new="http://new.example"))
    tls_check.add(draft)
    assert {(one.skip, one.accepted) for one in draft.cases} == {("not askable: both sides are plain http", True)}
    assert tls_check.checks(draft, 0) == []


@pytest.mark.parametrize("side", Side)
def test_leaves_out_what_only_a_proxy_leads_to(side: Side) -> None:
    given = scenario(security=Security(require=("certificate",)))
    proxied = replace(given.gateway(side), proxy="http://proxy.example:3128")
    changed = replace(given, old=proxied) if side is Side.OLD else replace(given, new=proxied)
    draft = draft_of(changed)
    tls_check.add(draft)
    assert {one.skip for one in draft.cases} == {
        f"not askable: {side} is behind a proxy, which leads to nothing but whole HTTP requests"
    }
    assert [one.accepted for one in draft.cases] == [True, False, True, True, True]
    assert tls_check.checks(draft, 0) == []


def test_looks_where_the_environment_may_name_a_proxy() -> None:
    given = scenario()
    draft = draft_of(replace(given, new=replace(given.new, proxy="environment")))
    tls_check.add(draft)
    assert (draft.cases, len(tls_check.checks(draft, 0))) == ([], 5)


def test_knows_how_often_a_look_connects() -> None:
    from harness.wire import tls

    assert tls.MOST_CONNECTIONS == MOST_CONNECTIONS


def test_stops() -> None:
    made = checks_of(draft_of(scenario()), lambda gateway, **_: pytest.fail("looked"))
    assert made[0].run(FakeTools(stop_after=0)).outcome == "INCONCLUSIVE"
