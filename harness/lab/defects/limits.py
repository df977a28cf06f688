"""Limits: how large, how long, how often."""

from dataclasses import replace

from harness.lab.defects.change import envelope, instead
from harness.lab.defects.defect import Defect
from harness.lab.message import Call
from harness.lab.settings_apim import SUBSCRIPTIONS, ApimSettings, Product

_BURST = "new-burst-key-1f94"
_LARGEST_BODY = 102_400
_LARGEST_HEADERS = 4_096
_LONGEST_QUERY = 2_048


def _long_headers(call: Call) -> bool:
    return sum(len(name) + len(value) for name, value in call.headers) > _LARGEST_HEADERS


def _limited(settings: ApimSettings) -> ApimSettings:
    slower = replace(SUBSCRIPTIONS[_BURST], product=Product(calls=3, period=60))
    return replace(settings, subscriptions={**settings.subscriptions, _BURST: slower})


DEFECTS = (
    Defect(
        name="body-size-limit",
        family="limits",
        case="big upload",
        at="status",
        does="Bodies over 100 KiB are refused with 413.",
        models="validate-content takes 102,400 bytes at most; the old side took 10 MB (facts 1.5, 2.2).",
        settings=lambda settings: replace(settings, largest_body=_LARGEST_BODY),
    ),
    Defect(
        name="query-length-limit",
        family="limits",
        case="long query",
        at="status",
        does="Queries over 2,048 bytes are refused with 414.",
        models="The Consumption tier's limits (facts 2.2); the old side took 10,240 characters (facts 1.5).",
        settings=lambda settings: replace(settings, longest_query=_LONGEST_QUERY),
    ),
    Defect(
        name="header-size-limit",
        family="limits",
        case="long header",
        at="status",
        does="Requests with over 4,096 bytes of headers are refused with 431.",
        models="A gateway in front takes less than the old side's 10,240 bytes of headers (facts 1.5).",
        front=instead(_long_headers, lambda _: envelope(431, "Request header fields too large")),
    ),
    Defect(
        name="rate-limit-low",
        family="limits",
        case="burst of calls",
        at="status",
        does="After 3 calls in a minute a caller gets 429.",
        models="Rate and burst of a usage plan become calls and renewal-period (seed: throttling and quotas).",
        settings=_limited,
    ),
)
