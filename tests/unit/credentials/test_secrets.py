from collections.abc import Iterable

from harness.credentials.secrets import secrets_in, secrets_of
from harness.model.secret import Secret
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    HeaderCredential,
    QueryCredential,
)
from harness.scenario.types import (
    Identity,
)


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


def test_literal_headers_of_a_case_are_secret() -> None:
    headers = (
        ("Accept", "application/json"),
        ("AUTHORIZATION", "Bearer  tok-1"),
        ("cookie", 'a="quoted"; b=long-2; c; d=1'),
        ("Cookie", "b=long-2"),
    )
    found = secrets_in(headers)
    assert values(found) == ["Bearer  tok-1", "tok-1", 'a="quoted"; b=long-2; c; d=1', "quoted", "long-2", "b=long-2"]
    assert [secret.label for secret in found][:2] == ["header AUTHORIZATION"] * 2


def test_odd_headers_do_no_harm() -> None:
    for value in ("Basic", "Basic !!!!", "Basic /w==", "Basic YWJjZA==", "", "   "):
        secrets_in((("Authorization", value), ("Cookie", value)))
    assert secrets_in((("Authorization", "tok"),)) == ()
