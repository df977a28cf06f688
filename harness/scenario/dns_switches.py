"""`switch` of a `dns` section: what moves the callers, and whose control plane tells how it stands."""

import re
from collections.abc import Callable

from yaml.nodes import MappingNode, Node, ScalarNode

from harness.model.side import Side
from harness.model.switch import Mechanism
from harness.scenario import units
from harness.scenario.context import Context, Wrong, guess
from harness.scenario.fill import Fills
from harness.scenario.hiding import hide
from harness.scenario.moving import AzureSwitch, ProxySwitch, RecordSwitch, Route53Switch, Switch
from harness.scenario.planes import azure_control, azure_keys, endpoint, resource_form
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Defs, Schema, Shape, Text, parsed, what, word
from harness.scenario.signing import KEYS, signed_by
from harness.scenario.tokens import plain, region

_PROXIES = (Mechanism.PROXY.value, "application-gateway", "haproxy")
_ZONE = re.compile(r"(?:/hostedzone/)?[A-Z0-9]{1,32}")
_REGION = "us-east-1"
_TYPES = {
    Mechanism.AZURE_DNS: ("Microsoft.Network/dnsZones", "zone of Azure DNS"),
    Mechanism.TRAFFIC_MANAGER: ("Microsoft.Network/trafficManagerProfiles", "profile of Traffic Manager"),
    Mechanism.FRONT_DOOR: ("Microsoft.Cdn/profiles", "profile of Azure Front Door"),
}


def _zone(text: str) -> None:
    if not _ZONE.fullmatch(text):
        raise Wrong(
            f"'{text}' is no hosted zone's id", "such as Z0123456789ABCDEFGHIJ; looked up by the name if left out"
        )


def _route53(fields: Fields) -> Route53Switch:
    keys = signed_by(fields, region=fields["region"])
    hide(keys, "switch", fields.ctx)
    return Route53Switch(
        zone=fields["zone"].removeprefix("/hostedzone/"),
        region=fields["region"],
        keys=keys,
        endpoint=fields["endpoint"].rstrip("/"),
    )


def _azure(mechanism: Mechanism) -> Callable[[Fields], AzureSwitch]:
    def build(fields: Fields) -> AzureSwitch:
        azure = azure_control(fields, "switch")
        origins = {}
        if mechanism is not Mechanism.AZURE_DNS:
            origins = {side: fields[side.value] for side in Side if side.value in fields}
        if len(origins) > len(set(origins.values())):
            raise fields.refuse("new", "'old' and 'new' are the same", "nothing would move: name one for each side")
        if mechanism is not Mechanism.FRONT_DOOR:
            return AzureSwitch(mechanism=mechanism, azure=azure, origins=origins)
        group, takes = fields["group"], fields["takes"]
        return AzureSwitch(mechanism=mechanism, azure=azure, origins=origins, group=group, takes=takes)

    return build


def _kind(*kinds: str) -> Key:
    return Key("kind", word(*kinds), "what moves the callers", required=True)


def _origins(one: str) -> tuple[Key, ...]:
    return tuple(
        Key(side.value, plain(), f"the name of the {side.value} side's {one}; told by its target if left out")
        for side in Side
    )


