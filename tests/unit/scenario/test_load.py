"""Good scenarios: what is read from them; files, includes, vars, secrets; problems told all at once."""

import gc
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from harness.model.errors import ScenarioError, UsageError
from harness.model.event import ManualGate
from harness.model.gateway import Limits, PathMap
from harness.model.side import Side
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    HeaderCredential,
    QueryCredential,
)
from harness.scenario.load import load
from harness.scenario.schema import json_schema
from harness.scenario.types import (
    Case,
    Scenario,
)

FULL = """\
version: 1
name: Orders API to Azure
vars: {stage: prod}

old:
  kind: aws-rest
  url: https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/${var:stage}
new:
  kind: azure-apim
  url: https://api.example.com/
  connect_to: contoso-apim.azure-api.net:443
  http: 2
  proxy: socks5h://127.0.0.1:1080
paths:
  - {match: /orders/**, new: /orders/v1/**}

environment: staging
limits: {rate: 300/m, concurrency: 4, timeout: 1500ms, body: 1MiB}
evidence: {bodies: all, redact: ["$.ssn"]}

credentials:
  partner:
    old: {header: {x-api-key: "${env:OLD_PARTNER_KEY}"}}
    new: {header: {Ocp-Apim-Subscription-Key: "${env:NEW_PARTNER_KEY}"}}
  clerk:
    both: {basic: {user: clerk, password: "${env:PASSWORD}"}}
  robot:
    old: {bearer: "${env:TOKEN}"}
    new: {query: {key: "${env:TOKEN}"}}

compare:
  strict: true
  noise: {repeats: 2}
  headers: {ignore: [X-Node]}
  body:
    - {at: "$.items", unordered: id}
    - {at: "$.tags", unordered: true}
    - {at: "$..price", tolerance: 0.010}
    - {at: "$.createdAt", format: date-time}
    - {at: "$.trace", ignore: true, because: "debug only"}

waivers:
  - {case: list orders, at: "header:ETag", owner: orders-team, until: 2026-12-31, because: "ORD-12"}
  - {case: "call *", operation: "GET /*", at: "body:*", owner: o, until: "2026-12-31", because: x}

cases:
  - name: list orders
    request: GET /orders?limit=10&q=%2e/../x
    as: partner
    headers: {Accept: application/json, X-Twice: [one, two], X-Empty: ""}
    expect: {status: 200, max_time: 2s, headers: {Content-Type: application/json, X-Gone: null}}
    repeat: 5
    retries: 2
    critical: true
  - name: call without a key
    request: GET /orders
    expect:
      status: [2xx, 404]
      old: {status: 403}
      new: {status: 401, headers: {WWW-Authenticate: Bearer}}
      because: agreed, ORD-40
  - name: export
    request: POST /exports
    body_file: big.bin
    unsafe: skip
    because: costs money
  - name: order life cycle
    operation: POST /orders
    as: clerk
    unsafe: run
    steps:
      - {request: POST /orders, json: {sku: A1}, capture: {id: "$.id", token: {at: "$.t", secret: true}, loc: {header: Location}}}
      - {request: "GET /orders/${id}", as: robot, headers: {X-Token: "${token}"}}
      - {request: "GET /orders/${id}", side: new, captured_from: old}
      - {request: "PUT /orders/${id}", json: {id: "${id}", n: 1.10}}
      - {request: "DELETE /orders/${id}", always: true}

gates:
  require: [parity]
  manual:
    - {what: "NSG rules reviewed", owner: netops, done: 2026-11-20, evidence: CHG-88}
    - {what: "DNS owner informed", owner: netops, done: false}
"""
ENVIRON = {"OLD_PARTNER_KEY": "old-canary", "NEW_PARTNER_KEY": "new-canary", "PASSWORD": "pass-canary", "TOKEN": "007"}
TOP = """\
version: 1
name: t
old: {kind: generic, url: "http://127.0.0.1:1"}
new: {kind: generic, url: "http://127.0.0.1:2"}
"""
HEAD = TOP + "cases:\n  - {name: a, request: GET /a}\n"


