"""A canary in every place where names that move may meet one is found nowhere afterwards, however the run ended.

The new side, the control planes and the name server itself echo what they get, and what they cannot know, in several
forms. Searched are the runs, the reports and the terminal; the scenarios and the logs that hold the canaries are input.
"""

import json
import os
import signal
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from harness.cli.main import main
from tests.e2e.dns_stage import Stage, stage
from tests.e2e.dns_world import NAME, OLD, ZONES
from tests.servers.canaries import halves, leaks, places
from tests.servers.command import ROOT, Done, arguments, cutover, environment
from tests.servers.loaded import Reply
from tests.servers.nsd import zone_text
from tests.servers.plain import Answer, Asked, PlainServer
from tests.servers.scripted_dns import serving

WHOLE = bool(os.environ.get("WHOLE_CATALOGUE"))
SECRETS = {
    "header": 'cAnary-header-1/7"+=x',
    "cookie": "cAnary-cookie-2-abcdef",
    "secret key": "cAnary/secret+key/3/abcdefghijklmnopqrst",
    "session token": "cAnarySessionToken4//////////abcdefghijklmnop==",
    "token": "cAnary.azure-token-5.abcdefgh",
    "target": "gw-canary-target-6.other.test",
    "path": "cAnary-path-7",
    "name": "cAnary-Name-8.example.test",
    "key in a log": "cAnary-key-of-a-caller-9",
    "cookie in a log": "cAnary-cookie-of-a-caller-10",
    "password in a log": "cAnary-password-of-a-caller-11",
}
LOWER = SECRETS["name"].lower()
VARIABLES = {
    "CANARY_HEADER": SECRETS["header"],
    "CANARY_TARGET": SECRETS["target"],
    "CANARY_PATH": SECRETS["path"],
    "CANARY_NAME": SECRETS["name"],
    "CANARY_KEY": SECRETS["secret key"],
    "CANARY_SESSION": SECRETS["session token"],
    "CANARY_TOKEN": SECRETS["token"],
}
PROFILE = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Network/trafficManagerProfiles/orders"
LOG = "\n".join(
    [
        *(
            json.dumps(
                {
                    "method": "GET",
                    "target": f"https://clerk:{SECRETS['password in a log']}@abc.execute-api.eu-west-1.amazonaws.com/x"
                    f"?api_key={SECRETS['key in a log']}",
                    "headers": {"x-api-key": SECRETS["key in a log"], "cookie": f"s={SECRETS['cookie in a log']}"},
                    "client": "192.0.2.7",
                }
            )
            for _ in range(30)
        ),
        f"no line of a log {SECRETS['key in a log']}",
    ]
)


def _forms(text: str) -> list[str]:
    return [text, quote(text), b64encode(text.encode()).decode(), json.dumps(text), text.encode().hex()]


def _forms_of(text: str) -> str:
    return " ".join(_forms(text))


def _echo() -> str:
    return _forms_of(" ".join(VARIABLES.values()))


def _control(status: int) -> Callable[[Asked], Answer]:
    """Return a control plane that refuses, and tells all that it was given again, in its error's code what it was not."""

    def behave(asked: Asked) -> Answer:
        again = _forms_of(" ".join([*asked.all("authorization"), *asked.all("x-amz-security-token")]))
        if "/subscriptions" in asked.target:
            error = {"error": {"code": f"No{SECRETS['token']}", "message": again}}
            return Answer(status=status, body=json.dumps(error).encode())
        text = f"<Message>{again.replace('<', '').replace('&', '')}</Message>"
        error_xml = f"<ErrorResponse><Error><Code>{SECRETS['secret key']}</Code>{text}</Error></ErrorResponse>"
        return Answer(status=status, headers=(("Content-Type", "text/xml"),), body=error_xml.encode())

    return behave


def _told_again(head: str) -> Reply:
    lines = [f"X-Echo-{line}" for line in head.split("\r\n")[1:] if len(line) < 2000]
    return Reply(status=403, body=f"{_forms_of(head)} {_echo()}".encode(), headers=tuple(lines))


def _zones() -> dict[str, str]:
    """Return zones whose texts tell secrets: as the name's way, in the zone's own records."""
    own = (
        f"@ NS ns1\n@ NS {SECRETS['target']}.\nns1 A 127.0.0.1\napi CNAME {OLD}.\n"
        f'{LOWER}. CNAME {SECRETS["target"]}.\n@ CAA 0 issue "{SECRETS["path"]}.test"\n'
    )
    other = zone_text("other.test", f"@ NS ns1\nns1 A 127.0.0.1\n{SECRETS['target']}. A 127.0.0.1\n")
    return {**ZONES, "example.test": zone_text("example.test", own), "other.test": other}


