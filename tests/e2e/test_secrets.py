"""A canary in every place a secret can come from is found nowhere: not raw, encoded, escaped, nor echoed."""

import base64
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.servers.command import Done, cutover
from tests.servers.plain import Answer, Asked, PlainServer

CANARIES = {
    "env": 'cAnary-env/7"+=ü',
    "file": "cAnary-file&<8>'x",
    "header": "cAnary-header-9Qz",
    "query": "cAnary query/+&1",
    "password": "cAnary:pass word",
    "token": "cAnary.token.Zz19",
    "literal": "cAnary-literal-bearer",
    "cookie": "cAnary-cookie-55",
    "captured": "cAnary-captured-77",
}

SCENARIO = """
version: 1
name: secrets
old: {{kind: generic, url: '{old}'}}
new: {{kind: generic, url: '{new}'}}
evidence: {{bodies: all}}
limits: {{rate: 1000}}
credentials:
  header: {{both: {{header: {{x-api-key: 'cAnary-header-9Qz'}}}}}}
  query: {{both: {{query: {{key: 'cAnary query/+&1'}}}}}}
  basic: {{both: {{basic: {{user: clerk, password: 'cAnary:pass word'}}}}}}
  token: {{both: {{bearer: 'cAnary.token.Zz19'}}}}
  env: {{both: {{header: {{x-env: '${{env:CANARY}}'}}}}}}
cases:
  - {{name: by header, request: GET /echo, as: header}}
  - {{name: by query, request: GET /echo?a=1, as: query}}
  - {{name: by password, request: GET /echo, as: basic}}
  - {{name: by token, request: GET /echo, as: token}}
  - {{name: from the environment, request: GET /echo, as: env}}
  - {{name: from a file, request: GET /echo, headers: {{x-file: '${{file:secret.txt}}'}}}}
  - name: a body
    request: POST /echo
    unsafe: run
    json: {{key: '${{env:CANARY}}'}}
  - {{name: literal, request: GET /echo, headers: {{Authorization: 'Bearer cAnary-literal-bearer'}}}}
  - {{name: cookie, request: GET /echo, headers: {{Cookie: 'sid=cAnary-cookie-55'}}}}
  - name: captured
    unsafe: run
    steps:
      - {{request: POST /login, capture: {{token: {{at: $.token, secret: true}}}}}}
      - {{request: 'GET /echo?t=${{token}}', headers: {{x-token: '${{token}}'}}}}
  - {{name: broken, request: GET /reset, as: query}}
"""


def forms(secret: str) -> set[bytes]:
    """Every form in which the canary would be readable."""
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), quote_plus(secret).encode(), quote(secret).encode()}
    found |= {json.dumps(secret)[1:-1].encode(), json.dumps(secret, ensure_ascii=False)[1:-1].encode()}
    found |= {json.dumps(json.dumps(secret))[2:-2].encode()}
    found |= {base64.b64encode(raw), base64.urlsafe_b64encode(raw), raw.hex().encode()}
    for lead in (b"", b"x", b"xx"):
        core = base64.b64encode(lead + raw)
        found.add(core[4:-4] if len(core) > 16 else core)
    return {form for form in found if len(form) > 5}


def behave(asked: Asked) -> Answer:
    if asked.target.startswith("/login"):
        return Answer(body=json.dumps({"token": CANARIES["captured"]}).encode())
    shown = {**asked.headers, "target": asked.target, "body": asked.body.decode("utf-8", "replace")}
    text = json.dumps(shown)
    basic = base64.b64encode(text.encode()).decode()
    body = json.dumps({"echo": shown, "again": text, "encoded": basic, "quoted": quote(text)})
    kept = tuple((f"X-Echo-{name}", value) for name, value in asked.headers.items() if "\n" not in value)
    return Answer(headers=(("Content-Type", "application/json"), *kept), body=body.encode())


def other(asked: Asked) -> Answer:
    answer = behave(asked)
    return Answer(status=answer.status, headers=answer.headers, body=answer.body.replace(b"{", b'{"more": 1, ', 1))


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "secret.txt").write_text(CANARIES["file"] + "\n", encoding="utf-8")
    with PlainServer(behave) as old, PlainServer(other) as new:
        file = folder / "s.yaml"
        file.write_text(SCENARIO.format(old=old.url, new=new.url), encoding="utf-8")
        env = {"CANARY": CANARIES["env"].replace("ü", "u")}
        planned = cutover("plan", file, cwd=folder, env=env)
        probed = cutover("probe", file, "--case", "by query", cwd=folder, env=env)
        probed_basic = cutover("probe", file, "--case", "by password", cwd=folder, env=env)
        done = cutover("rehearse", file, cwd=folder, env=env)
        assert any(CANARIES["header"] in one.headers.get("x-api-key", "") for one in old.asked)
    assert done.code == 1, done.out + done.err
    out = "".join(call.out + call.err for call in (planned, probed, probed_basic, done))
    return Done(code=done.code, out=out, err="", runs=done.runs)


@pytest.mark.parametrize("name", CANARIES)
def test_no_canary_anywhere(leaky: Done, name: str) -> None:
    secret = CANARIES[name].replace("ü", "u")
    places = {path.relative_to(leaky.runs): path.read_bytes() for path in leaky.runs.rglob("*") if path.is_file()}
    places[Path("console")] = leaky.out.encode()
    assert len(places) > 6
    for place, content in places.items():
        for form in forms(secret):
            at = content.find(form)
            assert at < 0, f"{name} in {place}: …{content[max(0, at - 60) : at + 60]!r}…"


def test_something_was_kept(leaky: Done) -> None:
    """The canaries are gone because they were masked, not because nothing was kept."""
    journal = (leaky.run / "journal.jsonl").read_text(encoding="utf-8")
    assert "masked" in journal
    assert any((leaky.run / "bodies").iterdir())
