"""Statuses and error bodies."""

from dataclasses import replace
from uuid import uuid4

from harness.lab.defects.change import at, envelope, on_reply
from harness.lab.defects.defect import Defect
from harness.lab.message import Reply


def _plain_200(reply: Reply) -> Reply:
    return replace(reply, status=200) if reply.status == 201 else reply


def _soft(reply: Reply) -> Reply:
    return replace(reply, status=200) if reply.status == 422 else reply


def _replaced(reply: Reply) -> Reply:
    return envelope(404, "The requested resource was not found.") if reply.status == 404 else reply


def _internal(_: Reply) -> Reply:
    body = f'{{ "statusCode": 500, "message": "Internal server error", "activityId": "{uuid4()}" }}'.encode()
    return Reply(status=500, headers=((b"Content-Type", b"application/json"),), body=body)


def _bodiless(reply: Reply) -> Reply:
    return reply.with_body(b"")


def _with_body(reply: Reply) -> Reply:
    if reply.status != 204:
        return reply
    return Reply(status=200, headers=((b"Content-Type", b"application/json"),), body=b"{}")


DEFECTS = (
    Defect(
        name="created-becomes-ok",
        family="status",
        case="order life cycle",
        at="status",
        does="201 Created becomes 200.",
        models="A mapping that knows one status for success (seed: functional testing, status codes).",
        front=on_reply(at("/orders", "POST"), _plain_200),
    ),
    Defect(
        name="no-content-becomes-ok",
        family="status",
        case="order life cycle",
        at="status",
        does="204 without a body becomes 200 with {}.",
        models="A return-response or function that always has a body (seed: functional testing, status codes).",
        front=on_reply(at("/orders/*", "DELETE"), _with_body),
    ),
    Defect(
        name="error-becomes-ok",
        family="status",
        case="order without a sku",
        at="status",
        does="A refusal of the backend (422) is answered as 200.",
        models="A policy that sets the status whatever the backend said (seed: functional testing, status codes).",
        front=on_reply(at("/orders", "POST"), _soft),
    ),
    Defect(
        name="error-body-replaced",
        family="status",
        case="order not found",
        at="body:$.detail",
        does="The backend's own 404 document becomes the gateway's standard error.",
        models="fail-on-error-status-code with an on-error section (facts 2.2, forward-request; 7, error shapes).",
        front=on_reply(at("/orders/99999"), _replaced),
    ),
    Defect(
        name="error-body-lost",
        family="status",
        case="backend says conflict",
        at="body",
        does="An error of the backend comes without its body.",
        models="An error response that no mapping covers (facts 1.6, passthrough).",
        front=on_reply(lambda call: call.path == b"/fail" and b"409" in call.query, _bodiless),
    ),
    Defect(
        name="busy-becomes-internal-error",
        family="status",
        case="backend is busy",
        at="status",
        does="503 with Retry-After becomes 500 with an activityId.",
        models="An unhandled condition ends in 500 and activityId (facts 2.1).",
        front=on_reply(lambda call: call.path == b"/fail" and b"503" in call.query, _internal),
    ),
)
