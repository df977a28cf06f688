"""Control planes that a scenario names, and where it does."""

from dataclasses import dataclass, field
from pathlib import Path

from harness.scenario.credential import SigV4Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the scenario writes something, for errors that only show later."""

    file: Path
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsControl:
    """An API of Amazon API Gateway in its control plane; `endpoint` stands in for the public ones ("" for these).

    `api` is the API's id; `name` its name, which REST metrics go by ("": looked up).
    """

    region: str
    api: str
    stage: str
    name: str = ""
    keys: SigV4Credential
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureControl:
    """A service of Azure API Management in its control plane; `resource` is its whole id, from /subscriptions/ on.

    `token` is a bearer token; else `tenant`, `client_id`, `client_secret` name a service principal; else whatever
    azure-identity's default chain finds. `endpoint` stands in for https://management.azure.com.
    """

    resource: str
    token: str = field(default="", repr=False)
    tenant: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    endpoint: str = ""


Control = AwsControl | AzureControl
