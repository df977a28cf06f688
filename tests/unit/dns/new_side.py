"""A move whose new side is looked at: a scenario and a survey in a few lines."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.dns.facts import AtResolver, Authority, Survey, View, Zone
from harness.model.check import Tools
from harness.model.dns import Chain, Heard, Link, Points, Records, Reply, Server
from harness.model.event import CaseInfo, Checked
from harness.model.found import Found
from harness.model.gateway import Gateway
from harness.model.side import Side
from harness.model.switch import Mechanism
from harness.scenario.moving import Dns, Move, ProxySwitch, RecordSwitch, Target
from harness.scenario.types import Case, Identity, Scenario, Step
from tests.unit.security.check_bench import FakeTools

NAME, OLD, NEW = "api.example.com", "old.provider.example", "new.azure-api.example"
NOW = 1_800_000_000.0


def target(text: str) -> Target:
    """Return addresses where the text begins with a digit or a colon, else a CNAME."""
    addresses = tuple(part.strip() for part in text.split(","))
    return Target(addresses=addresses) if text[0].isdigit() or text[0] == ":" else Target(cname=text)


def way(
    *names: str, end: Sequence[str] = (), type_: str = "A", heard: Heard | None = None, trouble: str = "",
    points: Points = Points.UNKNOWN,
) -> Chain:  # fmt: skip
    """Return the way of the first name by the others to its end."""
    links = [Link(records=Records(name=a, type="CNAME", ttl=60, values=(b,)), told_by="ns") for a, b in pairwise(names)]
    if end:
        links.append(Link(records=Records(name=names[-1], type=type_, ttl=60, values=tuple(end)), told_by="ns"))
    heard = heard or (Heard.ANSWER if end else Heard.EMPTY)
    return Chain(name=names[0], type=type_, links=tuple(links), heard=heard, trouble=trouble, points=points)


def ways(*addresses: str, name: str = NEW) -> dict[str, Chain]:
    """Return the way of the new target straight to addresses."""
    four, six = [one for one in addresses if ":" not in one], [one for one in addresses if ":" in one]
    return {"A": way(name, end=four), "AAAA": way(name, end=six, type_="AAAA")}


def resolver(name: str, to: Mapping[str, Chain], now: Sequence[str] = ("192.0.2.10",), **more: Any) -> AtResolver:
    """Return a resolver that tells `to` of the new target, and `now` of the name."""
    chains = {"A": way(NAME, OLD, end=now, points=Points.OLD)} if now else {}
    return AtResolver(server=Server(name=name, address=name), chains=chains, target=to, **more)


def survey(
    *resolvers: AtResolver, to: str = NEW, old: str = OLD, own: Mapping[str, Chain] | None = None,
    here: Sequence[str] = (),
) -> Survey:  # fmt: skip
    """Return a survey; `own` is what the target's own servers tell, `here` what the name's servers tell of it now."""
    authorities: tuple[Authority, ...] = ()
    if here:
        server = Server(name="ns", address="192.0.2.53")
        said = Reply(server=server, name=NAME, type="SOA", heard=Heard.ANSWER)
        authorities = (Authority(server=server, soa=said, ns=said, chains={"A": way(NAME, end=here)}),)
    return Survey(
        move=Move(name=NAME, old=target(old), new=target(to)),
        began=NOW,
        ended=NOW,
        zone=Zone(name="example.com", authorities=authorities),
        resolvers=resolvers,
        target=own or {},
    )


def case(target: str = "/orders", **more: Any) -> Case:
    step = Step(method=more.pop("method", "GET"), target=target, **more)
    return Case(index=0, name="orders", operation=f"GET {target}", steps=(step,))


def view(
    seen: Survey, *cases: Case, old: str = "http://127.0.0.1:1", new: str = f"https://{NAME}", now: float = NOW,
    window: tuple[float, float] | None = None, ca_file: Path | None = None, connect_to: str | None = None,
    mechanism: Mechanism = Mechanism.RECORD, identities: Mapping[str, Identity] | None = None, proxy: str | None = None,
) -> View:  # fmt: skip
    switch = ProxySwitch() if mechanism is Mechanism.PROXY else RecordSwitch()
    dns = Dns(moves=(seen.move,), window=window, switch=switch)
    scenario = Scenario(
        name="s",
        files=(Path("s.yaml"),),
        digest="",
        old=Gateway(side=Side.OLD, kind="generic", url=old, ca_file=ca_file),
        new=Gateway(side=Side.NEW, kind="generic", url=new, ca_file=ca_file, connect_to=connect_to, proxy=proxy),
        identities=dict(identities or {}),
        cases=cases,
        dns=dns,
    )
    return View(scenario=scenario, dns=dns, move=seen.move, now=now)


Topic = Callable[[Survey, View, Tools], Found]


def checked(found: Found) -> Checked:
    return found.checked(CaseInfo(index=0, name="topic", operation=NAME), "dns")


def looked(topic: Topic, seen: Survey, by: View, tools: FakeTools | None = None) -> Checked:
    return checked(topic(seen, by, tools or FakeTools()))


def told(seen: Checked) -> list[tuple[str, str, str]]:
    return [(point.at, point.outcome, point.severity) for point in seen.points]