def read(folder: Path, text: str, **more: Any) -> Scenario:
    """Load a scenario of this text."""
    file = folder / "scenario.yaml"
    file.write_text(text)
    return load(file, environ=more.pop("environ", ENVIRON), **more)


def only(folder: Path, text: str) -> Case:
    """Load a scenario with one case of this text."""
    [case] = read(folder, TOP + "cases:\n  - " + text + "\n").cases
    return case


def problems(folder: Path, text: str, **more: Any) -> list[tuple[str, int, str]]:
    """Return the problems of a broken scenario as (file, line, message)."""
    with pytest.raises(ScenarioError) as caught:
        read(folder, text, **more)
    return [(one.file.name, one.line, one.message) for one in caught.value.problems]


@pytest.fixture
def full(tmp_path: Path) -> Scenario:
    (tmp_path / "big.bin").write_bytes(b"\x00\xff")
    return read(tmp_path, FULL)


def test_gateways_and_bounds(full: Scenario, tmp_path: Path) -> None:
    assert full.old.url == "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod"
    assert full.new.url == "https://api.example.com"
    assert (full.old.side, full.new.side) == (Side.OLD, Side.NEW)
    assert (full.old.http, full.new.http) == ("1.1", "2")
    assert full.new.connect_to == "contoso-apim.azure-api.net:443"
    assert full.new.proxy == "socks5h://127.0.0.1:1080"
    assert full.paths == (PathMap(match="/orders/**", new="/orders/v1/**"),)
    assert full.limits == Limits(rate=5.0, concurrency=4, timeout=1.5, body=2**20)
    assert full.evidence.bodies == "all"
    assert full.environment == "staging"
    assert full.files == (tmp_path / "scenario.yaml",)


def test_rules(full: Scenario) -> None:
    compare = full.compare
    assert (compare.strict, compare.noise_repeats, compare.ignored_headers) == (True, 2, frozenset({"x-node"}))
    assert [rule.unordered for rule in compare.body] == ["id", "", None, None, None]
    assert str(compare.body[2].tolerance) == "0.010"
    assert compare.body[2].tolerance == Decimal("0.01")
    assert compare.body[3].format == "date-time"
    assert compare.body[4].ignore
    assert [waiver.id for waiver in full.waivers] == ["w1", "w2"]
    assert full.waivers[0].at == "header:etag"
    assert full.waivers[0].until == full.waivers[1].until == date(2026, 12, 31)
    assert full.gates.manual[0] == ManualGate(
        what="NSG rules reviewed", owner="netops", done="2026-11-20", evidence="CHG-88"
    )
    assert full.gates.manual[1].done == ""


def test_cases(full: Scenario) -> None:
    first, second, export, life = full.cases
    assert [case.index for case in full.cases] == [0, 1, 2, 3]
    assert first.steps[0].target == "/orders?limit=10&q=%2e/../x"
    assert first.operation == "GET /orders"
    assert first.line == 47
    assert FULL.splitlines()[first.line - 1] == "  - name: list orders"
    assert first.steps[0].headers == (
        ("Accept", "application/json"),
        ("X-Twice", "one"),
        ("X-Twice", "two"),
        ("X-Empty", ""),
    )
    assert (first.repeat, first.retries, first.critical, first.safe) == (5, 2, True, True)
    expect = first.steps[0].expect
    assert (expect.both.status, expect.max_time) == ((200,), 2.0)
    assert expect.both.headers == (("content-type", "application/json"), ("x-gone", None))
    assert second.steps[0].expect.both.status == (*range(200, 300), 404)
    assert second.steps[0].expect.new.headers == (("www-authenticate", "Bearer"),)
    assert second.steps[0].expect.because == "agreed, ORD-40"
    assert (export.unsafe, export.because, export.steps[0].body) == ("skip", "costs money", b"\x00\xff")
    assert (life.operation, life.unsafe, life.safe) == ("POST /orders", "run", False)
    assert [step.identity for step in life.steps] == ["clerk", "robot", "clerk", "clerk", "clerk"]
    assert life.steps[2].side is Side.NEW
    assert life.steps[2].captured_from is Side.OLD
    assert life.steps[3].body == b'{"id":"${id}","n":1.10}'
    assert (life.steps[3].body_has_marks, life.steps[3].body_kind) == (True, "json")
    assert life.steps[4].always
    captures = {capture.name: capture for capture in life.steps[0].captures}
    assert captures["token"].secret
    assert captures["loc"].header == "location"


