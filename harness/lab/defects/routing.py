"""Routing: which requests the new side takes, and what it hands on of them."""

from dataclasses import replace
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

from harness.lab.defects.change import at, instead, on_call
from harness.lab.defects.defect import Defect
from harness.lab.message import Call, Reply
from harness.lab.settings_apim import ApimSettings


def _lower_path(call: Call) -> Call:
    return replace(call, path=b"/orders" + call.path[len(b"/orders") :])


def _decoded_slash(call: Call) -> Call:
    return replace(call, path=unquote_to_bytes(call.path.replace(b"%2f", b"%2F")))


def _last_of_each(call: Call) -> Call:
    last = dict(parse_qsl(call.query.decode("latin-1"), keep_blank_values=True))
    return replace(call, query=urlencode(last).encode())


def _decoded_query(call: Call) -> Call:
    return replace(call, query=call.query.replace(b"%2B", b"+"))


def _without_blank(call: Call) -> Call:
    return replace(call, query=b"&".join(part for part in call.query.split(b"&") if not part.endswith(b"=")))


def _without(settings: ApimSettings, method: str, template: str) -> ApimSettings:
    kept = tuple(one for one in settings.operations if (one.method, one.template) != (method, template))
    return replace(settings, operations=kept)


def _wrong_method(_: Call) -> Reply:
    body = b'{"error":"method not allowed"}'
    headers = ((b"Content-Type", b"application/json"), (b"Allow", b"GET"))
    return Reply(status=405, headers=headers, body=body)


def _empty_preflight(_: Call) -> Reply:
    return Reply(status=200, headers=((b"Content-Length", b"0"),))


DEFECTS = (
    Defect(
        name="path-case-insensitive",
        family="routing",
        case="path in other letters",
        at="status",
        does="GET /Orders/1004 is taken for /orders/1004 and answered.",
        models="Paths of Amazon API Gateway are case-sensitive; URL matching elsewhere often is not (facts 1.4, 7).",
        front=on_call(at("/Orders/*"), _lower_path),
    ),
    Defect(
        name="trailing-slash-refused",
        family="routing",
        case="slash at the end",
        at="status",
        does="A path with a slash at its end finds no operation.",
        models="Amazon API Gateway ignores a trailing slash when it matches; URL templates do not (facts 1.4, Path).",
        settings=lambda settings: replace(settings, slash_at_end=False),
    ),
    Defect(
        name="encoded-slash-decoded",
        family="routing",
        case="encoded slash",
        at="body:$.path",
        does="%2F in a path reaches the backend as a slash.",
        models="A rewrite-uri policy or a proxy in front decodes the path once too often (facts 1.4, query and path).",
        back=on_call(at("/echo/*"), _decoded_slash),
    ),
    Defect(
        name="repeated-query-keys-lost",
        family="routing",
        case="repeated query keys",
        at="body:$.query.tag",
        does="Of a query key that is there several times only the last value reaches the backend.",
        models="Query strings turned into a map by a policy or mapping template (facts 1.4, query strings).",
        back=on_call(lambda call: call.path == b"/echo" and b"tag=" in call.query, _last_of_each),
    ),
    Defect(
        name="query-plus-decoded",
        family="routing",
        case="encoded query",
        at="body:$.query.q",
        does="%2B in a query reaches the backend as +, which it reads as a blank.",
        models="Parameters decoded before the backend and not encoded again (facts 1.4, query strings).",
        back=on_call(lambda call: call.path == b"/echo" and b"q=" in call.query, _decoded_query),
    ),
    Defect(
        name="empty-query-value-lost",
        family="routing",
        case="encoded query",
        at="body:$.query.empty",
        does="A query key without a value does not reach the backend.",
        models="A policy that copies only parameters with a value (facts 1.4, query strings).",
        back=on_call(lambda call: call.path == b"/echo" and b"q=" in call.query, _without_blank),
    ),
    Defect(
        name="head-refused",
        family="routing",
        case="head of a product",
        at="status",
        does="HEAD /products/{sku} finds no operation.",
        models="HEAD needs an operation of its own, which an import leaves out (facts 2.1, OperationNotFound).",
        settings=lambda settings: _without(settings, "HEAD", "/products/{sku}"),
    ),
    Defect(
        name="preflight-unanswered",
        family="routing",
        case="preflight",
        at="header:access-control-allow-origin",
        does="A preflight gets an empty 200 without any CORS header.",
        models="A cors policy whose origins do not match answers every preflight so (facts 2.2, CORS).",
        front=instead(at("/orders", "OPTIONS"), _empty_preflight),
    ),
    Defect(
        name="wrong-method-405",
        family="routing",
        case="wrong method",
        at="status",
        does="A method that no operation has is answered with 405 and a body of its own.",
        models="A wildcard operation hands every method to a backend; the old gateway said 403 (facts 1.1, 2.1).",
        front=instead(at("/tags", "OPTIONS"), _wrong_method),
    ),
    Defect(
        name="operation-not-imported",
        family="routing",
        case="table",
        at="status",
        does="GET /csv is not there.",
        models="An operation that the exported definition did not hold (seed: process, import and recreate APIs).",
        settings=lambda settings: _without(settings, "GET", "/csv"),
    ),
    Defect(
        name="greedy-path-lost",
        family="routing",
        case="encoded slash",
        at="status",
        does="GET /echo/{anything}/{more} is not there.",
        models="A {proxy+} resource imported as a template of one segment (facts 1.2, routing order).",
        settings=lambda settings: _without(settings, "GET", "/echo/*"),
    ),
)
