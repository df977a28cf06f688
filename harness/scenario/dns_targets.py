"""`name`, `names`, `from` and `to` of a `dns` section: which names move, and where each leads before and after."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from yaml.nodes import Node

from harness.scenario import dns_names
from harness.scenario.containers import ByKind, ListOf
from harness.scenario.context import Context, Refused
from harness.scenario.made import Made
from harness.scenario.moving import Move, Target
from harness.scenario.profiles import place
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Defs, Schema, Shape

NAME = Made(dns_names.host, pattern=dns_names.NAME)
_SIDES = ("from", "to")
_ADDRESSES = {"a", "aaaa"}
_EMPTY = "no address: the name would lead nowhere"


def _scalar(text: str) -> Target:
    if dns_names.address_or_none(text) is not None:
        return Target(addresses=(dns_names.address(text),))
    return Target(cname=dns_names.host(text))


class _Addresses(ListOf[str]):
    """Addresses, each of them once."""

    def read(self, node: Node, ctx: Context) -> tuple[str, ...]:
        """Return them in the order of the file."""
        found = super().read(node, ctx)
        _refuse_repeated(zip(found, node.value, strict=True), ctx)
        return found


def _refuse_repeated(found: Iterable[tuple[str, Node]], ctx: Context) -> None:
    first: dict[str, Node] = {}
    repeated = [(node, first[text]) for text, node in found if first.setdefault(text, node) is not node]
    for node, before in repeated:
        ctx.note(node, "the same address is there twice", f"the first is at {_where(before)}; remove one")
    if repeated:
        raise Refused


def _where(node: Node) -> str:
    mark = node.start_mark
    return f"{mark.name}:{mark.line + 1}"


def _addresses(read: Callable[[str], str]) -> ByKind[str, tuple[str, ...], None]:
    one = Made(read, pattern=dns_names.TARGET)
    return ByKind("an IP address, or a list of them", scalar=one, items=_Addresses(one, least=1, empty=_EMPTY))


def _many(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()


def _target(fields: Fields) -> Target:
    first, *others = fields.nodes
    for other in others:
        if {first, other} != _ADDRESSES:
            raise fields.refuse(other, f"both '{first}' and '{other}'", "a name leads to one of them: keep one")
    return Target(
        cname=fields["cname"] or "", alias=fields["alias"] or "", addresses=_many(fields["a"]) + _many(fields["aaaa"])
    )


TARGET: ByKind[Target, tuple[str, ...], Target] = ByKind(
    "a name, an IP address, a list of IP addresses, or a mapping",
    scalar=Made(_scalar, pattern=dns_names.TARGET),
    items=_Addresses(Made(dns_names.address, pattern=dns_names.TARGET), least=1, empty=_EMPTY),
    mapping=Record(
        _target,
        Key("cname", NAME, "the name that a CNAME record leads to"),
        Key("a", _addresses(dns_names.ipv4), "IPv4 addresses of A records"),
        Key("aaaa", _addresses(dns_names.ipv6), "IPv6 addresses of AAAA records"),
        Key("alias", NAME, "the name whose addresses an alias record copies, so that no CNAME is seen"),
        name="dns_target",
        about="Where a name leads: one of a CNAME, addresses, or an alias.",
        among=("cname", "a", "aaaa", "alias"),
        least="such as {cname: contoso-apim.azure-api.net}",
    ),
)


Targets = dict[str, tuple[Target, Node]]
"""Those of `from` and `to` that are given, each with its node."""


@dataclass(frozen=True, slots=True)
class Named:
    """An entry of `names`: the name, the node it is written at, and targets of its own with theirs."""

    name: str
    node: Node
    targets: Targets


class _Name(Shape[Named]):
    """A name that is written by itself: it leads where the section says."""

    def read(self, node: Node, ctx: Context) -> Named:
        """Return the name, with its place."""
        return Named(NAME.read(node, ctx), node, {})

    def schema(self, defs: Defs) -> Schema:
        """Return a name's."""
        return NAME.schema(defs)


def _named(fields: Fields) -> Named:
    return Named(fields["name"], fields.nodes["name"], targets_of(fields))


def targets_of(fields: Fields) -> Targets:
    """Return the targets that `from` and `to` give, each with its node."""
    return {
        side: (value if isinstance(value, Target) else Target(addresses=value), fields.nodes[side])
        for side in _SIDES
        if side in fields and (value := fields[side]) is not None
    }


TARGETS = (
    Key("from", TARGET, "where the name leads today: a name (CNAME), IP addresses, or {alias: name}"),
    Key("to", TARGET, "where it is to lead, in the same forms"),
)

NAMES = ListOf[Named](
    ByKind(
        "a name, or {name: …, from: …, to: …}",
        scalar=_Name(),
        mapping=Record(
            _named,
            Key("name", NAME, "the name, such as api.example.com", required=True),
            *TARGETS,
            name="dns_name",
            about="A name that moves, with targets of its own.",
        ),
    ),
    least=1,
    empty="no names: nothing would move",
)


def moves(fields: Fields, *, stays: bool = False) -> tuple[Move, ...]:
    """Return what moves; raise Refused once every name that cannot, or that is there twice, is noted.

    With `stays` callers are moved request by request behind the name, which goes on leading to `from`.
    """
    if "names" in fields and "name" in fields:
        raise fields.refuse("names", "both 'name' and 'names'", "keep `names`, and put the name into it")
    one = (Named(fields["name"], fields.nodes["name"], {}),) if "name" in fields else ()
    named: tuple[Named, ...] = fields["names"] or one
    troubles = _Troubles(fields.ctx)
    found = [_move(each, targets_of(fields), fields, troubles, stays=stays) for each in named]
    first: dict[str, Node] = {}
    for each in named:
        before = first.setdefault(each.name, each.node)
        if before is not each.node:
            troubles.note(each.node, "the same name is there twice", f"the first is at {_where(before)}; remove one")
    if troubles.noted:
        raise Refused
    return tuple(found)


class _Troubles:
    """Notes what is wrong with a move; what several names share is told once."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.noted: set[tuple[int, str]] = set()

    def note(self, node: Node, message: str, hint: str) -> None:
        """Note a problem."""
        if (id(node), message) not in self.noted:
            self.noted.add((id(node), message))
            self.ctx.note(node, message, hint)


_NOT_GIVEN = Target()


def _move(named: Named, shared: Targets, fields: Fields, troubles: _Troubles, *, stays: bool) -> Move:
    targets = shared | named.targets
    if stays and "from" in targets:
        targets.setdefault("to", targets["from"])
    for side in _SIDES:
        if side not in targets:
            at = named.node if "names" in fields else fields.node
            troubles.note(at, f"missing key '{side}'", "where the name leads: a name, or IP addresses")
    for target, node in targets.values():
        if target.name == named.name:
            troubles.note(node, "the name leads to itself", "the name or address that its record holds")
    old, new = (targets.get(side, (_NOT_GIVEN, named.node)) for side in _SIDES)
    if len(targets) == len(_SIDES) and stays and not _same(old[0], new[0]):
        troubles.note(new[1], "'to' is not 'from', but no record changes by this `switch`", "remove to:, or the switch")
    elif len(targets) == len(_SIDES) and not stays and _same(old[0], new[0]):
        at = named.node if len(named.targets) == 1 else new[1]
        troubles.note(at, "'from' and 'to' are the same", "nothing would move: what does the new side go by?")
    return Move(name=named.name, old=old[0], new=new[0], written=place(named.node))


def _same(old: Target, new: Target) -> bool:
    return old.name == new.name and set(old.addresses) == set(new.addresses)
