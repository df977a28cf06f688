"""The matrix of callers: its cells, what each presents, and what is left out."""

import random
import time
from dataclasses import replace
from typing import Any

import pytest

from harness.model.probe import NOT_ASKABLE, Wants
from harness.model.request import ClientCertificate
from harness.model.rule import Expect, ExpectSide
from harness.model.side import Side
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    CertificateCredential,
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
from harness.scenario.types import Case, Identity, Security
from harness.security import matrix
from harness.security.draft import VALID, Draft
from harness.security.operation import operations
from tests.servers.tls import Authority
from tests.unit.security.builder import case, scenario

Credentials = tuple[Credential, ...]
KEY: Credentials = (HeaderCredential(headers=(("x-api-key", "0f8b-33c1"),)),)
NEW_KEY: Credentials = (HeaderCredential(headers=(("Ocp-Apim-Subscription-Key", "9ac4"),)),)
IN_QUERY: Credentials = (QueryCredential(parameters=(("subscription-key", "9ac4"),)),)
BASIC: Credentials = (BasicCredential(user="anna", password="Secret-17"),)
OPAQUE: Credentials = (BearerCredential(token="opaque-token-1"),)
JWT: Credentials = (
    JwtCredential(key=b"no key is needed to plan", algorithm="RS256", claims={"iss": "i", "aud": "a", "scope": "s"}),
)
OAUTH: Credentials = (OAuth2Credential(token_url="https://t.example", client_id="c", client_secret="s3cret-here"),)
SIGNED: Credentials = (SigV4Credential(region="eu-west-1", access_key="AKIA", secret_key="secret"),)
EVERY: tuple[Credentials, ...] = (KEY, NEW_KEY, IN_QUERY, BASIC, OPAQUE, JWT, OAUTH, SIGNED, ())


def made(*cases: Case, callers: dict[str, tuple[Credentials, Credentials]], **security: Any) -> Draft:
    chosen = Security(**security)
    named = {name: Identity(name=name, old=old, new=new) for name, (old, new) in callers.items()}
    whole = replace(scenario(*cases, security=chosen), identities=named)
    found = Draft(scenario=whole, security=chosen, operations=operations(whole, chosen))
    matrix.add(found)
    return found


def one_caller(old: Credentials, new: Credentials | None = None, **security: Any) -> Draft:
    return made(case(0, "GET /o", "a"), callers={"a": (old, old if new is None else new)}, **security)


def cell(found: Draft, name: str) -> Case:
    return next(one for one in found.cases if one.name == name)


def presented(found: Draft, name: str) -> Identity:
    identity = cell(found, name).steps[-1].identity
    assert identity is not None
    return {**found.scenario.identities, **found.identities}[identity]


def columns(found: Draft) -> list[str]:
    return [one.probe.column for one in found.cases if one.probe is not None and one.steps]


def left(found: Draft) -> dict[str, Case]:
    return {one.name: one for one in found.cases if one.skip.startswith(NOT_ASKABLE)}


def test_each_caller_is_asked_for_as_it_is_and_without_anything() -> None:
    found = one_caller(KEY)
    assert columns(found)[:2] == [VALID, matrix.NOBODY]
    nobody = cell(found, "GET /o: no credential")
    assert nobody.steps[0].identity is None
    assert nobody.probe is not None
    assert (nobody.probe.caller, nobody.probe.control, bool(nobody.probe.dangerous)) == ("", 0, True)


def test_public_operation_is_let_in_without_a_credential() -> None:
    found = made(case(0, "GET /o"), callers={"a": (KEY, KEY)})
    assert [one.name for one in found.cases] == ["GET /o: as it is", "GET /o: a"]


def test_wrong_credential_of_a_public_operation_is_no_danger() -> None:
    found = made(case(0, "GET /o"), case(1, "GET /o", "a"), callers={"a": (KEY, KEY)})
    assert {one.probe.dangerous for one in found.cases if one.probe is not None and one.steps} == {""}


def test_operation_that_lets_in_nobody_has_no_control() -> None:
    refused = Expect(both=ExpectSide(status=(403,)))
    found = made(case(0, "GET /o", expect=refused), callers={"a": (KEY, KEY)})
    assert [(one.name, one.probe and one.probe.control) for one in found.cases] == [
        ("GET /o: no credential", None),
        ("GET /o: a", None),
    ]