_RECORD = Record(
    lambda _: RecordSwitch(),
    _kind(Mechanism.RECORD.value),
    name="dns_switch_record",
    about="A plain record of a zone whose control plane is not read.",
)
_ROUTE53 = Record(
    _route53,
    _kind(Mechanism.ROUTE53.value),
    Key("zone", Text(_zone, fills=Fills.ALL), "the hosted zone's id; looked up by the name if left out", absent=""),
    Key("region", Text(region, fills=Fills.ALL), "the region that is signed for", absent=_REGION, default=_REGION),
    *KEYS,
    endpoint("another address than Route 53's own"),
    name="dns_switch_route53",
    about="Records of a hosted zone of Amazon Route 53, weighted or not.",
)
_AZURE_DNS = Record(
    _azure(Mechanism.AZURE_DNS),
    _kind(Mechanism.AZURE_DNS.value),
    *azure_keys(*_TYPES[Mechanism.AZURE_DNS]),
    name="dns_switch_azure_dns",
    about="Records of a public zone of Azure DNS.",
)
_TRAFFIC_MANAGER = Record(
    _azure(Mechanism.TRAFFIC_MANAGER),
    _kind(Mechanism.TRAFFIC_MANAGER.value),
    *azure_keys(*_TYPES[Mechanism.TRAFFIC_MANAGER]),
    *_origins("endpoint"),
    name="dns_switch_traffic_manager",
    about="A Traffic Manager profile, which chooses an endpoint by DNS answer.",
)
_FRONT_DOOR = Record(
    _azure(Mechanism.FRONT_DOOR),
    _kind(Mechanism.FRONT_DOOR.value),
    *azure_keys(*_TYPES[Mechanism.FRONT_DOOR]),
    Key("group", plain(), "the origin group; the one that holds both sides if left out", absent=""),
    *_origins("origin"),
    Key(
        "takes",
        parsed(units.duration_or_none, units.DURATION, "a duration such as 10m"),
        "how long it takes until a change is served everywhere, as measured before the day: rollback is judged on it",
    ),
    name="dns_switch_front_door",
    about="A Front Door profile, which chooses an origin by request.",
)
_PROXY = Record(
    lambda fields: ProxySwitch(takes=fields["takes"]),
    _kind(*_PROXIES),
    Key(
        "takes",
        parsed(units.duration_or_none, units.DURATION, "a duration such as 5s"),
        "how long it takes until all of it has changed over",
        absent=ProxySwitch().takes,
        default="0s",
    ),
    name="dns_switch_proxy",
    about="An Application Gateway or another proxy is flipped: no name changes.",
)
_KINDS: dict[str, Record[RecordSwitch] | Record[Route53Switch] | Record[AzureSwitch] | Record[ProxySwitch]] = {
    Mechanism.RECORD.value: _RECORD,
    Mechanism.ROUTE53.value: _ROUTE53,
    Mechanism.AZURE_DNS.value: _AZURE_DNS,
    Mechanism.TRAFFIC_MANAGER.value: _TRAFFIC_MANAGER,
    Mechanism.FRONT_DOOR.value: _FRONT_DOOR,
    **dict.fromkeys(_PROXIES, _PROXY),
}
_WORDS: dict[str, Switch] = {Mechanism.RECORD.value: RecordSwitch(), **dict.fromkeys(_PROXIES, ProxySwitch())}
_KIND = word(*_KINDS)
_EXAMPLE = "record, proxy, or a mapping such as {kind: route53, zone: Z0123456789ABCDEFGHIJ}"


class _Switch(Shape[Switch]):
    """A word, or a mapping whose keys depend on its `kind`."""

    def read(self, node: Node, ctx: Context) -> Switch:
        """Return the mechanism."""
        if isinstance(node, ScalarNode):
            kind = _KIND.read(node, ctx)
            if kind not in _WORDS:
                raise ctx.refuse(node, f"'{kind}' needs to be told which one", _told_by(kind))
            return _WORDS[kind]
        if not isinstance(node, MappingNode):
            raise ctx.refuse(node, f"expected what moves the callers, got {what(node)}", _EXAMPLE)
        kind_node = next((value for key, value in node.value if key.value == "kind"), None)
        if kind_node is None:
            raise ctx.refuse(node, "missing key 'kind'", guess("", _KINDS))
        return _KINDS[_KIND.read(kind_node, ctx)].read(node, ctx)

    def schema(self, defs: Defs) -> Schema:
        """Return any of them."""
        shapes = dict.fromkeys(_KINDS.values())
        return {"anyOf": [{"enum": list(_WORDS)}, *(shape.schema(defs) for shape in shapes)]}


def _told_by(kind: str) -> str:
    if kind == Mechanism.ROUTE53.value:
        return "such as {kind: route53}, which looks the zone up, or {kind: route53, zone: Z0123456789ABCDEFGHIJ}"
    return f"{{kind: {kind}, resource: {resource_form(_TYPES[Mechanism(kind)][0])}}}"


SWITCH = _Switch()