def test_callers(full: Scenario) -> None:
    assert full.identities["partner"].old == (HeaderCredential(headers=(("x-api-key", "old-canary"),)),)
    basic = (BasicCredential(user="clerk", password="pass-canary"),)
    assert full.identities["clerk"].old == full.identities["clerk"].new == basic
    assert full.identities["robot"].old == (BearerCredential(token="007"),)
    assert full.identities["robot"].new == (QueryCredential(parameters=(("key", "007"),)),)


def test_secrets_are_known_and_not_shown(full: Scenario) -> None:
    labels = {secret.value: secret.label for secret in full.secrets}
    assert labels["old-canary"] == "${env:OLD_PARTNER_KEY}"
    assert labels["clerk:pass-canary"] == "credential clerk"
    assert {"new-canary", "pass-canary", "007"} <= set(labels)
    assert "canary" not in repr(full)


def test_literal_credentials_in_headers_are_secrets(tmp_path: Path) -> None:
    case = """\
{name: a, request: GET /a, headers: {Authorization: Basic dXNlcjpwYXNz, Cookie: "sid=abcdef; x=1", X-Session-Token: ttt, X-Not: n}}"""
    scenario = read(tmp_path, TOP + "cases:\n  - " + case)
    values = {secret.value for secret in scenario.secrets}
    assert {"Basic dXNlcjpwYXNz", "dXNlcjpwYXNz", "user:pass", "pass", "sid=abcdef; x=1", "abcdef", "ttt"} == values


def test_user_of_a_proxy_is_a_secret(tmp_path: Path) -> None:
    scenario = read(tmp_path, HEAD.replace("generic,", 'generic, proxy: "http://u:canary@h:3128",', 1))
    assert {secret.value for secret in scenario.secrets} == {"u:canary", "canary"}
    assert scenario.old.proxy == "http://u:canary@h:3128"


def test_schema_is_valid_and_takes_the_good(tmp_path: Path) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    loaded = yaml.load(
        FULL.replace("2026-12-31,", '"2026-12-31",').replace("2026-11-20", '"2026-11-20"'), yaml.SafeLoader
    )
    jsonschema.Draft202012Validator(schema).validate(loaded)
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(HEAD))
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$defs"]["case"]["properties"]["request"]["description"]


def test_defaults(tmp_path: Path) -> None:
    scenario = read(tmp_path, HEAD)
    assert scenario.limits == Limits()
    assert scenario.gates.require == ("parity",)
    assert scenario.compare.noise_repeats == 1
    assert scenario.evidence.bodies == "differing"
    assert scenario.secrets == ()


def test_all_problems_at_once_in_order(tmp_path: Path) -> None:
    text = (
        HEAD.replace("kind: generic", "kind: genric")
        + "  - {name: a, request: GET b}\nlimit: {}\nwaivers: [{case: z}]\n"
    )
    found = problems(tmp_path, text)
    assert [line for _, line, _ in found] == [3, 4, 7, 7, 8, 9, 9, 9, 9]
    assert found[2][2] == "two cases are called 'a'"


def test_one_problem_of_a_case_does_not_hide_another(tmp_path: Path) -> None:
    case = "{name: 5, request: POST /${id}, as: me, unsafe: run, retries: 1, expect: {status: ok}, repeat: 0}"
    found = problems(tmp_path, TOP + "cases:\n  - " + case.replace("POST /${id}", '"POST /${id}"') + "\n")
    assert [message.split(",")[0] for _, _, message in found] == [
        "expected a text",
        "no caller 'me' in `credentials`",
        "retries with the unsafe method POST",
        "'ok' is no status",
        "expected a whole number from 1 to 1000000",
    ]