def test_request_with_a_credential_of_its_own_is_asked_without_it() -> None:
    own = case(0, "GET /o", headers=(("Authorization", "Bearer x"),))
    found = made(own, callers={"a": (KEY, KEY)})
    assert cell(found, "GET /o: as it is").steps[0].headers == (("Authorization", "Bearer x"),)
    assert cell(found, "GET /o: no credential").steps[0].headers == ()
    assert cell(found, "GET /o: a").steps[0].headers == ()


def test_others_are_asked_for_by_name() -> None:
    found = made(case(0, "GET /o", "a"), callers={"a": (KEY, KEY), "b": (JWT, JWT)})
    other = cell(found, "GET /o: b")
    assert other.probe is not None
    assert (other.steps[0].identity, other.probe.control, other.probe.wants) == ("b", 0, Wants.SAME)


STANDARD: list[tuple[Credentials, set[str]]] = [
    (KEY, {"wrong key", "empty key", "key in the query instead of the header"}),
    (IN_QUERY, {"wrong key", "empty key", "key in the header instead of the query"}),
    (BASIC, {"wrong password", "unknown user"}),
    (OPAQUE, {"empty bearer", "two Authorization headers"}),
    (JWT, {fault.value for fault in TokenFault}),
    (SIGNED, {fault.value for fault in SignatureFault}),
]


@pytest.mark.parametrize(("credentials", "expected"), STANDARD, ids=lambda value: str(type(value)))
def test_columns_of_each_kind(credentials: Credentials, expected: set[str]) -> None:
    assert set(columns(one_caller(credentials))) - {VALID, matrix.NOBODY} == expected


def test_every_column_is_known_beforehand() -> None:
    asked = {column for kind in EVERY for column in columns(one_caller(kind))}
    assert asked <= set(matrix.columns())
    assert len(set(matrix.columns())) == len(matrix.columns())


def test_wrong_key_has_the_shape_of_the_key_and_is_another() -> None:
    (wrong,) = presented(one_caller(KEY), "GET /o, a: wrong key").old
    assert isinstance(wrong, HeaderCredential)
    ((name, value),) = wrong.headers
    assert (name, len(value), value[4]) == ("x-api-key", 9, "-")
    assert value != "0f8b-33c1"
    assert set(value) <= set("0123456789abcdef-")


def test_wrong_key_does_not_follow_from_the_secret() -> None:
    other: Credentials = (HeaderCredential(headers=(("x-api-key", "aaaa-bbb1"),)),)
    first, second = one_caller(KEY), one_caller(other)
    assert presented(first, "GET /o, a: wrong key").old == presented(second, "GET /o, a: wrong key").old


@pytest.mark.parametrize("key", ["1", "k", "kk"])
def test_wrong_key_is_nobody_elses_however_short(key: str) -> None:
    keys = [f"{number}" for number in range(10)] if key == "1" else [chr(97 + number) for number in range(26)]
    callers = {f"c{one}": ((HeaderCredential(headers=(("k", one),)),),) * 2 for one in (*keys, key)}
    found = made(case(0, "GET /o", f"c{key}"), callers=callers)  # type: ignore[arg-type]
    (wrong,) = presented(found, f"GET /o, c{key}: wrong key").old
    assert isinstance(wrong, HeaderCredential)
    assert wrong.headers[0][1] not in {*keys, key}


def test_key_is_moved_to_where_each_product_reads_it() -> None:
    moved = presented(one_caller(KEY, NEW_KEY), "GET /o, a: key in the query instead of the header")
    assert moved.old == (QueryCredential(parameters=(("x-api-key", "0f8b-33c1"),)),)
    assert moved.new == (QueryCredential(parameters=(("subscription-key", "9ac4"),)),)
    back = presented(one_caller(IN_QUERY), "GET /o, a: key in the header instead of the query")
    assert back.new == NEW_KEY


