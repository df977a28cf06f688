"""What to do about a probe that the two sides decide differently, in the words of the new product."""

from harness.model.probe import Group, Probe, Wants
from harness.scenario.credential import SignatureFault, TokenFault

_JWT = "Azure API Management: in `validate-jwt` of this API or operation, "
_AZURE = {
    TokenFault.EXPIRED.value: _JWT + 'set `require-expiration-time="true"` and keep `clock-skew` small.',
    TokenFault.NOT_YET.value: _JWT + "keep `clock-skew` small; nbf is then checked.",
    TokenFault.AUDIENCE.value: _JWT + "list the API's audience under `audiences`.",
    TokenFault.ISSUER.value: _JWT + "list the issuer under `issuers`, or name its `openid-config`.",
    TokenFault.SCOPE.value: _JWT + "add `required-claims` with the scope (scp or scope, `match`, `separator`).",
    TokenFault.NONE.value: _JWT + 'set `require-signed-tokens="true"`.',
    TokenFault.CONFUSED.value: _JWT + "give the key as RSA or certificate (or by `openid-config`), never as a text.",
    TokenFault.KEY_ID.value: _JWT + "let `openid-config` name the keys; do not trust keys that the token brings.",
    TokenFault.TAMPERED.value: _JWT + 'set `require-signed-tokens="true"` and check the issuer signing keys.',
    TokenFault.STRIPPED.value: _JWT + 'set `require-signed-tokens="true"`.',
    TokenFault.EMPTY.value: _JWT + "check that the policy applies (`<base />` is there) where the token is missing.",
    TokenFault.TWICE.value: "Azure API Management: check the header that the backend sees, not the first of two.",
    "no credential": "Azure API Management: require a subscription on the API (not only on a product, and no open "
    "product), and `<base />` in every operation's inbound section, so that the common policies apply here too.",
    "disabled key": "Azure API Management: suspend or cancel the subscription of this key.",
    "key of another product": "Azure API Management: narrow the subscription's scope to its product or API; a key with "
    "the scope of all APIs opens every one.",
    "key in the query instead of the header": "Azure API Management: reads `subscription-key` from the query too; "
    "give the query parameter a name that nobody uses, or refuse it with `check-header`.",
}
_GENERIC = {
    Group.CALLERS: "Require on the new side what the old side requires of its callers, on this operation too.",
    Group.SURFACE: "Refuse on the new side what the old side refuses: no catch-all operation, no rewriting of paths "
    "before the policies are chosen.",
    Group.CORS: "Allow in the new side's CORS rules the origins, methods and headers that the old side allowed; no "
    "others.",
    Group.WAF: "Put a firewall with the old side's rules before the new gateway (Prevention, not Detection), and see "
    "that it inspects this part of the request.",
    Group.DOORS: "Let only the firewall in: Azure API Management `check-header` on X-Azure-FDID or `ip-filter`, or a "
    "private network; for the backend, the gateway's addresses or its client certificate.",
    Group.LIMITS: "Set the limit of the old plan on the new side: `rate-limit-by-key`, `quota-by-key`.",
    Group.TLS: "Set protocols and certificates of the new side's custom domain as on the old side.",
}
_SIGNED = (
    "The new side must verify the signature itself (Azure API Management has no policy for AWS Signature Version 4): "
    "verify it in an authorizer of the backend, or give these callers another credential and name them in "
    "`security.clients_change`."
)
_UNCHANGED = (
    "Make the new side take the credential as clients send it today (Azure API Management: the name of the API's "
    "subscription key header, the same keys, the same issuer), or tell the clients and name them in "
    "`security.clients_change`."
)
_SIGNATURES = frozenset(fault.value for fault in SignatureFault)
_STRICTER = "Clients that are let in today would be refused: allow on the new side what the old side allows."


def remedy(probe: Probe, kind: str, *, weaker: bool = True) -> str:
    """Return what to do on the new side, whose product is of `kind`."""
    if probe.wants is Wants.UNCHANGED:
        return _UNCHANGED
    if not weaker:
        return _STRICTER
    if probe.column in _SIGNATURES:
        return _SIGNED
    known = _AZURE.get(probe.column, "") if kind == "azure-apim" else ""
    return known or _GENERIC[probe.group]
