"""Signatures against a server that verifies them."""

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from moto.cognitoidp.utils import check_secret_hash

from harness.clouds.cognito import secret_hash
from harness.credentials.keyring import CredentialUnavailable, Keyring
from harness.model.gateway import Gateway, Limits
from harness.model.request import Headers, Request
from harness.model.response import Response
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.credential import (
    CognitoCredential,
    Credential,
    FaultySignature,
    FaultyToken,
    HeaderCredential,
    SignatureFault,
    SigV4Credential,
    TokenFault,
)
from harness.scenario.types import Identity
from harness.wire.client import Wire
from tests.servers.moto import REGION, Moto
from tests.servers.token_endpoint import TokenEndpoint, answers, close

PASSWORD = "Str0ng-Passw0rd!"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
ACCOUNT = "arn:aws:iam::123456789012"


@dataclass(frozen=True)
class Aws:
    """A stand-in for AWS with a user who may do anything, a role and two user pools."""

    url: str
    access_key: str
    secret_key: str
    pool: str
    open_client: str
    secret_client: str
    client_secret: str

    def credential(self, **more: Any) -> SigV4Credential:
        keys = {"access_key": self.access_key, "secret_key": self.secret_key}
        return SigV4Credential(**{"region": REGION, "service": "sts", **keys, **more})

    def role(self, **more: Any) -> SigV4Credential:
        wanted = {"role": f"{ACCOUNT}:role/tester", "external_id": "external-1", "sts_url": self.url}
        return self.credential(**{**wanted, **more})

    def cognito(self, **more: Any) -> CognitoCredential:
        user = {"user": "tester", "password": PASSWORD, "client": self.open_client}
        return CognitoCredential(**{"region": REGION, "pool": self.pool, "endpoint": self.url, **user, **more})


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with Moto() as moto:
        iam, cognito = moto.client("iam"), moto.client("cognito-idp")
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"{ACCOUNT}:user/tester"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"sts:ExternalId": "external-1"}},
                }
            ],
        }
        iam.create_user(UserName="tester")
        iam.put_user_policy(UserName="tester", PolicyName="all", PolicyDocument=json.dumps(allow))
        iam.create_role(RoleName="tester", AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName="tester", PolicyName="all", PolicyDocument=json.dumps(allow))
        keys = iam.create_access_key(UserName="tester")["AccessKey"]
        pool = cognito.create_user_pool(PoolName="p")["UserPool"]["Id"]
        flows = ["ALLOW_USER_PASSWORD_AUTH"]
        made = [
            cognito.create_user_pool_client(
                UserPoolId=pool, ClientName="c", GenerateSecret=secret, ExplicitAuthFlows=flows
            )["UserPoolClient"]
            for secret in (False, True)
        ]
        for name in ("tester", "newcomer"):
            cognito.admin_create_user(UserPoolId=pool, Username=name, TemporaryPassword=PASSWORD)
        cognito.admin_set_user_password(UserPoolId=pool, Username="tester", Password=PASSWORD, Permanent=True)
        moto.with_authentication()
        yield Aws(
            url=moto.url,
            access_key=keys["AccessKeyId"],
            secret_key=keys["SecretAccessKey"],
            pool=pool,
            open_client=made[0]["ClientId"],
            secret_client=made[1]["ClientId"],
            client_secret=made[1]["ClientSecret"],
        )


@pytest.fixture(autouse=True)
def no_keys_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED", raising=False)


HIDDEN: list[str] = []


def presented(credential: Credential, request: Request, *more: Credential, now: float | None = None) -> Request:
    HIDDEN.clear()

    def hide(secret: Secret) -> None:
        HIDDEN.append(secret.value)

    ring = Keyring(hide) if now is None else Keyring(hide, clock=lambda: now)
    caller = Identity(name="tester", old=(credential, *more), new=())
    if ring.due(caller, Side.OLD):
        ring.prepare(caller, Side.OLD)
    return ring.present(caller, request)


def unavailable(credential: Credential) -> str:
    with pytest.raises(CredentialUnavailable) as caught:
        presented(credential, Request(side=Side.OLD, method="GET", url="http://127.0.0.1:1/"))
    return caught.value.reason


def asking(
    aws: Aws, *, query: str = "", body: bytes | None = b"Action=GetCallerIdentity&Version=2011-06-15"
) -> Request:
    headers: Headers = (("Accept", "*/*"), ("User-Agent", "cutover"), ("Accept-Encoding", "gzip"))
    if body is not None:
        headers += (("Content-Type", FORM),)
    return Request(
        side=Side.OLD, method="GET" if body is None else "POST", url=f"{aws.url}/{query}", headers=headers, body=body
    )


