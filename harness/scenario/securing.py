"""`security`: what the security suite asks, of whom, and where else than at the two gateways."""

from pathlib import Path

from yaml.nodes import MappingNode

from harness.model.request import ClientCertificate
from harness.model.side import Side
from harness.scenario import pem, texts
from harness.scenario.containers import ByKind, ListOf, MapOf, OrNull, pairs
from harness.scenario.context import Wrong
from harness.scenario.files import content
from harness.scenario.fill import Fills
from harness.scenario.origins import CORS
from harness.scenario.plans import LIMITS, ByCaller, Caller
from harness.scenario.record import Fields, Key, Record
from harness.scenario.requiring import check_operations, check_required
from harness.scenario.shape import Scalar, Text
from harness.scenario.signing import PAIR, pair
from harness.scenario.types import CorsPlan, Security


def _operation(text: str) -> None:
    if " " not in text and "*" not in text:
        raise Wrong(f"'{text}' is no operation", "METHOD /path, with * as wildcard, such as GET /orders*")


_BASE = Text(texts.url, fills=Fills.ALL, pattern=r"^(https?://|.*\$\{)")
_BASES: ByKind[str, tuple[str, ...], str] = ByKind(
    "a URL, or a list of URLs", scalar=_BASE, items=ListOf(_BASE, least=1)
)


def _bases(found: str | tuple[str, ...]) -> tuple[str, ...]:
    many = (found,) if isinstance(found, str) else found
    return tuple(dict.fromkeys(url.rstrip("/") for url in many))


def _closed(text: str) -> tuple[str, int]:
    texts.host_port(text)
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


_CLOSED = Scalar(_closed, {"type": "string", "pattern": r":[0-9]{1,5}$"}, expected="host:port")


def _hostile(text: str) -> bool:
    if text == "run":
        return True
    if text in {"false", "False", "FALSE"}:
        return False
    raise Wrong(f"expected run or false, got '{text}'", "write run: it sends what looks like attacks")


def _http(text: str) -> None:
    texts.url(text)
    if not text.startswith("http://"):
        raise Wrong(f"'{text}' is no plain-text address", "it begins with http://")


def _plain_text(fields: Fields) -> dict[Side, str]:
    return {side: fields[side.value].rstrip("/") for side in Side if side.value in fields}


_HTTP_URL = Text(_http, fills=Fills.ALL, pattern=r"^(http://|.*\$\{)")
_HTTP = Record(
    _plain_text,
    Key("old", _HTTP_URL, "the old side's, such as http://api.example.com"),
    Key("new", _HTTP_URL, "the new side's"),
    name="plain_text",
    about="Where each side would answer without TLS; port 80 of a name that is served on 443 if left out.",
)


def _client_ca(fields: Fields) -> ClientCertificate:
    found = pair(fields, authority=True)
    for text in pem.private_texts(found.key):
        fields.ctx.hide(text, "client_ca")
    return found


_CLIENT_CA = Record(
    _client_ca,
    *PAIR,
    name="client_ca",
    about="The authority that signs client certificates of tests; the suite makes expired ones with it.",
)


def _security(fields: Fields) -> Security:
    fields.ctx.later.append(lambda: _check_names(fields))
    return Security(
        operations=fields["operations"],
        identities=dict(fields["identities"]),
        require=tuple(dict.fromkeys(fields["require"])),
        clients_change=dict(fields["clients_change"]),
        hostile=fields["hostile"],
        cors=fields["cors"],
        direct=_doors("direct", fields),
        backend=_doors("backend", fields),
        closed=tuple(dict.fromkeys(fields["closed"])),
        limits=fields["limits"],
        public_key=_public_key(fields),
        client_ca=fields["client_ca"],
        http=fields["http"],
        written=_written(fields),
    )


def _written(fields: Fields) -> dict[str, tuple[Path, int, int]]:
    """Return where each word of `require` stands: the suite alone knows whether it has such a cell."""
    nodes = fields.nodes["require"].value if "require" in fields else []
    marks = [(word, node.start_mark) for word, node in zip(fields["require"], nodes, strict=True)]
    return {word: (Path(mark.name), mark.line + 1, mark.column + 1) for word, mark in marks}


