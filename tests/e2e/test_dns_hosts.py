"""Whom a survey of names asks, watched from outside: its own servers, and those of a delegation on port 53 alone.

Everything that could lead away is tried at once: proxies of the environment, name servers at addresses of a cloud's
metadata, of this machine and of nobody, a target that is said to be there, a control plane that redirects.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.dns_stage import Stage, stage
from tests.e2e.dns_world import NAME
from tests.e2e.test_security_hosts import environment_of
from tests.servers.netns import Network
from tests.servers.nsd import Nsd, zone_text
from tests.servers.plain import Answer, PlainServer
from tests.servers.tls import Authority
from tests.servers.unbound import Unbound
from tests.servers.watched import Address, watched

pytestmark = pytest.mark.server("strace")

PROFILE = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Network/trafficManagerProfiles/orders"
ROOT, SERVERS, RESOLVER, PRIVATE = "192.0.2.1", "192.0.2.11", "192.0.2.53", "10.9.8.7"
NOWHERE = ("169.254.169.254", "127.0.0.1", "224.0.0.1", "0.0.0.0", "255.255.255.255", "240.0.0.1")
NOWHERE_V6 = ("::1", "fe80::1", "ff02::1", "::", "::ffff:169.254.169.254")
GW = "gw.sides.test"


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        yield found


@pytest.mark.server("unbound")
def test_with_servers_given_nobody_else_is_asked(made: Stage, tmp_path: Path, authority: Authority) -> None:
    with ExitStack() as stack:
        trap = stack.enter_context(PlainServer(lambda _: Answer(status=404)))
        moved = Answer(status=307, headers=(("Location", f"{trap.url}/stolen"),))
        control = stack.enter_context(PlainServer(lambda _: moved))
        tls = authority.certificate("resolver.test", "127.0.0.1")
        unbound = stack.enter_context(Unbound({".": f"127.0.0.1@{made.names.port}"}, tls=tls))
        over_tls = {"address": "127.0.0.1", "host": "resolver.test", "ca_file": str(authority.ca_file)}
        resolvers = [
            {"name": "over HTTPS", "protocol": "doh", "port": unbound.doh_port, **over_tls},
            {"name": "over TLS", "protocol": "dot", "port": unbound.dot_port, **over_tls},
            {"name": "resolver", "address": made.names.address, "port": made.names.port},
        ]
        switch = {"kind": "traffic-manager", "resource": PROFILE, "endpoint": control.url, "token": "a-token-of-azure"}
        file = made.scenario(tmp_path / "run", resolvers=resolvers, switch=switch, wait="1s")
        env = {**environment_of(trap.url, tmp_path), "IDENTITY_ENDPOINT": trap.url, "MSI_ENDPOINT": trap.url}
        seen = watched("rehearse", file, "--suite", "dns", cwd=file.parent, env=env)
        ports = {made.names.port, made.old.port, made.new.port, unbound.doh_port, unbound.dot_port, _port(control.url)}
        assert seen.addresses == {("127.0.0.1", port) for port in ports}, seen.done.out[-3000:] + seen.done.err
        assert control.asked
        assert not trap.asked
    assert "a redirect, which is not followed" in json.dumps(seen.done.report)
    planned = watched("plan", file, cwd=file.parent, env=env)
    assert (planned.done.code, planned.addresses) == (0, frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What runs in a network of the test's own."""

    stage: Stage
    network: Network


def _zones() -> dict[str, str]:
    here = f"@ NS ns\nns A {SERVERS}\n"
    bad = "\n".join(
        [
            *(f"@ NS bad{at}\nbad{at} A {address}" for at, address in enumerate(NOWHERE)),
            *(f"@ NS six{at}\nsix{at} AAAA {address}" for at, address in enumerate(NOWHERE_V6)),
        ]
    )
    return {
        "example.test": zone_text("example.test", f"{here}@ NS inner\ninner A {PRIVATE}\n{bad}\napi CNAME {GW}."),
        "sides.test": zone_text("sides.test", f"{here}gw A 192.0.2.31\nstolen A 169.254.169.254\nstolen AAAA fe80::1"),
    }


def _root() -> dict[str, str]:
    delegated = "\n".join(
        [
            *(f"example NS bad{at}.example\nbad{at}.example A {address}" for at, address in enumerate(NOWHERE)),
            f"example NS ns.example\nns.example A {SERVERS}\nsides NS ns.sides\nns.sides A {SERVERS}",
        ]
    )
    root = f"@ NS ns.root.\nns.root. A {ROOT}\ntest. NS ns.test.\nns.test. A {ROOT}"
    return {".": zone_text(".", root), "test": zone_text("test", f"@ NS ns\nns A {ROOT}\n{delegated}")}


def _start(stack: ExitStack, folder: Path) -> Stage:
    stack.enter_context(Nsd(_root(), ROOT, 53))
    stack.enter_context(Nsd(_zones(), SERVERS, 53))
    stack.enter_context(Unbound({".": ROOT, "example.test": SERVERS}, RESOLVER, 53))
    return stack.enter_context(stage(folder))


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    with Network([ROOT, SERVERS, RESOLVER]) as network, ExitStack() as stack:
        try:
            yield Inside(stage=network.run(partial(_start, stack, tmp_path)), network=network)
        finally:
            network.run(stack.pop_all().close)


@pytest.mark.server("nsd")
@pytest.mark.server("unbound")
@pytest.mark.server("netns")
def test_a_delegation_leads_to_name_servers_alone(inside: Inside, tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text(f"nameserver {RESOLVER}\nsearch elsewhere.test\n")
    section: dict[str, Any] = {"name": NAME, "from": GW, "to": "stolen.sides.test", "timeout": "300ms"}
    section |= {"authorities": "delegation", "resolvers": ["system"]}
    file = inside.stage.scenario(tmp_path / "run", **section)
    scenario = json.loads(file.read_text())
    del scenario["new"]["connect_to"]
    file.write_text(json.dumps(scenario))
    env = environment_of("http://127.0.0.1:9", tmp_path)
    seen = watched(
        "rehearse", file, "--suite", "dns", cwd=file.parent, env=env,
        inside=lambda line: inside.network.command(line, resolv_conf=conf),
    )  # fmt: skip
    named: set[Address] = {(address, 53) for address in (ROOT, SERVERS, RESOLVER, PRIVATE)}
    sides = {("127.0.0.1", inside.stage.old.port)}
    assert seen.addresses <= named | sides, f"{seen.addresses - named - sides}\n{seen.done.out[-3000:]}"
    assert named <= seen.addresses
    told = json.dumps(seen.done.report)
    assert seen.done.code in {1, 5}, seen.done.out + seen.done.err
    assert "this machine's own address" in told
