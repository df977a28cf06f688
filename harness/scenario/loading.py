"""`load`: how much is sent to both sides, of what, and what the answers are held to."""

import re
from dataclasses import replace

from yaml.nodes import Node

from harness.model.side import Side
from harness.model.threshold import Threshold
from harness.scenario import texts, thresholds, units
from harness.scenario.containers import ByKind, ListOf
from harness.scenario.context import Context, Wrong
from harness.scenario.fill import Fills
from harness.scenario.mixing import MIX
from harness.scenario.plans import Caller
from harness.scenario.profiles import EXAMPLE, PROFILE, place, requests_of
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Scalar, integer, is_null, parsed, word
from harness.scenario.types import Load, Mix, Profile

_DEFAULT = Load(profile=Profile(kind="", text=""))
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\.?|[0-9A-Fa-f:.]+")
_TOLD = ("backend_time", "history")
_SERVER_TIMING = "server-timing:"


def _threshold(text: str) -> Threshold:
    found = thresholds.parse(text)
    thresholds.check_for_load(found)
    return found


class _Threshold(Scalar[Threshold]):
    """A threshold, with the place where it is written."""

    def read(self, node: Node, ctx: Context) -> Threshold:
        """Return it."""
        found = super().read(node, ctx)
        mark = node.start_mark
        return replace(found, file=mark.name, line=mark.line + 1)


def _host(text: str) -> str:
    host = text.removeprefix("[").removesuffix("]").lower()
    name, colon, _ = host.partition(":")
    if colon and host.count(":") == 1 and "/" not in host:
        raise Wrong(f"'{text}' is no host", f"the name or the address alone: {name}")
    if not _HOST.fullmatch(host):
        raise Wrong(f"'{text}' is no host", "the name or the address alone: no scheme, no port, no wildcard")
    return host


def _milliseconds(text: str) -> float:
    return round(units.duration(text) * 1000, 6)


def _backend_header(text: str) -> str:
    folded = text.lower()
    if folded.startswith(_SERVER_TIMING):
        name = text[len(_SERVER_TIMING) :]
        if not name:
            raise Wrong(f"'{text}' names no metric", "such as server-timing:app, for `Server-Timing: app;dur=12.3`")
        texts.header_name(name)
        return _SERVER_TIMING + name
    texts.header_name(text)
    return folded


_HEADER = Scalar(
    _backend_header,
    {"type": "string", "minLength": 1},
    expected="a header such as x-backend-ms, or server-timing:app",
    fills=Fills.VARS,
)
_BACKEND_TIME = ByKind[str, None, dict[Side, str]](
    "a header, or {old: …, new: …}",
    scalar=_HEADER,
    mapping=Record(
        lambda fields: {side: fields[side.value] for side in Side if side.value in fields},
        Key("old", _HEADER, "the old side's header"),
        Key("new", _HEADER, "the new side's header"),
        name="backend_time",
        about="The header by which each side tells how long the backend took.",
        among=("old", "new"),
        least="such as {new: x-backend-ms}",
    ),
)
_HISTORY = Record(
    lambda fields: fields["last"],
    Key(
        "last",
        parsed(units.span, units.SPAN, "a time such as 7d"),
        "how far back: 24h, 7d, 4w",
        required=True,
    ),
    name="history",
    about="What the old side's monitoring has on record, which its control plane is asked for.",
)


def _load(fields: Fields) -> Load:
    callers = fields["as"] or ()
    headers = fields["backend_time"] or {}
    load = Load(
        profile=fields["profile"],
        warm_up=fields["warm_up"],
        mix=fields["mix"],
        callers=(callers,) if isinstance(callers, str) else tuple(dict.fromkeys(callers)),
        thresholds=_once_each(fields),
        order=fields["order"],
        workers=fields["workers"],
        max_rate=fields["max_rate"],
        max_requests=fields["max_requests"],
        allow=fields["allow"],
        abort_at=fields["abort_at"],
        max_lateness=fields["max_lateness"],
        backend_time=dict.fromkeys(Side, headers) if isinstance(headers, str) else headers,
        last=fields["history"],
        written=place(fields.node),
    )
    _check_bounds(load, fields)
    return load


def _once_each(fields: Fields) -> tuple[Threshold, ...]:
    """Return the thresholds; one that says the same as an earlier one is a problem."""
    found: tuple[Threshold, ...] = fields["thresholds"]
    nodes = fields.nodes["thresholds"].value if "thresholds" in fields else ()
    first: dict[Threshold, Node] = {}
    for threshold, node in zip(found, nodes, strict=False):
        meant = replace(threshold, text="", file="", line=0)
        before = first.setdefault(meant, node)
        if before is not node:
            mark = before.start_mark
            message = f"'{threshold.text}' is there twice"
            fields.ctx.note(node, message, f"the first is at {mark.name}:{mark.line + 1}; remove one")
    return found


