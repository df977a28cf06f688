from collections.abc import Iterable

import pytest

from harness.credentials.secrets import secrets_of
from harness.model.request import ClientCertificate
from harness.model.secret import Secret
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    CertificateCredential,
    CognitoCredential,
    Credential,
    FaultySignature,
    FaultyToken,
    HeaderCredential,
    JwtCredential,
    OAuth2Credential,
    QueryCredential,
    SignatureFault,
    SigV4Credential,
    TokenFault,
)
from harness.scenario.types import Identity


def values(secrets: Iterable[Secret]) -> list[str]:
    return [secret.value for secret in secrets]


def test_every_value_of_an_identity_is_secret() -> None:
    caller = Identity(
        name="partner",
        old=(
            HeaderCredential(headers=(("x-api-key", "key-1"), ("x-v", "2"))),
            QueryCredential(parameters=(("q", "key-2"),)),
        ),
        new=(BasicCredential(user="user", password="pass-3"), BearerCredential(token="token-4")),
    )
    found = secrets_of(caller)
    assert values(found) == ["key-1", "key-2", "pass-3", "dXNlcjpwYXNzLTM=", "token-4"]
    assert {secret.label for secret in found} == {"credential partner"}
    assert "key-1" not in repr(found)


def test_a_header_that_is_written_out_is_taken_apart() -> None:
    caller = Identity(
        name="x",
        old=(HeaderCredential(headers=(("Authorization", "Basic dXNlcjpwYXNzLTM="), ("Cookie", "sid=abcd"))),),
        new=(),
    )
    assert values(secrets_of(caller)) == ["Basic dXNlcjpwYXNzLTM=", "dXNlcjpwYXNzLTM=", "pass-3", "sid=abcd", "abcd"]


@pytest.mark.parametrize(
    "value", ["Basic", "Basic !!!!", "Basic /w==", "Basic YWJjZA==", "", "   ", "tok", "a; b; c=d"]
)
@pytest.mark.parametrize("name", ["Authorization", "cookie"])
def test_odd_headers_do_no_harm(name: str, value: str) -> None:
    headers = HeaderCredential(headers=((name, value),))
    assert all(len(one) >= 4 for one in values(secrets_of(Identity(name="x", old=(headers,), new=()))))


PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG+yqG/M49\nAgEGCCqGSM49AwEHBG0w\n-----END PRIVATE KEY-----\n"
LINES = ["MIGHAgEAMBMG+yqG/M49", "AgEGCCqGSM49AwEHBG0w"]
OAUTH2 = OAuth2Credential(token_url="https://login/", client_id="partner", client_secret="a+secret/1")
AWS = SigV4Credential(region="r", access_key="AKIDEXAMPLE", secret_key="secret-key", session_token="session-1")


@pytest.mark.parametrize(
    ("credential", "found"),
    [
        (OAUTH2, ["a+secret/1", "a%2Bsecret%2F1", "cGFydG5lcjphJTJCc2VjcmV0JTJGMQ=="]),
        (FaultyToken(source=OAUTH2, fault=TokenFault.NONE), ["a+secret/1", "a%2Bsecret%2F1"]),
        (
            BearerCredential(token="header.payload-1.signature"),
            ["header.payload-1.signature", "payload-1", "signature"],
        ),
        (AWS, ["secret-key", "session-1"]),
        (FaultySignature(source=AWS, fault=SignatureFault.CLOCK), ["secret-key", "session-1"]),
        (
            CognitoCredential(region="r", pool="p", client="c", user="u", password="pass-1", client_secret="client-1"),
            ["pass-1", "client-1", "Rta1eAmMcwSR118dxY8KjcCYqipZmSzNRJvzLGVrTH8="],
        ),
        (JwtCredential(key=PEM.encode(), algorithm="ES256", claims={}), [PEM.strip(), *LINES, "".join(LINES)]),
        (JwtCredential(key=b"shared-secret", algorithm="HS256", claims={}), ["shared-secret"]),
        (JwtCredential(key=b"\xff\xfe\xfd", algorithm="HS256", claims={}), ["//79"]),
        (
            CertificateCredential(certificate=ClientCertificate(certificate=b"c", key=PEM.encode(), label="partner's")),
            [PEM.strip(), *LINES, "".join(LINES)],
        ),
    ],
)
def test_what_other_kinds_keep_secret(credential: Credential, found: list[str]) -> None:
    secrets = values(secrets_of(Identity(name="partner", old=(credential,), new=())))
    assert secrets[: len(found)] == found
    assert "AKIDEXAMPLE" not in secrets
    assert not [secret for secret in found if secret in repr(credential)]
