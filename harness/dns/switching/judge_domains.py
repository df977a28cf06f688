"""Judges whether the new gateway has the production name as a custom domain, as its control plane tells."""

import time
from collections.abc import Callable, Sequence
from typing import cast

from harness.clouds.apim_domains import ApimDomains
from harness.clouds.aws_domains import AwsDomains
from harness.clouds.aws_keys import fetch
from harness.clouds.azure_identity import token
from harness.clouds.unread import Unread, asked
from harness.dns.facts import Survey, View
from harness.dns.times.moments import few, utc
from harness.model.check import Tools
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.secret import Secret
from harness.model.series import Absence
from harness.model.side import Side
from harness.model.switch import CustomDomain
from harness.scenario.control import AwsControl, Control

AT = "dns:custom domain"
_DOMAINS = "custom domains of the new gateway"
_SOON = 21 * 86400.0  # seconds
_WHY = {Absence.DENIED: "denies it", Absence.THROTTLED: "throttles"}
Hide = Callable[[Secret], None]


def custom_domain(survey: Survey, view: View, tools: Tools) -> Found:
    """Ask the new gateway's control plane, once, and judge its answer; nothing is judged where none is named."""
    control = view.scenario.controls.get(Side.NEW)
    if control is None:
        return Found()
    name = survey.move.name
    key = (_DOMAINS, name if isinstance(control, AwsControl) else "")  # a service of Azure tells all its names at once
    if key not in view.once:
        view.once[key] = domains_of(control, view.scenario.new.kind, name, tools.hide)
    return judge_domains(cast("tuple[CustomDomain, ...] | Unread", view.once[key]), view)


def domains_of(control: Control, kind: str, name: str, hide: Hide) -> tuple[CustomDomain, ...] | Unread:
    """Return the host names that the gateway has (of AWS those alone that cover `name`), or why they are not known."""
    try:
        if isinstance(control, AwsControl):
            return _of_aws(control, kind, name, hide)
        bearer = token(control)
        hide(Secret(value=bearer, label="Azure token"))
        return ApimDomains(resource=control.resource, endpoint=control.endpoint, token=bearer).read()
    except Unread as trouble:
        return trouble


def _of_aws(control: AwsControl, kind: str, name: str, hide: Hide) -> tuple[CustomDomain, ...]:
    with asked("no custom domain names"):
        keys = fetch(control.keys, time.time())
    for value, label in ((keys.secret_key, "AWS secret key"), (keys.session_token, "AWS session token")):
        if value:
            hide(Secret(value=value, label=label))
    return AwsDomains(
        region=control.region,
        endpoint=control.endpoint,
        api=control.api,
        stage=control.stage,
        http=kind == "aws-http",
        keys=keys,
    ).read(name)


def judge_domains(domains: Sequence[CustomDomain] | Unread, view: View) -> Found:
    """Judge the host names, or that they could not be read. Pure."""
    found = Found()
    name = view.move.name
    if isinstance(domains, Unread):
        why = _WHY.get(domains.kind, "could not be read")
        found.say(Outcome.ERROR, f"the new gateway's control plane {why}: {domains.reason}")
        return found
    found.fact("host names of the new gateway", **{"as read": few(one.host for one in domains) or "none"})
    best = covering(domains, name)
    if best is None:
        found.fail(
            AT,
            f"{name} is no custom domain of the new gateway: it does not answer for that name",
            new=few(one.host for one in domains) or "none",
            note=_unserved(domains, name),
            remedy=f"Add {name} as a custom domain of the gateway, with its certificate, before the cutover.",
        )
        return found
    if best.mapped is not None:
        _mapped(found, best)
    _certificate(found, best, view)
    return found


def covering(domains: Sequence[CustomDomain], name: str) -> CustomDomain | None:
    """Return the host name that serves `name`: itself, else a wildcard, which stands for one label."""
    by_host = {one.host: one for one in domains if one.matches}
    return by_host.get(name) or by_host.get(f"*.{name.partition('.')[2]}")


def _unserved(domains: Sequence[CustomDomain], name: str) -> str:
    wildcard = f"*.{name.partition('.')[2]}"
    there = any(one.host == wildcard and not one.matches for one in domains)
    return f"{wildcard} is there, but this tier serves no wildcards" if there else ""


def _mapped(found: Found, domain: CustomDomain) -> None:
    paths = domain.mapped or ()
    if not paths:
        found.fail(
            AT,
            f"custom domain {domain.host} has no mapping to the new API and its stage: calls are answered 403",
            remedy="Map the API's stage under the domain name.",
        )
    else:
        found.fact("mapped", **{domain.host: few(path or "(root)" for path in paths)})
    if domain.status and domain.status.upper() != "AVAILABLE":
        why = f"custom domain {domain.host} is not ready yet ({domain.status}); look again"
        found.say(Outcome.INCONCLUSIVE, why)


def _certificate(found: Found, domain: CustomDomain, view: View) -> None:
    """Judge the end of its certificate, where the control plane tells one."""
    name = view.move.name
    if domain.mapped is None:
        told = {"host": domain.host, "certificate": domain.source, "state of the certificate": domain.status}
        told["for clients without SNI"] = "yes" if domain.default else "no"
        found.fact("custom domain", **{column: value for column, value in told.items() if value})
    if domain.status.lower() == "failed":
        found.tell(
            AT,
            f"the last renewal of the certificate of {domain.host} failed",
            severity=Severity.MAJOR,
            remedy="See whether the gateway may still read its key vault.",
        )
    if domain.until is None:
        return
    found.fact("certificate ends", **{domain.host: utc(domain.until)})
    end = max(view.now, view.dns.window[1] if view.dns.window else view.now)
    if domain.until <= end:
        found.fail(
            AT,
            f"the certificate of {domain.host} on the new gateway ends {utc(domain.until)}, before the cutover is over",
            new=utc(domain.until),
            remedy=f"Put a new certificate for {name} on the gateway.",
        )
    elif domain.until <= end + _SOON:
        found.tell(
            AT,
            f"the certificate of {domain.host} on the new gateway ends {utc(domain.until)}",
            severity=Severity.MINOR,
            note="a managed certificate is renewed by Azure" if domain.source.lower() == "managed" else "",
            remedy="Renew it soon after the cutover, or before.",
        )
