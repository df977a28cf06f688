"""JSON objects → recorded requests: API Gateway, API Management, HAR, and lines of our own.

Sources: Amazon API Gateway developer guide ($context variables); Azure Monitor reference for Microsoft.ApiManagement
(GatewayLogs of a diagnostic setting, ApiManagementGatewayLogs of Log Analytics); HAR 1.2.
"""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from harness.model.recording import RecordedRequest
from harness.model.request import Headers
from harness.recordings import parts
from harness.recordings.moments import moment
from harness.recordings.recording import Unread
from harness.scenario.texts import is_sensitive

_MOST_HEADERS = 200
_LARGEST_BODY = 10_000_000

# What templates commonly call $context.domainName ("the full domain name used to invoke the API; this should be the
# same as the incoming Host header"), and what tells callers apart; an API key itself is a secret and is not among them.
_HOST_NAMES = ("domainname", "domain_name", "host")
_CLIENT_NAMES = ("apikeyid", "api_key_id", "ip", "sourceip", "source_ip", "clientip", "client_ip", "client")

Told = Mapping[str, Any]
"""An object's members by lower-case name."""


def lowered(found: object) -> Told:
    """Return an object's members by lower-case name; raises Unread."""
    if not isinstance(found, dict):
        raise Unread("no JSON object")
    return {str(name).lower(): value for name, value in found.items()}


def aws(told: Told, number: int) -> RecordedRequest:
    """Read what API Gateway logs under the names of its $context variables; raises Unread."""
    if "httpmethod" not in told and "routekey" not in told:
        raise Unread("no line of an API Gateway access log")
    route = _said(told, "routekey")
    asked = _said(told, "httpmethod") or str(route or "").partition(" ")[0]
    return RecordedRequest(
        at=moment(_said(told, "requesttimeepoch", "requesttime")),
        method=parts.method(asked),
        target=parts.target(_said(told, "path", "resourcepath") or route),
        status=parts.status(_said(told, "status")),
        duration_ms=parts.milliseconds(_said(told, "responselatency", "integrationlatency", "latency")),
        line=number,
        host=parts.host(_said(told, *_HOST_NAMES)),
        client=parts.client(_said(told, *_CLIENT_NAMES)),
    )


def apim(told: Told, number: int) -> RecordedRequest:
    """Read a record of API Management's GatewayLogs; raises Unread."""
    properties = told.get("properties")
    if isinstance(properties, str):  # some exports write it as a text
        try:
            properties = json.loads(properties)
        except (ValueError, RecursionError):
            raise Unread("a record whose properties cannot be read") from None
    if properties is None and not {"timegenerated", "responsecode"} & set(told):
        raise Unread("no record of API Management")
    if str(told.get("category", "GatewayLogs")) != "GatewayLogs":
        raise Unread("a record that is not of the category GatewayLogs")
    inner = told if properties is None else lowered(properties)
    took = _said(inner, "totaltime")
    return RecordedRequest(
        at=moment(_said(told, "timegenerated", "time")),
        method=parts.method(_said(inner, "method")),
        target=parts.target(_said(inner, "url")),
        status=parts.status(_said(inner, "responsecode")),
        duration_ms=parts.milliseconds(_said(told, "durationms") if took is None else took),
        line=number,
        host=parts.host(_whole_url(_said(inner, "url"))),
        client=parts.client(_said(inner, "apimsubscriptionid", "calleripaddress") or _said(told, "calleripaddress")),
    )


def own(told: Told, number: int) -> RecordedRequest:
    """Read `{"at", "method", "target" (or url, path), "headers", "body", "status", "duration_ms"}`; raises Unread."""
    if "method" not in told:
        raise Unread("no request: no method")
    body = told.get("body")
    if body is not None and not isinstance(body, str):
        body = json.dumps(body)
    return RecordedRequest(
        at=moment(_said(told, "at")),
        method=parts.method(told["method"]),
        target=parts.target(_said(told, "target", "url", "path")),
        headers=_headers(told.get("headers")),
        body=None if body is None else _bounded(body),
        status=parts.status(told.get("status")),
        duration_ms=parts.milliseconds(told.get("duration_ms")),
        line=number,
        host=_host_of(_said(told, "url", "target"), told.get("headers")) or parts.host(_said(told, *_HOST_NAMES)),
        client=parts.client(_said(told, *_CLIENT_NAMES)),
    )


def har(told: Told, number: int) -> RecordedRequest:
    """Read an entry of a HAR; raises Unread. What identifies a caller (Authorization, Cookie, keys) is dropped."""
    asked, answered = told.get("request"), told.get("response")
    if not isinstance(asked, dict):
        raise Unread("an entry without a request")
    return RecordedRequest(
        at=moment(told.get("starteddatetime")),
        method=parts.method(asked.get("method")),
        target=parts.target(asked.get("url")),
        headers=_headers(asked.get("headers")),
        body=_posted(asked.get("postData")),
        status=parts.status(answered.get("status")) if isinstance(answered, dict) else None,
        duration_ms=parts.milliseconds(told.get("time")),
        line=number,
        host=_host_of(asked.get("url"), asked.get("headers")),
    )


def _host_of(url: object, headers: object) -> str:
    """Return the host that was asked for: by the Host header, else by the URL."""
    asked = (value for name, value in _pairs(headers) if str(name).lower() in {"host", ":authority"})
    return next((host for one in (*asked, _whole_url(url)) if (host := parts.host(one))), "")


def _whole_url(text: object) -> object:
    """Return a text that is a URL with its host; None for a path."""
    return text if isinstance(text, str) and text[:8].lower().startswith(("http://", "https://")) else None


def _said(told: Told, *names: str) -> Any:
    """Return the first of these that says something."""
    return next((told[name] for name in names if told.get(name) not in (None, "", "-")), None)


def _headers(found: object) -> Headers:
    """Return headers of a mapping, or of a list of {name, value} or [name, value]; secrets are not among them."""
    return tuple(
        (name, value)
        for name, value in _pairs(found)
        if isinstance(name, str) and isinstance(value, str) and name[:1] not in {"", ":"} and not is_sensitive(name)
    )


def _pairs(found: object) -> list[tuple[object, object]]:
    if isinstance(found, dict):
        return list(found.items())[:_MOST_HEADERS]
    return [_pair(one) for one in found[:_MOST_HEADERS]] if isinstance(found, list) else []


def _pair(one: object) -> tuple[object, object]:
    if isinstance(one, dict):
        return one.get("name"), one.get("value")
    return (one[0], one[1]) if isinstance(one, list) and len(one) == 2 else (None, None)


def _posted(found: object) -> bytes | None:
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        return None
    if found.get("encoding") != "base64":
        return _bounded(found["text"])
    try:
        return b64decode(found["text"][: _LARGEST_BODY * 4 // 3 + 4], validate=True)[:_LARGEST_BODY]
    except (binascii.Error, ValueError):
        raise Unread("a body that is no base64") from None


def _bounded(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > _LARGEST_BODY:
        raise Unread(f"a body of more than {_LARGEST_BODY:,} bytes")
    return data