def _check_bounds(load: Load, fields: Fields) -> None:
    """Note a profile that goes beyond the section's own bounds. What a replay comes to is known when it is read."""
    segments = load.profile.segments
    if not segments:
        return
    first = segments[0].start
    if load.warm_up and not first:
        hint = "the warm-up keeps the rate that the profile begins with: begin above 0, or remove warm_up"
        fields.ctx.note(fields.nodes["warm_up"], "a warm-up at a rate of 0 sends nothing", hint)
    planned = requests_of(segments) + round(first * load.warm_up)
    if planned > load.max_requests:
        more = " with the warm-up" if load.warm_up else ""
        message = f"{planned:,} requests a side{more}, and no more than {load.max_requests:,} may be sent"
        hint = f"a lower rate, a shorter time, or max_requests: {planned}"
        fields.ctx.note(fields.nodes["profile"], message, hint)
    peak = max(max(part.start, part.end) for part in segments)
    if load.max_rate is not None and peak > load.max_rate:
        message = f"a peak of {peak:.6g}/s a side, and no more than {load.max_rate:.6g}/s may be sent"
        fields.ctx.note(fields.nodes["profile"], message, f"a lower rate, or max_rate: {peak:.6g}")


class _Section(Record[Load]):
    """The section; one that says nothing is told what it needs."""

    def read(self, node: Node, ctx: Context) -> Load:
        """Return what the section says."""
        if is_null(node):
            raise ctx.refuse(node, "missing key 'profile'", self.keys["profile"].about)
        return super().read(node, ctx)


LOAD = _Section(
    _load,
    Key("profile", PROFILE, f"when requests arrive, on each side: {EXAMPLE}", required=True),
    Key(
        "warm_up",
        parsed(units.duration_or_none, units.DURATION, "a duration such as 10s"),
        "sent before, at the rate that the profile begins with, and not judged",
        absent=_DEFAULT.warm_up,
        default="0s",
    ),
    Key(
        "mix",
        MIX,
        "how often each case is sent: {list orders: 3, get order: 1}, or {from: access.log};"
        " every safe case of one request alike if left out",
        absent=Mix(),
    ),
    Key(
        "as",
        ByKind[str, tuple[str, ...], None](
            "a caller, or a list of callers", scalar=Caller(), items=ListOf(Caller(), least=1)
        ),
        "callers of `credentials` that send in place of the cases' own, in turn",
    ),
    Key(
        "thresholds",
        ListOf(
            _Threshold(
                _threshold,
                {"type": "string", "pattern": thresholds.PATTERN},
                expected=f"a threshold {thresholds.EXAMPLE}",
                fills=Fills.VARS,
            ),
            least=1,
            empty="no thresholds: an empty gate proves nothing",
        ),
        f"what the new side is held to, {thresholds.EXAMPLE}",
        absent=thresholds.DEFAULTS,
        default=[threshold.text for threshold in thresholds.DEFAULTS],
    ),
    Key(
        "order",
        word("interleaved", "one-after-another"),
        "both sides at once, or first old and then new",
        absent=_DEFAULT.order,
        default=_DEFAULT.order,
    ),
    Key("workers", integer(1, 64), "processes that send", absent=_DEFAULT.workers, default=_DEFAULT.workers),
    Key(
        "max_rate",
        parsed(units.rate, units.RATE, "a rate such as 100 or 100/s", number=True),
        "requests per second and side that are never exceeded; the profile's peak if left out",
    ),
    Key(
        "max_requests",
        integer(1),
        "requests per side that are never exceeded, warm-up included",
        absent=_DEFAULT.max_requests,
        default=_DEFAULT.max_requests,
    ),
    Key(
        "allow",
        ListOf(Scalar(_host, {"type": "string", "minLength": 1}, expected="a host"), least=1),
        "hosts outside this machine that may be put under load: [api.example.com]",
        absent=(),
    ),
    Key(
        "abort_at",
        parsed(units.share, units.SHARE, "a share such as 50%"),
        "share of errors of a side at which the load is stopped at once",
        absent=_DEFAULT.abort_at,
        default="50%",
    ),
    Key(
        "max_lateness",
        parsed(_milliseconds, units.DURATION, "a duration such as 50ms"),
        "how late the generator may be with its own schedule (p99) before the run proves nothing",
        absent=_DEFAULT.max_lateness,
        default="50ms",
    ),
    Key(
        "backend_time",
        _BACKEND_TIME,
        "the header that tells how long the backend took, in ms: x-backend-ms, server-timing:app, or {old: …, new: …}",
    ),
    Key("history", _HISTORY, "how much of the past is compared with: {last: 7d}", absent=_DEFAULT.last),
    name="load",
    about="A load that both sides are put under, and what the new side is held to.",
    apart=("mix", "as", "thresholds", "order", "workers", "allow", "abort_at", "max_lateness", *_TOLD),
)
