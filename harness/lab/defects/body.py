"""Bodies: numbers, nulls, order, charset, bytes, length, coding, links."""

import base64
import json
import unicodedata
from dataclasses import replace
from typing import Any

from harness.lab.defects.change import at, dumps, on_body, on_call, on_json, on_reply
from harness.lab.defects.defect import Defect
from harness.lab.message import Addresses, Call, Handler, Reply
from harness.lab.wrap import Wrap

_CUT = 16 * 1024


def _as_doubles(body: bytes) -> bytes:
    """Return a document as a JavaScript engine would write it again: every number through a double."""
    return dumps(json.loads(body, parse_int=lambda text: int(float(text))))


def _texts(order: dict[str, Any]) -> dict[str, Any]:
    order["lines"] = [{**line, "quantity": str(line["quantity"])} for line in order["lines"]]
    return order


def _without_nulls(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if value is not None}


def _empty_for_null(document: dict[str, Any]) -> dict[str, Any]:
    return {key: "" if value is None else value for key, value in document.items()}


def _sorted_steps(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "steps": sorted(document["steps"])}


def _wrapped_scores(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "scores": {"value": document["scores"]}}


def _composed(document: dict[str, str]) -> dict[str, str]:
    return {**document, "nfd": unicodedata.normalize("NFC", document["nfd"])}


def _one_charset(reply: Reply) -> Reply:
    """Return text in Latin-1 under a Content-Type that says UTF-8."""
    return reply.with_header(b"Content-Type", b"text/plain; charset=utf-8")


def _latin(reply: Reply) -> Reply:
    body = reply.body.decode().encode("iso-8859-15", "replace")
    return reply.with_body(body).with_header(b"Content-Type", b"text/plain; charset=iso-8859-15")


def _as_text(body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode()


def _cut(reply: Reply) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) // 2], broken=True)


def _false_gzip(reply: Reply) -> Reply:
    return reply.with_header(b"Content-Encoding", b"gzip")


def _old_links() -> Wrap:
    """Return a wrap that goes on telling the backend the old public address."""

    def wrap(inner: Handler, addresses: Addresses) -> Handler:
        async def handle(call: Call) -> Reply:
            if call.path == b"/orders" and call.method == "GET" and b"page=" not in call.query:
                call = call.with_header(b"x-public-base", addresses.old.encode())
            return await inner(call)

        return handle

    return wrap


def _backend_links() -> Wrap:
    """Return a wrap that tells the backend nothing, so that links lead to the backend itself."""

    def wrap(inner: Handler, addresses: Addresses) -> Handler:
        async def handle(call: Call) -> Reply:
            if call.path == b"/orders/1004":
                call = call.with_header(b"x-public-base", addresses.backend.encode())
            return await inner(call)

        return handle

    return wrap


def _epoch(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "at": 1_800_000_000}


def _shorter_xml(body: bytes) -> bytes:
    return body.replace(b"<item>DESK-2</item>", b"")


