"""Why a control plane did not tell what was asked: a CloudTrouble with its kind."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.clouds.aws import explained
from harness.clouds.trouble import CloudTrouble
from harness.model.series import Absence

_THROTTLED = frozenset({"LimitExceeded", "RequestLimitExceeded", "SlowDown", "TooManyRequestsException"})
_DENIED = frozenset({
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "NotAuthorized",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnauthorizedException",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
})  # fmt: skip


class Unread(CloudTrouble):
    """A service did not tell what was asked; `kind` says in one word why, `reason` in one line."""

    def __init__(self, reason: str, kind: Absence) -> None:
        super().__init__(reason)
        self.kind = kind


@contextmanager
def asked(what: str, secrets: tuple[str, ...] = ()) -> Iterator[None]:
    """Turn all that boto3 raises into an Unread that starts with `what` and quotes no secret."""
    try:
        with explained(what, secrets):
            yield
    except CloudTrouble as trouble:
        raise Unread(trouble.reason, _kind(trouble)) from None


def by_status(status: int) -> Absence:
    """Return what an HTTP status other than 2xx says of the caller and the service."""
    if status in {401, 403}:
        return Absence.DENIED
    return Absence.THROTTLED if status == 429 else Absence.FAILED


def _kind(error: BaseException | None) -> Absence:
    """Look in what the trouble was made of: it is worded already, but its cause hangs on it."""
    from botocore import exceptions  # noqa: PLC0415  heavy, and most runs ask no cloud

    while error is not None:
        if isinstance(error, Unread):
            return error.kind
        if isinstance(error, exceptions.NoCredentialsError | exceptions.ProfileNotFound):
            return Absence.DENIED
        if isinstance(error, exceptions.ClientError):
            return _of_answer(error.response)
        error = error.__cause__ or error.__context__
    return Absence.FAILED


def _of_answer(answer: object) -> Absence:
    told = answer if isinstance(answer, dict) else {}
    code = str((told.get("Error") or {}).get("Code", ""))
    if code in _THROTTLED or code.startswith("Throttl"):
        return Absence.THROTTLED
    if code in _DENIED or code.startswith("AccessDenied"):
        return Absence.DENIED
    status = (told.get("ResponseMetadata") or {}).get("HTTPStatusCode")
    return by_status(status) if isinstance(status, int) else Absence.FAILED
