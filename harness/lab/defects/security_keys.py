"""Keys and passwords: what the new side lets in that nobody should have, or nobody has any more."""

from dataclasses import replace

from harness.lab.defects.defect import Defect
from harness.lab.defects.guarding import keys, operation, security
from harness.lab.settings_apim import ApimSettings

_REPORT = "GET /partners/report"


def _not_imported(settings: ApimSettings) -> ApimSettings:
    kept = {key: one for key, one in settings.subscriptions.items() if key != "lab-dealer-old-2f3b"}
    return replace(settings, subscriptions=kept)


DEFECTS = (
    Defect(
        suite="security",
        name="report-without-key",
        family="key",
        case=f"{_REPORT}: no credential",
        at="status",
        does="GET /partners/report needs no key.",
        models="No key: first an open product, then the API's own flag (facts 2.1, key rules).",
        settings=operation(_REPORT, key=False),
    ),
    Defect(
        suite="security",
        name="message-without-key",
        family="key",
        case="POST /partners/messages: no credential",
        at="status",
        does="POST /partners/messages was left out of the key check.",
        models="An operation that was added later, in an API without the flag (facts 2.1, key rules).",
        settings=operation("POST /partners/messages", key=False),
    ),
    Defect(
        suite="security",
        name="unknown-key-accepted",
        family="key",
        case=f"{_REPORT}, partner: wrong key",
        at="status",
        does="A key that nobody has is accepted.",
        models="A check-header policy that looks whether there is a key, not whether it is known (facts 2.1).",
        settings=keys(unknown=True),
    ),
    Defect(
        suite="security",
        name="empty-key-accepted",
        family="key",
        case=f"{_REPORT}, partner: empty key",
        at="status",
        does="An empty key is accepted.",
        models="A policy that asks whether the header is there (facts 2.1, HeaderNotFound).",
        settings=keys(empty=True),
    ),
    Defect(
        suite="security",
        name="disabled-key-accepted",
        family="key",
        case=f"{_REPORT}, suspended: disabled key",
        at="status",
        does="A key that was disabled on the old side is active on the new one.",
        models="Keys imported without their state (seed: API keys to subscriptions).",
        settings=keys(suspended=True),
    ),
    Defect(
        suite="security",
        name="other-product-accepted",
        family="key",
        case=f"{_REPORT}, warehouse key: key of another product",
        at="status",
        does="A key of another product is accepted.",
        models="Subscriptions with the scope of all APIs instead of their product (facts 2.1, key rules).",
        settings=keys(any_product=True),
    ),
    Defect(
        suite="security",
        name="key-in-query-accepted",
        family="key",
        case=f"{_REPORT}, partner: key in the query instead of the header",
        at="status",
        does="A key in the query is accepted, which the old side never read.",
        models="subscription-key is read from the query where the header is absent (facts 2.1, key rules).",
        settings=keys(query=True),
    ),
    Defect(
        suite="security",
        name="any-password-accepted",
        family="key",
        case="GET /stock, storeman: wrong password",
        at="status",
        does="HTTP Basic is not checked.",
        models="A Lambda authorizer of the old side that no policy took the place of (seed: authorizers).",
        settings=security(lambda now: replace(now, basic="nothing")),
    ),
    Defect(
        suite="security",
        name="any-user-accepted",
        family="key",
        case="GET /stock, storeman: unknown user",
        at="status",
        does="Of user and password only the password counts.",
        models="A Lambda authorizer of the old side, written anew from memory (seed: authorizers).",
        settings=security(lambda now: replace(now, basic="password")),
    ),
    Defect(
        suite="security",
        name="any-feed-token-accepted",
        family="key",
        case="GET /feed, reader: wrong key",
        at="status",
        does="The token in the query of GET /feed is not checked.",
        models="A request authorizer by query string, lost on the way (facts 1.7, Lambda REQUEST).",
        settings=security(lambda now: replace(now, feed="nothing")),
    ),
    Defect(
        suite="security",
        name="feed-token-in-header-accepted",
        family="key",
        case="GET /feed, reader: key in the header instead of the query",
        at="status",
        does="The token of GET /feed is read from a header, too.",
        models="A request authorizer has its identity sources listed (facts 1.7); this policy has two.",
        settings=security(lambda now: replace(now, feed="query or header")),
    ),
    Defect(
        suite="security",
        name="old-key-refused",
        family="clients",
        case=f"{_REPORT}, dealer: old credential, unchanged",
        at="status",
        does="The dealer's old key does not work any more, and nobody was told.",
        models="New keys made instead of importing the values (seed: clients go on as before).",
        settings=_not_imported,
    ),
    Defect(
        suite="security",
        name="key-header-renamed",
        family="clients",
        case=f"{_REPORT}, partner: as it is",
        at="status",
        does="Keys are only read from Ocp-Apim-Subscription-Key.",
        models="The default header's name kept, where clients send x-api-key (facts 2.1, challenge).",
        settings=keys(headers=("Ocp-Apim-Subscription-Key",)),
    ),
)
