"""Wire bytes → Body: coding undone, size and hash of what was on the wire."""

import hashlib

from harness.model.response import Body
from harness.wire.coding import Undecodable, decode

_SMALL = 2048
_CACHED_BODIES = 2048
_EMPTY = Body()


class BodyReader:
    """Makes bodies; small plain ones that were met before are shared (values are frozen)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: dict[bytes, Body] = {}

    def plain(self, data: bytes) -> Body:
        """Return a body without any coding."""
        known = self._known.get(data)
        if known is not None:
            return known
        if not data:
            return _EMPTY
        body = Body(content=data, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        if len(data) <= _SMALL:
            if len(self._known) >= _CACHED_BODIES:
                self._known.clear()
            self._known[data] = body
        return body

    def coded(self, data: bytes, coding: str) -> Body:
        """Return a body with `coding` undone, or with its wire bytes and a fault where that cannot be."""
        content, fault = data, ""
        try:
            content = decode(data, coding, self._limit)
        except Undecodable as error:
            fault = str(error)
        return Body(
            content=content,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            coding=coding,
            fault=fault,
        )
