"""A load as Azure Load Testing takes it: the test's configuration (YAML, "Configure a load test in YAML")."""

import json
import math
import re
from collections.abc import Iterable, Sequence

from harness.model.threshold import Base, Metric, Threshold
from harness.scenario.types import Scenario

_PERCENTILES = {0.5: "p50", 0.9: "p90", 0.95: "p95", 0.99: "p99", 1.0: "max"}
_LONGEST_ID = 50
_PATIENCE = 60.0  # seconds beyond the load's own that Locust may take to start and to end


def configuration(scenario: Scenario, *, files: Sequence[str], names: Iterable[str], seconds: float) -> str:
    """Return the YAML; `files` go beside the locustfile, `names` are of secrets, `seconds` is the time all takes."""
    load = scenario.load
    assert load is not None
    run_time = math.ceil(seconds + scenario.limits.timeout + _PATIENCE)
    lines = [
        "# Azure Load Testing: az load test create --load-test-config-file load-test.yaml …",
        "version: v0.1",
        f"testId: {_id(scenario.name)}",
        f"displayName: {_text(scenario.name[:100])}",
        "testType: Locust",
        "testPlan: locustfile.py",
        "configurationFiles:",
        *(f"  - {name}" for name in files),
        "engineInstances: 1  # each instance sends the whole profile: with two of them it is twice the load",
        "env:  # the profile alone says what is sent; Locust's one user carries it all",
        *_named(("LOCUST_USERS", "1"), ("LOCUST_SPAWN_RATE", "1"), ("LOCUST_RUN_TIME", str(run_time))),
        *_secrets(names),
        *_criteria(load.thresholds),
        "autoStop:",
        f"  errorPercentage: {max(1, round(load.abort_at * 100))}",
        "  timeWindow: 60",
    ]
    return "\n".join(lines) + "\n"


def _id(name: str) -> str:
    found = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_ID]
    return _text(found if len(found) > 1 else "load-test")


def _text(text: str) -> str:
    """Return a text as YAML takes it in double quotes, which is as JSON writes it."""
    return json.dumps(text)


def _named(*pairs: tuple[str, str]) -> Iterable[str]:
    for name, value in pairs:
        yield f"  - name: {name}"
        yield f"    value: {_text(value)}"


def _secrets(names: Iterable[str]) -> list[str]:
    found = [(name, f"https://YOUR-VAULT.vault.azure.net/secrets/{name.replace('_', '-')}") for name in names]
    if not found:
        return []
    return ["secrets:  # to fill in: where your key vault holds each of them", *_named(*found)]


def _criteria(thresholds: Sequence[Threshold]) -> list[str]:
    """Return what the service can hold a run to; it counts both sides together, and compares nothing."""
    told = [(threshold, _criterion(threshold)) for threshold in thresholds]
    said = [f"  - {text}  # {threshold.text}" for threshold, text in told if text]
    missing = [f"#   {threshold.text}" for threshold, text in told if not text]
    found = ["# The service does not tell the sides apart: a criterion is about both of them together."] if said else []
    found += ["failureCriteria:", *said] if said else []
    return found + (["# Not expressible there; `cutover rehearse` judges these:", *missing] if missing else [])


def _criterion(threshold: Threshold) -> str:
    """Return a threshold as the condition that fails a run; "" where the service has none for it."""
    if threshold.bound.base is not Base.NOTHING or threshold.seconds:
        return ""
    value, statistic = threshold.bound.plus, _PERCENTILES.get(threshold.percentile)
    if threshold.metric is Metric.LATENCY and statistic:
        aggregate = f"{statistic}(response_time_ms) > {math.floor(value)}"
    elif threshold.metric is Metric.ERRORS:
        aggregate = f"percentage(error) > {value * 100:g}"
    else:
        return ""
    return f"{_text(threshold.operation)}: {aggregate}" if threshold.operation else aggregate
