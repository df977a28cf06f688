"""The production name is a custom domain of the new gateway, as its control plane tells."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.clouds.unread import Unread
from harness.dns.switching.judge_domains import domains_of, judge_domains
from harness.dns.switching.judge_switch import custom_domain
from harness.model.found import Found
from harness.model.outcome import Outcome
from harness.model.secret import Secret
from harness.model.series import Absence
from harness.model.side import Side
from harness.model.switch import CustomDomain
from harness.scenario.control import AzureControl
from tests.servers.azure_management import RESOURCE, ManagementPlane, hostname, service
from tests.servers.plain import Answer, PlainServer
from tests.unit.dns.made_survey import BEGAN, NAME, survey, view

DAY = 86400.0
Serve = Callable[[Callable[..., Answer]], PlainServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda behave: stack.enter_context(PlainServer(behave))


def domain(host: str = NAME, **more: Any) -> CustomDomain:
    return CustomDomain(host=host, **more)


def judged(*domains: CustomDomain, **dns: Any) -> Found:
    return judge_domains(domains, view(**dns))


def only(found: Found) -> tuple[Outcome, str]:
    (reason,) = found.reasons
    return reason


def test_the_name_itself_or_a_wildcard_of_its_last_label_pass() -> None:
    assert not judged(domain(until=BEGAN + 90 * DAY)).reasons
    assert not judged(domain("*.example.com")).reasons


@pytest.mark.parametrize("host", ["*.com", "*.api.example.com", "example.com", "api.example.org"])
def test_another_host_name_is_none(host: str) -> None:
    outcome, why = only(judged(domain(host)))
    assert outcome is Outcome.FAIL
    assert "no custom domain" in why


def test_a_wildcard_that_the_tier_does_not_serve_is_none() -> None:
    found = judged(domain("*.example.com", matches=False))
    assert only(found)[0] is Outcome.FAIL
    assert "no wildcards" in found.points[0].note


def test_a_domain_without_a_mapping_answers_nobody() -> None:
    assert "no mapping" in only(judged(domain(mapped=())))[1]
    assert not judged(domain(mapped=("",), status="AVAILABLE")).reasons
    assert only(judged(domain(mapped=("",), status="UPDATING")))[0] is Outcome.INCONCLUSIVE


def test_a_certificate_that_ends_before_the_cutover_is_over_fails_and_a_near_end_is_told() -> None:
    window = (BEGAN, BEGAN + 2 * DAY)
    assert only(judged(domain(until=BEGAN + DAY), window=window))[0] is Outcome.FAIL
    near = judged(domain(until=BEGAN + 10 * DAY), window=window)
    assert not near.reasons
    assert "ends 2026-12-01" in near.points[0].title
    assert not judged(domain(until=BEGAN + 60 * DAY), window=window).points


@pytest.mark.parametrize("kind", [Absence.DENIED, Absence.THROTTLED, Absence.FAILED])
def test_what_was_not_read_is_no_pass(kind: Absence) -> None:
    assert only(judge_domains(Unread("because", kind), view()))[0] is Outcome.ERROR


def test_a_service_is_asked_and_judged(serve: Serve) -> None:
    end = datetime.fromtimestamp(BEGAN + 90 * DAY, UTC).isoformat()
    server = serve(ManagementPlane(service(hostname(NAME, end))))
    control = AzureControl(resource=RESOURCE, token="a-token-of-azure-1", endpoint=server.url)
    base = view()
    hidden: list[Secret] = []

    class Tools:
        def hide(self, secret: Secret) -> None:
            hidden.append(secret)

    tools: Any = Tools()
    given = replace(base, scenario=replace(base.scenario, controls={Side.NEW: control}))
    found = [custom_domain(survey(), given, tools) for _ in range(3)][-1]
    assert len(server.asked) == 1
    assert not found.reasons
    assert found.facts["custom domain"]["certificate"] == "KeyVault"
    assert [one.value for one in hidden] == ["a-token-of-azure-1"]
    assert not custom_domain(survey(), base, tools).facts
    wrong = domains_of(replace(control, token="another"), "azure-apim", NAME, hidden.append)
    assert isinstance(wrong, Unread)
