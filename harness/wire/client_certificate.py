"""What is wrong with a client certificate before it is shown to anybody."""

from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from harness.model.request import ClientCertificate


@lru_cache(maxsize=256)
def unusable(shown: ClientCertificate) -> str:
    """Return why `shown` cannot be used, "" if it can. Its dates and issuer are the server's to judge."""
    who = f"the client certificate {shown.label!r}"
    try:
        leaf = x509.load_pem_x509_certificates(shown.certificate)[0]
        theirs = leaf.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return f"{who} is no readable PEM certificate"
    try:
        ours = load_pem_private_key(shown.key, password=None).public_key()
    except TypeError:
        return f"the key of {who} is encrypted; give it without a passphrase"
    except (ValueError, UnsupportedAlgorithm):
        return f"the key of {who} is no readable PEM key"
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if ours.public_bytes(*form) != theirs.public_bytes(*form):
        return f"the key of {who} does not belong to it"
    return ""
