"""Keys that control planes share: another endpoint, and who reads Azure's resources."""

import re
from collections.abc import Callable

from harness.scenario.context import Wrong
from harness.scenario.control import AzureControl
from harness.scenario.fill import Fills
from harness.scenario.record import Fields, Key
from harness.scenario.shape import Text
from harness.scenario.tokens import TENANT_HINT, URL, plain, secret_text, service_url, tenant

_CLIENT = ("tenant", "client_id", "client_secret")
_GROUP = r"/subscriptions/[0-9A-Za-z-]+/resourceGroups/[\w.()-]+/providers/"
_NAME = r"[0-9A-Za-z_][0-9A-Za-z_.-]*"


def endpoint(about: str) -> Key:
    """Return the key that names another address of a control plane."""
    return Key("endpoint", Text(service_url, fills=Fills.ALL, pattern=URL), about, absent="")


def resource_form(kind: str) -> str:
    """Return how the id of a resource of `kind` looks."""
    return f"/subscriptions/…/resourceGroups/…/providers/{kind}/NAME"


def _resource(kind: str, what: str, name: str) -> Callable[[str], None]:
    form = re.compile(_GROUP + re.escape(kind) + "/" + name, re.IGNORECASE | re.ASCII)

    def check(text: str) -> None:
        if not form.fullmatch(text.rstrip("/")):
            raise Wrong(f"'{text}' is no {what}", f"its whole id: {resource_form(kind)}")

    return check


def azure_keys(kind: str, what: str, *, name: str = _NAME) -> tuple[Key, ...]:
    """Return the keys of a resource of Azure of a `kind` such as Microsoft.Network/dnsZones, and of who reads it."""
    check = _resource(kind, what, name)
    return (
        Key("resource", Text(check, fills=Fills.ALL), f"its id: {resource_form(kind)}", required=True),
        Key("token", secret_text(), 'a bearer token, such as "${env:AZURE_TOKEN}"', absent=""),
        Key("tenant", Text(tenant, fills=Fills.ALL), TENANT_HINT, absent=""),
        Key("client_id", plain(), "a service principal; what azure-identity finds by itself if left out", absent=""),
        Key("client_secret", secret_text(), 'its secret, such as "${env:CLIENT_SECRET}"', absent=""),
        endpoint("another address than https://management.azure.com"),
    )


def azure_control(fields: Fields, label: str) -> AzureControl:
    """Return what azure_keys say, its secrets hidden under `label`; notes what does not go together."""
    parts = fields.given(*_CLIENT)
    if "token" in fields and parts:
        raise fields.refuse("token", f"both 'token' and '{parts[0]}'", "keep one; without both, azure-identity looks")
    if parts and len(parts) < len(_CLIENT):
        missing = next(name for name in _CLIENT if name not in parts)
        raise fields.refuse(parts[0], f"'{parts[0]}' without '{missing}'", f"{', '.join(_CLIENT)} go together")
    for name in ("token", "client_secret"):
        fields.ctx.hide(fields[name], f"{label} {name}")
    return AzureControl(
        resource=fields["resource"].rstrip("/"),
        token=fields["token"],
        tenant=fields["tenant"],
        client_id=fields["client_id"],
        client_secret=fields["client_secret"],
        endpoint=fields["endpoint"].rstrip("/"),
    )
