"""A draft numbers its cases and keeps names apart."""

from dataclasses import replace

import pytest

from harness.model.probe import Group, Probe, Wants
from harness.scenario.types import Identity
from harness.security.draft import Draft, is_required
from tests.unit.security.builder import case, draft


def made() -> Draft:
    return draft(lambda _: None, case(0, "GET /orders", "partner"))


PROBE = Probe(group=Group.CALLERS, row="GET /orders", column="wrong key", caller="partner")


def test_control_is_made_once() -> None:
    found = made()
    assert found.control(found.operations[0], "partner") == found.control(found.operations[0], "partner") == 0
    assert [one.phase for one in found.cases] == [0]


def test_cases_of_one_name_are_told_apart() -> None:
    found = made()
    for _ in range(3):
        found.ask(found.operations[0], PROBE, found.operations[0].step)
    name = "GET /orders, partner: wrong key"
    assert [one.name for one in found.cases] == [name, f"{name} (2)", f"{name} (3)"]
    assert [one.index for one in found.cases] == [0, 1, 2]


def test_made_identity_leaves_the_users_own_alone() -> None:
    found = made()
    own = Identity(name="partner: wrong key", old=(), new=())
    found.scenario = replace(found.scenario, identities={own.name: own})
    assert found.identity("partner: wrong key", (), ()) == "partner: wrong key*"


def test_what_must_be_so_is_critical() -> None:
    found = made()
    operation = found.operations[0]
    for wants in Wants:
        found.ask(operation, replace(PROBE, wants=wants), operation.step)
    assert [one.critical for one in found.cases] == [False, True, True]


@pytest.mark.parametrize(
    "said",
    [
        "callers",
        "wrong key",
        "wrong*",
        "GET /orders: wrong key",
        "GET /*: wrong key",
        "GET /orders, partner: wrong key",
    ],
)
def test_requirement_names_a_cell_in_many_ways(said: str) -> None:
    assert is_required(PROBE, (said,))


@pytest.mark.parametrize("said", ["GET /orders", "partner", "GET /stock: wrong key", "WAF", "Wrong key"])
def test_requirement_of_something_else_names_nothing(said: str) -> None:
    assert not is_required(PROBE, (said,))
