"""Small gateways that answer as products do (facts about gateways §1.1, §1.2, §2.1): a table of operations behind a key."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from tests.servers.plain import Answer, Asked, PlainServer

KEY = "partner-key-0f3a9c71d2"
Says = Callable[[Asked], Answer]
After = Callable[[Asked, Answer], Answer]
Operations = Mapping[tuple[str, str], tuple[bool, Says]]
"""(method, path) → whether a key is needed, and what the backend says."""


def document(status: int, body: Any, *headers: tuple[str, str]) -> Answer:
    return Answer(
        status=status, headers=(("Content-Type", "application/json"), *headers), body=json.dumps(body).encode()
    )


def page(status: int, text: str = "no") -> Answer:
    return Answer(status=status, headers=(("Content-Type", "text/html"),), body=f"<html>{text}</html>".encode())


def bare(status: int, *headers: tuple[str, str]) -> Answer:
    return Answer(status=status, headers=headers, body=b"")


def say(body: Any, status: int = 200, *headers: tuple[str, str]) -> Says:
    return lambda _: document(status, body, *headers)


def amazon(status: int, text: str, kind: str) -> Answer:
    return document(status, {"message": text}, ("x-amzn-ErrorType", kind))


def azure(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    return document(status, {"statusCode": status, "message": text}, *headers)


_NO_KEY = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API."
)
_CHALLENGE = 'AzureApiManagementKey realm="https://x/a",name="Ocp-Apim-Subscription-Key",type="header"'
_TOO_LONG = "Request Header Fields Too Large"
REFUSALS: dict[str, dict[str, Answer]] = {
    "aws-rest": {
        "route": amazon(403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
        "key": amazon(403, "Forbidden", "ForbiddenException"),
        "big": Answer(status=413, headers=(), body=b"HTTP content length exceeded 10485760 bytes."),
        "long": bare(431),
    },
    "aws-http": {
        "route": document(404, {"message": "Not Found"}),
        "key": document(401, {"message": "Unauthorized"}),
        "big": document(413, {"message": "Request Entity Too Large"}),
        "long": document(431, {"message": _TOO_LONG}),
    },
    "azure-apim": {
        "route": azure(404, "Resource not found"),
        "key": azure(401, _NO_KEY, ("WWW-Authenticate", _CHALLENGE)),
    },
    "generic": {"route": page(404, "404 Not Found"), "key": page(401), "big": bare(413), "long": bare(414)},
}
LONGEST, BIGGEST = 10_240, 10_485_760


def _names(kind: str) -> tuple[tuple[str, str], ...]:
    if kind == "aws-rest":
        return (("x-amzn-RequestId", str(uuid4())), ("x-amz-apigw-id", "c2FtcGxl="))
    return (("apigw-requestid", str(uuid4())),) if kind == "aws-http" else ()


def product(
    kind: str,
    operations: Operations,
    *,
    header: str = "x-api-key",
    refusals: Mapping[str, Answer] | None = None,
    after: After | None = None,
    lenient: bool = False,
) -> PlainServer:
    """Return a gateway; `lenient` reads paths in any case and with slashes at their end, `after` has the last word."""
    says_no = {**REFUSALS[kind], **(refusals or {})}

    def decide(asked: Asked) -> Answer:
        headers = {name.lower(): value for name, value in asked.headers.items()}
        path, method = asked.target.partition("?")[0], asked.method
        if kind == "aws-rest":
            method = headers.get("x-http-method-override", method)
        if lenient:
            path = path.lower()
        if lenient or kind == "aws-rest":
            path = path.rstrip("/") or "/"
        total = sum(len(name) + len(value) + 4 for name, value in headers.items())
        if "long" in says_no and max(len(asked.target), total) > LONGEST:
            return says_no["long"]
        if "big" in says_no and len(asked.body) > BIGGEST:
            return says_no["big"]
        if (method, path) not in operations:
            return says_no["route"]
        guarded, says = operations[method, path]
        return says_no["key"] if guarded and headers.get(header.lower()) != KEY else says(asked)

    def behave(asked: Asked) -> Answer:
        answer = decide(asked)
        answer = after(asked, answer) if after else answer
        return answer if answer.raw is not None else replace(answer, headers=answer.headers + _names(kind))

    return PlainServer(behave)
