"""TLS on a plain socket, as the wire would do it: the URL's host by SNI, the gateway's trust, HTTP/1.1."""

import os
import socket
import ssl
from collections.abc import Sequence

from harness.model.gateway import Gateway
from harness.wire.address import Address
from harness.wire.options import system_bundle

_LEGACY_SERVER_CONNECT = 0x4  # OpenSSL's number; Python names it from 3.12 on


def trusting(gateway: Gateway, alpn: Sequence[str] = ("http/1.1",)) -> ssl.SSLContext:
    """Return a context that verifies chain and name as the gateway's `ca_file`, or this machine, says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(gateway.ca_file or system_bundle(os.environ.get))
    context.set_alpn_protocols(list(alpn))
    return context


def trusting_all(alpn: Sequence[str]) -> ssl.SSLContext:
    """Return a context that verifies nothing: for looking, never for what is secret."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(alpn))
    return context


def lenient(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let `context` speak old versions and weak ciphers too: what a server takes part in is what is asked."""
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
    context.set_ciphers("ALL:!aNULL:!PSK:!SRP:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER_CONNECT
    return context


def wrap(
    sock: socket.socket, context: ssl.SSLContext, where: Address, timeout: float, *, named: bool = True
) -> ssl.SSLSocket:
    """Return `sock` with TLS, its handshake done in `timeout` seconds; on failure closes it and raises OSError.

    Unless `named`, no server name is said (SNI): such a `context` must not check it either.
    """
    try:
        sock.settimeout(max(0.001, timeout))
        return context.wrap_socket(sock, server_hostname=where.name if named else None)
    except OSError:
        sock.close()
        raise
    except ValueError as error:  # a name that cannot be asked for
        sock.close()
        raise ssl.SSLError(str(error)) from None
