"""Firewall parity: what the old side's firewall blocks, the new side's must block, wherever in a request it stands.

Hostile traffic: made only where `security.hostile: run` says so.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

from harness.model.probe import Group, Probe, Reads
from harness.model.request import Headers
from harness.scenario.marks import escaped
from harness.scenario.types import Step
from harness.security.draft import Draft
from harness.security.operation import Operation
from harness.security.paths import first_caller, plainest
from harness.security.payloads import PADDINGS, PAYLOADS, SCANNER

FIELD = "cutover_probe"
HEADER = "X-Cutover-Probe"
_OFF = "hostile traffic is off: say `security: {hostile: run}`"
_KB = 1024
_BEHIND = PAYLOADS[0]


def add(draft: Draft) -> None:
    """Add all probes of the firewall, or a word that they are off."""
    if not draft.security.hostile:
        _leave_out(draft, "attack-shaped requests", _OFF)
        return
    get = plainest(draft.operations, "GET")
    if get is None:
        _leave_out(draft, "in the query and in headers", "no GET operation that a case is let in to")
    else:
        _in_get(draft, get)
    posts = [one for one in draft.operations if one.step.method == "POST" and one.unsafe == "run"]
    _in_json(draft, plainest([one for one in posts if _document(one.step) is not None], "POST"))
    _in_form(draft, plainest([one for one in posts if _is_form(one.step)], "POST"))


def _in_get(draft: Draft, operation: Operation) -> None:
    step = operation.step
    joint = "&" if "?" in step.target else "?"
    for payload in PAYLOADS:
        target = f"{step.target}{joint}{FIELD}={escaped(quote(payload.text, safe=''))}"
        _ask(draft, operation, f"{payload.name}, in the query", replace(step, target=target))
    for payload in PAYLOADS:
        headers = (*step.headers, (HEADER, escaped(payload.text)))
        _ask(draft, operation, f"{payload.name}, in a header", replace(step, headers=headers))
    headers = (*_without(step.headers, "user-agent"), ("User-Agent", SCANNER))
    _ask(draft, operation, "a scanner's User-Agent", replace(step, headers=headers))


def _in_json(draft: Draft, operation: Operation | None) -> None:
    """Put payloads into one more field of the document that a case sends."""
    document = _document(operation.step) if operation else None
    if operation is None or document is None:
        _leave_out(draft, "in JSON", "no POST operation with a JSON object that a case may send (`unsafe: run`)")
        return
    for payload in PAYLOADS:
        _in_document(draft, operation, f"{payload.name}, in JSON", {**document, FIELD: payload.text})
    for size in PADDINGS:
        # the padding is a field of its own before the payload's: an object keeps the order that it is made in
        padded = {f"{FIELD}_padding": "a" * (size * _KB), **document, FIELD: _BEHIND.text}
        _in_document(draft, operation, f"{_BEHIND.name}, behind {size} KB of JSON", padded)


def _in_document(draft: Draft, operation: Operation, column: str, document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    _ask(draft, operation, column, replace(operation.step, body=body), phase=2)


def _in_form(draft: Draft, operation: Operation | None) -> None:
    """Put payloads into one more field of the form that a case sends."""
    if operation is None:
        _leave_out(draft, "in a form", "no POST operation with a form that a case may send (`unsafe: run`)")
        return
    form = (operation.step.body or b"").decode("latin-1")
    for payload in PAYLOADS:
        _in_fields(draft, operation, f"{payload.name}, in a form", form, payload.text)
    for size in PADDINGS:
        column = f"{_BEHIND.name}, behind {size} KB of a form"
        _in_fields(draft, operation, column, f"{FIELD}_padding={'a' * (size * _KB)}&{form}", _BEHIND.text)


def _in_fields(draft: Draft, operation: Operation, column: str, form: str, text: str) -> None:
    body = f"{form}{'&' if form else ''}{FIELD}={quote_plus(text)}".encode("latin-1")
    _ask(draft, operation, column, replace(operation.step, body=body), phase=2)


def _ask(draft: Draft, operation: Operation, column: str, step: Step, phase: int = 1) -> None:
    caller = first_caller(operation)
    probe = Probe(
        group=Group.WAF,
        row=operation.name,
        column=column,
        caller=caller,
        reads=Reads.BLOCK,
        control=draft.control(operation, caller),
    )
    draft.ask(operation, probe, replace(step, identity=caller or None), phase=phase)


def _leave_out(draft: Draft, row: str, why: str) -> None:
    draft.leave_out(Probe(group=Group.WAF, row=row, column="WAF parity", reads=Reads.BLOCK), why)


def _document(step: Step) -> dict[str, Any] | None:
    """Return the JSON object that a step sends, None if it sends something else."""
    if not step.body or _is_form(step):
        return None
    try:
        found = json.loads(step.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _is_form(step: Step) -> bool:
    kind = next((value for name, value in step.headers if name.lower() == "content-type"), "")
    named = kind.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"
    return step.body is not None and (step.body_kind == "form" or named)


def _without(headers: Headers, name: str) -> Sequence[tuple[str, str]]:
    return [pair for pair in headers if pair[0].lower() != name]
