"""What a service did not give, in one line, and texts of others made fit for that line."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_LONGEST = 200
_SHORTEST = 4  # a shorter secret protects nothing, and its mask would blot out the words
_UNSHOWN = re.compile(r"[^\x20-\x7e]+")


class CloudTrouble(Exception):  # noqa: N818  reads as a fact at the call site
    """A service gave no token or keys; `reason` is one line for people, without a secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def quoted(text: object, secrets: Iterable[str] = ()) -> str:
    """Return a stranger's text for a reason: one bounded line, nothing that a terminal obeys, no secret.

    It is cut between words: half of a secret in other words (Base64, say) is known to no mask.
    """
    line = str(text)[: 20 * _LONGEST]
    for secret in sorted((one for one in secrets if len(one) >= _SHORTEST), key=len, reverse=True):
        line = line.replace(secret, "[masked]")
    line = " ".join(_UNSHOWN.sub(" ", line).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST + 1].rpartition(' ')[0]} …".lstrip()


def host_of(url: str) -> str:
    """Return host and port of a URL, without a user's name; "" if it has none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""
