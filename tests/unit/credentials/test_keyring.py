import json
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.credentials.apply import clashes
from harness.credentials.keyring import CredentialUnavailable, Keyring
from harness.model.request import ClientCertificate, Request
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    CertificateCredential,
    Credential,
    FaultyToken,
    HeaderCredential,
    JwtCredential,
    OAuth2Credential,
    QueryCredential,
    SigV4Credential,
    TokenFault,
)
from harness.scenario.types import Identity
from tests.servers.plain import Answer, Asked, PlainServer
from tests.servers.token_endpoint import TokenEndpoint, reset

REQUEST = Request(side=Side.OLD, method="GET", url="https://old/orders?limit=10", headers=(("Accept", "*/*"),))


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Ring:
    """A keyring with a clock to turn, and what it said must be hidden."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.hidden: list[str] = []
        self.keyring = Keyring(self.hide, clock=self.clock)

    def hide(self, secret: Secret) -> None:
        self.hidden.append(secret.value)

    def sent(self, identity: Identity, request: Request = REQUEST) -> Request:
        if self.keyring.due(identity, request.side):
            self.keyring.prepare(identity, request.side)
        return self.keyring.present(identity, request)

    def authorization(self, identity: Identity, request: Request = REQUEST) -> list[str]:
        return [value for name, value in self.sent(identity, request).headers if name == "Authorization"]

    def refused(self, identity: Identity) -> str:
        with pytest.raises(CredentialUnavailable) as caught:
            self.sent(identity)
        return caught.value.reason


def identity(*old: Credential, new: tuple[Credential, ...] = (), name: str = "partner") -> Identity:
    return Identity(name=name, old=old, new=new)


def oauth2(url: str, **more: Any) -> OAuth2Credential:
    return OAuth2Credential(token_url=url, client_id="partner", client_secret="client-secret-1", **more)


def numbered(**fields: Any) -> Callable[[Asked], Answer]:
    """Give token-00000001, token-00000002, …"""
    given = 0

    def behave(asked: Asked) -> Answer:
        nonlocal given
        given += 1
        answer = {"access_token": f"token-{given:08}", "token_type": "Bearer", **fields}
        return Answer(body=json.dumps(answer).encode())

    return behave


@pytest.mark.parametrize(
    "credentials",
    [
        (),
        (HeaderCredential(headers=(("x-api-key", "key-1"), ("accept", "not sent"))),),
        (QueryCredential(parameters=(("key", "a b"), ("limit", "not sent"))),),
        (BasicCredential(user="u", password="p"),),
        (BearerCredential(token="t"), HeaderCredential(headers=(("X", "1"),))),
    ],
)
def test_fixed_kinds_never_change(credentials: tuple[Credential, ...]) -> None:
    ring, caller = Ring(), identity(*credentials)
    assert not ring.keyring.due(caller, Side.OLD)
    sent = ring.sent(caller)
    ring.clock.now += 1e9
    assert ring.sent(caller) == sent
    assert "not sent" not in repr((sent.url, sent.headers))


def test_all_else_of_a_request_stays() -> None:
    certificate = ClientCertificate(certificate=b"c", key=b"k", label="own")
    request = Request(
        side=Side.NEW, method="POST", url="https://n/?a", body=b"b", timeout=3.0, certificate=certificate, door="direct"
    )
    assert Ring().sent(identity(BearerCredential(token="t")), request) == request
    assert Ring().sent(identity(), request) == request


def test_each_side_has_its_own_and_names_may_be_reused() -> None:
    ring = Ring()
    caller = identity(BearerCredential(token="old"), new=(BearerCredential(token="new"),))
    assert ring.authorization(caller) == ["Bearer old"]
    assert ring.authorization(caller, replace(REQUEST, side=Side.NEW)) == ["Bearer new"]
    assert ring.authorization(identity(BearerCredential(token="other"))) == ["Bearer other"]


def test_a_certificate_goes_with_the_request_unless_it_has_one() -> None:
    mine = ClientCertificate(certificate=b"c", key=b"its-key-0", label="partner's")
    own = replace(mine, label="own")
    caller = identity(CertificateCredential(certificate=mine), BearerCredential(token="t"))
    ring = Ring()
    sent = ring.sent(caller)
    assert ring.hidden == ["its-key-0"]
    assert (sent.certificate, sent.headers[-1]) == (mine, ("Authorization", "Bearer t"))
    assert Ring().sent(caller, replace(REQUEST, certificate=own)).certificate == own


def test_a_token_is_fetched_once_for_all_and_again_before_its_end() -> None:
    ring = Ring()
    with PlainServer(numbered(expires_in=600)) as server:
        first = identity(oauth2(server.url), new=(oauth2(server.url),))
        second = identity(oauth2(server.url), name="derived")
        assert ring.authorization(first) == ["Bearer token-00000001"]
        assert ring.authorization(first, replace(REQUEST, side=Side.NEW)) == ["Bearer token-00000001"]
        assert ring.authorization(second) == ["Bearer token-00000001"]
        ring.clock.now += 539
        assert ring.authorization(second) == ["Bearer token-00000001"]
        ring.clock.now += 1
        assert ring.authorization(second) == ["Bearer token-00000002"]
        assert ring.authorization(first) == ["Bearer token-00000002"]
        assert len(server.asked) == 2
        ring.authorization(identity(oauth2(server.url, scope="more"), name="other"))
        assert len(server.asked) == 3
    assert {"token-00000001", "token-00000002"} <= set(ring.hidden)


def test_a_faulty_token_shares_what_was_fetched_for_the_good_one() -> None:
    ring = Ring()
    with PlainServer(numbered(expires_in=600)) as server:
        good = identity(oauth2(server.url))
        twice, stripped = (
            identity(FaultyToken(source=oauth2(server.url), fault=fault), name=fault)
            for fault in (TokenFault.TWICE, TokenFault.STRIPPED)
        )
        assert ring.authorization(twice)[1] == ring.authorization(good)[0]
        assert ring.refused(stripped) == "the token is opaque, not a JWT"
        ring.clock.now += 570
        assert ring.authorization(twice)[1] == "Bearer token-00000002"
        assert len(server.asked) == 2
        empty = identity(FaultyToken(source=oauth2(server.url, scope="x"), fault=TokenFault.EMPTY), name="empty")
        assert ring.authorization(empty) == ["Bearer"]
        assert len(server.asked) == 2
    assert all(value.removeprefix("Bearer ") in ring.hidden for value in ring.authorization(twice))


def test_a_short_life_is_renewed_after_two_thirds() -> None:
    ring = Ring()
    with PlainServer(numbered(expires_in=30)) as server:
        caller = identity(oauth2(server.url))
        ring.sent(caller)
        ring.clock.now += 19.9
        assert not ring.keyring.due(caller, Side.OLD)
        ring.clock.now += 0.2
        assert ring.keyring.due(caller, Side.OLD)


@pytest.mark.parametrize(("claims", "life"), [({"exp": 1_800_000_090}, 60.1), ({"exp": "soon"}, 240.1), ({}, 240.1)])
def test_a_life_that_is_not_said_is_the_tokens_own(claims: dict[str, Any], life: float) -> None:
    token = minted(claims)
    ring = Ring()
    with PlainServer(numbered(access_token=token)) as server:
        caller = identity(oauth2(server.url))
        assert ring.authorization(caller) == [f"Bearer {token}"]
        ring.clock.now += life - 0.2
        assert not ring.keyring.due(caller, Side.OLD)
        ring.clock.now += 0.2
        assert ring.keyring.due(caller, Side.OLD)
    head, payload, signature = token.split(".")
    assert {token, payload, signature} <= set(ring.hidden)
    assert head not in ring.hidden


def minted(claims: dict[str, Any]) -> str:
    from harness.credentials.minting import mint

    return mint(JwtCredential(key=b"k" * 32, algorithm="HS256", claims={}), {"sub": "somebody", **claims})


def test_a_dead_endpoint_costs_one_request_and_nothing_is_sent_without_the_token() -> None:
    ring = Ring()
    with TokenEndpoint(reset) as endpoint:
        caller = identity(oauth2(endpoint.url))
        assert "nothing was fetched for it yet" in unprepared(ring, caller)
        for _ in range(50):
            reason = ring.refused(caller)
        assert endpoint.connections == 1
        assert reason.startswith("no token from 127.0.0.1")
        assert "the connection was reset" in reason
        ring.clock.now += 29.9
        ring.refused(caller)
        assert endpoint.connections == 1
        ring.clock.now += 0.2
        ring.refused(caller)
        assert endpoint.connections == 2
        ring.clock.now += 59.9  # it is left alone for longer each time
        ring.refused(caller)
        assert endpoint.connections == 2
        ring.clock.now += 0.2
        ring.refused(caller)
        assert endpoint.connections == 3
    assert secrets_free(reason)


def test_the_pause_begins_when_the_attempt_has_ended() -> None:
    """Three endpoints that hang for ten seconds each would else be asked again for every case."""
    ring = Ring()

    def hang(endpoint: TokenEndpoint, connection: socket.socket) -> None:
        ring.clock.now += 10
        reset(endpoint, connection)

    with TokenEndpoint(hang) as endpoint:
        caller = identity(oauth2(endpoint.url))
        ring.refused(caller)
        ring.clock.now += 29
        ring.refused(caller)
        assert endpoint.connections == 1


def unprepared(ring: Ring, caller: Identity) -> str:
    with pytest.raises(CredentialUnavailable) as caught:
        ring.keyring.present(caller, REQUEST)
    return caught.value.reason


def secrets_free(reason: str) -> bool:
    return "client-secret-1" not in reason and "\n" not in reason


def test_a_token_serves_to_its_end_when_the_next_cannot_be_had() -> None:
    ring, up = Ring(), True
    good = numbered(expires_in=600)
    with PlainServer(lambda asked: good(asked) if up else Answer(status=503)) as server:
        caller = identity(oauth2(server.url))
        ring.sent(caller)
        up = False
        ring.clock.now += 550
        assert ring.authorization(caller) == ["Bearer token-00000001"]
        ring.clock.now += 51
        assert "answered 503" in ring.refused(caller)
        up = True
        ring.clock.now += 61
        assert ring.authorization(caller) == ["Bearer token-00000002"]


def test_a_token_that_nobody_renewed_is_not_sent() -> None:
    ring = Ring()
    with PlainServer(numbered(expires_in=600)) as server:
        caller = identity(oauth2(server.url))
        ring.sent(caller)
        ring.clock.now += 601
        assert "has expired" in unprepared(ring, caller)


def test_a_case_with_its_own_authorization_keeps_it() -> None:
    request = replace(REQUEST, headers=(("authorization", "mine"),))
    jwt = JwtCredential(key=b"k" * 32, algorithm="HS256", claims={})
    aws = SigV4Credential(region="eu-west-1", access_key="AKID", secret_key="secret-key")
    for credential in (jwt, aws, FaultyToken(source=jwt, fault=TokenFault.TWICE)):
        caller = identity(credential)
        assert Ring().sent(caller, request) == request
        assert clashes(caller, Side.OLD, request.url, request.headers) == ("header Authorization",)
    assert clashes(identity(aws), Side.OLD, "https://x/", (("x-amz-date", "x"),)) == ("header X-Amz-Date",)


def test_a_request_that_is_no_text_is_not_signed() -> None:
    caller = identity(SigV4Credential(region="eu-west-1", access_key="AKID", secret_key="secret-key"))
    with pytest.raises(CredentialUnavailable, match="the request cannot be signed"):
        Ring().sent(caller, replace(REQUEST, headers=(("X", "\ud800"),)))


def test_a_signer_that_stumbles_costs_its_own_request_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise LookupError("secret-key")

    monkeypatch.setattr("harness.credentials.sigv4.signature", stumble)
    signer = SigV4Credential(region="eu-west-1", access_key="AKIDEXAMPLE", secret_key="secret-key")
    assert Ring().refused(identity(signer)) == "it cannot be presented (LookupError)"


def test_a_key_that_cannot_sign_is_told() -> None:
    pem = b"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n"
    for key, algorithm in ((b"no pem", "RS256"), (b"k" * 32, "XX256"), (pem, "HS256"), (pem, "ES256")):
        ring = Ring()
        caller = identity(JwtCredential(key=key, algorithm=algorithm, claims={}))
        assert "no token: the key cannot sign with" in ring.refused(caller)
    assert "the key is empty" in Ring().refused(identity(JwtCredential(key=b"", algorithm="HS256", claims={})))


def test_equal_claims_of_other_types_are_other_tokens() -> None:
    ring = Ring()
    tokens = set()
    for number, value in enumerate((1, True, 1.0, "1")):
        credential = JwtCredential(key=b"k" * 32, algorithm="HS256", claims={"v": value})
        tokens.update(ring.authorization(identity(credential, name=str(number))))
    assert len(tokens) == 4


def test_a_minted_token_is_kept_until_a_third_is_left() -> None:
    ring = Ring()
    caller = identity(JwtCredential(key=b"k" * 32, algorithm="HS256", claims={}, lifetime=300))
    first = ring.authorization(caller)
    ring.clock.now += 199
    assert ring.authorization(caller) == first
    ring.clock.now += 2
    assert ring.authorization(caller) != first


def test_a_token_with_an_end_of_its_own_is_minted_once() -> None:
    ring = Ring()
    caller = identity(JwtCredential(key=b"k" * 32, algorithm="HS256", claims={"exp": 1}))
    first = ring.authorization(caller)
    ring.clock.now += 10**6
    assert ring.authorization(caller) == first


def test_the_modules_start_light() -> None:
    heavy = ("boto3", "botocore", "httpx", "jwt", "cryptography")
    code = (
        "import sys, harness.credentials.keyring, harness.credentials.secrets, harness.credentials.faults, "
        "harness.clouds.aws_keys, harness.clouds.cognito, harness.clouds.tokens\n"
        f"sys.exit(', '.join(sorted(set({heavy!r}) & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
