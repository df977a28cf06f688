"""`security.cors`: the pages of browsers that call this API."""

import re
from urllib.parse import urlsplit

from harness.scenario import texts
from harness.scenario.containers import ListOf
from harness.scenario.context import Wrong
from harness.scenario.fill import Fills
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Text, flag
from harness.scenario.types import CorsPlan

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DEFAULT = CorsPlan()


def _origin(text: str) -> None:
    if text == "null":
        raise Wrong("the origin 'null' is always tried, and must not get in", "remove it")
    if text == "*":
        raise Wrong("'*' is no origin", "name the pages that call this API, such as https://app.example.com")
    texts.url(text)
    parts = urlsplit(text)
    if parts.path:
        raise Wrong(f"'{text}' is no origin: it has a path", f"write {parts.scheme}://{parts.netloc}")
    if text != text.lower():
        raise Wrong(f"browsers send origins in small letters, got '{text}'", f"write {text.lower()}")


def _method(text: str) -> None:
    if not _TOKEN.fullmatch(text):
        raise Wrong(f"'{text}' is no method", "such as GET")
    if text != text.upper():
        raise Wrong(f"methods are written in capitals, got '{text}'", f"write {text.upper()}")


def _cors(fields: Fields) -> CorsPlan:
    if fields["foreign"] in fields["origins"]:
        message = f"'{fields['foreign']}' is both an origin that is let in and the foreign one"
        raise fields.refuse("foreign", message, "name one that must not get in, or leave it out")
    return CorsPlan(
        origins=tuple(dict.fromkeys(fields["origins"])),
        methods=tuple(dict.fromkeys(fields["methods"])),
        headers=tuple(dict.fromkeys(name.lower() for name in fields["headers"])),
        credentials=fields["credentials"],
        foreign=fields["foreign"],
    )


_ORIGIN = Text(_origin, fills=Fills.ALL)

CORS = Record(
    _cors,
    Key("origins", ListOf(_ORIGIN, least=1), "origins of the pages: scheme://host[:port]", required=True),
    Key("methods", ListOf(Text(_method)), "methods that the pages use", absent=()),
    Key("headers", ListOf(Text(texts.header_name)), "headers that the pages set themselves", absent=()),
    Key("credentials", flag(), "whether the pages send cookies or HTTP authentication", absent=False, default=False),
    Key(
        "foreign",
        _ORIGIN,
        "an origin that must not get in",
        absent=_DEFAULT.foreign,
        default=_DEFAULT.foreign,
    ),
    name="cors",
    about="Which pages of browsers call this API, and how (cross-origin resource sharing).",
)
