"""A peer's leaf certificate, from the PEM text that libcurl hands over."""

from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256

from harness.model.response import Certificate

_MOST_NAMES = 200


@lru_cache(maxsize=256)
def read_certificate(pem: bytes) -> Certificate | None:
    """Return the facts of a PEM certificate, None if it cannot be read. `sha256` is of the DER form, hex."""
    try:
        parsed = x509.load_pem_x509_certificate(pem)
        return Certificate(
            subject=parsed.subject.rfc4514_string(),
            issuer=parsed.issuer.rfc4514_string(),
            names=_names(parsed),
            not_before=_iso(parsed.not_valid_before_utc),
            not_after=_iso(parsed.not_valid_after_utc),
            sha256=parsed.fingerprint(SHA256()).hex(),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _names(parsed: x509.Certificate) -> tuple[str, ...]:
    try:
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    hosts = names.get_values_for_type(x509.DNSName)
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return tuple([*hosts, *addresses][:_MOST_NAMES])


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