def _names(asked: dns.message.Message) -> dns.message.Message | bytes | None:
    """Answer by the zones; what stands beside a name tells everything."""
    question = asked.question[0]
    if question.rdtype != dns.rdatatype.TXT:
        return _SERVING(asked)
    reply = dns.message.make_response(asked)
    reply.flags |= dns.flags.AA
    texts = [SECRETS["header"], SECRETS["token"], SECRETS["secret key"], SECRETS["name"]]
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for whole in texts for text in _forms(whole))
    parts = [f'"{text}"' for text in quoted]
    reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", *parts))
    return reply


_SERVING = serving(_zones())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The servers of all runs."""

    base: Path
    stage: Stage
    controls: dict[int, str]

    def scenario(self, name: str, switch: str = "route53", status: int = 403, **dns: Any) -> Path:
        """Write a scenario and a log to a folder of its own."""
        folder = self.base / name
        keys = {"secret_key": "${env:CANARY_KEY}", "session_token": "${env:CANARY_SESSION}"}
        switches: dict[str, dict[str, Any]] = {
            "route53": {
                "kind": "route53",
                "endpoint": self.controls[status],
                "access_key": "ASIACANARY",
                **keys,
            },
            "azure": {
                "kind": "traffic-manager",
                "resource": PROFILE,
                "endpoint": self.controls[status],
                "token": "${env:CANARY_TOKEN}",
            },
        }
        caller = {"header": {"x-api-key": "${env:CANARY_HEADER}", "cookie": f"s={SECRETS['cookie']}"}}
        place = {"address": self.stage.names.address, "port": self.stage.names.port}
        doh = {
            "name": "over HTTPS",
            "protocol": "doh",
            "address": "127.0.0.1",
            "port": 1,
            "path": "/${env:CANARY_PATH}",
        }
        section = {
            "name": None,
            "names": [NAME, "${env:CANARY_NAME}"],
            "to": "${env:CANARY_TARGET}",
            "resolvers": [{"name": "resolver", **place}, doh, f"https://127.0.0.1:1/{'${env:CANARY_PATH}'}x"],
            "switch": switches[switch],
            "callers": {"log": "calls.log"},
            **dns,
        }
        more = {
            "credentials": {
                "partner": {"both": caller},
                "signer": {"both": {"sigv4": {"region": "eu-west-1", "access_key": "ASIACANARY", **keys}}},
                "bearer": {"both": {"bearer": "${env:CANARY_TOKEN}"}},
            },
            "cases": [{"name": "orders", "request": "GET /orders", "as": "partner"}],
            "limits": {"timeout": "20s"},
        }
        file = self.stage.scenario(folder, more, **section)
        (folder / "calls.log").write_text(LOG)
        return file


def _environment(scene: Scene) -> dict[str, str]:
    return {**VARIABLES, "HOME": str(scene.base), "PYTHONPATH": str(ROOT)}


def _whole(scene: Scene, name: str, switch: str, status: int) -> Done:
    file = scene.scenario(name, switch, status)
    done = cutover("rehearse", file, "--suite", "dns", cwd=file.parent, env=_environment(scene))
    if name == "refused by AWS":
        for report in (*done.run.glob("report.[hm]*"), done.run / "junit.xml"):
            report.rename(report.with_name(f"first-{report.name}"))
        again = cutover("report", "latest", cwd=file.parent, env=_environment(scene))
        return Done(code=done.code, out=done.out + again.out, err=done.err + again.err, runs=done.runs)
    return done


def _cut(scene: Scene, name: str, by: signal.Signals) -> Done:
    """End a run while the new side is silent; its name servers and control plane have told all they know."""
    reached = threading.Event()
    answer = scene.stage.new.behave

    def silent(head: str) -> Reply:
        if f"/{name}" in head:
            reached.set()
            return Reply(silent=True)
        return answer(head)

    scene.stage.new.behave = silent
    file = scene.scenario(name)
    file.write_text(file.read_text().replace("GET /orders", f"GET /{name}"))
    child = subprocess.Popen(
        arguments("rehearse", file, "--suite", "dns"),
        cwd=file.parent,
        env=environment(_environment(scene)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        there = reached.wait(30)
        child.send_signal(by if there else signal.SIGINT)
        out, err = child.communicate(timeout=30)
    finally:
        child.kill()
        child.wait()
    assert there, out + err
    return Done(code=child.returncode, out=out, err=err, runs=file.parent / "cutover-runs")


def _watched(scene: Scene) -> Done:
    file = scene.scenario("watched")
    line = ("dns", "watch", file, "--interval", "200ms", "--until", "1s")
    return cutover(*line, cwd=file.parent, env=_environment(scene))


def _planned(scene: Scene) -> Done:
    file = scene.scenario("planned")
    return cutover("plan", file, "--json", cwd=file.parent, env=_environment(scene))


RUNS: dict[str, tuple[Callable[[Scene], Done], int]] = {
    "refused by AWS": (lambda scene: _whole(scene, "refused by AWS", "route53", 403), 1),
    "failed at Azure": (lambda scene: _whole(scene, "failed at Azure", "azure", 500), 1),
    "interrupted": (lambda scene: _cut(scene, "interrupted", signal.SIGINT), 2),
    "watched": (_watched, 5),
    "planned": (_planned, 0),
}
MORE: dict[str, tuple[Callable[[Scene], Done], int]] = {
    "killed": (lambda scene: _cut(scene, "killed", signal.SIGKILL), -signal.SIGKILL),
    "throttled by AWS": (lambda scene: _whole(scene, "throttled by AWS", "route53", 429), 1),
    "denied by Azure": (lambda scene: _whole(scene, "denied by Azure", "azure", 401), 1),
    "throttled by Azure": (lambda scene: _whole(scene, "throttled by Azure", "azure", 429), 1),
}
CHOSEN = {**RUNS, **MORE} if WHOLE else RUNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that is left of the runs."""

    where: dict[str, bytes]
    calls: dict[str, Done]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    base = tmp_path_factory.mktemp("dns-canaries")
    with ExitStack() as stack:
        statuses = (401, 403, 429, 500)
        controls = {one: stack.enter_context(PlainServer(_control(one))).url for one in statuses}
        made = stack.enter_context(stage(tmp_path_factory.mktemp("tls"), LOWER, zones=_zones()))
        made.names.answer = _names
        made.new.behave = _told_again
        scene = Scene(base=base, stage=made, controls=controls)
        pool = stack.enter_context(ThreadPoolExecutor(3))
        futures = {name: pool.submit(one, scene) for name, (one, _) in CHOSEN.items()}
        calls = {name: future.result() for name, future in futures.items()}
    for name in ("scenario.yaml", "calls.log"):
        for file in base.rglob(name):
            file.unlink()
    return Kept(where=places(base, *(call.out + call.err for call in calls.values())), calls=calls)


