"""A credential that cannot be presented."""


class CredentialUnavailable(Exception):  # noqa: N818  reads as a fact at the call site
    """A credential cannot be presented now; `reason` is one line without a secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