def test_a_problem_of_a_var_is_told_once(tmp_path: Path) -> None:
    text = 'vars: {u: "${env:NOPE}"}\n' + TOP.replace("127.0.0.1:1", "${var:u}").replace("127.0.0.1:2", "${var:u}")
    assert problems(tmp_path, text + "cases: [{name: a, request: GET /a}]\n") == [
        ("scenario.yaml", 1, "the environment variable 'NOPE' is not set")
    ]


def test_vars_and_sets(tmp_path: Path) -> None:
    text = (
        HEAD.replace("127.0.0.1:1", "${var:host}:${var:port}/${var:stage}")
        + 'vars: {host: h, port: 80, stage: "s-${var:host}"}\n'
    )
    assert read(tmp_path, text).old.url == "http://h:80/s-h"
    assert read(tmp_path, text, sets={"stage": "test"}).old.url == "http://h:80/test"
    assert read(tmp_path, text).digest != read(tmp_path, text, sets={"stage": "test"}).digest
    assert read(tmp_path, text).digest == read(tmp_path, text).digest
    assert problems(tmp_path, text, sets={"stge": "x"})[0][2] == "--set stge=…: no var of that name"
    required = HEAD + 'environment: "${var:where}"\n'
    assert read(tmp_path, required, sets={"where": "${env:X}"}).environment == "${env:X}"
    with pytest.raises(UsageError):
        read(tmp_path, text, sets={"stage": "\udcff"})


def test_numbers_may_be_filled_in(tmp_path: Path) -> None:
    scenario = read(
        tmp_path,
        HEAD + "vars: {r: 5}\nlimits: {rate: '${var:r}', concurrency: ${var:r}}\n".replace("${var:r}}", '"${var:r}"}'),
    )
    assert (scenario.limits.rate, scenario.limits.concurrency) == (5.0, 5)


