"""`control` of `old` and `new`: the control plane of a gateway, which is only read."""

import re
from dataclasses import dataclass

from yaml.nodes import MappingNode, Node

from harness.model.gateway import Gateway
from harness.scenario.context import Context, Refused, Wrong
from harness.scenario.control import AwsControl, Control
from harness.scenario.fill import Fills
from harness.scenario.hiding import hide
from harness.scenario.planes import azure_control, azure_keys, endpoint
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Defs, Schema, Shape, Text, what
from harness.scenario.signing import KEYS, signed_by
from harness.scenario.tokens import plain, region

_EXECUTE_API = re.compile(
    r"https?://([a-z0-9]+)(?:-vpce-[0-9a-z]+)?\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?(?::[0-9]+)?"
    r"(?:/([^/]*))?(?:/.*)?",
    re.IGNORECASE,
)
_API = re.compile(r"[a-z0-9]{1,40}")
_STAGE = re.compile(r"[A-Za-z0-9_-]{1,128}|\$default")
_FORMS = {"region": "such as eu-west-1", "api": "such as a1b2c3d4e5", "stage": "such as prod"}


def _api(text: str) -> None:
    if not _API.fullmatch(text):
        raise Wrong(f"'{text}' is no API's id", "such as a1b2c3d4e5, as its execute-api address begins")


def _stage(text: str) -> None:
    if not _STAGE.fullmatch(text):
        raise Wrong(f"'{text}' is no stage", "its name, such as prod, or $default")


@dataclass(frozen=True, slots=True)
class _Keys:
    """What an `aws` control says; the url may tell what it leaves out."""

    given: dict[str, str]
    fields: Fields


AWS = Record(
    lambda fields: _Keys({name: fields[name] for name in _FORMS if name in fields}, fields),
    Key("region", Text(region, fills=Fills.ALL), f"its region, {_FORMS['region']}; as the url tells if left out"),
    Key("api", Text(_api, fills=Fills.ALL), f"the API's id, {_FORMS['api']}; as the url tells if left out"),
    Key("stage", Text(_stage, fills=Fills.ALL), f"the stage, {_FORMS['stage']}; as the url tells if left out"),
    Key("name", plain(), "the API's name, by which metrics of REST APIs go; looked up if left out", absent=""),
    *KEYS,
    endpoint("another address than the region's own, for every service"),
    name="aws_control",
    about="An API of Amazon API Gateway: its region, id and stage, and whose keys read it.",
)


AZURE = Record(
    lambda fields: azure_control(fields, "control"),
    *azure_keys("Microsoft.ApiManagement/service", "service of API Management", name="[A-Za-z][0-9A-Za-z-]*"),
    name="azure_control",
    about="A service of Azure API Management.",
)


class _Later(Shape[Node]):
    """A control plane as it is written: what its keys are depends on the side's kind."""

    def read(self, node: Node, ctx: Context) -> Node:
        """Return the node."""
        if not isinstance(node, MappingNode):
            raise ctx.refuse(node, f"expected a mapping, got {what(node)}", "its keys depend on `kind`")
        return node

    def schema(self, defs: Defs) -> Schema:
        """Return either product's."""
        return {"anyOf": [AWS.schema(defs), AZURE.schema(defs)]}


CONTROL = _Later()


def control_of(gateway: Gateway, node: Node, ctx: Context) -> Control:
    """Return the control plane of `gateway` that `node` describes; raises Refused."""
    if gateway.kind == "azure-apim":
        return AZURE.read(node, ctx)
    if gateway.kind.startswith("aws-"):
        return _aws(AWS.read(node, ctx), gateway, ctx)
    hint = "remove it: monitoring is read of Amazon API Gateway and of Azure API Management"
    raise ctx.refuse(node, f"a {gateway.kind} gateway has no control plane that is known", hint)


def _aws(keys: _Keys, gateway: Gateway, ctx: Context) -> AwsControl:
    fields = keys.fields
    told = _told(gateway)
    bad = False
    for name, form in _FORMS.items():
        if name not in keys.given and name not in told:
            ctx.note(fields.node, f"missing key '{name}'", f"{form}: the url does not tell it")
            bad = True
        elif name in told and keys.given.get(name, told[name]) != told[name]:
            ctx.note(fields.nodes[name], f"this is not the {name} of `url`", f"leave {name} out: the url tells it")
            bad = True
    if bad:
        raise Refused
    found = told | keys.given
    credential = signed_by(fields, region=found["region"])
    hide(credential, "control", ctx)
    return AwsControl(
        region=found["region"],
        api=found["api"],
        stage=found["stage"],
        name=fields["name"],
        keys=credential,
        endpoint=fields["endpoint"].rstrip("/"),
    )


def _told(gateway: Gateway) -> dict[str, str]:
    """Return what an execute-api address tells: a custom domain tells nothing, a HTTP API without a path $default."""
    found = _EXECUTE_API.fullmatch(gateway.url)
    if not found:
        return {}
    told = {"api": found[1].lower(), "region": found[2].lower()}
    stage = found[3] or ("$default" if gateway.kind == "aws-http" else "")
    return told | ({"stage": stage} if stage else {})