def status(request: Request, *, body: bytes | None = None) -> int:
    """Send a request as it is, nothing added but Host and the body's length."""
    parts = urlsplit(request.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    target = request.url.partition(parts.netloc)[2]
    connection.putrequest(request.method, target, skip_accept_encoding=True)
    for name, value in request.headers:
        connection.putheader(name, value)
    sent = request.body if body is None else body
    connection.putheader("Content-Length", str(len(sent or b"")))
    connection.endheaders(sent)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    assert answer.status == 200 or b"SignatureDoesNotMatch" in text or b"InvalidClientTokenId" in text, text
    return answer.status


@pytest.mark.parametrize("query", ["", "?Extra=a%20b%2Fc&Extra=2&A=1&flag=", "?z=%2B&z=~&a.b=1"])
def test_a_signature_is_accepted_and_one_changed_byte_is_not(aws: Aws, query: str) -> None:
    sent = presented(aws.credential(), asking(aws, query=query))
    assert status(sent) == 200
    assert sent.body is not None
    assert status(sent, body=sent.body[:-1] + b"6") == 403
    assert status(replace(sent, url=f"{sent.url}{'&' if query else '?'}more=1")) == 403
    signature = sent.headers[-1][1].rpartition("=")[2]
    assert {aws.secret_key, signature} <= set(HIDDEN)
    assert not {"accept-encoding", "user-agent"} & set(sent.headers[-1][1].partition("SignedHeaders=")[2].split(";"))


def test_what_the_wire_sends_is_what_was_signed(aws: Aws) -> None:
    limits = Limits(rate=1000, concurrency=1, timeout=10, body=1_000_000)
    with Wire({Side.OLD: Gateway(side=Side.OLD, kind="generic", url=aws.url)}, limits) as wire:
        for number, query in enumerate(("", "?b=2&a=%2F")):
            wire.submit(presented(aws.credential(), asking(aws, query=query)), number)
            ended = wire.wait(10)
            assert ended
            answer = ended[0][1].answer
            assert isinstance(answer, Response)
            assert answer.status == 200


def test_other_credentials_are_signed_as_well(aws: Aws) -> None:
    more = HeaderCredential(headers=(("x-api-key", "key-1"),))
    sent = presented(aws.credential(), asking(aws), more)
    assert "x-api-key" in sent.headers[-1][1]
    assert status(sent) == 200
    assert status(replace(sent, headers=tuple((n, v.replace("key-1", "key-2")) for n, v in sent.headers))) == 403


@pytest.mark.parametrize("fault", [SignatureFault.SECRET, SignatureFault.BODY])
def test_a_faulty_signature_is_refused(aws: Aws, fault: SignatureFault) -> None:
    request = asking(aws)
    sent = presented(FaultySignature(source=aws.credential(), fault=fault), request)
    assert (sent.body, sent.url) == (request.body, request.url)
    assert status(sent) == 403


def test_a_request_without_a_body_is_signed_and_may_be_faulty(aws: Aws) -> None:
    request = asking(aws, body=None)
    storage = aws.credential(service="s3")
    assert status(presented(storage, request)) == 200
    assert status(presented(FaultySignature(source=storage, fault=SignatureFault.SECRET), request)) == 403
    good = presented(aws.credential(), request, now=0.0)
    faulty = presented(FaultySignature(source=aws.credential(), fault=SignatureFault.BODY), request, now=0.0)
    assert good.headers[:-1] == faulty.headers[:-1]
    assert good.headers[-1] != faulty.headers[-1]


def test_a_stale_signature_is_right_but_for_its_time(aws: Aws) -> None:
    now = 1_800_000_000.0
    request = asking(aws)
    stale = presented(FaultySignature(source=aws.credential(), fault=SignatureFault.CLOCK), request, now=now)
    assert stale.headers == presented(aws.credential(), request, now=now - 3600).headers
    assert ("X-Amz-Date", "20270115T070000Z") in stale.headers
    assert status(stale) == 200  # moto does not look at the clock


def test_what_a_case_writes_itself_is_signed_as_it_is(aws: Aws) -> None:
    own = (("x-amz-date", "20260101T000000Z"), ("Host", urlsplit(aws.url).netloc))
    request = replace(asking(aws), headers=(*asking(aws).headers, own[0]))
    sent = presented(aws.credential(), request)
    assert [pair for pair in sent.headers if pair[0].lower() == "x-amz-date"] == [own[0]]
    assert "/20260101/" in sent.headers[-1][1]
    other = replace(request, headers=(*request.headers, ("Host", "api.example")))
    assert presented(aws.credential(), other).headers[-1] != sent.headers[-1]


def test_the_published_example() -> None:
    """The request of AWS's own documentation of Signature Version 4 (ListUsers, 2015-08-30)."""
    credential = SigV4Credential(
        region="us-east-1",
        service="iam",
        access_key="AKIDEXAMPLE",
        secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    )
    request = Request(
        side=Side.OLD,
        method="GET",
        url="https://iam.amazonaws.com:443/?Action=ListUsers&Version=2010-05-08",
        headers=(("Content-Type", FORM),),
    )
    sent = presented(credential, request, now=1440938160.0)
    assert sent.headers[-1][1] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_a_role_is_assumed_with_its_external_id(aws: Aws) -> None:
    sent = presented(aws.role(), asking(aws))
    token = dict(sent.headers)["X-Amz-Security-Token"]
    assert token in HIDDEN
    assert status(sent) == 200
    assert "AWS answered 403 (AccessDenied" in unavailable(aws.role(external_id="wrong"))


def test_a_roles_keys_are_renewed_before_their_end(aws: Aws) -> None:
    shift = [0.0]
    ring = Keyring(lambda _: None, clock=lambda: time.time() + shift[0])
    caller = Identity(name="tester", old=(aws.role(),), new=())
    tokens = []
    for shift[0] in (0.0, 3500.0, 3560.0):
        if ring.due(caller, Side.OLD):
            ring.prepare(caller, Side.OLD)
        tokens.append(dict(ring.present(caller, asking(aws)).headers)["X-Amz-Security-Token"])
    assert tokens[0] == tokens[1] != tokens[2]


def test_keys_come_from_a_profile_or_the_environment(aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare = {"access_key": "", "secret_key": ""}
    (tmp_path / "AWS_SHARED_CREDENTIALS_FILE").write_text(
        f"[tester]\naws_access_key_id = {aws.access_key}\naws_secret_access_key = {aws.secret_key}\n"
    )
    assert status(presented(aws.credential(**bare, profile="tester"), asking(aws))) == 200
    assert aws.secret_key in HIDDEN
    assert "The config profile (nobody) could not be found" in unavailable(aws.credential(**bare, profile="nobody"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", aws.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-environment")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session-token-1")
    sent = presented(aws.credential(**bare), asking(aws))
    assert ("X-Amz-Security-Token", "session-token-1") in sent.headers
    assert {"of-the-environment", "session-token-1"} <= set(HIDDEN)


def test_no_keys_at_all_are_told_without_asking_the_machines_metadata(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TokenEndpoint(close) as metadata:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url.removesuffix("token"))
        bare = aws.credential(access_key="", secret_key="")
        assert "no AWS keys: none are given, and boto3 finds none" in unavailable(bare)
        assert metadata.connections == 0
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
        assert "no AWS keys: none are given" in unavailable(bare)
        assert metadata.connections > 0


def test_a_service_that_is_none_of_aws_is_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for serve, words in (
        (close, "no complete HTTP answer"),
        (answers(b"<html>", 200), "no keys of role"),
        (answers(b"", 302, "Location: http://x/"), "a redirect, which is not followed"),
        (answers(b"x" * 2_000_000), "with more than 1 MB"),
        (answers(b"<html>", 500), "AWS answered 500"),
    ):
        with TokenEndpoint(serve) as endpoint:
            monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # not what the scenario names
            reason = unavailable(aws.role(sts_url=endpoint.url))
            assert words in reason
            assert endpoint.connections == 1
        assert aws.secret_key not in reason


@pytest.mark.parametrize("kind", ["access", "id"])
def test_a_user_of_a_pool_signs_in(aws: Aws, kind: Any) -> None:
    sent = presented(aws.cognito(token=kind), asking(aws))
    token = sent.headers[-1][1].removeprefix("Bearer ")
    assert token in HIDDEN
    assert len([secret for secret in HIDDEN if secret.count(".") == 2]) == 2  # the other token as well
    faulty = presented(FaultyToken(source=aws.cognito(token=kind), fault=TokenFault.STRIPPED), asking(aws))
    assert faulty.headers[-1][1].endswith(".")


def test_a_client_with_a_secret_proves_it(aws: Aws) -> None:
    known = aws.cognito(client=aws.secret_client, client_secret=aws.client_secret)
    assert presented(known, asking(aws)).headers[-1][1].startswith("Bearer ")
    # moto takes any hash; what the service computes is what is sent.
    assert secret_hash(known) in HIDDEN
    assert check_secret_hash(aws.client_secret, aws.secret_client, "tester", secret_hash(known))


def test_who_cannot_sign_in_is_told(aws: Aws) -> None:
    for more, words in (
        ({"password": "wrong-password"}, "NotAuthorizedException"),
        ({"user": "nobody"}, "UserNotFoundException"),
        ({"client": "nosuchclient"}, "ResourceNotFoundException"),
        ({"user": "newcomer"}, "the user is asked for more (NEW_PASSWORD_REQUIRED); sign in once by hand"),
        ({"pool": "eu-west-1_other"}, "the app client belongs to another pool"),
        ({"endpoint": "http://127.0.0.1:9"}, "connection refused"),
        ({"region": "no region"}, "no token from Cognito pool"),
    ):
        reason = unavailable(replace(aws.cognito(), **more))  # type: ignore[arg-type]
        assert words in reason
        assert PASSWORD not in reason