def _check_names(fields: Fields) -> None:
    """Note globs and words that name nothing; what the cases use is only known where all of them could be read."""
    ctx = fields.ctx
    if ctx.problems:
        return
    operations = sorted(ctx.operations | ctx.asked)
    if "operations" in fields:
        nodes = fields.nodes["operations"].value
        check_operations(zip(fields["operations"], nodes, strict=True), operations, ctx)
    if "require" in fields:
        columns = [*ctx.identities, *(name for name, _ in fields["identities"])]
        check_required(zip(fields["require"], fields.nodes["require"].value, strict=True), columns, operations, ctx)


def _doors(name: str, fields: Fields) -> tuple[str, ...]:
    return _bases(fields[name]) if name in fields else ()


def _public_key(fields: Fields) -> bytes:
    if "public_key" not in fields:
        return b""
    try:
        return pem.public_key(content(fields, "public_key"))
    except Wrong as wrong:
        raise fields.refuse("public_key", wrong.message, wrong.hint) from None


def _column(text: str) -> None:
    texts.one_line(text)
    if ": " in text and text != "alg: none":
        raise Wrong(f"': ' in the name of a column, '{text}'", "`require` reads what is before it as an operation")


SECURITY = OrNull(
    Record(
        _security,
        Key(
            "operations",
            ListOf(Text(_operation), least=1),
            "the operations that are asked, with * as wildcard; all that cases use if left out",
            absent=(),
        ),
        Key(
            "identities",
            MapOf(Caller(), check_key=_column),
            "further columns of the matrix, and the caller of `credentials` in each: {disabled key: suspended}",
            absent=(),
        ),
        Key(
            "require",
            ListOf(Text(texts.one_line)),
            'what must be proven: groups, columns, or "operation: column"; * is a wildcard',
            absent=(),
        ),
        Key(
            "clients_change",
            ByCaller(Text(texts.one_line)),
            "callers that must change something to use the new side, and since when they know",
            absent=(),
        ),
        Key(
            "hostile",
            Scalar(_hostile, {"enum": ["run", False]}, expected="run or false", fills=Fills.VARS),
            "run: also send what looks like attacks (smuggling, payloads that a firewall blocks)",
            absent=False,
            default=False,
        ),
        Key("cors", CORS, "pages of browsers that call this API", absent=CorsPlan()),
        Key("direct", _BASES, "the new gateway's own addresses, which must refuse what should enter by the firewall"),
        Key("backend", _BASES, "the backend's addresses, which must refuse whoever does not come by the gateway"),
        Key("closed", ListOf(_CLOSED), "host:port that must not accept a connection from here", absent=()),
        Key("limits", LIMITS, "what callers' plans allow; without it nothing is throttled on purpose", absent=()),
        Key("public_key", Text(), "the public key of the tokens' issuer: a PEM or JWKS file, relative to this file"),
        Key("client_ca", _CLIENT_CA, "the authority that signs client certificates of tests: {cert: …, key: …}"),
        Key("http", _HTTP, "where each side would answer without TLS: {old: http://…, new: http://…}", absent={}),
        name="security",
        about="What the security suite asks; `security: {}` asks all that needs no further knowledge.",
        apart=("identities", "clients_change", "limits"),
    )
)


def check_doors(document: Fields) -> None:
    """Note a back door that is the front door: what must be refused there would be what must be let in."""
    security: Security | None = document["security"]
    if security is None:
        return
    ctx, section = document.ctx, document.nodes["security"]
    assert isinstance(section, MappingNode)
    for _, name, node in pairs(section, ctx):
        for side in Side if name in {"direct", "backend"} else ():
            if document[side.value].gateway.url in getattr(security, name):
                message = f"'{name}' is the {side.value} side's own url, where callers are to be let in"
                ctx.note(node, message, "give the address that nobody but the firewall or the gateway may use")
