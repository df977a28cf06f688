"""The `security` section: all of it read, nothing of it needed, and required where it is there."""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from harness.model.errors import ScenarioError
from harness.model.side import Side
from harness.scenario.load import load
from harness.scenario.requiring import COLUMNS, GROUPS
from harness.scenario.schema import json_schema
from harness.scenario.types import CorsPlan, PlanLimit, Scenario, Security
from tests.unit.scenario.broken_row import HEAD
from tests.unit.scenario.key_material import lay, material

CALLERS = """\
credentials:
  partner: {both: {bearer: t}}
  other partner: {both: {}}
  suspended: {both: {}}
"""
FULL = """\
security:
  operations: [GET /a, "* /orders/*", "GET /o/{id}"]
  identities: {disabled key: suspended, key of another product: other partner, alg\\: none: suspended}
  require: [callers, "alg: none", "GET /a: disabled key", "GET /a, partner: expired token", surface, "TLS*"]
  clients_change: {partner: "new key header, told on 2026-11-01"}
  hostile: run
  cors:
    origins: [https://app.example.com, "http://localhost:3000"]
    methods: [GET, POST]
    headers: [Authorization]
    credentials: true
    foreign: https://evil.example
  direct: https://contoso.azure-api.net/
  backend: [https://orders.internal:8443, https://orders.internal:8444/x]
  closed: [10.0.0.5:443, "[::1]:22"]
  limits:
    partner: {rate: 10/s, burst: 20, quota: 1000/day}
    other partner: {quota: 6 / minute}
    suspended: {rate: 90/m}
  public_key: rsa.pub
  client_ca: {cert: ca.pem, key: other.key}
  http: {old: "http://old.example/", new: "http://new.example:8080"}
""".replace("alg\\: none", '"alg: none"')
STEPS = """\
  - name: b
    unsafe: run
    steps:
      - {request: POST /orders/new, json: {}, capture: {id: $.id}}
      - {request: "GET /o/${id}"}
"""
Read = Callable[..., Scenario]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that reads a scenario with a `security` section and all the key files."""

    def run(text: str, *files: str) -> Scenario:
        lay(tmp_path, files)
        file = tmp_path / "scenario.yaml"
        whole = HEAD + STEPS + CALLERS + text
        file.write_text(whole, encoding="utf-8")
        jsonschema.Draft202012Validator(json_schema()).validate(yaml.safe_load(whole))
        return load(file, environ={})

    return run


def section(scenario: Scenario) -> Security:
    assert scenario.security is not None
    return scenario.security


def test_in_full(read: Read, tmp_path: Path) -> None:
    found = section(read(FULL, "rsa.pub", "ca.pem", "other.key"))
    assert found.operations == ("GET /a", "* /orders/*", "GET /o/{id}")
    assert found.identities == {
        "disabled key": "suspended",
        "key of another product": "other partner",
        "alg: none": "suspended",
    }
    assert found.require[:3] == ("callers", "alg: none", "GET /a: disabled key")
    assert found.written["alg: none"][0] == tmp_path / "scenario.yaml"
    line = (HEAD + STEPS + CALLERS + FULL).splitlines()[found.written["alg: none"][1] - 1]
    assert line[found.written["alg: none"][2] - 1 :].startswith('"alg: none"')
    assert found.clients_change == {"partner": "new key header, told on 2026-11-01"}
    assert found.hostile
    assert found.cors == CorsPlan(
        origins=("https://app.example.com", "http://localhost:3000"),
        methods=("GET", "POST"),
        headers=("authorization",),
        credentials=True,
        foreign="https://evil.example",
    )
    assert found.direct == ("https://contoso.azure-api.net",)
    assert found.backend == ("https://orders.internal:8443", "https://orders.internal:8444/x")
    assert found.closed == (("10.0.0.5", 443), ("::1", 22))
    assert found.limits == (
        PlanLimit(caller="partner", rate=10.0, burst=20, quota=1000, period=86_400.0),
        PlanLimit(caller="other partner", quota=6, period=60.0),
        PlanLimit(caller="suspended", rate=1.5),
    )
    assert found.public_key == material()["rsa.pub"]
    assert found.client_ca is not None
    assert found.client_ca.certificate == material()["ca.pem"]
    assert found.http == {Side.OLD: "http://old.example", Side.NEW: "http://new.example:8080"}


def test_the_key_of_the_authority_is_a_secret(read: Read) -> None:
    values = {secret.value for secret in read(FULL, "rsa.pub", "ca.pem", "other.key").secrets}
    assert material()["other.key"].decode().strip() in values


@pytest.mark.parametrize("text", ["security: {}\n", "security:\n", "security: ~\n"])
def test_all_is_left_out(read: Read, text: str) -> None:
    scenario = read(text)
    assert scenario.security == Security()
    assert scenario.gates.require == ("parity", "security")


def test_without_a_section(read: Read) -> None:
    scenario = read("")
    assert scenario.security is None
    assert scenario.gates.require == ("parity",)


@pytest.mark.parametrize(
    ("gates", "required"),
    [
        ("{manual: []}", ("parity", "security")),
        ("{require: [parity]}", ("parity",)),
        ("{require: [security, parity, security]}", ("security", "parity")),
    ],
)
def test_what_go_needs(read: Read, gates: str, required: tuple[str, ...]) -> None:
    assert read(f"security: {{}}\ngates: {gates}\n").gates.require == required


@pytest.mark.parametrize("word", ["false", "run"])
def test_hostile(read: Read, word: str) -> None:
    assert section(read(f"security: {{hostile: {word}}}\n")).hostile == (word == "run")


@pytest.mark.parametrize(
    ("text", "count", "period"),
    [("5/s", 5, 1), ("7/h", 7, 3600), ("7/hour", 7, 3600), ("9/week", 9, 604_800), ("9 / month", 9, 2_592_000)],
)
def test_quotas(read: Read, text: str, count: int, period: float) -> None:
    [limit] = section(read(f"security: {{limits: {{partner: {{quota: {text}}}}}}}\n")).limits
    assert (limit.quota, limit.period) == (count, period)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rsa.pub", rsa.RSAPublicKey),
        ("ec.pub", ec.EllipticCurvePublicKey),
        ("good.pem", ec.EllipticCurvePublicKey),
        ("jwks.json", rsa.RSAPublicKey),
        ("jwk.json", ec.EllipticCurvePublicKey),
    ],
)
def test_public_keys_of_all_spellings(read: Read, name: str, kind: type) -> None:
    found = section(read(f"security: {{public_key: {name}}}\n", name)).public_key
    assert isinstance(load_pem_public_key(found), kind)
    if name == "jwks.json":
        assert found == material()["rsa.pub"]


@pytest.mark.parametrize("word", [*GROUPS, *COLUMNS, "*key*", "no such column at all", "TLS 1.0", "GET /a: as it is"])
def test_words_that_may_be_required(read: Read, word: str) -> None:
    assert section(read(f"security: {{require: [{json.dumps(word)}]}}\n")).require == (word,)


def test_all_that_is_wrong_is_told(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    text = "security: {identities: {k: nobody}, hostile: yes, limits: {nobody: {rate: 1}}, closed: [a], extra: 1}\n"
    file.write_text(HEAD + CALLERS + text)
    with pytest.raises(ScenarioError) as caught:
        load(file, environ={})
    assert len(caught.value.problems) == 5


def test_it_is_merged_with_what_is_included(tmp_path: Path) -> None:
    (tmp_path / "common.yaml").write_text("security: {hostile: run, closed: ['h:1']}\n")
    file = tmp_path / "scenario.yaml"
    file.write_text(HEAD + "include: [common.yaml]\nsecurity: {hostile: false, closed: ['h:2']}\n")
    found = section(load(file, environ={}))
    assert not found.hostile
    assert found.closed == (("h", 1), ("h", 2))


def test_a_cell_can_be_waived_by_its_name(read: Read) -> None:
    waiver = '{case: "GET /a, partner: wrong key", at: status, owner: o, until: "2030-01-01", because: x}'
    assert read(f"security: {{}}\nwaivers: [{waiver}]\n").waivers
    with pytest.raises(ScenarioError, match="no case is called"):
        read(f"waivers: [{waiver}]\n")


def test_every_key_is_explained() -> None:
    """Editors show `about` beside each key; one without is a riddle."""
    defs = json_schema()["$defs"]
    names = ("security", "cors", "plan", "client_ca", "plain_text", "oauth2", "entra", "jwt", "sigv4", "cognito")
    for name in (*names, "client_cert", "credential", "basic"):
        assert defs[name]["description"], name
        for key, shape in defs[name]["properties"].items():
            assert shape.get("description"), f"{name}.{key}"
