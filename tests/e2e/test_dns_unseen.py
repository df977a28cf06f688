"""Estates beyond the catalogue: what real zones look like, and what has once been given a wrong verdict."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.dns import entries
from harness.model.outcome import Outcome
from tests.e2e.dns_faults import NEW_A, NEW_V6, OLD_A, OLD_V6, Fault, File, tagged, world_of
from tests.e2e.dns_world import World, sides, world
from tests.e2e.test_dns_catalogue import judged

pytestmark = [pytest.mark.server("nsd"), pytest.mark.server("unbound")]

OLD_BETWEEN = "old-gw.other.test"
BETWEEN = {
    "example.test": File(records="api 3600 CNAME edge.provider.test.\n"),
    "provider.test": File(records=f"edge CNAME {OLD_BETWEEN}.\n"),
    "other.test": File(records=f"old-gw A {OLD_A}\nnew-gw A {NEW_A}\n"),
}
"""The link that is switched is one of another zone than the name's."""


def example(records: str) -> dict[str, File]:
    return {"example.test": File(records=records)}


ROWS = tagged(
    (
        Fault(
            name="ipv6-alone-stays-so",
            zones=example(f"api AAAA {OLD_V6}\n"),
            dns={"from": OLD_V6, "to": NEW_V6},
            verdict="GO",
        ),
        Fault(
            name="ipv4-lost",
            zones={"other.test": File(records=f"new-gw AAAA {NEW_V6}\n")},
            check=entries.OTHER_TYPES,
            says="callers with IPv4",
        ),
        Fault(
            name="public-to-private",
            zones={"other.test": File(records="new-gw A 10.1.2.3\n")},
            check=entries.TARGET,
            says="private addresses alone",
        ),
        Fault(
            name="private-to-private",
            zones=example("api A 10.9.9.9\n"),
            dns={"from": "10.9.9.9", "to": "10.1.2.3"},
            verdict="GO",
        ),
        Fault(name="switched-in-another-zone", zones=BETWEEN, dns={"from": OLD_BETWEEN}, verdict="GO"),
        Fault(
            name="ttl-differs-in-another-zone",
            zones=BETWEEN,
            second={"provider.test": File(records=f"edge 3600 CNAME {OLD_BETWEEN}.\n")},
            dns={"from": OLD_BETWEEN},
            check=entries.TTL,
            says="from 3600 to 60",
        ),
        Fault(
            name="moved-at-one-server-of-another-zone",
            zones=BETWEEN,
            second={"provider.test": File(records="edge CNAME new-gw.other.test.\n")},
            dns={"from": OLD_BETWEEN},
            check=entries.CHAIN,
            says="leads to the new side at ns2",
        ),
        Fault(
            name="target-missing-at-one-server",
            second={"other.test": File(records="gw A 192.0.2.1\n")},
            check=entries.TARGET,
            says="is missing at ns2",
        ),
        # some providers answer with what a CNAME would lead to
        Fault(name="addresses-of-from-in-its-place", zones=example(f"api A {OLD_A}\n"), verdict="GO"),
        Fault(name="target-unknown-to-servers-of-the-name", second={"other.test": None}, verdict="GO"),
    )
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Serve the zones of all rows, each set under names of its own, at the same servers."""
    names = [fault.section(tag)["name"] for tag, fault in ROWS.items()]
    with sides(tmp_path_factory.mktemp("tls"), *names) as both, world(both, world_of(ROWS)) as found:
        yield found


@pytest.mark.parametrize("tag", ROWS, ids=[fault.name for fault in ROWS.values()])
def test_a_zone(tag: str, served: World, tmp_path: Path) -> None:
    fault = ROWS[tag]
    summary = judged(tmp_path, served.scenario(**fault.section(tag)))
    told = [(one.case.partition(": ")[2], one.outcome.value, one.title) for one in summary.findings]
    assert summary.verdict.value == fault.verdict, told
    if fault.check:
        cases = [case for case in summary.cases if case.info.name.endswith(f": {fault.check}")]
        wanted = Outcome.FAIL if fault.verdict == "NO-GO" else Outcome.INCONCLUSIVE
        assert [case.outcome for case in cases] == [wanted], told
        assert fault.says in " ".join(
            [*cases[0].why, *(f"{one.title} {one.note} {one.remedy}" for one in summary.findings)]
        )
