"""Client certificates: who signed one, and for how long; and the TLS listeners that ask for them."""

import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from harness.lab.keys import Party, write_private

_PARTIAL_CHAIN = 0x80000
_NO_CHECK_TIME = 0x200000
_CERTIFICATE_MESSAGE = 11
_WEAK = "ALL:@SECLEVEL=0"

Minimum = Literal["1.0", "1.1", "1.2"]
_VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2}


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRules:
    """What is looked at; everything, unless somebody left something out. `asked`: the listener asks for one at all."""

    asked: bool = True
    needed: bool = True
    authority: bool = True
    dates: bool = True


def fault(der: bytes, authority: Party, rules: CertificateRules = CertificateRules()) -> str | None:
    """Return what is wrong with a client's certificate, None if nothing is."""
    if not der:
        return "missing" if rules.needed else None
    certificate = x509.load_der_x509_certificate(der)
    if rules.authority:
        try:
            certificate.verify_directly_issued_by(authority.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return "authority"
    now = datetime.now(UTC)
    if rules.dates and not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return "dates"
    return None


def server_context(
    party: Party, folder: Path, name: str, *, minimum: Minimum = "1.2", ask: bool = True, weak: bool = False
) -> ssl.SSLContext:
    """Return the TLS settings of a listener; with `ask` it asks clients for a certificate and takes any.

    Files of `name` are written to `folder`. `weak` allows keys and ciphers that nobody should use.
    The products refuse a bad certificate after the handshake, with an answer (facts 1.5: 403). OpenSSL would break the
    handshake off, so here it is told to trust each certificate as it comes in, and the gateway judges it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what a defect is about
        context.minimum_version = _VERSIONS[minimum]
    if minimum != "1.2" or weak:
        context.set_ciphers(_WEAK)
    write_private(folder / f"{name}.pem", party.pem)
    write_private(folder / f"{name}.key", party.key_pem)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    if ask:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags = ssl.VerifyFlags(_PARTIAL_CHAIN | _NO_CHECK_TIME)
        # Python has no public way to see a certificate before it is judged
        context._msg_callback = _trusting(context)  # type: ignore[attr-defined]  # noqa: SLF001
    return context


def _trusting(context: ssl.SSLContext) -> Callable[..., None]:
    def seen(*told: Any) -> None:
        _, direction, _, _, message, data = told
        if direction != "read" or int(message) != _CERTIFICATE_MESSAGE:
            return
        leaf = _leaf(data)
        if leaf:
            try:
                context.load_verify_locations(cadata=leaf)
            except (ssl.SSLError, ValueError):
                return  # no certificate, or known already: the handshake will tell

    return seen


def _leaf(message: bytes) -> bytes:
    """Return the first certificate of a Certificate message; that of TLS 1.3 (RFC 8446 §4.4.2) has one part more."""
    body = message[4:]
    for start in (0, 1):
        listed = body[start : start + 3]
        if len(listed) == 3 and int.from_bytes(listed, "big") == len(body) - start - 3 > 3:
            first = body[start + 3 :]
            return first[3 : 3 + int.from_bytes(first[:3], "big")]
    return b""
