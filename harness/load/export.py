"""A load for somebody else's Locust: the file that sends it, its profile, what these need, and how to run them.

No secret is written. What comes from the environment is named (`${env:NAME}`) and filled in where it runs; what is
fetched, minted, signed or read from a file cannot be exported.
"""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.credentials.apply import addition, with_headers, with_parameters
from harness.load import managed, schedule
from harness.load.asking import Asked, asked
from harness.load.mix import shares
from harness.load.placeholders import NotSaid, Placeholders
from harness.load.plan import most, plan_of
from harness.model.errors import Problem, ScenarioError, UsageError
from harness.model.request import Request
from harness.model.side import Side
from harness.scenario.credential import BearerCredential, Credential, HeaderCredential, QueryCredential
from harness.scenario.types import Case, Scenario

_LOCUSTFILE = Path(__file__).with_name("child.py")
_NEEDED = ("locust", "hdrhistogram")
_PORTABLE = (HeaderCredential, QueryCredential, BearerCredential)
_HINT = 'a load that runs elsewhere takes its secrets from the environment, such as bearer: "${env:TOKEN}"'


def export(scenario: Scenario, folder: Path, *, force: bool = False) -> list[Path]:
    """Write the load to `folder` and return the files.

    The same scenario gives the same files. Raises ScenarioError where a secret does not come from the environment;
    UsageError where a file is there already (unless `force`) or cannot be written.
    """
    files = _files(scenario)
    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        raise UsageError(f"{folder} has {', '.join(there)} already", hint="another folder, or --force to write over")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{folder} cannot be written: {why}") from None
    return [folder / name for name in files]


def _files(scenario: Scenario) -> dict[str, bytes]:
    arrivals = [round(at, 6) for at in schedule.arrivals_of(scenario)]
    whole = most(scenario, arrivals).whole
    named = Placeholders(scenario.secrets)
    profile = json.dumps(_profile(scenario, arrivals, named), indent=1).encode() + b"\n"
    beside = ("profile.json", "requirements.txt")
    test = managed.configuration(scenario, files=beside, names=named.names, seconds=whole)
    return {
        "locustfile.py": _LOCUSTFILE.read_bytes(),
        "profile.json": profile,
        "requirements.txt": "".join(f"{name}=={version(name)}\n" for name in _NEEDED).encode(),
        "load-test.yaml": test.encode(),
        "README.txt": _readme(scenario, list(named.names), whole).encode(),
    }


def _profile(scenario: Scenario, arrivals: Sequence[float], named: Placeholders) -> dict[str, Any]:
    """Return the plan with its secrets named; raises ScenarioError with every case that cannot be said so."""
    mixed = shares(scenario)
    everything = asked(scenario, mixed)
    problems = list(dict.fromkeys(problem for one in everything for problem in _unportable(scenario, one)))
    if problems:
        raise ScenarioError(problems)
    requests = [
        (one.case, one.caller, _presented(scenario, one, Side.OLD), _presented(scenario, one, Side.NEW))
        for one in everything
    ]
    plan = plan_of(scenario, mixed, requests, seed=int(scenario.digest[:8], 16), arrivals=arrivals)
    for side in Side:
        if scenario.gateway(side).proxy == "environment":  # of this machine, which another one does not have
            plan["sides"][side.value]["proxy"] = ""
    return _named(scenario, everything, plan, named)


def _unportable(scenario: Scenario, one: Asked) -> list[Problem]:
    """Return what is wrong with a caller whose credentials are no fixed text."""
    if not one.caller:
        return []
    identity = scenario.identities[one.caller]
    kinds = {_kind(credential) for side in Side for credential in identity.on(side) if not _is_portable(credential)}
    return [
        _problem(one.case, f"'{one.case.name}' is sent as {one.caller}, whose {kind} cannot be exported: {_WHY}")
        for kind in sorted(kinds)
    ]


_WHY = "it is made or read when it is sent"


def _is_portable(credential: Credential) -> bool:
    return isinstance(credential, _PORTABLE)


def _kind(credential: Credential) -> str:
    return type(credential).__name__.removesuffix("Credential").lower() + " credential"


def _problem(case: Case, message: str) -> Problem:
    return Problem(file=Path(case.file), line=case.line, column=1, message=message, hint=_HINT)


def _presented(scenario: Scenario, one: Asked, side: Side) -> Request:
    """Return the request with what identifies its caller, as the keyring adds it."""
    request = one.plain[side]
    if not one.caller:
        return request
    added = [addition(credential) for credential in scenario.identities[one.caller].on(side)]
    headers = tuple(pair for each in added for pair in each.headers)
    parameters = tuple(pair for each in added for pair in each.parameters)
    return Request(
        side=side,
        method=request.method,
        url=with_parameters(request.url, parameters),
        headers=with_headers(request.headers, headers),
        body=request.body,
    )


def _named(
    scenario: Scenario, everything: Sequence[Asked], plan: dict[str, Any], named: Placeholders
) -> dict[str, Any]:
    held: dict[str, dict[str, Case]] = {}
    for one, request in zip(everything, plan["requests"], strict=True):
        for side in Side:
            try:
                request[side.value] = named.request(request[side.value])
            except NotSaid as why:
                held.setdefault(f"its request to {side.value} holds {why}", {}).setdefault(one.case.name, one.case)
    if held:
        raise ScenarioError([_held(why, list(cases.values())) for why, cases in held.items()])
    try:
        rest = named.value({key: value for key, value in plan.items() if key != "requests"})
    except NotSaid as why:
        raise schedule.wrong(
            schedule.place_of(scenario), f"the load cannot be exported: it holds {why}", _HINT
        ) from None
    return {**rest, "requests": plan["requests"]}


def _held(why: str, cases: Sequence[Case]) -> Problem:
    """Return what cannot be said of a case, once for all that hold the same."""
    others = f"; so do those of {len(cases) - 1} more" if len(cases) > 1 else ""
    return _problem(cases[0], f"'{cases[0].name}' cannot be exported: {why}{others}")


def _readme(scenario: Scenario, names: Sequence[str], whole: float) -> str:
    assert scenario.load is not None
    variables = [f"    export {name}=…" for name in names]
    return "\n".join([
        f"The load of {json.dumps(scenario.name, ensure_ascii=False)}, to both sides:",
        f"{schedule.words(scenario.load.profile)}.",
        "",
        "    pip install -r requirements.txt",
        *variables,
        "    locust -f locustfile.py --headless",
        "",
        f"It takes about {whole:.0f} s and needs nothing else. What it counted is written to cutover-load.jsonl, a",
        "summary to the terminal. On several machines: the same files on each, --master on one and --worker",
        "--master-host=… on the others. One Locust user carries the whole load: leave --users and --spawn-rate alone.",
        "",
        "Azure Load Testing: load-test.yaml is the test's configuration; fill in where its secrets are.",
        "",
    ])  # fmt: skip
