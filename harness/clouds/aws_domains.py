"""Custom domain names of Amazon API Gateway, and what is mapped under them. Only reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.clouds.aws import client
from harness.clouds.aws_keys import AwsKeys
from harness.clouds.route53 import plain
from harness.clouds.trouble import CloudTrouble, quoted
from harness.clouds.unread import asked
from harness.model.switch import CustomDomain

_MOST_PAGES = 20
_ROOT = frozenset({"", "(none)"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsDomains:
    """Asks one region about the domain names of one stage of an API: a REST API, or (`http`) an HTTP API."""

    region: str
    endpoint: str
    api: str
    stage: str
    http: bool = False
    keys: AwsKeys = field(repr=False)

    def read(self, name: str) -> tuple[CustomDomain, ...]:
        """Return the domain names that cover `name`, with the paths at which the stage is mapped; raises Unread."""
        secrets = (self.keys.secret_key, self.keys.session_token)
        with asked(f"custom domain names not read in {self.region}", secrets):
            service = client(
                "apigatewayv2" if self.http else "apigateway",
                self.region,
                self.endpoint,
                aws_access_key_id=self.keys.access_key,
                aws_secret_access_key=self.keys.secret_key,
                aws_session_token=self.keys.session_token or None,
            )
            return tuple(self._domain(service, one) for one in self._covering(service, name))

    def _covering(self, service: Any, name: str) -> list[Mapping[str, Any]]:
        wanted = {name, f"*.{name.partition('.')[2]}"}
        key = "DomainName" if self.http else "domainName"
        return [one for one in self._all(service.get_domain_names) if plain(one.get(key, "")) in wanted]

    def _all(self, method: Any, **given: Any) -> list[Mapping[str, Any]]:
        """Return the items of all pages, in the words of either of the two APIs."""
        token, items = ("NextToken", "Items") if self.http else ("position", "items")
        most: dict[str, Any] = {"MaxResults": "500"} if self.http else {"limit": 500}
        found: list[Mapping[str, Any]] = []
        more: dict[str, Any] = {}
        for _ in range(_MOST_PAGES):
            answer = method(**given, **most, **more)
            found += answer.get(items) or ()
            if not answer.get(token):
                return found
            more = {token: answer[token]}
        raise CloudTrouble(f"there are more than {_MOST_PAGES} pages of them")

    def _domain(self, service: Any, told: Mapping[str, Any]) -> CustomDomain:
        if self.http:
            host = told.get("DomainName", "")
            mapped = self._all(service.get_api_mappings, DomainName=host)
            paths = [one.get("ApiMappingKey") or "" for one in mapped if self._mine(one, "ApiId", "Stage")]
            status = next((one.get("DomainNameStatus", "") for one in told.get("DomainNameConfigurations") or ()), "")
        else:
            host = told.get("domainName", "")
            mapped = self._all(service.get_base_path_mappings, domainName=host)
            paths = [one.get("basePath") or "" for one in mapped if self._mine(one, "restApiId", "stage")]
            status = told.get("domainNameStatus") or ""
        return CustomDomain(
            host=plain(host),
            mapped=tuple("" if path in _ROOT else quoted(path) for path in paths[:100]),
            status=quoted(status),
        )

    def _mine(self, mapping: Mapping[str, Any], api: str, stage: str) -> bool:
        return mapping.get(api) == self.api and mapping.get(stage) in {self.stage, None, "", "(none)"}
