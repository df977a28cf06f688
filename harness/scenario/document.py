"""The whole document: every section, and the Scenario that they make."""

from harness.model.gateway import Limits
from harness.model.rule import CompareRules
from harness.model.side import Side
from harness.scenario import callers, cases, comparing, load_checks, texts
from harness.scenario.bounds import EVIDENCE, LIMITS
from harness.scenario.containers import ListOf, MapOf
from harness.scenario.context import Wrong
from harness.scenario.control import Control
from harness.scenario.dns_section import DNS
from harness.scenario.gateways import LATER_HINT, PATH_MAP, gateway
from harness.scenario.gating import GATES, required
from harness.scenario.loading import LOAD
from harness.scenario.record import Fields, Key, Record
from harness.scenario.securing import SECURITY, check_doors
from harness.scenario.shape import Loose, Scalar, Text, Unsupported
from harness.scenario.types import Case, Evidence, Gates, Load, Scenario, Security

LATER = {
    "scope": "what this wave of a migration covers",
    "replay": "recorded traffic",
    "rollback": "the rollback suite",
}


def _version(text: str) -> int:
    if text != "1":
        raise Wrong(f"this version reads scenarios of version 1, got '{text}'", "write version: 1")
    return 1


VERSION = Scalar(_version, {"const": 1}, expected="1")
INCLUDE = ListOf(Text())


def _scenario(fields: Fields) -> Scenario:
    ctx = fields.ctx
    check_doors(fields)
    numbered = cases.numbered(fields["cases"])
    controls = {side: fields[side.value].control for side in Side if fields[side.value].control is not None}
    return Scenario(
        name=fields["name"],
        files=ctx.files,
        digest=ctx.digest,
        old=fields["old"].gateway,
        new=fields["new"].gateway,
        paths=fields["paths"],
        limits=fields["limits"],
        evidence=fields["evidence"],
        environment=fields["environment"],
        identities=callers.named(fields["credentials"], ctx),
        compare=fields["compare"],
        waivers=comparing.numbered(fields["waivers"]),
        cases=numbered,
        security=(fields["security"] or Security()) if "security" in fields else None,
        load=_load(fields, controls, numbered),
        dns=fields["dns"],
        controls=controls,
        gates=fields["gates"] or Gates(require=required(ctx)),
    )


def _load(fields: Fields, controls: dict[Side, Control], numbered: tuple[Case, ...]) -> Load | None:
    if "load" not in fields:
        return None
    gateways = [fields[side.value].gateway for side in Side]
    return load_checks.checked(fields["load"], fields.nodes["load"], gateways, controls, numbered, fields.ctx)


DOCUMENT = Record(
    _scenario,
    Key("version", VERSION, "the version of this format", required=True),
    Key("name", Text(texts.one_line), "what reports call this scenario", required=True),
    Key("vars", MapOf(Loose(fills=None)), "texts for ${var:name}; --set name=… replaces them"),
    Key("include", INCLUDE, "files to merge: maps merge, this file wins; lists append"),
    Key("old", gateway(Side.OLD), "the gateway that serves today", required=True),
    Key("new", gateway(Side.NEW), "the gateway that is to take over", required=True),
    Key("paths", ListOf(PATH_MAP), "where the new side serves it elsewhere", absent=()),
    Key("environment", Text(texts.one_line), "a word; evidence of one never counts for another", absent=""),
    Key("limits", LIMITS, absent=Limits()),
    Key("evidence", EVIDENCE, absent=Evidence()),
    Key("credentials", callers.IDENTITIES, "the callers by name", absent=()),
    Key("compare", comparing.COMPARE, absent=CompareRules()),
    Key("waivers", ListOf(comparing.WAIVER), "differences tolerated for a while", absent=()),
    Key("cases", cases.CASES, "what is asked of both sides", required=True),
    Key("security", SECURITY, "the security suite: who is refused, by both sides alike"),
    Key("load", LOAD, "the load suite: as fast and as steady as the old side, under the same load"),
    Key("dns", DNS, "the DNS suite: is the name ready to move, when at the earliest, and how fast back"),
    Key("gates", GATES),
    *(
        Key(name, Unsupported(f"the section '{name}' is not yet supported by this version", LATER_HINT), about)
        for name, about in LATER.items()
    ),
    about="A migration of an API gateway: the two sides, what is asked of them, and what GO needs.",
)