def test_cookies_keep_their_names_and_authorization_its_scheme() -> None:
    credentials: Credentials = (
        HeaderCredential(headers=(("Cookie", "sid=abc123; lang=en"), ("Authorization", "Token t0k3n"))),
    )
    found = one_caller(credentials)
    (cookie, _) = presented(found, "GET /o, a: empty key").old
    (_, token) = presented(found, "GET /o, a: empty key (Authorization)").old
    assert cookie == HeaderCredential(headers=(("Cookie", "sid=; lang="),))
    assert token == HeaderCredential(headers=(("Authorization", "Token"),))
    assert not any("query" in column for column in columns(found))


def test_static_authorization_headers_count_as_what_they_are() -> None:
    bearer: Credentials = (HeaderCredential(headers=(("Authorization", "Bearer abc"),)),)
    (empty,) = presented(one_caller(bearer), "GET /o, a: empty bearer").new
    assert empty == FaultyToken(source=BearerCredential(token="abc"), fault=TokenFault.EMPTY)
    basic: Credentials = (HeaderCredential(headers=(("Authorization", "Basic YW5uYTpwdw=="),)),)
    (unknown,) = presented(one_caller(basic), "GET /o, a: unknown user").new
    assert unknown == BasicCredential(user="cutover-unknown-user", password="pw")


def test_one_of_several_credentials_is_broken_and_the_others_stay() -> None:
    found = one_caller(KEY + JWT)
    assert presented(found, "GET /o, a: wrong key").new[1:] == JWT
    assert presented(found, "GET /o, a: alg: none").new[:1] == KEY
    assert presented(found, "GET /o, a: without its key").new == JWT
    assert presented(found, "GET /o, a: without its token").new == KEY


def test_both_sides_get_the_same_fault() -> None:
    found = presented(one_caller(JWT, OAUTH), "GET /o, a: alg: none")
    assert [one.fault for one in (*found.old, *found.new) if isinstance(one, FaultyToken)] == [TokenFault.NONE] * 2


def test_fault_that_one_side_alone_can_have_is_held_against_a_plain_wrong_one() -> None:
    found = presented(one_caller(OAUTH, JWT), "GET /o, a: expired token")
    (old,), (new,) = found.old, found.new
    assert isinstance(old, FaultyToken)
    assert isinstance(new, FaultyToken)
    assert (old.fault, new.fault) == (TokenFault.TAMPERED, TokenFault.EXPIRED)


def test_other_kind_is_given_something_wrong_of_its_own() -> None:
    found = one_caller(KEY, JWT)
    none = presented(found, "GET /o, a: alg: none")
    assert none.old == presented(found, "GET /o, a: wrong key").old
    (tampered,) = presented(found, "GET /o, a: wrong key").new
    assert isinstance(tampered, FaultyToken)
    assert tampered.fault is TokenFault.TAMPERED
    signed = presented(one_caller(SIGNED, KEY), "GET /o, a: wrong key")
    assert signed.old == (FaultySignature(source=SIGNED[0], fault=SignatureFault.SECRET),)  # type: ignore[arg-type]


@pytest.mark.parametrize("column", ["key in the query instead of the header", "two Authorization headers"])
def test_what_is_no_danger_is_compared_like_with_like_only(column: str) -> None:
    assert column not in columns(one_caller(KEY, JWT))


def test_old_side_that_asks_for_nothing_is_not_asked_with_faults() -> None:
    found = cell(one_caller((), JWT), "GET /o, a: alg: none")
    assert found.probe is not None
    assert (found.steps[0].side, found.probe.wants) == (Side.NEW, Wants.REFUSED)


def test_old_credential_goes_to_the_new_side_unchanged() -> None:
    found = one_caller(KEY, NEW_KEY, clients_change={"a": "told on 2026-11-01"})
    asked = cell(found, "GET /o, a: old credential, unchanged")
    assert asked.probe is not None
    assert (asked.probe.wants, asked.probe.change) == (Wants.UNCHANGED, "told on 2026-11-01")
    given = presented(found, asked.name)
    assert (given.old, given.new) == (KEY, KEY)


def test_equal_credentials_need_no_such_cell() -> None:
    assert matrix.UNCHANGED not in columns(one_caller(KEY))