DEFECTS = (
    Defect(
        name="number-precision",
        family="body",
        case="big numbers",
        at="body:$.account",
        does="Numbers pass through doubles: 9007199254740993 becomes 9007199254740992.",
        models="A body policy or script that parses and writes JSON again (seed: transformation and policy mapping).",
        front=on_body(at("/numbers"), _as_doubles),
    ),
    Defect(
        name="number-as-text",
        family="body",
        case="read an order",
        at="body:$.lines[0].quantity",
        does="quantity becomes a text.",
        models="xml-to-json, or a template that quotes values (seed: transformation and policy mapping).",
        front=on_json(at("/orders/1004", "GET"), _texts),
    ),
    Defect(
        name="null-dropped",
        family="body",
        case="null and absent",
        at="body:$.middle_name",
        does="Fields that are null are left out.",
        models="A serialiser that ignores nulls (seed: transformation and policy mapping).",
        front=on_json(at("/sparse"), _without_nulls),
    ),
    Defect(
        name="null-becomes-empty",
        family="body",
        case="null and absent",
        at="body:$.middle_name",
        does="null becomes an empty text.",
        models="A mapping template writes what is not there as an empty text (facts 1.6, VTL).",
        front=on_json(at("/sparse"), _empty_for_null),
    ),
    Defect(
        name="array-order-changed",
        family="body",
        case="steps in order",
        at="body:$.steps",
        does="An array whose order has a meaning comes sorted.",
        models="An aggregation rebuilt on the new side (seed: transformation and policy mapping).",
        front=on_json(at("/sequence"), _sorted_steps),
    ),
    Defect(
        name="array-wrapped",
        family="body",
        case="steps in order",
        at="body:$.scores",
        does="An array comes inside of an object.",
        models="A list answered as a result object by a new framework (seed: functional testing, body).",
        front=on_json(at("/sequence"), _wrapped_scores),
    ),
    Defect(
        name="unicode-normalised",
        family="body",
        case="letters of the world",
        at="body:$.nfd",
        does="Letters with combining marks are composed: the same to the eye, other bytes.",
        models="Text read and written again on the way (facts 1.6, binary: everything is UTF-8 text).",
        front=on_json(at("/unicode"), _composed),
    ),
    Defect(
        name="charset-mislabelled",
        family="body",
        case="text in Latin-1",
        at="header:content-type",
        does="Latin-1 text is said to be UTF-8.",
        models="A policy that sets Content-Type for all answers (seed: functional testing, headers).",
        front=on_reply(at("/text/latin1"), _one_charset),
    ),
    Defect(
        name="charset-changed",
        family="body",
        case="plain text",
        at="header:content-type",
        does="UTF-8 text comes in another charset.",
        models="Text read and written again with a platform's charset (facts 1.6, binary).",
        front=on_reply(at("/text"), _latin),
    ),
    Defect(
        name="binary-as-utf8",
        family="body",
        case="picture",
        at="body:byte 0",
        does="Bytes that are no UTF-8 become U+FFFD.",
        models="A media type that is not listed as binary (facts 1.6, Binary: no list, everything UTF-8 text).",
        front=on_body(at("/binary"), _as_text),
    ),
    Defect(
        name="base64-left-on",
        family="body",
        case="picture",
        at="body:byte 0",
        does="The picture comes in Base64.",
        models="isBase64Encoded is decoded only when the first Accept matches (facts 1.6, Binary).",
        front=on_body(at("/binary"), base64.b64encode),
    ),
    Defect(
        name="truncated",
        family="body",
        case="large document",
        at="response",
        does="The connection ends after half of the declared length.",
        models="A buffer or time limit in between cuts large answers (facts 2.2, limits; seed: feature parity checks).",
        front=on_reply(at("/large"), _cut),
    ),
    Defect(
        name="cut-without-a-word",
        family="body",
        case="large document",
        at="body",
        does="Large documents end after 16 KiB, with a length that fits.",
        models="A size limit in a policy or logger that keeps the first part (seed: feature parity checks, payloads).",
        front=on_body(at("/large"), lambda body: body[:_CUT]),
    ),
    Defect(
        name="wrong-content-coding",
        family="body",
        case="not compressed",
        at="header:content-encoding",
        does="Content-Encoding says gzip over a body that is not.",
        models="A body decoded by a policy that leaves the header on (facts 1.6, Compression).",
        front=on_reply(lambda call: call.path == b"/gzip" and "gzip" not in call.text(b"accept-encoding"), _false_gzip),
    ),
    Defect(
        name="compression-lost",
        family="body",
        case="compressed",
        at="header:content-encoding",
        does="Callers who accept gzip get it uncompressed.",
        models="Accept-Encoding is not handed on, and nothing else compresses (facts 1.6, Compression).",
        back=on_call(at("/gzip"), lambda call: call.without(b"accept-encoding")),
    ),
    Defect(
        name="old-address-in-links",
        family="body",
        case="list orders",
        at="body:$.links.next",
        does="Links in the first page of a list still lead to the old gateway.",
        models="A stage variable's value taken over into a named value (seed: API configuration, stage variables).",
        back=_old_links(),
    ),
    Defect(
        name="backend-address-in-links",
        family="body",
        case="read an order",
        at="body:$.links.self",
        does="The link of an order leads to the backend.",
        models="The new side sends its own Host, not the caller's (facts 2.2, To backend).",
        back=_backend_links(),
    ),
    Defect(
        name="date-format-changed",
        family="body",
        case="what time is it",
        at="body:$.at",
        does="A date-time comes as seconds since 1970.",
        models="A serialiser's setting (seed: functional testing, body).",
        front=on_json(at("/now"), _epoch),
    ),
    Defect(
        name="record-lost",
        family="body",
        case="records",
        at="body:record 4",
        does="The last record of a stream is lost.",
        models="A buffer that is not flushed at the end (facts 2.2, buffer-response).",
        front=on_body(at("/ndjson"), lambda body: b"".join(body.splitlines(keepends=True)[:-1])),
    ),
    Defect(
        name="line-ends-changed",
        family="body",
        case="table",
        at="body",
        does="CRLF becomes LF.",
        models="Text read and written again on another platform (facts 1.6, binary: everything is UTF-8 text).",
        front=on_body(at("/csv"), lambda body: body.replace(b"\r\n", b"\n")),
    ),
    Defect(
        name="xml-element-lost",
        family="body",
        case="XML",
        at="body:/order/items/item[2]",
        does="One of several elements of one name is lost.",
        models="xml-to-json and back: repeated elements become one value (seed: transformation).",
        front=on_body(at("/xml"), _shorter_xml),
    ),
    Defect(
        name="form-encoded-twice",
        family="body",
        case="form",
        at="body:$.fields.wish[0]",
        does="A form's fields are encoded twice before the backend sees them.",
        models="A policy that reads the body and writes it again (seed: transformation and policy mapping).",
        back=on_call(at("/form", "POST"), lambda call: replace(call, body=call.body.replace(b"%26", b"%2526"))),
    ),
)
