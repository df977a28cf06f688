"""The stand-in for Azure's management plane speaks as the official SDKs read: its answers, through their models."""

import json
from typing import Any

from azure.mgmt.apimanagement import models as apimanagement_models
from azure.mgmt.cdn import models as cdn_models
from azure.mgmt.dns import models as zones_models
from azure.mgmt.trafficmanager import models as traffic_models

from harness.clouds.apim_domains import ApimDomains
from harness.clouds.azure_dns import AzureDns
from harness.clouds.front_door import FrontDoor
from harness.clouds.traffic_manager import TrafficManager
from tests.servers.azure_management import (
    FRONT_DOOR,
    RESOURCE,
    TRAFFIC_MANAGER,
    ZONE,
    ManagementPlane,
    endpoint,
    front_door,
    hostname,
    origin,
    record_set,
    service,
    traffic_manager,
    zone,
)
from tests.servers.plain import PlainServer

apimanagement: Any = apimanagement_models  # all that is told may be left out, so their types are no help here
cdn: Any = cdn_models
zones: Any = zones_models
traffic: Any = traffic_models
TOKEN = "a-token-of-azure-1"


def kept(objects: Any, read: Any) -> list[Any]:
    """Return the answers that came over the wire while `read` was asking at an address."""
    told: list[Any] = []

    def keep(answer: Any) -> Any:
        told.append(json.loads(json.dumps(answer)))
        return answer

    with PlainServer(ManagementPlane(objects, change=keep)) as server:
        read(server.url)
    return told


def test_a_zone_and_its_record_sets() -> None:
    sets = (
        record_set("CNAME", "api", 300, CNAMERecord={"cname": "old.example."}),
        record_set("A", "api", ARecords=[{"ipv4Address": "192.0.2.1"}], targetResource={"id": TRAFFIC_MANAGER}),
        record_set("AAAA", "api", AAAARecords=[{"ipv6Address": "2001:db8::1"}]),
    )
    told = kept(zone(*sets), lambda url: AzureDns(resource=ZONE, endpoint=url, token=TOKEN).read("api.example.com"))
    whole, a, aaaa, cname = (
        zones.Zone.deserialize(told[0]),
        *(zones.RecordSet.deserialize(one) for one in told[1:]),
    )
    assert whole.name_servers[0] == "ns1-01.azure-dns.com."
    assert whole.zone_type == "Public"
    assert (a.a_records[0].ipv4_address, a.target_resource.id) == ("192.0.2.1", TRAFFIC_MANAGER)
    assert aaaa.aaaa_records[0].ipv6_address == "2001:db8::1"
    assert (cname.cname_record.cname, cname.ttl) == ("old.example.", 300)
    assert not any(one.additional_properties for one in (whole, a, aaaa, cname))


def test_a_profile_of_traffic_manager() -> None:
    objects = traffic_manager(
        endpoint("old", "old.example", weight=7), endpoint("new", "new.example", health="Degraded")
    )
    told = kept(objects, lambda url: TrafficManager(resource=TRAFFIC_MANAGER, endpoint=url, token=TOKEN).read())
    profile = traffic.Profile(told[0])
    said = profile.properties
    assert (said.profile_status, said.traffic_routing_method) == ("Enabled", "Weighted")
    assert (said.dns_config.fqdn, said.dns_config.ttl) == ("orders.trafficmanager.net", 60)
    assert said.monitor_config.profile_monitor_status == "Online"
    ends = [traffic.Endpoint(one) if isinstance(one, dict) else one for one in said.endpoints]
    assert [(one.name, one.properties.weight, one.properties.endpoint_monitor_status) for one in ends] == [
        ("old", 7, "Online"),
        ("new", 1, "Degraded"),
    ]
    assert known(said)
    assert all(known(one.properties) for one in ends)


def test_a_profile_of_front_door() -> None:
    objects = front_door(origin("orders", "old", "old.example", weight=7), origin("orders", "new", "new.example"))
    told = kept(objects, lambda url: FrontDoor(resource=FRONT_DOOR, endpoint=url, token=TOKEN).read())
    groups, origins, domains, ends, routes = (one["value"] for one in told)
    group = cdn.AFDOriginGroup(groups[0]).properties
    assert group.load_balancing_settings.additional_latency_in_milliseconds == 1000
    assert group.health_probe_settings.probe_interval_in_seconds == 100
    first = cdn.AFDOrigin(origins[0]).properties
    assert (first.host_name, first.weight, first.priority, first.enabled_state) == ("old.example", 7, 1, "Enabled")
    domain = cdn.AFDDomain(domains[0]).properties
    assert (domain.host_name, domain.domain_validation_state) == ("api.example.com", "Approved")
    end = cdn.AFDEndpoint(ends[0]).properties
    assert (end.host_name, end.enabled_state) == ("orders-abc.z01.azurefd.net", "Enabled")
    route = cdn.Route(routes[0]).properties
    assert route.origin_group.id.endswith("/orders")
    assert route.custom_domains[0].id.endswith("/api-example-com")
    assert route.enabled_state == "Enabled"
    assert all(known(one) for one in (group, first, domain, end, route))


def test_a_service_of_api_management() -> None:
    objects = service(hostname("api.example.com"))
    told = kept(objects, lambda url: ApimDomains(resource=RESOURCE, endpoint=url, token=TOKEN).read())
    whole = apimanagement.ApiManagementServiceResource.deserialize(told[0])
    (one,) = whole.hostname_configurations
    assert (whole.gateway_url, whole.sku.name) == ("https://contoso.azure-api.net", "Premium")
    assert (one.type, one.host_name, one.certificate.expiry.year) == ("Proxy", "api.example.com", 2027)
    assert (one.certificate_source, one.certificate_status) == ("KeyVault", "Completed")


def known(model: Any) -> bool:
    """Tell whether every name that was told is one that the model has."""
    return set(model) <= {field._rest_name for field in model._attr_to_rest_field.values()}
