"""Whatever a file holds: a Scenario or a ScenarioError, nothing else; both YAML loaders agree."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.model.errors import Problem, ScenarioError
from harness.scenario.load import load
from harness.scenario.yaml_nodes import FastLoader, PlainLoader, compose
from tests.unit.scenario.key_material import lay

GOOD = """\
version: 1
name: t
vars: {stage: prod, port: 8080}
include: []
old: {kind: aws-rest, url: "https://old.example/${var:stage}", http: 1.1, connect_to: "h:443"}
new: {kind: generic, url: "https://new.example", proxy: environment}
paths: [{match: /a/**, new: /b/**}]
limits: {rate: 20, concurrency: 8, timeout: 35s, body: 10MB}
evidence: {bodies: none, redact: ["$..ssn"]}
credentials:
  p: {old: {header: {k: "${env:KEY}"}}, new: {basic: {user: u, password: "${env:KEY}"}}}
  q:
    old: {jwt: {key: "${env:KEY}", algorithm: HS256, claims: {a: [1, x], exp: 5}, headers: {kid: k}}}
    new: {oauth2: {token_url: "https://h/t", client_id: c, client_secret: "${env:KEY}", parameters: {a: b}}}
  r:
    old: {sigv4: {region: eu-west-1, access_key: a, secret_key: "${env:KEY}"}}
    new: {entra: {tenant: t, client_id: c, client_secret: "${env:KEY}", scope: a/.default}}
  s:
    old: {cognito: {pool: eu-west-1_A, client: c, user: u, password: "${env:KEY}"}}
    new: {client_cert: {cert: good.pem, key: ec.key}}
compare:
  noise: {repeats: 1}
  body: [{at: "$.items[*]", unordered: id}, {at: $.x, tolerance: 0.1}, {at: $.y, ignore: true, because: z}]
waivers: [{case: a, at: "header:etag", owner: o, until: 2030-01-01, because: x}]
cases:
  - &one
    name: a
    request: GET /a?b=c
    as: p
    headers: {X-A: b, X-B: [c, d]}
    expect: {status: [2xx, 404], max_time: 2s, old: {status: 403}, because: y}
  - {<<: *one, name: b, repeat: 3}
  - name: c
    unsafe: run
    steps:
      - {request: POST /a, json: {x: 1.0, y: [null, true, "é"]}, capture: {id: $.id}}
      - {request: "GET /a/${id}", captured_from: old, side: new}
security:
  operations: [GET /a*]
  identities: {disabled key: p}
  require: [callers, "GET /a: disabled key"]
  clients_change: {p: told}
  hostile: run
  cors: {origins: [https://app.example.com], methods: [GET], headers: [authorization], credentials: true}
  direct: https://direct.example
  backend: [https://backend.example:8443]
  closed: [10.0.0.5:443]
  limits: {p: {rate: 10/s, burst: 20, quota: 1000/day}}
  public_key: rsa.pub
  http: {old: http://old.example}
gates: {require: [parity], manual: [{what: w, owner: o, done: 2026-01-01}]}
"""
PIECES = [
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "\t",
        '"',
        "'",
        "#",
        " #",
        "&a ",
        "*a",
        "*one",
        "<<: ",
        "!x ",
    ),
    *(
        "|",
        ">",
        "%",
        "@",
        "`",
        "?",
        "? ",
        "~",
        "null",
        "yes",
        "010",
        "1:30",
        ".inf",
        "1e999",
        "-1",
        "é",
        "\x00",
        "\udcff",
    ),
    *(
        "${",
        "${var:stage}",
        "${var:",
        "${env:KEY}",
        "${env:NOPE}",
        "${file:/dev/null}",
        "${id}",
        "$${",
        "---\n",
        "...\n",
    ),
    *("\ufeff", "\u2028", "$[?a]", "$..", "2xx", "/**", "include: [scenario.yaml]", "\\", "\\ud800", "9" * 400, "0x1F"),
]
LINES = GOOD.splitlines(keepends=True)

edits = st.lists(
    st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), st.sampled_from(["", *PIECES])), min_size=1, max_size=6
)
moves = st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.integers(0, len(LINES) - 1)), max_size=2)


def mutated(changes: list[tuple[int, int, str]], swaps: list[tuple[int, int]]) -> str:
    """Return the good text with lines swapped and pieces put in place of others."""
    lines = list(LINES)
    for one, other in swaps:
        lines[one], lines[other] = lines[other], lines[one]
    text = "".join(lines)
    for at, length, piece in changes:
        text = text[:at] + piece + text[at + length :]
    return text


def outcome(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    problems: tuple[Problem, ...] = ()
    try:
        load(file, environ={"KEY": "canary"})
    except ScenarioError as error:
        problems = error.problems or (Problem(file=file, line=0, column=0, message=""),)
    for problem in problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
        assert "canary" not in str(problem)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    lay(folder, ("good.pem", "ec.key", "rsa.pub"))
    return folder / "scenario.yaml"


@settings(max_examples=600, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=edits, swaps=moves)
def test_mutations(file: Path, changes: list[tuple[int, int, str]], swaps: list[tuple[int, int]]) -> None:
    outcome(file, mutated(changes, swaps).encode(errors="surrogatepass"))


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=200))
def test_noise(file: Path, data: bytes) -> None:
    outcome(file, data)


values: Any = st.recursive(
    st.sampled_from(["x", "", "1", "no", "GET /a", "$.a", None, 1, 1.5, True]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["old", "new", "at", "kind", "name", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = [
    *("version", "name", "vars", "include", "old", "new", "paths", "environment", "limits", "evidence", "credentials"),
    *("compare", "waivers", "cases", "gates", "security", "load", "dns", "x"),
]
DNS_KEYS = [
    *("name", "names", "from", "to", "ttl_max", "lowered_at", "lowered_from", "window", "resolvers", "authorities"),
    *("switch", "issuer", "callers", "rehearse", "timeout", "x"),
]
targets: Any = st.recursive(
    st.sampled_from(["a.example.com", "192.0.2.1", "::1", "1m", "2026-11-21T09:00Z", "delegation", "route53", "never"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "from", "to", "cname", "a", "zone", "kind", "address", "until", "log", "*"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)

SECTION_KEYS = [
    *("operations", "identities", "require", "clients_change", "hostile", "cors", "direct", "backend", "closed"),
    *("limits", "public_key", "client_ca", "http", "x"),
]
KINDS = ["basic", "bearer", "oauth2", "entra", "jwt", "cognito", "sigv4", "client_cert", "header", "query"]
_PARSED: dict[str, Any] = yaml.safe_load(GOOD)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def written(changes: dict[str, Any]) -> bytes:
    """Return the good scenario with other sections, as a file holds it."""
    return bytes(yaml.dump(_PARSED | changes, Dumper=_DUMPER, encoding="utf-8"))


@settings(max_examples=200, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    section=st.dictionaries(st.sampled_from(SECTION_KEYS), values, max_size=4),
    caller=st.dictionaries(st.sampled_from(KINDS), values, max_size=3),
)
def test_security_of_any_kind(file: Path, section: dict[str, Any], caller: dict[str, Any]) -> None:
    outcome(file, written({"security": section, "credentials": {"p": {"both": caller}}}))


@settings(max_examples=200, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.dictionaries(st.sampled_from(KEYS), values, min_size=1, max_size=3))
def test_sections_of_any_kind(file: Path, changes: dict[str, Any]) -> None:
    outcome(file, written(changes))


@settings(max_examples=200, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(section=st.dictionaries(st.sampled_from(DNS_KEYS), targets | values, max_size=5))
def test_dns_of_any_kind(file: Path, section: dict[str, Any]) -> None:
    outcome(file, written({"dns": {"name": "api.example.com"} | section}))


def test_good_is_good(file: Path) -> None:
    file.write_text(GOOD)
    assert len(load(file, environ={"KEY": "canary"}).cases) == 3


@pytest.mark.parametrize("text", [GOOD, "a: 1\nb: {c: [d, 'e', \"f\"], g: &x {h: i}, j: *x}\nk: |\n  text\n"])
def test_both_loaders_agree(text: str) -> None:
    text = text.replace("/a?b=c", "/a")  # the one without libyaml refuses ? in flow mappings

    def drawn(node: yaml.Node) -> Any:
        mark = (node.tag, bool(getattr(node, "style", None)), node.start_mark.line, node.start_mark.column)
        if isinstance(node, yaml.ScalarNode):
            return mark, node.value
        if isinstance(node, yaml.MappingNode):
            return mark, [(drawn(key), drawn(value)) for key, value in node.value]
        return mark, [drawn(child) for child in node.value]

    fast = compose(text.encode(), Path("x.yaml"), FastLoader)
    plain = compose(text.encode(), Path("x.yaml"), PlainLoader)
    assert drawn(fast) == drawn(plain)
    assert fast.start_mark.name == plain.start_mark.name == "x.yaml"


def test_depth_is_bounded_in_both_loaders() -> None:
    for loader in (FastLoader, PlainLoader):
        with pytest.raises(ScenarioError, match="nested deeper than 100 levels"):
            compose(b"[" * 500, Path("x.yaml"), loader)
