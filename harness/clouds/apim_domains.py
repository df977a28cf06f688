"""Custom domains of Azure API Management: the gateway's host names of a service. Only reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from harness.clouds.azure_resource import ManagedResource, host_name, objects, part, properties, text
from harness.clouds.trouble import host_of
from harness.model.switch import CustomDomain

_VERSION = {"api-version": "2024-05-01"}
_MOST_NAMES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ApimDomains(ManagedResource):
    """Asks about one service; `resource` is its id (…/Microsoft.ApiManagement/service/NAME)."""

    def read(self) -> tuple[CustomDomain, ...]:
        """Return the host names that the gateway answers for, its own (azure-api.net) too; raises Unread."""
        service = self.get("", _VERSION)
        said = properties(service)
        wildcards = text(part(service, "sku").get("name")).lower() != "consumption"
        told = [one for one in objects(said.get("hostnameConfigurations")) if text(one.get("type")).lower() == "proxy"]
        found = {one.host: one for one in (_domain(each, wildcards=wildcards) for each in told[:_MOST_NAMES])}
        own = host_of(text(said.get("gatewayUrl"))).lower()
        if own and own not in found:
            found[own] = CustomDomain(host=own, source="BuiltIn")
        return tuple(found.values())


def _domain(told: Mapping[str, Any], *, wildcards: bool) -> CustomDomain:
    host = host_name(told.get("hostName"))
    return CustomDomain(
        host=host,
        matches=wildcards or not host.startswith("*."),
        until=_moment(part(told, "certificate").get("expiry")),
        source=text(told.get("certificateSource")),
        status=text(told.get("certificateStatus")),
        default=told.get("defaultSslBinding") is True,
    )


def _moment(value: object) -> float | None:
    """Read an ISO 8601 time; Azure writes seven digits of a second, of which six are kept."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
