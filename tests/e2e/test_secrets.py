"""A canary in every place a secret can come from is found nowhere: not raw, encoded, escaped, nor echoed."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.servers.canaries import forms
from tests.servers.command import Done, cutover
from tests.servers.plain import Answer, Asked, Behaviour, PlainServer

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


ODD = {
    "URLKEY": "cAnaryUrlKey81",
    "PATHKEY": "cAnaryPathKey82",
    "ECHO": "cAnary-echo-84",
    "SETTOKEN": "cAnary-set-85",
    "KEYFILE": "-----BEGIN KEY-----\ncAnaryLine1+/abcdefghijk\ncAnaryLine2+/lmnopqrstuv\n-----END KEY-----",
    "REGEX": "cA(.*)[n]+a\\\\ry$^|?<86>&amp;",
    "LONG": "cAnary" + "L0ng" * 6000,
    "EXPECTED": "cAnary-expected-88",
    "TINY": "cAnBin89",
    "PROXY": "cAnary-proxy-90",
    "LATIN": "cAnäry-latin-92",
    "LATER": "cAnary-later-93",
}

CORNERS = """
version: 1
name: corners
vars: {{token: x}}
old: {{kind: generic, url: '{old}/${{env:URLKEY}}'}}
new: {{kind: generic, url: '{new}/${{env:URLKEY}}'}}
evidence: {{bodies: all}}
limits: {{rate: 1000}}
compare: {{noise: {{repeats: 0}}}}
credentials: {{set: {{both: {{header: {{x-api-key: '${{var:token}}'}}}}}}}}
cases:
  - {{name: path, request: 'GET /echo/${{env:PATHKEY}}/x', operation: GET /echo/key/x}}
  - {{name: set, request: GET /echo, as: set}}
  - {{name: expected, request: GET /back, headers: {{x-echo: '${{env:EXPECTED}}'}}, expect: {{headers: {{x-back: never}}}}}}
  - {{name: expecting, request: GET /back, expect: {{headers: {{x-back: '${{env:EXPECTED}}'}}}}}}
  - {{name: tiny, request: GET /binary, headers: {{x-echo: '${{env:TINY}}'}}}}
  - {{name: key file, request: POST /lines, unsafe: run, body: '${{env:KEYFILE}}'}}
  - {{name: regex, request: POST /lines, unsafe: run, body: '${{env:REGEX}}'}}
  - {{name: latin, request: POST /latin, unsafe: run, body: '${{env:LATIN}}'}}
  - {{name: long, request: POST /lines, unsafe: run, body: '${{env:LONG}}'}}
  - name: a token
    unsafe: run
    steps:
      - {{request: POST /login, capture: {{token: {{at: $.token, secret: true}}}}}}
  - {{name: told later, request: POST /later, unsafe: run}}
{more}"""

ECHOES = (
    "utf-16",
    "utf-16-be",
    "wide-json",
    "gzip",
    "xml",
    "keys",
    "text",
    "form",
    "events",
    "location",
    "cookie",
    "name",
)
TYPES = {
    "utf-16": "text/plain; charset=utf-16", "utf-16-be": "text/plain; charset=utf-16be", "gzip": "application/json",
    "wide-json": "application/json; charset=utf-16", "xml": "application/xml", "keys": "application/json",
    "text": "text/plain", "form": "application/x-www-form-urlencoded", "events": "text/event-stream",
    "binary": "application/octet-stream", "lines": "text/plain", "latin": "text/plain; charset=iso-8859-1",
}  # fmt: skip


def bodies(kind: str, side: str, told: str, sent: bytes) -> bytes:
    """Tell a secret again in the way that the path asks for, a little differently on each side."""
    made: Any = {
        "utf-16": lambda: f"{side} {told}".encode("utf-16"),
        "utf-16-be": lambda: f"{side} {told}".encode("utf-16-be"),
        "wide-json": lambda: json.dumps({side: told}).encode("utf-16-le"),
        "gzip": lambda: gzip.compress(json.dumps({side: told}).encode()),
        "xml": f'<a k="{told}"><{told}>{side}{told}</{told}><!-- {told} --></a>'.encode,
        "keys": lambda: json.dumps({told: {told + side: [told]}, "x": {told: side}}).encode(),
        "text": f"a\n{side}{told}\nb".encode,
        "form": f"a={quote(told)}{side}&{quote(told)}={side}".encode,
        "events": f"event: {told}\ndata: {side}{told}\n\n".encode,
        "binary": lambda: b"\0\1\xff" + side[:1].encode() * (side == "new") + told.encode() + b"\0",
        "lines": lambda: b"head\n" + sent.replace(b"\n", f"\n{side}".encode()) + b"\ntail " + side.encode(),
        "latin": lambda: side.encode() + sent.decode().encode("latin-1"),
        "login": lambda: json.dumps({"token": ODD["LATER"], "side": side}).encode(),
        "later": lambda: json.dumps({"side": side, ODD["LATER"]: [ODD["LATER"]]}).encode(),
    }
    return made[kind]() if kind in made else json.dumps({"side": side}).encode()


def echoing(side: str) -> Behaviour:
    def behave(asked: Asked) -> Answer:
        told = asked.headers.get("x-echo", "")
        kind = asked.target.split("?")[0].split("/")[2]
        headers = {
            "location": (("Location", f"https://{told}.example/{quote(told)}?{side}={told}"),),
            "cookie": (("Set-Cookie", f"sid{side}={told}; Path=/{told}; Domain={told}"),),
            "name": ((f"X-{told}", side),),
            "back": (("X-Back", told),),
            "gzip": (("Content-Encoding", "gzip"),),
            "echo": (("X-Path", asked.target), ("X-Key", asked.headers.get("x-api-key", ""))),
        }.get(kind, ())
        media = ("Content-Type", TYPES.get(kind, "application/json"))
        return Answer(headers=(media, *headers), body=bodies(kind, side, told, asked.body))

    return behave


@pytest.fixture(scope="module")
def corners(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("corners")
    sets = ("--set", f"token={ODD['SETTOKEN']}")
    env = {name: value for name, value in ODD.items() if name not in {"SETTOKEN", "LATER"}}
    own = folder / "cutover-runs" / "own.xml"
    more = "".join(f"  - {{name: {e}, request: GET /{e}, headers: {{x-echo: '${{env:ECHO}}'}}}}\n" for e in ECHOES)
    with PlainServer(echoing("old")) as old, PlainServer(echoing("new")) as new:
        file = folder / "s.yaml"
        file.write_text(CORNERS.format(old=old.url, new=new.url, more=more), encoding="utf-8")
        calls = [cutover("plan", file, "--json", *sets, cwd=folder, env=env)]
        calls += [cutover("probe", file, "--case", case, *sets, cwd=folder, env=env) for case in ("key file", "utf-16")]
        done = cutover("rehearse", file, "--junitxml", own, *sets, cwd=folder, env={**env, "CUTOVER_TRACEBACK": "1"})
        proxied = (
            file.read_text()
            .replace(old.url, "http://gateway.invalid")
            .replace("url: 'http://gateway", "proxy: 'socks5h://clerk:${env:PROXY}@127.0.0.1:1', url: 'http://gateway")
        )
        file.write_text(proxied, encoding="utf-8")
        calls += [cutover("probe", file, "--case", "path", *sets, cwd=folder, env=env)]
    assert done.code == 1, done.out + done.err
    assert own.exists()
    assert "--proxy" in calls[-1].out
    out = "".join(call.out + call.err for call in (*calls, done))
    return Done(code=done.code, out=out, err="", runs=done.runs)


def odd_forms(secret: str) -> set[bytes]:
    """Every form of an odd secret, and of each line of it."""
    found = forms(secret) | {secret.encode(codec, "ignore") for codec in ("utf-16-le", "utf-16-be", "latin-1")}
    lines = secret.split("\n")
    return found.union(*(forms(line) for line in lines)) | {secret.encode().hex(" ").encode()}


@pytest.mark.parametrize("name", ODD)
def test_no_canary_in_the_corners(corners: Done, name: str) -> None:
    places = {path.relative_to(corners.runs): path.read_bytes() for path in corners.runs.rglob("*") if path.is_file()}
    places[Path("console")] = corners.out.encode()
    assert len(places) > 40
    for place, content in places.items():
        for form in odd_forms(ODD[name]):
            at = content.find(form)
            assert at < 0, f"{name} in {place}: …{content[max(0, at - 60) : at + 60]!r}…"


@pytest.mark.parametrize("secret", ["a", "old", "masked", "null", "\\\\"])
def test_a_secret_that_stands_everywhere_spoils_no_run(tmp_path: Path, secret: str) -> None:
    """The evidence suffers; the verdict and the reports do not."""
    with PlainServer(lambda _: Answer(body=b'{"a": 1}')) as old, PlainServer(lambda _: Answer(body=b'{"a": 2}')) as new:
        file = tmp_path / "s.yaml"
        file.write_text(
            f"version: 1\nname: s\nold: {{kind: generic, url: '{old.url}'}}\nnew: {{kind: generic, url: '{new.url}'}}\n"
            "cases:\n  - {name: one, request: GET /orders/1, headers: {x-s: '${env:S}'}}\n",
            encoding="utf-8",
        )
        done = cutover("rehearse", file, cwd=tmp_path, env={"S": secret})
    assert done.code == 1, done.out + done.err
    assert done.report["differences"]["unexplained"] == 1
    before = (done.run / "report.html").read_bytes()
    again = cutover("report", "latest", cwd=tmp_path, env={"S": secret})
    assert (again.code, (done.run / "report.html").read_bytes()) == (1, before)


def test_a_set_that_holds_a_secret_must_be_given_again(tmp_path: Path) -> None:
    """It is not in the journal, so resuming without it is refused in words, and with it works."""
    with PlainServer(lambda _: Answer()) as server:
        file = tmp_path / "s.yaml"
        both = f"{{kind: generic, url: '{server.url}'}}"
        file.write_text(
            f"version: 1\nname: s\nvars: {{t: x}}\nold: {both}\nnew: {both}\n"
            "credentials: {c: {both: {header: {x-key: '${var:t}'}}}}\n"
            "cases:\n  - {name: one, request: GET /1, as: c}\n",
            encoding="utf-8",
        )
        sets = ("--set", "t=cAnary-set-85")
        first = cutover("rehearse", file, *sets, cwd=tmp_path)
        assert first.code == 0, first.out + first.err
        refused = cutover("rehearse", "--resume", "latest", cwd=tmp_path)
        assert refused.code == 4, refused.out + refused.err
        assert "--set" in refused.err
        assert cutover("rehearse", "--resume", "latest", *sets, cwd=tmp_path).code == 0
