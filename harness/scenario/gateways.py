"""`old` and `new`: where each side is; `paths`: where the new side serves it elsewhere."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.model.gateway import Gateway, HttpVersion, PathMap
from harness.model.side import Side
from harness.scenario import texts
from harness.scenario.context import Wrong, guess
from harness.scenario.control import Control
from harness.scenario.controlling import CONTROL, control_of
from harness.scenario.files import existing
from harness.scenario.fill import Fills
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Scalar, Shape, Text

KINDS = ("aws-rest", "aws-http", "azure-apim", "generic")
LATER = ("aws-websocket", "wso2")
LATER_HINT = "remove it, or use a later version"


def _kind(text: str) -> str:
    if text in LATER:
        raise Wrong(
            f"gateways of kind '{text}' are not yet supported by this version", f"known now: {', '.join(KINDS)}"
        )
    if text not in KINDS:
        raise Wrong(f"'{text}' is no kind of gateway", guess(text, KINDS + LATER))
    return text


def _http(text: str) -> HttpVersion:
    if text == "1.1":
        return "1.1"
    if text in {"2", "2.0"}:
        return "2"
    raise Wrong(f"'{text}' is no HTTP version", "write 1.1 or 2")


def _proxy(fields: Fields) -> str | None:
    """Return the proxy; the user and password in its URL become secrets."""
    proxy: str | None = fields["proxy"]
    user, at, _ = (proxy or "").partition("://")[2].rpartition("@")
    if at:
        fields.ctx.hide(user, "proxy")
        fields.ctx.hide(user.partition(":")[2], "proxy")
    return proxy


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """What a side's section says: its data plane, and its control plane where that is named."""

    gateway: Gateway
    control: Control | None


def _build(side: Side) -> Callable[[Fields], Entrance]:
    def build(fields: Fields) -> Entrance:
        found = Gateway(
            side=side,
            kind=fields["kind"],
            url=fields["url"].rstrip("/"),
            connect_to=fields["connect_to"],
            ca_file=existing(fields, "ca_file"),
            http=fields["http"],
            proxy=_proxy(fields),
        )
        control = control_of(found, fields["control"], fields.ctx) if "control" in fields else None
        return Entrance(gateway=found, control=control)

    return build


def gateway(side: Side) -> Shape[Entrance]:
    """Return the shape of one side's section."""
    return Record(
        _build(side),
        Key(
            "kind",
            Scalar(_kind, {"enum": [*KINDS, *LATER]}, expected="a kind of gateway", fills=Fills.VARS),
            f"the product: {', '.join(KINDS)} (later: {', '.join(LATER)})",
            required=True,
        ),
        Key(
            "url",
            Text(texts.url, fills=Fills.ALL, pattern=r"^(https?://|.*\$\{)"),
            "http(s)://host[:port][/path]; a request's path comes after it",
            required=True,
        ),
        Key(
            "connect_to",
            Text(texts.host_port, fills=Fills.ALL),
            "host:port to connect to instead of the url's; Host and SNI stay the url's",
        ),
        Key("ca_file", Text(), "PEM file of the authorities to trust, relative to this file"),
        Key(
            "http",
            Scalar(_http, {"enum": [1.1, 2, "1.1", "2"]}, expected="1.1 or 2"),
            "1.1 or 2",
            absent="1.1",
            default=1.1,
        ),
        Key(
            "proxy",
            Text(texts.proxy, fills=Fills.ALL, hidden=True),
            "socks5h://host:port, socks5://…, http://…, or environment; none unless given",
        ),
        Key("control", CONTROL, "the control plane, read only: what monitoring tells of this side"),
        name=f"gateway_{side.value}",
        about=f"The {side.value} gateway.",
    )


_WILDCARDS = re.compile(r"\*\*?")


def _path_map(fields: Fields) -> PathMap:
    taken, given = _WILDCARDS.findall(fields["match"]), _WILDCARDS.findall(fields["new"])
    if len(taken) != len(given):
        message = f"'new' has {len(given)} wildcards, 'match' has {len(taken)}"
        raise fields.refuse(
            "new", message, "the wildcards of 'new' are filled, in order, with what those of 'match' took"
        )
    return PathMap(match=fields["match"], new=fields["new"])


PATH_MAP = Record(
    _path_map,
    Key("match", Text(texts.glob_path), "a path of the old side; * within a segment, ** across slashes", required=True),
    Key("new", Text(texts.glob_path), "where the new side serves it, with the same wildcards", required=True),
    name="path",
    about="Where the new side serves a path elsewhere; the first that matches wins.",
)