@pytest.mark.parametrize("name", CHOSEN)
def test_the_runs_were_what_they_are_meant_to_be(name: str, kept: Kept) -> None:
    call = kept.calls[name]
    assert call.code == CHOSEN[name][1], call.out[-3000:] + call.err[-3000:]


def test_all_that_is_left_was_searched(kept: Kept) -> None:
    names = " ".join(kept.where)
    assert all(f"/{name}" in names for name in ("journal.jsonl", "report.html", "report.json", "report.md"))
    whole = b"".join(kept.where.values())
    # what was echoed was met, and taken out
    for label in ("${env:CANARY_HEADER}", "${env:CANARY_TARGET}", "${env:CANARY_NAME}"):
        assert f"[masked {label}".encode() in whole, label


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_is_left_anywhere(name: str, kept: Kept) -> None:
    value = SECRETS[name]
    assert leaks({name: [value, value.lower()]}, kept.where) == []


def test_nor_half_of_one(kept: Kept) -> None:
    assert halves(kept.where) == []


@pytest.mark.parametrize(
    "section",
    [
        {"rehearse": {"zone": "${env:CANARY_NAME}", "name": "api.test"}},
        {"resolvers": [{"address": "${env:CANARY_NAME}"}]},
        {"resolvers": ["tls://${env:CANARY_NAME}:99999"]},
        {"names": ["${env:CANARY_NAME}", "${env:CANARY_NAME}"], "name": None},
    ],
)
def test_a_wrong_scenario_is_told_without_them(
    section: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CANARY_NAME", SECRETS["name"])
    dns = {"name": NAME, "from": "old.test", "to": "new.test", **section}
    sides = {key: {"kind": "generic", "url": "http://127.0.0.1:9"} for key in ("old", "new")}
    given = {key: value for key, value in dns.items() if value is not None}
    cases = [{"name": "orders", "request": "GET /orders"}]
    (tmp_path / "s.yaml").write_text(json.dumps({"version": 1, "name": "x", **sides, "cases": cases, "dns": given}))
    assert main(["plan", str(tmp_path / "s.yaml")]) == 4
    told = capsys.readouterr()
    assert "canary-name" not in (told.out + told.err).lower().replace("${env:canary_name}", "")
