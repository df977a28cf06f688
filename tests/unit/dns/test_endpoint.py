"""What the new side shows and says for the production name, seen of real TLS servers on this machine."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.dns.facts import Survey, View
from harness.dns.new_side.endpoint import covers, ways_in
from harness.dns.new_side.judge_endpoint import certificate
from harness.dns.new_side.judge_host import host_accepted
from harness.dns.new_side.judge_sni import without_sni
from harness.model.event import Checked
from harness.model.request import Request
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.model.rule import Expect, ExpectSide
from tests.servers.hostile import HostileServer, Visit
from tests.servers.nginx import Nginx, Server
from tests.servers.process import free_ports
from tests.servers.tls import Authority, ServerFiles, by_name, context_of
from tests.unit.dns.new_side import NAME, NEW, case, looked, resolver, survey, told, view, ways
from tests.unit.security.check_bench import FakeTools, identity

DAY = timedelta(days=1)
CRITICAL, MAJOR = ("dns:certificate", "FAIL", "critical"), ("dns:certificate", "FAIL", "major")
TOLD = ("dns:certificate", "PASS", "minor")
HERE = resolver("r1", ways("127.0.0.1"), now=("127.0.0.1",))
SEEN = survey(HERE)


@pytest.fixture(scope="module")
def files(authority: Authority) -> ServerFiles:
    return authority.certificate(NAME, end=datetime.now(UTC) + 90 * DAY)


def at(port: int, authority: Authority, *cases: Any, seen: Survey = SEEN, **more: Any) -> View:
    given = {"new": f"https://{NAME}:{port}", "ca_file": authority.ca_file, "now": time.time()}
    return view(seen, *cases, **{**given, **more})


@contextmanager
def serving(tls: Any) -> Iterator[int]:
    with HostileServer(tls=tls) as server:
        yield server.port


def shown(tls: Any, authority: Authority, **more: Any) -> Checked:
    with serving(tls) as port:
        return looked(certificate, SEEN, at(port, authority, **more))


def in_(days: float) -> datetime:
    return datetime.now(UTC) + days * DAY


def test_the_right_certificate(authority: Authority, files: ServerFiles) -> None:
    found = shown(files, authority)
    assert (found.outcome, found.points, found.requests) == ("PASS", (), {"new": 1})
    (way,) = found.facts["names"]
    assert way.startswith("127.0.0.1:")
    assert found.facts["names"][way] == NAME
    assert found.facts["trusted"][way] == "yes"


def test_a_wildcard_covers_one_label(authority: Authority) -> None:
    assert shown(authority.certificate("*.example.com", end=in_(90)), authority).outcome == "PASS"
    found = shown(authority.certificate("*.com", "*.api.example.com", "*.*.com", end=in_(90)), authority)
    assert (found.outcome, told(found)) == ("FAIL", [CRITICAL])
    assert f"does not cover {NAME}: it is for *.com, *.api.example.com" in found.points[0].title


@pytest.mark.parametrize("names", [(NEW,), ("127.0.0.1",), ("example.com",)])
def test_another_name(authority: Authority, names: tuple[str, ...]) -> None:
    found = shown(authority.certificate(*names, end=in_(90)), authority)
    assert (found.outcome, told(found)) == ("FAIL", [CRITICAL])
    assert f"the certificate does not cover {NAME}: it is for {names[0]}" in found.points[0].title
    assert NAME in found.points[0].remedy


@pytest.mark.parametrize(
    ("start", "end", "wanted", "said"),
    [
        (-90, -1, CRITICAL, "expired at"),
        (1, 90, CRITICAL, "is not valid before"),
        (-90, 2.5, CRITICAL, "expires in 2 days"),
        (-90, 0.5, CRITICAL, "expires in 12 h"),
        (-90, 13, MAJOR, "expires in 12 days"),
        (-90, 20, TOLD, "expires in 19 days"),
        (-90, 31, None, ""),
    ],
)
def test_when_it_is_valid(
    authority: Authority, start: float, end: float, wanted: tuple[str, str, str] | None, said: str
) -> None:
    found = shown(authority.certificate(NAME, start=in_(start), end=in_(end)), authority)
    assert told(found) == ([wanted] if wanted else [])
    assert found.outcome == (wanted[1] if wanted else "PASS")
    assert not wanted or said in found.points[0].title


def test_valid_until_the_end_of_the_window(authority: Authority) -> None:
    tls = authority.certificate(NAME, end=in_(40))
    start = time.time() + 30 * 86_400
    assert shown(tls, authority, window=(start, start + 86_400)).outcome == "PASS"
    found = shown(tls, authority, window=(start, start + 11 * 86_400))
    assert told(found) == [CRITICAL]
    assert "before the window ends" in found.points[0].title


def test_expired_and_for_another_name(authority: Authority) -> None:
    found = shown(authority.certificate(NEW, start=in_(-9), end=in_(-1)), authority)
    assert told(found) == [CRITICAL, CRITICAL]


def test_an_unknown_authority(authority: Authority, tmp_path: Path) -> None:
    found = shown(Authority(tmp_path, "another").certificate(NAME, end=in_(90)), authority)
    assert (found.outcome, told(found)) == ("FAIL", [CRITICAL])
    assert "is not trusted" in found.points[0].title
    assert "`new.ca_file`" in found.points[0].note


def test_a_missing_intermediate_certificate(tmp_path: Path) -> None:
    root = Authority(tmp_path / "root", "root", depth=1)
    below = Authority(tmp_path / "below", "intermediate", signer=root)
    assert shown(below.certificate(NAME, end=in_(90)), root).outcome == "PASS"
    found = shown(below.certificate(NAME, end=in_(90), alone=True), root)
    assert (found.outcome, told(found)) == ("FAIL", [CRITICAL])
    assert "1 certificate is sent, the last one issued by CN=intermediate" in found.points[0].note
    assert "its whole chain" in found.points[0].remedy


def test_self_signed(authority: Authority, tmp_path: Path) -> None:
    own = Authority(tmp_path, NAME)
    key = tmp_path / "own.key"
    key.write_bytes(own.key_pem())
    found = shown(ServerFiles(cert=own.ca_file, key=key), authority)
    assert found.outcome == "FAIL"
    assert any("not trusted" in point.title for point in found.points)


def test_chosen_by_name(authority: Authority, files: ServerFiles) -> None:
    with serving(by_name({NAME: files}, authority.certificate(NEW))) as port:
        by = at(port, authority)
        assert looked(certificate, SEEN, by).outcome == "PASS"
    with serving(by_name({NEW: authority.certificate(NEW)}, None)) as port:
        found = looked(certificate, SEEN, at(port, authority))
    assert (found.outcome, told(found)) == ("FAIL", [CRITICAL])
    assert f"takes no TLS connection for {NAME}" in found.points[0].title


def test_each_address_is_looked_at(authority: Authority, files: ServerFiles) -> None:
    seen = survey(resolver("r1", ways("127.0.0.1", "127.0.0.2"), now=("127.0.0.1",)))
    with serving(files) as port:
        found = looked(certificate, seen, at(port, authority, seen=seen))
    assert (found.outcome, told(found)) == ("FAIL", [CRITICAL])
    assert found.points[0].title == f"the new side refuses connections: nothing listens there (at 127.0.0.2:{port})"


def test_what_is_silent_is_no_pass_and_no_fail(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.dns.new_side.endpoint._TIMEOUT", 0.2)
    with serving(None) as port:
        assert looked(certificate, SEEN, at(port, authority)).outcome == "ERROR"
        assert looked(without_sni, SEEN, at(port, authority)).outcome == "ERROR"


def test_where_nothing_can_be_looked_at(authority: Authority) -> None:
    by = at(443, authority)
    for topic in (certificate, without_sni, host_accepted):
        assert looked(topic, survey(resolver("r1", {})), by).outcome == "INCONCLUSIVE"
        assert looked(topic, survey(resolver("r1", ways("169.254.169.254"))), by).outcome == "INCONCLUSIVE"
    proxied = at(443, authority, proxy="http://127.0.0.1:1")
    assert looked(certificate, SEEN, proxied).outcome == "INCONCLUSIVE"


def test_the_scenario_s_own_entrance(authority: Authority, files: ServerFiles) -> None:
    with serving(files) as port:
        elsewhere = at(1, authority, connect_to=f"localhost:{port}")
        found = looked(certificate, SEEN, elsewhere)
        assert (found.outcome, told(found)) == ("PASS", [("dns:certificate", "PASS", "major")])
        assert "is not where the name will lead" in found.points[0].title
        assert looked(certificate, SEEN, at(1, authority, connect_to=f"127.0.0.1:{port}")).points == ()


def test_an_entrance_by_another_spelling_is_where_the_name_will_lead(authority: Authority) -> None:
    six = survey(resolver("r1", ways("2001:db8::20"), now=("192.0.2.1",)))
    for entrance, elsewhere in (("[2001:0DB8:0::20]:1", False), (f"{NEW.upper()}.:1", False), ("192.0.2.9:1", True)):
        by = at(1, authority, seen=six, connect_to=entrance)
        titles = [point.title for point in looked(certificate, six, by, FakeTools(stop_after=0)).points]
        assert any("is not where the name will lead" in title for title in titles) is elsewhere


def test_plain_http(authority: Authority) -> None:
    for topic, place in ((certificate, "dns:certificate"), (without_sni, "dns:sni")):
        lab = looked(topic, SEEN, at(1, authority, new="http://127.0.0.1:1"))
        assert (lab.outcome, told(lab)) == ("PASS", [(place, "PASS", "major")])
        lost = looked(topic, SEEN, at(1, authority, new="http://127.0.0.1:1", old="https://127.0.0.1:1"))
        assert (lost.outcome, told(lost)) == ("FAIL", [(place, "FAIL", "critical")])


def test_stops(authority: Authority) -> None:
    for topic in (certificate, without_sni, host_accepted):
        assert looked(topic, SEEN, at(1, authority), FakeTools(stop_after=0)).outcome == "INCONCLUSIVE"


def test_few_of_many_addresses_are_looked_at(authority: Authority) -> None:
    four = [f"198.51.100.{number}" for number in range(1, 60)]
    six = [f"2001:db8::{number:x}" for number in range(1, 60)]
    seen = survey(resolver("r1", ways(*four, *six)))
    chosen = ways_in(seen, at(8443, authority, seen=seen))
    assert len(chosen) == 8
    assert chosen[-1] == "[2001:db8::2]:8443"
    assert len(ways_in(survey(resolver("r1", ways(*six))), at(8443, authority))) == 8


@pytest.mark.parametrize(
    ("names", "host", "fits"),
    [
        (("API.Example.com",), "api.example.com", True),
        (("*.example.com",), "api.example.com.", True),
        (("*.example.com",), "example.com", False),
        (("*.example.com",), "a.b.example.com", False),
        (("a*.example.com",), "api.example.com", False),
        (("*",), "localhost", False),
        (("*.",), "localhost", False),
        ((), "api.example.com", False),
    ],
)
def test_names_that_cover_a_host(names: tuple[str, ...], host: str, fits: bool) -> None:
    assert covers(names, host) is fits


@pytest.fixture(scope="module")
def contexts(authority: Authority, files: ServerFiles, tmp_path_factory: Any) -> dict[str, ssl.SSLContext]:
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    return {
        "fits": context_of(files),
        "old fits": context_of(authority.certificate("127.0.0.1")),
        "another": by_name({NAME: files}, authority.certificate(NEW)),
        "refuses": by_name({NAME: files}, None),
        "not trusted": by_name({NAME: files}, stranger.certificate(NAME)),
        "expired": by_name({NAME: files}, authority.certificate(NAME, start=in_(-9), end=in_(-1))),
    }


class TestWithoutSni:
    """What clients get that say no name, against what they get of the old side."""

    def against(self, new: ssl.SSLContext, old: ssl.SSLContext, authority: Authority) -> Checked:
        with serving(new) as port, serving(old) as old_port:
            return looked(without_sni, SEEN, at(port, authority, old=f"https://127.0.0.1:{old_port}"))

    def test_fits(self, authority: Authority, contexts: dict[str, ssl.SSLContext]) -> None:
        found = self.against(contexts["fits"], contexts["old fits"], authority)
        assert (found.outcome, found.points, found.requests) == ("PASS", (), {"new": 1})

    @pytest.mark.parametrize("new", ["another", "refuses", "not trusted", "expired"])
    def test_old_does_and_new_does_not(
        self, authority: Authority, contexts: dict[str, ssl.SSLContext], new: str
    ) -> None:
        found = self.against(contexts[new], contexts["old fits"], authority)
        assert (found.outcome, told(found)) == ("FAIL", [("dns:sni", "FAIL", "major")])
        assert found.requests == {"new": 1, "old": 1}

    def test_neither_does(self, authority: Authority, contexts: dict[str, ssl.SSLContext]) -> None:
        found = self.against(contexts["refuses"], contexts["another"], authority)
        assert (found.outcome, told(found)) == ("PASS", [("dns:sni", "PASS", "info")])

    def test_old_is_not_seen(self, authority: Authority, contexts: dict[str, ssl.SSLContext]) -> None:
        with serving(contexts["another"]) as port:
            by = at(port, authority, old=f"https://127.0.0.1:{free_ports(1)[0]}")
            assert looked(without_sni, SEEN, by).outcome == "INCONCLUSIVE"

    def test_old_is_plain_http(self, authority: Authority, contexts: dict[str, ssl.SSLContext]) -> None:
        with serving(contexts["another"]) as port:
            found = looked(without_sni, SEEN, at(port, authority))
        assert (found.outcome, told(found)) == ("PASS", [("dns:sni", "PASS", "info")])


def by_host(answers: dict[str, str]) -> dict[str, Any]:
    """Return behaviours of /orders and / that answer by the Host: a status line, "reset", or "hang"."""

    def answer(visit: Visit) -> None:
        (host,) = [line for line in visit.seen.header_lines if line.lower().startswith(b"host:")]
        said = answers[host.split(b":")[1].strip().decode()]
        if said == "reset":
            visit.reset()
        else:
            visit.answer(b"{}", "Content-Type: application/json", status=said)

    return {"/orders": answer, "/": answer}


OK, GONE, FORBIDDEN = "200 OK", "404 Not Found", "403 Forbidden"


class TestHost:
    """Whether the new side serves the production name, against its own name and the old side."""

    def asked(
        self,
        name: str,
        own: str,
        old: int | None,
        *cases: Any,
        to: str = NEW,
        tools: FakeTools | None = None,
        **more: Any,
    ) -> Checked:
        def answer(request: Request) -> Answer:
            if old is None:
                return NoResponse(reason=Reason.CONNECT, detail="refused")
            return Response(status=old)

        seen = survey(HERE, to=to, old="127.0.0.1" if to != NEW else "old.provider.example")
        with HostileServer(by_host({NAME: name, NEW: own})) as server:
            by = view(seen, *(cases or (case(),)), new=f"http://{NAME}:{server.port}", **more)
            return looked(host_accepted, seen, by, tools or FakeTools(answer=answer))

    def test_served(self) -> None:
        found = self.asked(OK, OK, 200)
        assert (found.outcome, found.points, found.requests) == ("PASS", (), {"new": 2, "old": 1})
        asked = found.facts["GET /orders"]
        assert sorted(asked.values()) == ["200", "200", "200"]
        assert any(column.startswith(f"{NAME} at 127.0.0.1:") for column in asked)

    @pytest.mark.parametrize(
        "said", ["421 Misdirected Request", GONE, FORBIDDEN, "400 Bad Request", "302 Found", "502 Bad"]
    )
    def test_not_served_though_by_its_own_name(self, said: str) -> None:
        found = self.asked(said, OK, 200)
        assert (found.outcome, told(found)) == ("FAIL", [("dns:host", "FAIL", "critical")])
        assert f"the new gateway does not serve {NAME}" in found.points[0].title
        assert f"Add {NAME} as a custom domain" in found.points[0].remedy

    def test_cut_off(self) -> None:
        assert self.asked("reset", OK, 200).outcome == "FAIL"
        assert self.asked("reset", "reset", 200).outcome == "ERROR"

    def test_421_needs_nothing_to_compare_with(self) -> None:
        assert self.asked("421 Misdirected Request", "421 Misdirected Request", None).outcome == "FAIL"

    @pytest.mark.parametrize(
        ("name", "own", "old", "outcome"),
        [
            ("401 Unauthorized", "401 Unauthorized", 401, "PASS"),
            ("401 Unauthorized", GONE, 401, "PASS"),
            ("302 Found", "302 Found", 200, "PASS"),
            ("405 Method Not Allowed", GONE, 403, "PASS"),
            (OK, GONE, 500, "PASS"),
            (GONE, GONE, 404, "INCONCLUSIVE"),
            (GONE, GONE, 200, "FAIL"),  # what callers get now they would not get then
            (FORBIDDEN, FORBIDDEN, 200, "INCONCLUSIVE"),
            (FORBIDDEN, FORBIDDEN, 403, "INCONCLUSIVE"),
            ("500 Oops", "500 Oops", 200, "FAIL"),
            ("500 Oops", "500 Oops", 500, "INCONCLUSIVE"),
            ("429 Too Many", OK, 200, "INCONCLUSIVE"),
        ],
    )
    def test_read_with_care(self, name: str, own: str, old: int, outcome: str) -> None:
        assert self.asked(name, own, old).outcome == outcome

    def test_a_target_without_a_name_is_held_against_old(self) -> None:
        assert self.asked(GONE, OK, 200, to="127.0.0.1").outcome == "FAIL"
        assert self.asked(GONE, OK, 404, to="127.0.0.1").outcome == "INCONCLUSIVE"
        assert self.asked("401 Unauthorized", OK, 200, to="127.0.0.1").outcome == "INCONCLUSIVE"
        assert self.asked(OK, OK, None, to="127.0.0.1").outcome == "PASS"

    def test_without_a_case_the_root_is_asked(self) -> None:
        unfit = [
            case(method="POST"), case("/${id}"), case(body=b"x"), case(expect=Expect(both=ExpectSide(status=(404,)))),
            replace(case(), skip="no"),
        ]  # fmt: skip
        found = self.asked(OK, OK, 200, *unfit)
        assert (found.outcome, told(found)) == ("PASS", [("dns:host", "PASS", "minor")])
        assert "GET /" in found.facts
        assert self.asked(GONE, OK, 200, *unfit, to="127.0.0.1").outcome == "INCONCLUSIVE"

    def test_as_its_caller(self) -> None:
        sent = FakeTools()
        found = self.asked(
            OK, OK, 200, case(identity="partner"), tools=sent, identities={"partner": identity("partner")}
        )
        assert found.outcome == "PASS"
        assert ("x-api-key", "partner") in sent.sent[0].headers

    def test_nothing_there(self) -> None:
        by = view(SEEN, case(), new=f"http://{NAME}:{free_ports(1)[0]}")
        found = looked(host_accepted, SEEN, by)
        assert (found.outcome, told(found)) == ("FAIL", [("dns:host", "FAIL", "critical")])
        (point,) = found.points
        assert point.new == "no answer (connection failed)"
        assert point.remedy.startswith("Open the new side's port")

    def test_by_tls(self, authority: Authority, files: ServerFiles) -> None:
        with serving(files) as port:
            assert looked(host_accepted, SEEN, at(port, authority, case())).outcome == "PASS"
        with serving(authority.certificate(NEW)) as port:
            assert looked(host_accepted, SEEN, at(port, authority, case())).outcome == "INCONCLUSIVE"
        with serving(by_name({NEW: authority.certificate(NEW)}, None)) as port:
            found = looked(host_accepted, SEEN, at(port, authority, case()))
        assert (found.outcome, told(found)) == ("FAIL", [("dns:host", "FAIL", "critical")])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_that_is_demanded_is_no_fault_of_the_name(
    authority: Authority, files: ServerFiles, version: ssl.TLSVersion
) -> None:
    context = context_of(files)
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    with serving(context) as port:
        by = at(port, authority, case())
        assert looked(certificate, SEEN, by).outcome == "PASS"
        assert looked(host_accepted, SEEN, by).outcome in {"INCONCLUSIVE", "ERROR"}


@pytest.mark.server("nginx")
def test_nginx_that_knows_one_name(tmp_path: Path, authority: Authority) -> None:
    both = authority.certificate(NAME, NEW, end=in_(90))
    body = f"if ($host != {NEW}) {{ return 421; }} location / {{ return 200 '{{}}'; }}"
    with Nginx(
        tmp_path / "nginx", [Server(body=body, tls=both), Server(body="location / { return 200; }", tls=both)]
    ) as nginx:
        refusing, serving_both = [at(port, authority, case()) for port in nginx.ports]
        found = looked(host_accepted, SEEN, refusing)
        assert (found.outcome, found.points[0].new) == ("FAIL", "421")
        assert looked(host_accepted, SEEN, serving_both).outcome == "PASS"
        assert looked(certificate, SEEN, refusing).outcome == "PASS"


def test_what_is_alike_for_all_names_is_looked_at_once(authority: Authority, files: ServerFiles) -> None:
    known: dict[object, object] = {}
    with serving(files) as port:
        by = replace(at(port, authority, case()), once=known)
        first = [looked(topic, SEEN, by).requests for topic in (without_sni, host_accepted)]
        other = survey(HERE, to=NEW)
        again = [looked(topic, other, replace(by, now=time.time())).requests for topic in (without_sni, host_accepted)]
    assert first == [{"new": 1}, {"new": 2, "old": 1}]
    assert again == [{}, {"new": 1}]
