"""A request that cannot be made says whose credential is missing."""

from pathlib import Path

import pytest

from harness.credentials.keyring import Keyring
from harness.engine.requests import NotMade, Outbound
from harness.model.request import Request
from harness.model.side import Side
from harness.scenario.load import load
from harness.security.suite import suite

SCENARIO = """\
version: 1
name: Orders
old: {kind: generic, url: "https://old.example"}
new: {kind: generic, url: "https://new.example"}
credentials:
  service: {both: {oauth2: {token_url: "https://login.example/token", client_id: a, client_secret: secret-of-a}}}
  service too: {both: {oauth2: {token_url: "https://login.example/token", client_id: b, client_secret: secret-of-b}}}
cases: [{name: orders, request: GET /orders, as: service}, {name: other, request: GET /other, as: service too}]
security: {}
"""


@pytest.mark.parametrize("caller", ["service", "service too"])
def test_a_missing_token_is_told_in_the_name_of_its_caller(tmp_path: Path, caller: str) -> None:
    file = tmp_path / "orders.yaml"
    file.write_text(SCENARIO)
    scenario = load(file, sets={})
    identities = suite(scenario).identities
    outbound = Outbound(scenario=scenario, keyring=Keyring(lambda _: None), identities=identities)
    request = Request(side=Side.OLD, method="GET", url="https://old.example/orders", headers=(), body=None, timeout=1.0)
    told = set()
    for name in (one for one in identities if one == caller or one.startswith(f"{caller}: ")):
        try:
            outbound.present(name, request)
        except NotMade as missing:
            told.add(str(missing))
    assert told == {f"credential {caller}: nothing was fetched for it yet"}
