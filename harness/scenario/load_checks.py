"""What `load` says of other sections: hosts of `old` and `new`, `cases`, control planes. Checked when all are read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from yaml.nodes import MappingNode, Node

from harness.model.gateway import Gateway
from harness.model.side import Side
from harness.model.threshold import Base, Metric, Threshold
from harness.scenario.containers import pairs
from harness.scenario.context import Context, guess
from harness.scenario.control import AzureControl, Control
from harness.scenario.hiding import SHORTEST_PART
from harness.scenario.mixing import left_out, sent, unfit
from harness.scenario.texts import is_loopback
from harness.scenario.types import Case, Load


def checked(
    load: Load,
    section: Node,
    gateways: Sequence[Gateway],
    controls: Mapping[Side, Control],
    cases: Sequence[Case],
    ctx: Context,
) -> Load:
    """Return the section with each operation named as its case has it; note what does not fit the other sections."""
    assert isinstance(section, MappingNode)
    nodes = {name: value for _, name, value in pairs(section, Context(environ={}))}
    _check_hosts(load, nodes.get("allow"), section, gateways, ctx)
    candidates = _check_mix(load, nodes.get("mix"), section, cases, ctx)
    if "history" in nodes and Side.OLD not in controls:
        ctx.note(nodes["history"], "history needs the old side's control plane", _add_control(Side.OLD))
    if "thresholds" not in nodes:
        return load
    found = [
        _check_threshold(threshold, node, candidates, controls, ctx)
        for threshold, node in zip(load.thresholds, nodes["thresholds"].value, strict=True)
    ]
    return replace(load, thresholds=tuple(found))


def _check_hosts(load: Load, allow: Node | None, section: Node, gateways: Sequence[Gateway], ctx: Context) -> None:
    """Note a host that would be put under load without leave, and leave for a host that nothing is sent to."""
    for gateway in gateways:
        for host in dict.fromkeys(_sent_to(gateway)):
            if host not in load.allow and not is_loopback(host):
                shown = _shown(host, ctx)
                message = f"{shown or 'the host'} of `{gateway.side.value}` is outside this machine, and not in `allow`"
                hint = f"load is sent only to hosts that the scenario allows: add `allow: [{shown or 'its name'}]`"
                ctx.note(allow or section, message, hint)
    known = {host for gateway in gateways for host in (*_sent_to(gateway), _host(gateway.url))}
    for host, node in zip(load.allow, allow.value if allow else (), strict=True):
        if host not in known:
            ctx.note(
                node, f"'{host}' is a host of neither side", guess(host, {_shown(one, ctx) for one in known} - {""})
            )


def _sent_to(gateway: Gateway) -> Iterable[str]:
    """Yield the hosts that a load of this side goes to: `connect_to` stands in place of the url's host."""
    yield _host(f"//{gateway.connect_to}") if gateway.connect_to else _host(gateway.url)
    if gateway.proxy and "://" in gateway.proxy:
        yield _host(gateway.proxy)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _shown(host: str, ctx: Context) -> str:
    """Return a host as it may be shown: "" for one that a secret gives."""
    values = [value.lower() for value in ctx.secrets]
    secret = any(host in value or (len(value) >= SHORTEST_PART and value in host) for value in values)
    return "" if secret else host


def _check_mix(load: Load, mix: Node | None, section: Node, cases: Sequence[Case], ctx: Context) -> tuple[Case, ...]:
    """Return the cases that the load may send; note those that it names and cannot send, and that there are none."""
    weights = load.mix.weights
    if isinstance(mix, MappingNode) and weights:
        keys = {name: key for key, name, _ in pairs(mix, Context(environ={}))}
        for case in cases:
            why = unfit(case, named=True) if case.name in weights else ""
            if why:
                ctx.note(
                    keys[case.name],
                    f"'{case.name}' cannot be part of a load: {why}",
                    "change the case, or leave it out of the mix",
                )
    found = sent(load.mix, cases)
    if not found and not weights:
        reasons = "; ".join(f"'{case.name}': {left_out(load.mix, case)}" for case in cases[:3])
        ctx.note(mix or section, f"nothing to send: no case can be part of a load ({reasons})", _ADD_CASE)
    return found


_ADD_CASE = "add a case of one GET, or name unsafe cases of one request that say `unsafe: run` in `mix`"


def _check_threshold(
    threshold: Threshold, node: Node, candidates: Sequence[Case], controls: Mapping[Side, Control], ctx: Context
) -> Threshold:
    if threshold.metric is Metric.CAPACITY and not isinstance(controls.get(Side.NEW), AzureControl):
        hint = _add_control(Side.NEW) if Side.NEW not in controls else "remove it"
        ctx.note(node, f"'{threshold.text}': only a service of Azure API Management tells its capacity", hint)
    if threshold.bound.base is Base.HISTORY and Side.OLD not in controls:
        ctx.note(node, f"'{threshold.text}' needs the old side's control plane", _add_control(Side.OLD))
    if not threshold.operation or not candidates:
        return threshold
    operation = next((case.operation for case in candidates if threshold.operation in _names(case)), "")
    if operation:
        return replace(threshold, operation=operation)
    names = {case.operation for case in candidates}
    ctx.note(node, f"the load sends no '{threshold.operation}'", guess(threshold.operation, names))
    return threshold


def _names(case: Case) -> tuple[str, str]:
    """Return what a case may be called by: its operation, or its own method and path."""
    step = case.steps[0]
    return case.operation, f"{step.method} {step.target.partition('?')[0]}"


def _add_control(side: Side) -> str:
    return f"add `control: {{…}}` to `{side.value}`"
