"""Tokens for Azure's control plane, by azure-identity (the extra `azure`), held to the rules of this house.

What azure-identity sends goes through clouds/http.py: one attempt within one deadline, no proxy of the environment, no
redirect. A machine's metadata address (169.254.169.254) is nobody's that the scenario names, so a managed identity is
asked only where the environment names its endpoint, or AZURE_TOKEN_CREDENTIALS chooses it.
"""

import logging
import os
import re
from typing import Any

from harness.clouds.http import send
from harness.clouds.trouble import CloudTrouble, quoted
from harness.clouds.unread import Unread
from harness.model.series import Absence
from harness.scenario.control import AzureControl

SCOPE = "https://management.azure.com/.default"
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")  # what one header value can carry without a break
_MISSING = (
    "azure-identity is not installed: pip install cutover-harness[azure], or give a `token`"
    " (az account get-access-token --query accessToken --output tsv)"
)
_MANAGED = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_TOKEN_CREDENTIALS")
_NONE_FOUND = (
    "no Azure credential found: sign in with `az login`, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET,"
    " or give a `token` in control"
)


def token(control: AzureControl) -> str:
    """Return a bearer token for the control plane; raises Unread."""
    found = control.token or _fetched(control)
    if not _TOKEN.fullmatch(found):
        raise Unread("the token for Azure is none that a header can carry (blanks, line breaks)", Absence.DENIED)
    return found


def _fetched(control: AzureControl) -> str:
    try:
        from azure import identity  # noqa: PLC0415  an extra, and heavy
    except ImportError:
        raise Unread(_MISSING, Absence.DENIED) from None
    logging.getLogger("azure").addHandler(logging.NullHandler())  # else its warnings go to the terminal
    try:
        return str(credential(identity, control).get_token(SCOPE).token)
    except CloudTrouble as trouble:
        raise Unread(f"no token for Azure: {trouble.reason}", Absence.FAILED) from None
    except Exception as error:  # noqa: BLE001  an answer that is none of Entra's may break it anywhere
        told = quoted(getattr(error, "message", "") or error, (control.client_secret,))
        raise Unread(f"no token for Azure: {told if control.client_secret else _NONE_FOUND}", Absence.DENIED) from None


def credential(identity: Any, control: AzureControl) -> Any:
    """Return the service principal's credential, else the default chain of azure-identity."""
    bounded: dict[str, Any] = {"transport": transport(), "retry_total": 0, "disable_instance_discovery": True}
    if control.client_secret:
        return identity.ClientSecretCredential(control.tenant, control.client_id, control.client_secret, **bounded)
    return identity.DefaultAzureCredential(
        exclude_managed_identity_credential=not any(os.environ.get(name) for name in _MANAGED),
        exclude_interactive_browser_credential=True,
        process_timeout=10,
        **bounded,
    )


def transport() -> Any:
    """Return what sends azure-identity's requests."""
    from azure.core.pipeline.transport import HttpTransport  # noqa: PLC0415  an extra, and heavy

    class Bounded(HttpTransport[Any, Any]):
        """Sends through the house's own client."""

        def open(self) -> None:
            """Do nothing: each request has a connection of its own."""

        def close(self) -> None:
            """Do nothing, as open."""

        def __exit__(self, *_: object) -> None:
            """Do nothing, as open."""

        def send(self, request: Any, **_: Any) -> Any:
            """Send it once; raises CloudTrouble."""
            return _sent(request)

    return Bounded()


def _sent(request: Any) -> Any:
    from azure.core.pipeline.transport import HttpResponse  # noqa: PLC0415  as transport

    content = request.data if getattr(request, "data", None) else b""
    if isinstance(content, dict):
        from urllib.parse import urlencode  # noqa: PLC0415  as transport

        content = urlencode(content)
    said = send(
        request.method,
        request.url,
        headers=dict(request.headers),
        content=content.encode() if isinstance(content, str) else bytes(content),
    )

    class Answer(HttpResponse):
        """An answer as azure.core wants to read it."""

        def body(self) -> bytes:
            """Return the whole body."""
            return said.body

    answer = Answer(request, None)
    answer.status_code, answer.reason = said.status, ""
    answer.headers = {name.title(): value for name, value in said.headers}
    answer.content_type = said.header("content-type")
    return answer
