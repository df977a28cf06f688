"""Handles and connections that show the same client certificate, or none: nothing of one pool serves another."""

import math

import pycurl

from harness.model.request import ClientCertificate
from harness.model.response import Certificate
from harness.wire.options import Setting
from harness.wire.transfer import Transfer

_MOST_CERTIFICATES = 4096


class Pool:
    """Idle handles, the connections that they share, and what each connection's server showed.

    libcurl numbers connections within a share, so what is known by their number belongs here. A TLS connection whose
    sending failed stays among the idle ones, and libcurl does not look at it before it takes it for the next request,
    which then is lost: until `doubtful_until`, when such a connection is too old to be used, requests connect anew.
    """

    __slots__ = ("_certificates", "doubtful_until", "idle", "settings", "share")

    def __init__(self, settings: tuple[Setting, ...]) -> None:
        self.share = pycurl.CurlShare()
        self.share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_CONNECT)
        self.settings = settings
        self._certificates: dict[int, Certificate] = {}
        self.idle: list[Transfer] = []
        self.doubtful_until = -math.inf

    def certificate(self, transfer: Transfer, flying: set[Transfer]) -> Certificate | None:
        """Return the certificate of the connection that was used; libcurl tells it on a connection's first use only."""
        connection = transfer.connection()
        known = self._certificates.get(connection)
        if known is not None:
            return known
        for other in (transfer, *flying):  # HTTP/2: who opened the connection may still wait for its answer
            if other.pool is self and other.opened(connection) and (certificate := other.certificate()) is not None:
                if len(self._certificates) >= _MOST_CERTIFICATES:
                    del self._certificates[next(iter(self._certificates))]
                self._certificates[connection] = certificate
                return certificate
        return None

    def close(self) -> None:
        """Close the connections; only after the multi handle."""
        self.share.close()


def shown(certificate: ClientCertificate) -> tuple[Setting, ...]:
    """Return the options that show `certificate` in the handshake; nothing of it is written to disk."""
    return (
        (pycurl.SSLCERTTYPE, "PEM"),
        (pycurl.SSLCERT_BLOB, certificate.certificate),
        (pycurl.SSLKEYTYPE, "PEM"),
        (pycurl.SSLKEY_BLOB, certificate.key),
    )
