"""Words of `security.require`: whatever the suite has may be required, and is never taken for a slip."""

import json
from pathlib import Path

from harness.scenario.load import load
from harness.security.draft import name_of
from harness.security.suite import suite
from tests.unit.scenario.broken_row import TOP
from tests.unit.scenario.key_material import lay

TEXT = """\
cases:
  - {name: list, request: GET /orders, as: clerk}
  - {name: one, request: GET /orders/1001, operation: "GET /orders/{id}", as: key}
  - {name: open, request: GET /status}
  - name: life
    as: basic
    unsafe: run
    steps:
      - {request: POST /orders, as: signer, json: {}, capture: {id: $.id}}
      - {request: "DELETE /orders/${id}", as: tls}
credentials:
  clerk: {both: {jwt: {key_file: ec.key, claims: {sub: me, aud: a, iss: i, scope: s}}}}
  key: {old: {header: {x-api-key: abc}}, new: {query: {subscription-key: abc}}}
  basic: {both: {basic: {user: u, password: p}}}
  signer: {both: {sigv4: {region: eu-west-1, access_key: a, secret_key: s}}}
  tls: {both: {client_cert: {cert: good.pem, key: ec.key}}}
"""
SECURITY = """\
security:
  hostile: run
  identities: {disabled key: key, intern: clerk}
  cors: {origins: [https://app.example.com], methods: [GET], headers: [authorization], credentials: true}
  direct: https://direct.example
  backend: https://backend.example
  closed: [10.0.0.5:443]
  limits: {key: {rate: 10/s, burst: 20, quota: 1000/day}}
  client_ca: {cert: ca.pem, key: other.key}
"""


def test_every_cell_of_the_suite_may_be_required(tmp_path: Path) -> None:
    lay(tmp_path, ("ec.key", "good.pem", "ca.pem", "other.key"))
    file = tmp_path / "scenario.yaml"
    file.write_text(TOP + TEXT + SECURITY)
    made = suite(load(file, environ={}))
    words = set()
    for probe in [*(case.probe for case in made.cases), *(check.info.probe for check in made.checks)]:
        if probe is not None:
            words |= {probe.group.value, probe.column, f"{probe.row}: {probe.column}", name_of(probe)}
    assert len(words) > 50
    file.write_text(TOP + TEXT + SECURITY + f"  require: {json.dumps(sorted(words))}\n")
    security = load(file, environ={}).security
    assert security is not None
    assert set(security.require) == words
