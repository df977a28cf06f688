"""Scenarios with a load, for the tests of what is planned from them."""

from pathlib import Path

from harness.scenario.load import load
from harness.scenario.types import Scenario

HEAD = """\
version: 1
name: Orders
old: {kind: aws-rest, url: "http://127.0.0.1:8081/prod"}
new: {kind: azure-apim, url: "http://127.0.0.1:8082"}
paths: [{match: /orders/**, new: /shop/orders/**}]
credentials:
  partner:
    old: {header: {x-api-key: "${env:OLD_KEY}"}}
    new: {header: {Ocp-Apim-Subscription-Key: "${env:NEW_KEY}"}}
  clerk:
    both: {bearer: "${env:TOKEN}"}
  file:
    both: {header: {x-api-key: "${file:key.txt}"}}
  basic:
    both: {basic: {user: me, password: "${env:TOKEN}"}}
cases:
  - {name: list, request: GET /orders?limit=10, as: partner, expect: {status: 200}}
  - {name: list again, request: GET /orders?limit=10}
  - {name: one, request: GET /orders/17, operation: "GET /orders/{id}"}
  - {name: item, request: GET /items/a1, expect: {old: {status: 403}, new: {status: 401}, because: agreed}}
  - {name: health, request: GET /health}
  - {name: make, request: POST /orders, json: {sku: "${env:SKU}", n: 1}, unsafe: run}
  - {name: skipped, request: DELETE /orders/1, unsafe: skip, because: not ours}
  - {name: many, steps: [{request: GET /a, capture: {id: $.id}}, {request: "GET /b/${id}"}]}
"""

ENVIRON = {"OLD_KEY": "old-hush", "NEW_KEY": "new-hush", "TOKEN": "token-hush", "SKU": "A1-hush", "ODD": "odd&hush"}


def scenario(folder: Path, section: str = "{profile: {rate: 50, for: 2m}}", *, head: str = HEAD) -> Scenario:
    """Read a scenario with this load section."""
    (folder / "key.txt").write_text("file-hush\n")
    file = folder / "orders.yaml"
    file.write_text(f"{head}load: {section}\n")
    return load(file, environ=ENVIRON)
