"""What docs/dns-watch.md says of report.json is so."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.report.dns_json import dns_json
from tests.golden import dns_run

PAGE = Path(__file__).resolve().parents[3] / "docs" / "dns-watch.md"


def _keys(value: Any, *, of: str = "") -> Iterator[str]:
    if isinstance(value, dict) and of != "held":  # its keys are resolvers
        for key, inner in value.items():
            yield key
            yield from _keys(inner, of=key)
    elif isinstance(value, list):
        for one in value:
            yield from _keys(one)


def test_the_keys_of_names_in_the_json_report_are_all_explained() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("## Names in `report.json`")[2]
    told = set(re.findall(r"`([a-z_]+)`", table))
    written = set(_keys(dns_json(dns_run.summary(dns_run.events()))["dns"]))
    assert written <= told
    assert told - written <= {"dns", "null"}
