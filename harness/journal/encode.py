"""Put an exchange's parts, already masked, together as the journal has them."""

from typing import NamedTuple

from harness.model.event import Recorded, RecordedPair
from harness.model.exchange import Exchange
from harness.model.request import Headers
from harness.model.response import Answer, Certificate, NoResponse, Response, Timings


class Sent(NamedTuple):
    """The parts of a request that may name a secret."""

    url: str
    headers: Headers


class Kept(NamedTuple):
    """What became of the bodies and the certificate."""

    request_body: str
    body: str
    note: str
    sha256: str
    certificate: str


def told(answer: Answer) -> str:
    """Say what an attempt ended in."""
    if isinstance(answer, NoResponse):
        return f"{answer.reason.value}: {answer.detail}" if answer.detail else answer.reason.value
    return f"{answer.status} {answer.reason}".rstrip()


def certificate_line(certificate: Certificate | None) -> str:
    """Return what a reader wants to know of a certificate; "" for none."""
    if certificate is None:
        return ""
    names = ", ".join(certificate.names)
    return (
        f"{certificate.subject} by {certificate.issuer}, for {names}, "
        f"valid {certificate.not_before} to {certificate.not_after}, sha256 {certificate.sha256}"
    )


def with_response(
    exchange: Exchange,
    sent: Sent,
    answer: Response,
    earlier: tuple[str, ...],
    kept: Kept,
) -> Recorded:
    """Return the record of an exchange that was answered."""
    body, timings = answer.body, answer.timings
    said: dict[str, object] = {
        "method": exchange.request.method,
        "url": sent.url,
        "request_headers": sent.headers,
        "sent_at": exchange.sent_at,
        "status": answer.status,
        "reason": answer.reason,
        "version": answer.version,
        "headers": answer.headers,
        "size": body.size,
        "sha256": kept.sha256,
        "body": kept.body,
        "body_note": kept.note,
        "first_byte_ms": timings.first_byte,
        "total_ms": timings.total,
    }
    if kept.request_body:
        said["request_body"] = kept.request_body
    if body.coding or body.fault:
        said |= {"coding": body.coding, "fault": body.fault}
    if timings.connect is not None:
        said |= {"name_ms": timings.name, "connect_ms": timings.connect, "tls_ms": timings.tls}
    if kept.certificate:
        said["certificate"] = kept.certificate
    if earlier:
        said |= {"attempts": len(earlier) + 1, "earlier": earlier}
    return _recorded(said)


def _recorded(said: dict[str, object]) -> Recorded:
    """Return a Recorded that says just this: a frozen dataclass's own constructor takes longer than sending does."""
    made = _new(Recorded)
    made.__dict__.update(said)
    return made


def equal_pair(step: int, first: str, old: Recorded, new: Recorded, noise: tuple[Recorded, ...]) -> RecordedPair:
    """Return the record of a pair about which there is nothing to tell."""
    made = _new(RecordedPair)
    said = made.__dict__
    said["step"] = step
    said["first"] = first
    said["old"] = old
    said["new"] = new
    said["counts"] = {}
    said["outcome"] = "PASS"
    if noise:
        said["noise"] = noise
    return made


_new = object.__new__


def without_response(
    exchange: Exchange, sent: Sent, answer: NoResponse, earlier: tuple[str, ...], request_body: str
) -> Recorded:
    """Return the record of an exchange that was not."""
    timings: Timings = answer.timings
    return Recorded(
        method=exchange.request.method,
        url=sent.url,
        request_headers=sent.headers,
        request_body=request_body,
        sent_at=exchange.sent_at,
        status=answer.status,
        headers=answer.headers,
        size=answer.received,
        trouble=answer.reason.value,
        detail=answer.detail,
        name_ms=timings.name,
        connect_ms=timings.connect,
        tls_ms=timings.tls,
        first_byte_ms=timings.first_byte,
        total_ms=timings.total,
        attempts=len(earlier) + 1,
        earlier=earlier,
    )
