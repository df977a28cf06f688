"""How the new gateway is configured: products and subscriptions, operations and their policies."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.lab.policies_apim import Check, Security

DEFAULT_TIMEOUT = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product's policies: `calls` per sliding `period` in seconds, `quota` calls in all; None for no limit."""

    name: str = ""
    calls: int | None = None
    period: int = 60
    quota: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A caller's subscription to a product."""

    caller: str
    product: Product = Product()
    active: bool = True


SUBSCRIPTIONS: dict[str, Subscription] = {
    "new-partner-key-c20d": Subscription(caller="partner"),
    "new-clerk-key-58e3": Subscription(caller="clerk"),
    "new-burst-key-1f94": Subscription(caller="burst", product=Product(calls=10_000, period=1)),
    "new-throttled-key-b7b0": Subscription(caller="throttled", product=Product(calls=0, period=10)),
    "new-spent-key-3c6e": Subscription(caller="spent", product=Product(quota=0)),
    "new-suspended-key-ee19": Subscription(caller="unplanned", active=False),
    # keys of the old side, imported with their values, so that clients go on as before
    "lab-partner-key-7d21": Subscription(caller="partner", product=Product(name="partners")),
    "lab-dealer-old-2f3b": Subscription(caller="dealer", product=Product(name="partners")),
    "lab-dealer-new-77c0": Subscription(caller="dealer", product=Product(name="partners")),
    "lab-supplier-new-64fe": Subscription(caller="supplier", product=Product(name="partners")),
    # rate-limit knows no bucket: 5 a second and 10 at once became the burst, in a window of a second
    "lab-metered-key-1c44": Subscription(caller="metered", product=Product(name="partners", calls=10, period=1)),
    "lab-suspended-key-5e90": Subscription(caller="suspended", product=Product(name="partners"), active=False),
    "lab-warehouse-key-93aa": Subscription(caller="warehouse", product=Product(name="warehouse")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the API. `buffered` and `timeout` (seconds) are attributes of its forward-request policy.

    `product` is the one that holds it ("": any). `check` and `scope` name its policy, `cors` says that it has that one,
    `largest` is the most bytes that it takes, `one_counter` the calls/s that all its callers have together.
    """

    method: str
    template: str
    key: bool = True
    jwt: bool = False
    buffered: bool = True
    timeout: float | None = None
    product: str = ""
    check: Check = ""
    scope: str = ""
    cors: bool = False
    largest: int | None = None
    one_counter: int | None = None


def _operations() -> tuple[Operation, ...]:
    plain = """
        GET /orders|POST /orders|GET /orders/{id}|HEAD /orders/{id}|PUT /orders/{id}|PATCH /orders/{id}
        DELETE /orders/{id}|GET /products/{sku}|HEAD /products/{sku}|GET /echo|POST /echo|GET /echo/*
        GET /slow|POST /upload|POST /form|GET /binary|GET /cookies|GET /csv|GET /deep|GET /fail|GET /gzip
        GET /headers|GET /large|GET /me|GET /ndjson|GET /now|GET /numbers|GET /sequence|GET /sparse|GET /tags
        GET /text|GET /text/latin1|GET /unicode|GET /xml
    """
    names = (name.split() for line in plain.split("\n") for name in line.split("|") if name.strip())
    return (
        Operation(method="GET", template="/events", buffered=False),
        Operation(method="GET", template="/health", key=False),
        Operation(method="GET", template="/profile", key=False, jwt=True),
        Operation(method="POST", template="/slow", timeout=0.4),
        Operation(method="OPTIONS", template="/orders", key=False),
        *(Operation(method=method, template=template) for method, template in names),
    )


_TEN_MB = 10_485_760

GUARDED = (
    Operation(method="GET", template="/partners/report", product="partners"),
    Operation(method="GET", template="/partners/metered", product="partners"),
    Operation(method="POST", template="/partners/messages", product="partners", largest=_TEN_MB),
    Operation(method="GET", template="/accounts", key=False, check="token", scope="accounts.read"),
    Operation(method="POST", template="/accounts", key=False, check="token", scope="accounts.write", largest=_TEN_MB),
    Operation(method="GET", template="/accounts/{id}", key=False, check="token", scope="accounts.read"),
    Operation(method="GET", template="/ledger", key=False, check="sigv4"),
    Operation(method="POST", template="/ledger", key=False, check="sigv4", largest=_TEN_MB),
    Operation(method="GET", template="/vault", key=False, check="certificate"),
    Operation(method="GET", template="/stock", key=False, check="basic"),
    Operation(method="GET", template="/feed", key=False, check="feed"),
    Operation(method="GET", template="/pages", key=False, cors=True),
    Operation(method="GET", template="/pages/mine", key=False, check="token", scope="accounts.read", cors=True),
)
"""What scenarios/security.yaml asks for."""

OPERATIONS = (*_operations(), *GUARDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApimSettings:
    """What an administrator sets: see each product's page in the portal. Sizes in bytes, times in seconds."""

    timeout: float = DEFAULT_TIMEOUT
    operations: tuple[Operation, ...] = OPERATIONS
    subscriptions: Mapping[str, Subscription] = field(default_factory=lambda: SUBSCRIPTIONS)
    any_case: bool = False
    slash_at_end: bool = True
    unknown_keys: bool = False
    largest_body: int | None = None
    longest_query: int | None = None
    security: Security = Security()
