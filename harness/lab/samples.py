"""Answers of the sample backend that never change: one of each kind that gateways are known to spoil."""

import gzip
import unicodedata
from functools import lru_cache

from harness.lab.answers import JSON, dumps, json_reply, text_reply
from harness.lab.message import Reply

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 16
_RECORD = 96

_NUMBERS = (
    b'{"account":9007199254740993,"ledger":18446744073709551617,"wide":123456789012345678901234567890,'
    b'"rate":0.1234567890123456789,"exponent":1e0,"trailing":12.50,"small":1E-7,"negative_zero":-0.0,"plain":42}'
)

_UNICODE = {
    "nfc": unicodedata.normalize("NFC", "Ångström café"),
    "nfd": unicodedata.normalize("NFD", "Ångström café"),
    "astral": "\U0001d4aarder \U0001f6d2\U0001f469\u200d\U0001f4bb",
    "rtl": "הזמנה 42 مرحبا",
    "zero_width": "a\u200bb\ufeffc",
    "quotes": "\u201cok\u201d \u2018ok\u2019 \u2026 \u2028",
}

_TEXT = "Terms of delivery\n\nOrders leave within 2 days.\nReturns: 30 days.\nPrices in € include VAT.\n"
_CSV = "id;customer;total\r\n1001;Ada;43.98\r\n1002;Zoë;19.99\r\n1003;José;7.50\r\n"
_XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<order xmlns="urn:lab:orders" id="1001"><customer vip="false">Ada &amp; Zoë</customer>'
    "<items><item>LAMP-1</item><item>DESK-2</item><item>LAMP-1</item></items></order>\n"
)
_RECORDS = [{"id": 1001 + number, "event": event} for number, event in enumerate(("made", "paid", "sent", "gone"))]


def picture() -> Reply:
    """Return bytes of every value, as a PNG."""
    return text_reply(PICTURE, b"image/png")


def numbers() -> Reply:
    """Return numbers that a double cannot hold, or writes in another way."""
    return Reply(status=200, headers=((b"Content-Type", JSON),), body=_NUMBERS)


def unicode() -> Reply:
    """Return text in two normal forms, beyond the basic plane and from right to left."""
    return json_reply(_UNICODE)


def sparse() -> Reply:
    """Return null, absent, empty and zero side by side."""
    return json_reply({"first_name": "Ada", "middle_name": None, "title": "", "visits": 0, "tags": [], "address": {}})


def sequence() -> Reply:
    """Return an array whose order has a meaning."""
    return json_reply({"steps": ["pick", "pack", "label", "ship"], "scores": [3, 1, 2]})


def text() -> Reply:
    """Return plain text with letters outside of ASCII."""
    return text_reply(_TEXT.encode(), b"text/plain; charset=utf-8")


def latin() -> Reply:
    """Return plain text in another charset than UTF-8."""
    return text_reply(_TEXT.replace("€", "£").encode("latin-1"), b"text/plain; charset=iso-8859-1")


def csv() -> Reply:
    """Return a table with CRLF line ends."""
    headers = ((b"Content-Disposition", b'attachment; filename="orders.csv"'),)
    return text_reply(_CSV.encode(), b"text/csv; charset=utf-8", headers)


def xml() -> Reply:
    """Return XML with a namespace and attributes."""
    return text_reply(_XML.encode(), b"application/xml; charset=utf-8")


def ndjson() -> Reply:
    """Return one JSON record a line."""
    return text_reply(b"".join(dumps(record) + b"\n" for record in _RECORDS), b"application/x-ndjson")


def cookies() -> Reply:
    """Return several cookies with their flags."""
    return json_reply(
        {"signed_in": True},
        headers=(
            (b"Set-Cookie", b"sid=4f1c9a; Path=/; Secure; HttpOnly; SameSite=Lax"),
            (b"Set-Cookie", b"theme=dark; Path=/; Max-Age=86400"),
            (b"Set-Cookie", b"lang=sv; Path=/; Expires=Wed, 01 Jan 2031 00:00:00 GMT"),
        ),
    )


@lru_cache(maxsize=16)
def large(kilobytes: int) -> Reply:
    """Return a JSON document of about so many kilobytes, the same each time."""
    count = max(1, kilobytes * 1024 // _RECORD)
    items = [{"n": n, "sku": f"SKU-{n:07d}", "text": f"record {n:07d} " + "x" * 31} for n in range(count)]
    return json_reply({"count": count, "items": items})


@lru_cache(maxsize=16)
def deep(levels: int) -> Reply:
    """Return objects inside of objects."""
    body = b'{"level":%d,"next":' * levels % tuple(range(levels))
    return Reply(status=200, headers=((b"Content-Type", JSON),), body=body + b"null" + b"}" * levels)


@lru_cache(maxsize=2)
def catalogue(*, compressed: bool) -> Reply:
    """Return a document that is compressed for callers who accept that."""
    body = dumps({"products": [{"sku": f"P-{n:03d}", "name": f"Product {n}", "stock": n * 7 % 50} for n in range(60)]})
    headers = ((b"Content-Type", JSON), (b"Vary", b"Accept-Encoding"))
    if not compressed:
        return Reply(status=200, headers=headers, body=body)
    return Reply(status=200, headers=(*headers, (b"Content-Encoding", b"gzip")), body=gzip.compress(body, mtime=0))
