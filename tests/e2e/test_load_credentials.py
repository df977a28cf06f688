"""Credentials that end while a load is on its way: renewed in time, or the load ends and says why. For `make soak`."""

import http.client
import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.servers.command import Done, cutover
from tests.servers.loaded import LoadedServer, Reply
from tests.servers.moto import REGION, Moto
from tests.servers.plain import Answer, Asked, PlainServer

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not os.environ.get("WHOLE_CATALOGUE"), reason="long; `make soak` runs it"),
]

BY_TOKEN = """\
version: 1
name: Load by token
old: {{kind: generic, url: "{old}"}}
new: {{kind: generic, url: "{new}"}}
credentials:
  service: {{both: {{oauth2: {{token_url: "{tokens}", client_id: a, client_secret: secret-of-a}}}}}}
cases:
  - {{name: list, request: GET /orders, as: service, expect: {{status: 200}}}}
load:
  profile: {{rate: 10, for: {seconds}s}}
  warm_up: 0s
gates: {{require: [load]}}
"""


class Tokens:
    """Issues tokens of a short life, `most` of them, and knows which ones are still good."""

    def __init__(self, lifetime: float, most: int = 100) -> None:
        self._lifetime, self._most = lifetime, most
        self._lock = threading.Lock()
        self.ends: dict[str, float] = {}

    def issue(self, _: Asked) -> Answer:
        with self._lock:
            if len(self.ends) >= self._most:
                return Answer(status=500, body=b'{"error": "server_error"}')
            token = f"token-of-the-service-{len(self.ends)}"
            self.ends[token] = time.monotonic() + self._lifetime
        told = {"access_token": token, "token_type": "Bearer", "expires_in": self._lifetime}
        return Answer(body=json.dumps(told).encode())

    def check(self, head: str) -> Reply:
        token = head.partition("Bearer ")[2].partition("\r\n")[0]
        return Reply(status=200 if time.monotonic() < self.ends.get(token, 0.0) else 401)


def _by_token(folder: Path, tokens: Tokens, seconds: int) -> Done:
    with (
        LoadedServer(behave=tokens.check) as old,
        LoadedServer(behave=tokens.check) as new,
        PlainServer(tokens.issue) as endpoint,
    ):
        file = folder / "token.yaml"
        file.write_text(BY_TOKEN.format(old=old.url, new=new.url, tokens=endpoint.url, seconds=seconds))
        return cutover("rehearse", file, "--suite", "load", cwd=folder)


def _loaded(done: Done) -> dict[str, Any]:
    events = [json.loads(line) for line in (done.run / "journal.jsonl").read_bytes().splitlines()]
    found: dict[str, Any] = next(event for event in events if event["t"] == "loaded")
    return found


def _sent(loaded: dict[str, Any], side: str) -> dict[str, Any]:
    found: dict[str, Any] = next(arm for arm in loaded["arms"] if arm["side"] == side and not arm.get("operation"))
    return found


def test_a_token_is_renewed_before_its_end(tmp_path: Path) -> None:
    tokens = Tokens(lifetime=15)
    done = _by_token(tmp_path, tokens, seconds=25)
    assert done.code == 5, done.out + done.err
    assert len(tokens.ends) >= 3
    loaded = _loaded(done)
    assert loaded["state"] == "finished"
    for side in ("old", "new"):
        assert _sent(loaded, side)["sent"] == 250
        assert not _sent(loaded, side).get("errors")


def test_a_token_that_cannot_be_renewed_ends_the_load_and_what_was_measured_stays(tmp_path: Path) -> None:
    done = _by_token(tmp_path, Tokens(lifetime=9, most=1), seconds=40)
    assert done.code == 5, done.out + done.err
    loaded = _loaded(done)
    assert loaded["state"] == "failed"
    assert "service" in loaded["why"]
    assert 40 <= _sent(loaded, "new")["sent"] < 200
    outcomes = {one["outcome"] for one in done.report["load"]["thresholds"]}
    assert not outcomes & {"PASS", "FAIL"}


SIGNED = """\
version: 1
name: Signed load
old: {{kind: generic, url: "{old}"}}
new: {{kind: generic, url: "{new}"}}
credentials:
  signer: {{both: {{sigv4: {{region: {region}, service: sts, access_key: {key}, secret_key: "{secret}"}}}}}}
  stranger: {{both: {{sigv4: {{region: {region}, service: sts, access_key: {key}, secret_key: "{other}"}}}}}}
cases:
  - name: mine
    request: POST /
    form: {{Action: GetCallerIdentity, Version: "2011-06-15"}}
    unsafe: run
    as: signer
    expect: {{status: 200}}
  - name: theirs
    request: POST /
    form: {{Action: GetCallerIdentity, Version: "2011-06-15"}}
    operation: POST /stranger
    unsafe: run
    as: stranger
    expect: {{status: 403}}
load:
  profile: {{rate: 5, for: 8s}}
  mix: {{mine: 3, theirs: 1}}
  warm_up: 0s
gates: {{require: [load]}}
"""


def _to(moto: Moto) -> Callable[[Asked], Answer]:
    def verify(asked: Asked) -> Answer:
        with closing(http.client.HTTPConnection(moto.url.removeprefix("http://"), timeout=10)) as connection:
            connection.putrequest(asked.method, asked.target, skip_host=True, skip_accept_encoding=True)
            for name, value in asked.given:
                connection.putheader(name, value)
            connection.endheaders(asked.body)
            answer = connection.getresponse()
            return Answer(status=answer.status, body=answer.read())

    return verify


def test_signatures_are_taken_by_a_service_that_verifies_them(tmp_path: Path) -> None:
    with Moto() as moto:
        iam = moto.client("iam")
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.create_user(UserName="tester")
        iam.put_user_policy(UserName="tester", PolicyName="all", PolicyDocument=json.dumps(allow))
        keys = iam.create_access_key(UserName="tester")["AccessKey"]
        moto.with_authentication()
        with PlainServer(_to(moto)) as old, PlainServer(_to(moto)) as new:
            key, secret = keys["AccessKeyId"], keys["SecretAccessKey"]
            other = secret[:-1] + ("x" if secret[-1] != "x" else "y")
            file = tmp_path / "signed.yaml"
            file.write_text(SIGNED.format(old=old.url, new=new.url, region=REGION, key=key, secret=secret, other=other))
            done = cutover("rehearse", file, "--suite", "load", cwd=tmp_path)
            signatures = {value for asked in old.asked for value in asked.all("authorization")}
    assert done.code == 5, done.out + done.err
    loaded = _loaded(done)
    assert loaded["state"] == "finished"
    for side in ("old", "new"):
        found = _sent(loaded, side)
        assert found["sent"] == 40
        assert not found.get("errors"), found["outcomes"]
        assert set(found["outcomes"]) == {"200", "403"}
    assert len(signatures) > 2  # signed anew on the way
