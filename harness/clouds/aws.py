"""boto3's sessions and clients, held to the rules of this house.

Each call is one attempt within one deadline, by `clouds/http.py`: no proxy of the environment, no endless answer. The
metadata address of a machine (169.254.169.254) is nobody's that the scenario names, so it is asked only where
AWS_EC2_METADATA_DISABLED says "false" or the profile itself names it as its source.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from harness.clouds.http import SECONDS, send
from harness.clouds.trouble import CloudTrouble, host_of, quoted

_METADATA = "AWS_EC2_METADATA_DISABLED"
_NO_KEYS = (
    "none are given, and boto3 finds none (environment, profile, container); set AWS_PROFILE or name a `profile`"
    f" (this machine's own role is asked only with {_METADATA}=false)"
)
HINTS = {
    "AccessDenied": "check the role's trust policy, its external id, and what these keys may do",
    "InvalidClientTokenId": "no such access key: check that it is active",
    "SignatureDoesNotMatch": "the secret key is not that of the access key",
    "ExpiredToken": "the session token has expired: sign in again",
    "NotAuthorizedException": "check user, password and client secret",
    "UserNotFoundException": "no such user in this pool",
    "UserNotConfirmedException": "confirm the user first",
    "PasswordResetRequiredException": "set the user's password anew",
    "InvalidParameterException": "allow this app client the flow ALLOW_USER_PASSWORD_AUTH",
    "ResourceNotFoundException": "no such pool or app client in this region",
    "TooManyRequestsException": "the service throttles; wait a little",
    "Throttling": "the service throttles; wait a little",
}


def session(profile: str = "") -> Any:
    """Return a boto3 session of `profile`, "" for the one that the environment names."""
    import boto3  # noqa: PLC0415  heavy, and most runs ask no cloud
    import botocore.session  # noqa: PLC0415  as boto3
    from botocore.config import Config  # noqa: PLC0415  as boto3

    core = botocore.session.Session(profile=profile or None)
    core.set_config_variable("metadata_service_timeout", 1)
    core.set_config_variable("metadata_service_num_attempts", 1)
    core.set_config_variable("sts_regional_endpoints", "regional")
    core.set_default_client_config(Config(connect_timeout=5, read_timeout=SECONDS, retries={"total_max_attempts": 1}))
    if os.environ.get(_METADATA, "").lower() != "false":
        core.get_component("credential_provider").remove("iam-role")
    return boto3.session.Session(botocore_session=core)


@lru_cache(maxsize=1)
def _for_clients() -> Any:
    return session()


def client(service: str, region: str, endpoint: str, **more: Any) -> Any:
    """Return a client of `service`; `endpoint` "" is the region's own. `more` are its keys, and perhaps `config`."""
    from botocore.config import Config  # noqa: PLC0415  as in session

    config = Config(retries={"total_max_attempts": 1}, proxies={}, ignore_configured_endpoint_urls=True)
    asked = more.pop("config", None)
    found = _for_clients().client(
        service,
        region_name=region,
        endpoint_url=endpoint or None,
        config=config.merge(asked) if asked else config,
        **more,
    )
    found.meta.events.register("before-send", _send)
    return found


class _Raw:
    """A body as botocore wants to read it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def _send(request: Any, **_: Any) -> Any:
    """Send what boto3 prepared, in its own client's place."""
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415  as in session

    headers = {
        name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
    }
    body = request.body or b""
    said = send(
        request.method, request.url, headers=headers, content=body.encode() if isinstance(body, str) else bytes(body)
    )
    if 300 <= said.status < 400:
        raise CloudTrouble(f"{host_of(request.url)}: answered {said.status}, a redirect, which is not followed")
    return AWSResponse(request.url, said.status, dict(said.headers), _Raw(said.body))


@contextmanager
def explained(what: str, secrets: tuple[str, ...] = ()) -> Iterator[None]:
    """Turn all that boto3 raises into a CloudTrouble that starts with `what` and quotes no secret."""
    from botocore import exceptions  # noqa: PLC0415  as in session

    try:
        yield
    except CloudTrouble as trouble:
        why = trouble.reason
    except exceptions.ClientError as error:
        told = error.response.get("Error", {})
        code, message = quoted(told.get("Code", "")), quoted(told.get("Message", ""), secrets)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
        why = f"AWS answered {quoted(status)} ({code}: {message}); {HINTS.get(code, 'see the message')}"
    except exceptions.NoCredentialsError:
        why = _NO_KEYS
    except Exception as error:  # noqa: BLE001  an answer that is none of AWS's may break boto3 anywhere
        why = quoted(f"{type(error).__name__}: {error}", secrets)
    else:
        return
    raise CloudTrouble(f"{what}: {why}") from None