def test_file_secrets(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("file-canary\r\n")
    scenario = read(tmp_path, HEAD + 'credentials: {p: {both: {bearer: "${file:key.txt}"}}}\n')
    assert scenario.secrets[0].value == "file-canary"
    assert scenario.secrets[0].label == "${file:key.txt}"


def test_environment_that_is_no_text(tmp_path: Path) -> None:
    text = HEAD + 'credentials: {p: {both: {bearer: "${env:X}"}}}\n'
    assert "not UTF-8" in problems(tmp_path, text, environ={"X": "\udcff"})[0][2]


def test_literal_marks(tmp_path: Path) -> None:
    case = only(tmp_path, '{name: "a $${b}", request: "POST /a?q=$${x}", body: "$${y}", unsafe: run}')
    assert case.name == "a ${b}"
    assert case.steps[0].target == "/a?q=$${x}"
    assert case.operation == "POST /a"
    assert (case.steps[0].body, case.steps[0].body_has_marks) == (b"${y}", False)


def test_filled_values_do_not_become_marks(tmp_path: Path) -> None:
    text = TOP + 'cases: [{name: a, request: GET /a, headers: {X: "${env:V}"}}]\n'
    scenario = read(tmp_path, text, environ={"V": "${id}"})
    assert scenario.cases[0].steps[0].headers == (("X", "$${id}"),)


def test_bodies(tmp_path: Path) -> None:
    def body(text: str) -> tuple[bytes | None, dict[str, str]]:
        step = only(tmp_path, f"{{name: a, unsafe: run, request: POST /a, {text}}}").steps[0]
        return step.body, dict(step.headers)

    tree = 'json: {n: null, e: , t: true, i: 9007199254740993, d: 1.50, s: a b, q: "1", "1": [x, {}], u: é, when: 2026-01-01}'
    data, headers = body(tree)
    assert (
        data
        == (
            '{"n":null,"e":null,"t":true,"i":9007199254740993,"d":1.50,"s":"a b","q":"1","1":["x",{}],"u":"é","when":"2026-01-01"}'
        ).encode()
    )
    assert headers == {"Content-Type": "application/json"}
    assert body("json: {}, headers: {content-type: application/merge-patch+json}")[1] == {
        "content-type": "application/merge-patch+json"
    }
    data, headers = body('form: {a b: "c&d", n: 5, l: [x, y], e: ""}')
    assert data == b"a+b=c%26d&n=5&l=x&l=y&e="
    assert headers == {"Content-Type": "application/x-www-form-urlencoded"}
    assert body('body: "é"') == ("é".encode(), {})
    assert body('body: ""') == (b"", {})


def test_form_keeps_captures(tmp_path: Path) -> None:
    case = only(
        tmp_path,
        "name: a\n    unsafe: run\n    steps:\n      - {request: GET /t, capture: {t: $.t}}\n"
        '      - {request: POST /x, form: {a: "x ${t} & $${t}"}}',
    )
    step = case.steps[1]
    assert step.body == b"a=x+${t}+%26+%24%7Bt%7D"
    assert (step.body_has_marks, step.body_kind) == (True, "form")


def test_merge_keys_and_anchors(tmp_path: Path) -> None:
    text = TOP + (
        "cases:\n"
        "  - &base {name: a, request: GET /a, critical: true, headers: {X: y}}\n"
        "  - {<<: *base, name: b}\n"
        "  - {<<: [{repeat: 3}, *base], name: c, critical: false}\n"
    )
    scenario = read(tmp_path, text.replace("name: a,", "name: a,"))
    assert [(case.name, case.repeat, case.critical) for case in scenario.cases] == [
        ("a", 1, True),
        ("b", 1, True),
        ("c", 3, False),
    ]


def test_words_that_older_yaml_misreads_as_keys(tmp_path: Path) -> None:
    case = only(tmp_path, "{name: a, request: POST /a, unsafe: run, json: {no: x, on: y}, headers: {off: z}}")
    assert case.steps[0].body == b'{"no":"x","on":"y"}'
    assert ("off", "z") in case.steps[0].headers


def test_query_in_a_flow_mapping(tmp_path: Path) -> None:
    assert only(tmp_path, "{name: a, request: GET /o?x=1&y=*}").steps[0].target == "/o?x=1&y=*"


def test_bom_and_crlf(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert load(file, environ={}).name == "t"


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"version: 1\nname: \xff\n", "not UTF-8: byte 0xff", 2),
        ("version: 1".encode("utf-16"), "not UTF-8: byte 0xff", 1),
        (b"[" * 100_000, "nested deeper than 100 levels", 1),
        (b"a: " + b"{a: " * 5000, "nested deeper than 100 levels", 1),
    ],
)
def test_hostile_bytes(data: bytes, message: str, line: int, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_bytes(data)
    with pytest.raises(ScenarioError) as caught:
        load(file, environ={})
    [problem] = caught.value.problems
    assert (problem.message, problem.line) == (message, line)


def test_alias_bombs(tmp_path: Path) -> None:
    levels = "".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 9))
    text = TOP + "cases:\n- name: a\n  request: POST /a\n  json:\n    l0: &l0 [x]\n" + levels.replace("  l", "    l")
    [(_, _, message)] = problems(tmp_path, text)
    assert "aliases make this more than" in message
    long = (
        TOP
        + f'cases:\n- name: a\n  request: POST /a\n  json:\n    a: &a "{"x" * 100_000}"\n    b: [{", ".join(["*a"] * 1000)}]\n'
    )
    assert "aliases make this more than" in problems(tmp_path, long)[0][2]


def test_deep_by_aliases(tmp_path: Path) -> None:
    chain = "".join(f"    l{n}: &l{n} [*l{n - 1}]\n" for n in range(1, 300))
    text = TOP + "cases:\n- name: a\n  request: POST /a\n  json:\n    l0: &l0 [x]\n" + chain
    assert "levels by its aliases" in problems(tmp_path, text)[0][2]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"none\.yaml:1:1: cannot be read: No such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError, match="it is a directory"):
        load(tmp_path)