def test_what_cannot_be_asked_is_one_cell_for_all_operations() -> None:
    cases = [case(number, f"GET /o{number}", "a") for number in range(5)]
    found = left(made(*cases, callers={"a": (OAUTH, OAUTH)}))
    assert "all operations, a: expired token" in found
    assert all(one.accepted for one in found.values())
    assert {one.operation for one in found.values()} == {"all operations"}


def test_requirement_of_a_column_holds_the_one_cell() -> None:
    cases = [case(number, f"GET /o{number}", "a") for number in range(5)]
    found = left(made(*cases, callers={"a": (OAUTH, OAUTH)}, require=("expired token",)))
    assert [name for name, one in found.items() if not one.accepted] == ["all operations, a: expired token"]


def test_requirement_of_a_row_holds_a_cell_of_its_own() -> None:
    cases = [case(number, f"GET /o{number}", "a") for number in range(5)]
    found = left(made(*cases, callers={"a": (OAUTH, OAUTH)}, require=("GET /o3: expired token",)))
    assert [name for name, one in found.items() if not one.accepted] == ["GET /o3, a: expired token"]


def test_keys_of_the_users_own_fill_their_columns() -> None:
    callers = {"a": (KEY, KEY), "old one": (NEW_KEY, NEW_KEY)}
    assert "all operations: disabled key" in left(made(case(0, "GET /o", "a"), callers=callers))
    found = made(case(0, "GET /o", "a"), callers=callers, identities={"disabled key": "old one"})
    assert "all operations: disabled key" not in left(found)
    assert cell(found, "GET /o, old one: disabled key").steps[0].identity == "old one"
    assert "GET /o, old one: old one" not in [one.name for one in found.cases]


def test_token_of_the_users_own_fills_what_cannot_be_minted() -> None:
    callers = {"a": (OAUTH, OAUTH), "stale": (OPAQUE, OPAQUE)}
    found = made(case(0, "GET /o", "a"), callers=callers, identities={"expired token": "stale"})
    assert "all operations, a: expired token" not in left(found)
    assert cell(found, "GET /o, stale: expired token").steps


def test_columns_of_the_users_own_words_join() -> None:
    callers = {"a": (KEY, KEY), "b": (NEW_KEY, NEW_KEY)}
    found = made(case(0, "GET /o", "a"), callers=callers, identities={"key of last year": "b"})
    assert "key of last year" in columns(found)


@pytest.mark.parametrize(("unsafe", "because"), [("", ""), ("skip", "agreed")])
def test_operation_that_must_not_be_sent_is_one_cell(unsafe: str, because: str) -> None:
    held = replace(case(0, "POST /o", "a", unsafe=unsafe), because=because)
    (only,) = made(held, callers={"a": (KEY, KEY), "b": (JWT, JWT)}).cases
    assert (only.name, only.unsafe, only.because, only.safe) == ("POST /o, a: as it is", unsafe, because, False)


def test_operation_of_one_side_is_told() -> None:
    found = made(case(0, "GET /n", "a", side=Side.NEW), case(1, "GET /o", "a"), callers={"a": (KEY, KEY)})
    assert "the cases ask the new side alone" in left(found)["GET /n: as it is"].skip


def test_agreed_refusal_by_the_new_side_is_not_asked_again() -> None:
    agreed = Expect(old=ExpectSide(status=(200,)), new=ExpectSide(status=(403,)), because="ORD-1")
    cases = case(0, "GET /o", "a"), case(1, "GET /o", "b", expect=agreed)
    found = left(made(*cases, callers={"a": (KEY, KEY), "b": (JWT, JWT)}))
    assert "ORD-1" in found["GET /o: b"].skip


