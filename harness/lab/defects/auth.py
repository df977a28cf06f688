"""Who may call: what the new side lets through, and what it tells the backend of the caller."""

from dataclasses import replace

from harness.lab.defects.change import at, on_call
from harness.lab.defects.defect import Defect
from harness.lab.settings_apim import ApimSettings, Operation


def _changed(settings: ApimSettings, template: str, operation: Operation) -> ApimSettings:
    kept = tuple(one for one in settings.operations if one.template != template)
    return replace(settings, operations=(*kept, operation))


_OPEN_PROFILE = Operation(method="GET", template="/profile", key=False)

DEFECTS = (
    Defect(
        name="key-not-required",
        family="auth",
        case="call without a key",
        at="status",
        does="GET /me needs no key.",
        models="No key: first an open product, then the API's own flag (facts 2.1, key rules).",
        settings=lambda settings: _changed(settings, "/me", Operation(method="GET", template="/me", key=False)),
    ),
    Defect(
        name="any-key-accepted",
        family="auth",
        case="call with an unknown key",
        at="status",
        does="A key that nobody has is accepted.",
        models="A check-header policy that looks whether there is a key, not whether it is known (facts 2.1).",
        settings=lambda settings: replace(settings, unknown_keys=True),
    ),
    Defect(
        name="caller-not-forwarded",
        family="auth",
        case="two callers",
        at="body:$.caller",
        does="The backend is not told who calls.",
        models="The key's owner was mapped into a header by the old integration (seed: API keys to subscriptions).",
        back=on_call(at("/me"), lambda call: call.without(b"x-caller")),
    ),
    Defect(
        name="wrong-caller-forwarded",
        family="auth",
        case="two callers",
        at="body:$.caller",
        does="The backend is told the gateway's name instead of the caller's.",
        models="A set-header policy with a fixed value where the subscription was meant (seed: policy mapping).",
        back=on_call(at("/me"), lambda call: call.with_header(b"x-caller", b"apim")),
    ),
    Defect(
        name="token-not-required",
        family="auth",
        case="profile without a token",
        at="status",
        does="GET /profile is answered without a token.",
        models="No validate-jwt policy in scope of the operation (facts 2.1; seed: authorizers do not map directly).",
        settings=lambda settings: _changed(
            settings, "/profile", Operation(method="GET", template="/profile", key=False)
        ),
    ),
    Defect(
        name="authorization-dropped",
        family="auth",
        case="profile",
        at="body:$.subject",
        does="Authorization does not reach the backend.",
        models="A credential of the gateway's own takes the header's place (facts 1.4; seed: set up authentication).",
        back=on_call(at("/profile"), lambda call: call.without(b"authorization")),
    ),
)
