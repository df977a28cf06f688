"""How defects change what guards the new side."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.lab.defects.change import at, on_call
from harness.lab.message import Call
from harness.lab.policies_apim import Security
from harness.lab.settings_apim import ApimSettings, Operation
from harness.lab.wrap import Wrap

Change = Callable[[ApimSettings], ApimSettings]

_PARTNERS_KEY = b"lab-partner-key-7d21"


def security(change: Callable[[Security], Security]) -> Change:
    """Return a change of the settings' security."""
    return lambda settings: replace(settings, security=change(settings.security))


def keys(**changes: Any) -> Change:
    """Return a change of what is looked at in keys."""
    return security(lambda now: replace(now, keys=replace(now.keys, **changes)))


def tokens(**changes: Any) -> Change:
    """Return a change of what is looked at in tokens."""
    return security(lambda now: replace(now, tokens=replace(now.tokens, **changes)))


def signatures(**changes: Any) -> Change:
    """Return a change of what is looked at in AWS signatures."""
    return security(lambda now: replace(now, signatures=replace(now.signatures, **changes)))


def certificates(**changes: Any) -> Change:
    """Return a change of what is looked at in client certificates."""
    return security(lambda now: replace(now, certificates=replace(now.certificates, **changes)))


def cors(**changes: Any) -> Change:
    """Return a change of the cors policy."""
    return security(lambda now: replace(now, cors=replace(now.cors, **changes)))


def doors(**changes: Any) -> Change:
    """Return a change of how the new side is reached."""
    return security(lambda now: replace(now, doors=replace(now.doors, **changes)))


def waf(**changes: Any) -> Change:
    """Return a change of what the firewall inspects."""
    return security(
        lambda now: replace(now, doors=replace(now.doors, waf=replace(now.doors.waf, **changes)))  # type: ignore[type-var]
    )


def operation(name: str, **changes: Any) -> Change:
    """Return a change of one operation, "METHOD /template"."""

    def change(settings: ApimSettings) -> ApimSettings:
        found = tuple(
            replace(one, **changes) if f"{one.method} {one.template}" == name else one for one in settings.operations
        )
        return replace(settings, operations=found)

    return change


def another(added: Operation) -> Change:
    """Return a change that adds an operation."""
    return lambda settings: replace(settings, operations=(*settings.operations, added))


def let_past(path: Callable[[bytes], bytes | None]) -> Wrap:
    """Return a wrap that takes some spellings of /partners/report for it, and lets them past the key.

    `path` returns what it makes of a path, None to leave a call alone. The way in is another rule's credential, as
    where a proxy routes by one spelling and the policies are chosen by another.
    """

    def taken(call: Call) -> bool:
        return path(call.path) == b"/partners/report"

    def changed(call: Call) -> Call:
        return replace(call, path=b"/partners/report").with_header(b"x-api-key", _PARTNERS_KEY)

    return on_call(taken, changed)


def reread(path: Callable[[bytes], bytes]) -> Wrap:
    """Return a wrap that reads paths of /partners in another way before they are matched."""
    return on_call(at("*"), lambda call: replace(call, path=path(call.path)))