class TestInclude:
    """Several files make one scenario."""

    def test_merge(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "common.yaml").write_text(
            TOP + "include: [cases.yaml]\nlimits: {rate: 1, concurrency: 2}\n"
            "compare: {body: [{at: $.a, format: uuid}]}\nvars: {x: common, y: common}\n"
        )
        (tmp_path / "sub" / "cases.yaml").write_text(
            'cases: [{name: a, request: "POST /a", unsafe: run, body_file: a.txt}]\nvars: {x: cases, z: cases}\n'
        )
        (tmp_path / "sub" / "a.txt").write_text("beside the file that names it")
        scenario = read(
            tmp_path,
            "version: 1\ninclude: [sub/common.yaml]\nname: mine\nlimits: {rate: 9}\nvars: {y: mine}\n"
            'environment: "${var:x} ${var:y} ${var:z}"\n'
            "compare: {body: [{at: $.b, format: hex}]}\ncases: [{name: b, request: GET /b}]\n",
        )
        assert scenario.name == "mine"
        assert (scenario.limits.rate, scenario.limits.concurrency) == (9.0, 2)
        assert scenario.environment == "common mine cases"
        assert [case.name for case in scenario.cases] == ["a", "b"]
        assert [case.index for case in scenario.cases] == [0, 1]
        assert scenario.cases[0].steps[0].body == b"beside the file that names it"
        assert [rule.at.text for rule in scenario.compare.body] == ["$.a", "$.b"]
        assert [file.name for file in scenario.files] == ["scenario.yaml", "common.yaml", "cases.yaml"]
        assert scenario.cases[0].file == str(tmp_path / "sub" / "cases.yaml")

    def test_later_one_wins(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("environment: a\nvars: {v: a}\nlimits: {rate: 1}\n")
        (tmp_path / "b.yaml").write_text("environment: b\nvars: {v: b}\n")
        scenario = read(tmp_path, "include: [a.yaml, b.yaml]\n" + HEAD.replace("127.0.0.1:1", "${var:v}"))
        assert (scenario.environment, scenario.old.url, scenario.limits.rate) == ("b", "http://b", 1.0)

    def test_by_var(self, tmp_path: Path) -> None:
        (tmp_path / "test.yaml").write_text("environment: from test\n")
        text = HEAD + 'include: ["${var:where}.yaml"]\nvars: {where: prod}\n'
        assert read(tmp_path, text, sets={"where": "test"}).environment == "from test"
        assert problems(tmp_path, text)[0][1:] == (7, "the file 'prod.yaml' cannot be read: No such file or directory")

    def test_circle(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("name: a\ninclude:\n  - scenario.yaml\n")
        found = problems(tmp_path, HEAD + "include: [a.yaml]\n")
        assert found == [("a.yaml", 3, "'scenario.yaml' includes itself: scenario.yaml → a.yaml → scenario.yaml")]

    def test_twice_counts_once(self, tmp_path: Path) -> None:
        (tmp_path / "common.yaml").write_text("cases: [{name: x, request: GET /x}]\n")
        (tmp_path / "a.yaml").write_text("include: [common.yaml]\n")
        (tmp_path / "b.yaml").write_text("include: [common.yaml]\n")
        scenario = read(tmp_path, HEAD + "include: [a.yaml, b.yaml]\n")
        assert [case.name for case in scenario.cases] == ["x", "a"]

    def test_problems_of_all_files_in_order(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("version: 3\nlimits: {rate: x}\nlimits: {}\n")
        (tmp_path / "b.yaml").write_text("cases: [\n")
        found = problems(tmp_path, HEAD + "gates: {require: [dns]}\ninclude: [a.yaml, b.yaml]\n")
        assert [(file, line) for file, line, _ in found] == [
            ("scenario.yaml", 7),
            ("a.yaml", 1),
            ("a.yaml", 2),
            ("a.yaml", 3),
            ("b.yaml", 1),
        ]


def test_ten_thousand_cases(tmp_path: Path) -> None:
    case = (
        "  - name: case {n}\n    request: GET /orders/{n}?limit=10\n    headers: {{Accept: application/json, X-T: t{n}}}\n"
        "    expect: {{status: 200, max_time: 2s}}\n    critical: true\n"
    )
    text = TOP + "cases:\n" + "".join(case.format(n=n) for n in range(10_000))
    scenario = read(tmp_path, text)
    assert len(scenario.cases) == 10_000
    assert scenario.cases[-1].index == 9_999
    assert gc.isenabled()
