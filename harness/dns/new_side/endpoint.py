"""The new side as clients will find it: its addresses, and what is shown there for the production name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar, cast
from urllib.parse import urlsplit

from harness.dns.asking.reach import refused
from harness.dns.facts import Survey, View
from harness.dns.surveying.translated import is_translated
from harness.model.check import Tools
from harness.model.dns import Chain, Points
from harness.model.found import Found
from harness.model.gateway import Gateway
from harness.model.outcome import Outcome, Severity
from harness.model.seen import TlsFacts
from harness.model.side import Side
from harness.scenario.texts import is_loopback

MOST_WAYS = 8
"""How many addresses of the new target are looked at."""

INTERRUPTED = "interrupted before every address of the new side was looked at"
OPEN = "Open the new side's port to its clients, or correct `to` or `new.connect_to`, before the switch."
_TIMEOUT = 5.0
_PORTS = {"http": 80, "https": 443}


def ways_in(survey: Survey, view: View) -> tuple[str, ...]:
    """Return where the new side is looked at, as host:port: `new.connect_to`, else what the new target resolves to."""
    new = view.scenario.new
    if new.connect_to:
        return (new.connect_to,)
    parts = urlsplit(new.url)
    port = parts.port or _PORTS.get(parts.scheme.lower(), 443)
    allowed = [one for one in target_addresses(survey) if not unfit(one, survey)]
    four, six = [one for one in allowed if ":" not in one], [one for one in allowed if ":" in one]
    six = six[: max(2, MOST_WAYS - len(four))]
    chosen = [*four[: MOST_WAYS - len(six)], *six]
    return tuple(f"[{one}]:{port}" if ":" in one else f"{one}:{port}" for one in chosen)


def target_addresses(survey: Survey) -> tuple[str, ...]:
    """Return every address that the new target leads to, by its own servers and by the resolvers."""
    if survey.move.new.addresses:
        return survey.move.new.addresses
    every = dict.fromkeys(address for chain in _target_chains(survey) for address in chain.addresses)
    return tuple(one for one in every if not is_translated(one))


def target_names(survey: Survey) -> frozenset[str]:
    """Return every name on the way to the new target, its own among them."""
    return frozenset(name for chain in _target_chains(survey) for name in chain.names) | {survey.move.new.name}


def _target_chains(survey: Survey) -> Iterator[Chain]:
    yield from survey.target.values()
    for at in survey.resolvers:
        yield from at.target.values()


def old_addresses(survey: Survey) -> frozenset[str]:
    """Return every address that the name leads to as long as it has not moved."""
    chains = [chain for at in survey.resolvers for chain in at.chains.values()]
    chains += [chain for one in survey.zone.authorities for chain in one.chains.values()]
    before = (chain for chain in chains if chain.points is not Points.NEW)
    return frozenset(survey.move.old.addresses) | {address for chain in before for address in chain.addresses}


def unfit(address: str, survey: Survey) -> str:
    """Return why no name of the public may lead to an address, "" if it may.

    Where the old side is on this machine too (a lab), so may be the new one.
    """
    return refused(address, lab=any(map(is_loopback, old_addresses(survey))))


def gateway(view: View, way: str, *, name: str = "") -> Gateway:
    """Return the new side as it is at `way`, asked for the production name (or for `name`)."""
    new, parts = view.scenario.new, urlsplit(view.scenario.new.url)
    port = f":{parts.port}" if parts.port else ""
    return Gateway(
        side=Side.NEW,
        kind=new.kind,
        url=f"{parts.scheme}://{name or view.move.name}{port}{parts.path}",
        connect_to=way,
        ca_file=new.ca_file,
        http=new.http,
        proxy=new.proxy,
    )


def timeout_of(view: View) -> float:
    """Return for how many seconds one look may last."""
    return min(_TIMEOUT, view.scenario.limits.timeout)


def _certificate(asked: Gateway, *, timeout: float, pause: Callable[[], None], named: bool) -> TlsFacts:
    from harness.wire.tls import certificate  # noqa: PLC0415  brings libcurl and cryptography

    return certificate(asked, timeout=timeout, pause=pause, named=named)


def looks(survey: Survey, view: View, tools: Tools, found: Found, *, named: bool = True) -> Mapping[str, TlsFacts]:
    """Return what each way in shows for the production name, as far as the user wants to wait.

    Unless `named`, no name is said, and what is shown is alike for all. Counts in `found` what was opened: for topics
    that look at the same, the first one alone opens anything.
    """
    seen: dict[str, TlsFacts] = {}
    for way in ways_in(survey, view):
        if tools.stopping():
            break
        seen[way] = _look(gateway(view, way), view, tools, found, named=named)
    return seen


def look_at_old(view: View, tools: Tools, found: Found) -> TlsFacts:
    """Return what the old side shows to a client that says no name."""
    return _look(view.scenario.old, view, tools, found, named=False)


def _look(asked: Gateway, view: View, tools: Tools, found: Found, *, named: bool) -> TlsFacts:
    def now() -> TlsFacts:
        facts = _certificate(asked, timeout=timeout_of(view), pause=tools.pause, named=named)
        found.requests[asked.side.value] += facts.connections
        return facts

    address = asked.connect_to or asked.url
    return once(view, ("by SNI", asked.url, address) if named else ("without SNI", asked.side, address), now)


T = TypeVar("T")


def once(view: View, key: object, look: Callable[[], T]) -> T:
    """Return what `look` brings, or what it brought for another name; `key` says of what."""
    if key not in view.once:
        view.once[key] = look()
    return cast("T", view.once[key])


def interrupted(survey: Survey, view: View, seen: Mapping[str, object]) -> bool:
    """Tell whether the user stopped before every way in was looked at."""
    return len(seen) < len(ways_in(survey, view))


def nothing(found: Found, survey: Survey) -> None:
    """Say that there is no address to look at."""
    why = "none may be connected to" if target_addresses(survey) else "it resolves to none"
    found.say(Outcome.INCONCLUSIVE, f"no address of the new target {survey.move.new.text} could be looked at: {why}")


def is_plain(view: View, side: Side) -> bool:
    """Tell whether a side is asked by plain http."""
    return not view.scenario.gateway(side).url.lower().startswith("https:")


def plain(found: Found, at: str, view: View) -> bool:
    """Say what plain http comes to; tell whether the new side is asked so."""
    if not is_plain(view, Side.NEW):
        return False
    if is_plain(view, Side.OLD):
        found.fact("address", old="http", new="http")
        found.tell(at, "both sides are plain http: there is no TLS to look at", severity=Severity.MAJOR)
    else:
        found.fail(
            at, f"{view.move.name} is asked by https on the old side, the new one is plain http",
            old="https", new="http",
            remedy="Write the new side's https:// address as `new.url`, and serve https there.",
        )  # fmt: skip
    return True


def covers(names: Sequence[str], host: str) -> bool:
    """Tell whether a certificate's names cover a host: a `*` stands for one whole label, the first (RFC 9525, 6.3)."""
    asked = host.lower().rstrip(".")
    label, _, rest = asked.partition(".")
    given = {one.lower().rstrip(".") for one in names}
    return asked in given or (bool(label and rest) and f"*.{rest}" in given)
