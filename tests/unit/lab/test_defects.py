"""Each defect changes the new side's answer where it says, and no harmless change changes what is said."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.lab.catalogue import DEFECTS
from harness.lab.defects.defect import Defect
from harness.scenario.credential import (
    HeaderCredential,
)
from harness.scenario.load import load
from harness.scenario.types import (
    Case,
    Scenario,
    Step,
)

ROOT = Path(__file__).resolve().parents[3]
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
VARYING = {"date"}


@pytest.fixture(scope="module")
def demo() -> Scenario:
    return load(ROOT / "scenarios" / "demo.yaml", environ={})


def _headers(demo: Scenario, step: Step) -> dict[str, str]:
    headers = dict(step.headers)
    for credential in demo.identities[step.identity].new if step.identity else ():
        if isinstance(credential, HeaderCredential):
            headers.update(credential.headers)
        else:
            headers["Authorization"] = f"Bearer {credential.token}"  # type: ignore[union-attr]
    return headers


def _answers(site: Any, demo: Scenario, case: Case, name: str) -> list[Any]:
    """Run a case against the new gateway with defect `name`."""
    answers = []
    for _ in range(case.repeat):
        made = ""
        for step in case.steps:
            target = step.target.replace("${id}", made)
            got = site.send(site.new[name], step.method, target, _headers(demo, step), step.body)
            if step.captures:
                made = json.loads(got.body)["id"]
            answers.append(got)
    return answers


def _plain(text: str, port: int) -> str:
    text = text.replace(f"http://127.0.0.1:{port}", "BASE")
    return MOMENT.sub("MOMENT", UUID.sub("UUID", text))


def _look(got: Any, at: str, port: int) -> object:
    """Return what stands at a place of an answer, with what varies from call to call taken out."""
    if at == "status":
        return got.status
    if at == "response":
        return got.whole
    if at == "time:first_byte":
        return got.total - got.first_byte > 0.2
    if at.startswith("header:"):
        return [_plain(value, port) for value in got.all(at.removeprefix("header:").partition("[")[0])]
    if at.startswith("body:$"):
        return _json_at(got.body, at.removeprefix("body:$"), port)
    return _plain(got.body.decode("latin-1"), port)


def _json_at(body: bytes, path: str, port: int) -> object:
    try:
        value = json.loads(_plain(body.decode(), port))
        for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
            value = value[name] if name else value[int(index)]
    except (ValueError, KeyError, IndexError, TypeError):
        return "absent"
    return json.dumps(value)


PARITY = [defect for defect in DEFECTS if defect.suite == "parity"]
HARMFUL = [defect for defect in PARITY if not defect.harmless]
HARMLESS = [defect for defect in PARITY if defect.harmless]


@pytest.mark.parametrize("defect", HARMFUL, ids=lambda defect: defect.name)
def test_it_changes_what_it_says(site: Any, demo: Scenario, defect: Defect) -> None:
    case = next(case for case in demo.cases if case.name == defect.case)
    good = _answers(site, demo, case, "")
    bad = _answers(site, demo, case, defect.name)
    seen = [
        (_look(a, defect.at, site.new[""]), _look(b, defect.at, site.new[defect.name]))
        for a, b in zip(good, bad, strict=True)
    ]
    assert any(a != b for a, b in seen), seen


@pytest.mark.parametrize("defect", HARMLESS, ids=lambda defect: defect.name)
def test_it_changes_nothing_that_is_said(site: Any, demo: Scenario, defect: Defect) -> None:
    case = next(case for case in demo.cases if case.name == defect.case)
    good, bad = (_answers(site, demo, case, name)[0] for name in ("", defect.name))
    ports = site.new[""], site.new[defect.name]
    assert good.status == bad.status
    assert json.loads(_plain(good.body.decode(), ports[0])) == json.loads(_plain(bad.body.decode(), ports[1]))
    assert (good.body, [name for name, _ in good.headers]) != (bad.body, [name for name, _ in bad.headers])
    assert _said(good.headers) == _said(bad.headers)


def _said(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    changing = {"date", "content-length"}
    return sorted((name.lower(), value) for name, value in headers if name.lower() not in changing)


def test_the_faithful_gateway_answers_as_the_backend_does(site: Any) -> None:
    key = {"Ocp-Apim-Subscription-Key": "new-partner-key-c20d"}
    for path in ("/numbers", "/unicode", "/binary", "/xml", "/cookies", "/large?kb=300", "/echo/a%2Fb?x=1&x=2"):
        through = site.apim("GET", path, key)
        direct = site.send(site.backend, "GET", path)
        assert (through.status, through.body) == (direct.status, direct.body)


def test_several_defects_work_together() -> None:
    from harness.lab.serve import Lab

    with Lab("null-dropped", "header-dropped") as ports:
        assert len({ports.old, ports.new, ports.backend}) == 3