def random_scenario(seed: int) -> Draft:
    drawn = random.Random(seed)
    words = ["a", "b", "a: wrong key", "wrong key", "as it is", "no credential", "a, b", "disabled key", "b*"]
    callers = {}
    for name in drawn.sample(words, drawn.randint(1, len(words))):
        old, new = (drawn.choice(EVERY) + drawn.choice((*EVERY, (), ())) for _ in Side)
        callers[name] = (old, new)
    cases = []
    for number in range(drawn.randint(1, 12)):
        method = drawn.choice(["GET", "GET", "HEAD", "POST"])
        unsafe = drawn.choice(["", "run", "skip"]) if method == "POST" else ""
        expect = drawn.choice([Expect(), Expect(), Expect(both=ExpectSide(status=(403,)))])
        caller = drawn.choice([None, *callers])
        cases.append(case(number, f"{method} /o{drawn.randint(0, 5)}", caller, unsafe=unsafe, expect=expect))
    columns_given = drawn.sample(["disabled key", "expired token", "mine", "wrong key"], drawn.randint(0, 4))
    given = {column: drawn.choice(list(callers)) for column in columns_given}
    require = tuple(drawn.sample(["callers", "disabled key", "GET /o1: *"], drawn.randint(0, 2)))
    return made(*cases, callers=callers, identities=given, require=require)


@pytest.mark.parametrize("seed", range(60))
def test_any_scenario_gives_one_matrix_of_cells_that_can_be_told_apart(seed: int) -> None:
    found, again = random_scenario(seed), random_scenario(seed)
    assert found.cases == again.cases
    assert found.identities == again.identities
    assert [one.index for one in found.cases] == list(range(len(found.cases)))
    assert len({one.name for one in found.cases}) == len(found.cases)
    known = {**found.scenario.identities, **found.identities}
    assert not found.scenario.identities.keys() & found.identities.keys()
    for one in found.cases:
        assert one.probe is not None
        assert one.probe.control is None or found.cases[one.probe.control].probe.valid  # type: ignore[union-attr]
        assert all(step.identity is None or step.identity in known for step in one.steps)
        assert one.steps or one.skip


@pytest.mark.parametrize("seed", range(60))
def test_faulty_credentials_are_never_what_the_caller_really_has(seed: int) -> None:
    for identity in (found := random_scenario(seed)).identities.values():
        caller, _, column = identity.name.rstrip("*").rpartition(": ")
        own = found.scenario.identities.get(caller)
        if own is not None and column != matrix.UNCHANGED:
            assert identity.old != own.old or identity.new != own.new


def test_large_scenarios_are_built_quickly() -> None:
    callers: dict[str, tuple[Credentials, Credentials]] = {
        f"c{number}": (EVERY[number % 8], EVERY[number % 8]) for number in range(20)
    }
    cases = [case(number, f"GET /o{number}", f"c{number % 20}") for number in range(200)]
    started = time.perf_counter()
    found = made(*cases, callers=callers)
    assert time.perf_counter() - started < 1.0
    assert len(found.cases) > 200 * 20


@pytest.fixture(scope="module")
def mine(authority: Authority) -> ClientCertificate:
    files = authority.certificate("partner.example")
    return ClientCertificate(certificate=files.cert.read_bytes(), key=files.key.read_bytes(), label="partner's")


def test_certificates_are_left_out_made_by_strangers_and_expired(mine: ClientCertificate) -> None:
    shown: Credentials = (CertificateCredential(certificate=mine),)
    found = one_caller(shown)
    assert set(columns(found)) - {VALID, matrix.NOBODY} == {"no certificate", "certificate of another CA"}
    assert "client_ca" in left(found)["all operations, a: expired certificate"].skip
    assert presented(found, "GET /o, a: no certificate").new == ()
    (other,) = presented(found, "GET /o, a: certificate of another CA").new
    assert isinstance(other, CertificateCredential)
    assert other.certificate.certificate != mine.certificate


def test_authority_that_cannot_sign_is_told_not_raised(mine: ClientCertificate) -> None:
    found = one_caller((CertificateCredential(certificate=mine),), client_ca=replace(mine, certificate=b"x"))
    assert "cannot sign" in left(found)["all operations, a: expired certificate"].skip


def test_signer_that_becomes_a_certificate_is_asked_both_ways(mine: ClientCertificate) -> None:
    found = one_caller(SIGNED, (CertificateCredential(certificate=mine),))
    assert {fault.value for fault in SignatureFault} | {"no certificate", matrix.UNCHANGED} <= set(columns(found))
    unchanged = presented(found, "GET /o, a: old credential, unchanged")
    assert unchanged.new == SIGNED
