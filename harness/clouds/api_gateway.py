"""What Amazon API Gateway's own control plane tells of an API: its name and its deployments. Only reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from harness.clouds.aws import client
from harness.clouds.aws_keys import AwsKeys
from harness.clouds.trouble import CloudTrouble, quoted
from harness.clouds.unread import asked
from harness.model.series import Deployment

_MOST_PAGES = 5
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiGateway:
    """Asks one region about one API, a REST API or (`http`) an HTTP API; all methods raise Unread."""

    region: str
    endpoint: str
    api: str
    http: bool = False
    keys: AwsKeys = field(repr=False)

    def name(self) -> str:
        """Return the name of a REST API, by which CloudWatch knows it."""
        with self._asked(f"no name of REST API {self.api}"):
            found = self._client().get_rest_api(restApiId=self.api).get("name")
            if not isinstance(found, str) or not found:
                raise CloudTrouble("the answer names none; write it in the scenario (control: {name: …})")
            return found

    def deployments(self) -> tuple[Deployment, ...]:
        """Return the deployments of the API to any of its stages, oldest first."""
        with self._asked(f"no deployments of API {self.api}"):
            found = self._pages(self._http_page if self.http else self._rest_page)
        return tuple(sorted(found, key=lambda one: one.at))

    def _asked(self, what: str) -> Any:
        return asked(f"{what} in {self.region}", (self.keys.secret_key, self.keys.session_token))

    def _client(self) -> Any:
        return client(
            "apigatewayv2" if self.http else "apigateway",
            self.region,
            self.endpoint,
            aws_access_key_id=self.keys.access_key,
            aws_secret_access_key=self.keys.secret_key,
            aws_session_token=self.keys.session_token or None,
        )

    def _pages(self, page: Callable[[Any, str], tuple[list[Deployment], str]]) -> list[Deployment]:
        found: list[Deployment] = []
        service, token = self._client(), ""
        for _ in range(_MOST_PAGES):
            more, token = page(service, token)
            found += more
            if not token:
                return found
        raise CloudTrouble(f"there are more than {_MOST_PAGES} pages of them")

    def _rest_page(self, service: Any, token: str) -> tuple[list[Deployment], str]:
        more = {"position": token} if token else {}
        answer = service.get_deployments(restApiId=self.api, limit=_PAGE, **more)
        return _read(answer.get("items"), "createdDate", "id", "description"), answer.get("position") or ""

    def _http_page(self, service: Any, token: str) -> tuple[list[Deployment], str]:
        more = {"NextToken": token} if token else {}
        answer = service.get_deployments(ApiId=self.api, MaxResults=str(_PAGE), **more)
        return _read(answer.get("Items"), "CreatedDate", "DeploymentId", "Description"), answer.get("NextToken") or ""


def _read(items: list[Mapping[str, Any]] | None, date: str, name: str, text: str) -> list[Deployment]:
    return [
        Deployment(at=made.timestamp(), id=quoted(item.get(name, "")), text=quoted(item.get(text) or ""))
        for item in items or ()
        if isinstance(made := item.get(date), datetime)
    ]
