"""How the old gateway is configured: usage plans and keys, resources and their methods."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePlan:
    """What a key's owner may call: requests/s, bucket size, and calls in all (None: no quota)."""

    rate: float = 10_000.0
    burst: int = 5_000
    quota: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of a caller; `plan` is None for a key that no usage plan of this stage knows."""

    caller: str
    plan: UsagePlan | None = UsagePlan()
    enabled: bool = True


API_KEYS: dict[str, ApiKey] = {
    "old-partner-key-41c7": ApiKey(caller="partner"),
    "old-clerk-key-9b02": ApiKey(caller="clerk"),
    "old-burst-key-66d1": ApiKey(caller="burst"),
    "old-throttled-key-0e5f": ApiKey(caller="throttled", plan=UsagePlan(rate=0, burst=0)),
    "old-spent-key-73aa": ApiKey(caller="spent", plan=UsagePlan(quota=0)),
    "old-unplanned-key-d8d8": ApiKey(caller="unplanned", plan=None),
    "lab-partner-key-7d21": ApiKey(caller="partner"),
    "lab-dealer-old-2f3b": ApiKey(caller="dealer"),
    "lab-supplier-old-8a17": ApiKey(caller="supplier"),
    "lab-metered-key-1c44": ApiKey(caller="metered", plan=UsagePlan(rate=5, burst=10)),
    "lab-suspended-key-5e90": ApiKey(caller="suspended", enabled=False),
    "lab-warehouse-key-93aa": ApiKey(caller="warehouse", plan=None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method of one resource. `stream` is the integration's response transfer mode, `timeout` its own (seconds).

    `check` and `scope` say who else is asked (authorizers_aws); `cors` puts the page's origin on the gateway's own
    errors, `mock` answers a preflight without the backend.
    """

    key: bool = True
    authorizer: bool = False
    stream: bool = False
    timeout: float | None = None
    check: str = ""
    scope: str = ""
    cors: bool = False
    mock: bool = False


_KEYED = Method()
_OPEN = Method(key=False)
_MOCK = Method(key=False, mock=True)
_READ = {"GET": _KEYED}

_PLAIN = (
    "/binary", "/cookies", "/csv", "/deep", "/fail", "/gzip", "/headers", "/large", "/me", "/ndjson", "/now",
    "/numbers", "/sequence", "/sparse", "/tags", "/text", "/text/latin1", "/unicode", "/xml",
)  # fmt: skip

# resource → its methods; `{id}` is one segment, `{proxy+}` all that follow
RESOURCES: dict[str, dict[str, Method]] = {
    "/orders": {"GET": _KEYED, "POST": _KEYED, "OPTIONS": _OPEN},
    "/orders/{id}": dict.fromkeys(("GET", "HEAD", "PUT", "PATCH", "DELETE"), _KEYED),
    "/products/{sku}": {"GET": _KEYED, "HEAD": _KEYED},
    "/echo": {"GET": _KEYED, "POST": _KEYED},
    "/echo/{proxy+}": {"GET": _KEYED},
    "/slow": {"GET": _KEYED, "POST": Method(timeout=0.4)},
    "/events": {"GET": Method(stream=True)},
    "/health": {"GET": _OPEN},
    "/profile": {"GET": Method(key=False, authorizer=True)},
    "/upload": {"POST": _KEYED},
    "/form": {"POST": _KEYED},
    **dict.fromkeys(_PLAIN, _READ),
    "/partners/report": {"GET": _KEYED},
    "/partners/metered": {"GET": _KEYED},
    "/partners/messages": {"POST": _KEYED},
    "/accounts": {
        "GET": Method(key=False, check="token", scope="accounts.read"),
        "POST": Method(key=False, check="token", scope="accounts.write"),
    },
    "/accounts/{id}": {"GET": Method(key=False, check="token", scope="accounts.read")},
    "/ledger": dict.fromkeys(("GET", "POST"), Method(key=False, check="sigv4")),
    "/vault": {"GET": Method(key=False, check="certificate")},
    "/stock": {"GET": Method(key=False, check="basic")},
    "/feed": {"GET": Method(key=False, check="feed")},
    "/pages": {"GET": Method(key=False, cors=True), "OPTIONS": _MOCK},
    "/pages/mine": {"GET": Method(key=False, check="token", scope="accounts.read", cors=True), "OPTIONS": _MOCK},
}
