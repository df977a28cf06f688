"""Operations: which there are, who may ask them, and which request stands for each."""

from dataclasses import replace
from typing import Any

import pytest

from harness.model.rule import Expect, ExpectSide
from harness.model.side import Side
from harness.scenario.credential import HeaderCredential
from harness.scenario.types import Capture, Case, Identity, Security, Step
from harness.security.operation import Operation, bare, one_sided, operations
from tests.unit.security.builder import case, scenario


def status(*codes: int) -> Expect:
    return Expect(both=ExpectSide(status=codes))


def sides(old: int, new: int, because: str = "agreed") -> Expect:
    return Expect(old=ExpectSide(status=(old,)), new=ExpectSide(status=(new,)), because=because)


def found(*cases: Case, **security: Any) -> dict[str, Operation]:
    chosen = Security(**security)
    return {one.name: one for one in operations(scenario(*cases, security=chosen), chosen)}


def only(*cases: Case) -> Operation:
    (one,) = found(*cases).values()
    return one


def life_cycle(*steps: Step, operation: str, unsafe: Any = "run") -> Case:
    return Case(index=0, name="life cycle", operation=operation, steps=steps, unsafe=unsafe)


def test_path_is_the_operation_where_nothing_else_is_said() -> None:
    assert list(found(case(0, "GET /orders?limit=1"), case(1, "GET /orders?limit=2"))) == ["GET /orders"]


def test_two_targets_of_one_template_are_one_operation_of_all_their_callers() -> None:
    template = "GET /orders/{id}"
    one = only(case(0, "GET /orders/1", "a", operation=template), case(1, "GET /orders/2", "b", operation=template))
    assert (one.name, one.step.target, one.callers) == (template, "/orders/1", ("a", "b"))


def test_operation_of_another_method_is_not_the_steps() -> None:
    assert list(found(case(0, "GET /orders", operation="POST /orders"))) == ["GET /orders"]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE"])
def test_every_safe_method_is_sent(method: str) -> None:
    one = only(case(0, f"{method} /orders", "a"))
    assert (one.name, one.sent) == (f"{method} /orders", True)


@pytest.mark.parametrize(("unsafe", "sent"), [("run", True), ("skip", False), ("", False)])
def test_unsafe_methods_are_sent_where_a_case_says_so(unsafe: str, *, sent: bool) -> None:
    one = only(case(0, "POST /orders", "a", unsafe=unsafe))
    assert (one.unsafe, one.sent) == (unsafe, sent)


def test_request_that_may_be_sent_stands_for_the_operation() -> None:
    one = only(
        case(0, "POST /orders?held", "a"),
        case(1, "POST /orders?wrong", "a", unsafe="run", expect=status(400)),
    )
    assert (one.step.target, one.unsafe) == ("/orders?wrong", "run")


def test_safe_step_of_an_unsafe_case_is_not_itself_willing() -> None:
    steps = Step(method="POST", target="/orders"), Step(method="GET", target="/orders/${id}")
    got = found(life_cycle(*steps, operation="POST /orders"))
    assert {name: one.unsafe for name, one in got.items()} == {"POST /orders": "run", "GET /orders/{id}": ""}


def test_operation_names_the_step_that_fits_it_not_the_first() -> None:
    steps = (
        Step(method="GET", target="/health"),
        Step(method="GET", target="/orders/17"),
        Step(method="GET", target="/orders/${id}"),
    )
    assert list(found(life_cycle(*steps, operation="GET /orders/{order}"))) == ["GET /health", "GET /orders/{order}"]


def test_captured_values_become_placeholders_everywhere() -> None:
    step = Step(
        method="PUT",
        target="/orders/${id}",
        headers=(("If-Match", "${tag}"),),
        body=b'{"id": "${id}"}',
        body_has_marks=True,
        body_kind="json",
        captures=(Capture(name="x", header="x"),),
        always=True,
    )
    one = only(life_cycle(step, operation="PUT /orders/{id}"))
    assert one.step == Step(
        method="PUT",
        target="/orders/cutover-probe",
        headers=(("If-Match", "cutover-probe"),),
        body=b'{"id": "cutover-probe"}',
        body_kind="json",
    )


@pytest.mark.parametrize("worse", [status(404), status(503), status(400, 422), sides(404, 404)])
def test_request_that_succeeds_stands_better_than_an_error_on_purpose(worse: Expect) -> None:
    template = "GET /orders/{id}"
    cases = (
        case(0, "GET /orders/none", "a", operation=template, expect=worse),
        case(1, "GET /orders/1", "a", operation=template),
    )
    assert only(*cases).step.target == "/orders/1"


def test_request_without_captures_stands_better_than_a_placeholder() -> None:
    template = "GET /orders/{id}"
    with_capture = life_cycle(Step(method="GET", target="/orders/${id}", identity="a"), operation=template)
    assert only(with_capture, case(1, "GET /orders/1", "a", operation=template)).step.target == "/orders/1"


@pytest.mark.parametrize("refused", [status(401), status(403), status(401, 403), sides(403, 401)])
def test_callers_that_a_case_expects_to_be_refused_are_none(refused: Expect) -> None:
    one = only(case(0, "GET /orders", "thief", expect=refused), case(1, "GET /orders", "partner"))
    assert (one.callers, one.public) == (("partner",), False)


def test_call_without_credential_that_is_refused_makes_nothing_public() -> None:
    one = only(case(0, "GET /orders", expect=status(401)))
    assert (one.callers, one.public) == ((), False)


def test_call_without_credential_that_is_let_in_makes_it_public() -> None:
    assert only(case(0, "GET /health")).public


def test_status_that_may_be_a_refusal_or_not_is_none() -> None:
    assert only(case(0, "GET /orders", "a", expect=status(200, 403))).callers == ("a",)


def test_intended_refusal_by_the_new_side_alone_is_settled() -> None:
    one = only(case(0, "GET /orders", "a", expect=sides(200, 403, "ORD-7")), case(1, "GET /orders", "b"))
    assert one.callers == ("b",)
    assert one.settled == (("a", "the case 'case 0' expects the new side alone to refuse it: ORD-7"),)


def test_letting_in_more_is_never_settled() -> None:
    assert only(case(0, "GET /orders", "a", expect=sides(403, 200)), case(1, "GET /orders", "b")).settled == ()


def test_credential_in_the_request_itself_is_not_public() -> None:
    one = only(case(0, "GET /orders", headers=(("Authorization", "Bearer abc"), ("Accept", "*/*"))))
    assert (one.public, one.own) == (False, ("authorization",))
    assert bare(one.step, one.own).headers == (("Accept", "*/*"),)


def test_parameter_by_which_a_caller_is_known_is_a_credential() -> None:
    named = scenario(case(0, "GET /orders?a=1&subscription-key=k&b=%20"))
    key = (HeaderCredential(headers=(("subscription-key", "k"),)),)
    one = operations(replace(named, identities={"p": Identity(name="p", old=key, new=key)}), Security())[0]
    assert bare(one.step, one.own).target == "/orders?a=1&b=%20"


def test_bare_step_loses_its_question_mark_with_its_only_parameter() -> None:
    assert bare(Step(method="GET", target="/orders?key=k"), ("key",)).target == "/orders"


def test_named_caller_stands_better_than_a_credential_in_the_request() -> None:
    own = case(0, "GET /orders?own", headers=(("Authorization", "Bearer abc"),))
    assert only(own, case(1, "GET /orders?named", "a", expect=status(404))).step.target == "/orders?named"


def test_cookie_beside_a_named_caller_is_content() -> None:
    assert only(case(0, "GET /orders", "a", headers=(("Cookie", "theme=dark"),))).own == ()


def test_operation_of_one_side_is_told_apart() -> None:
    made = scenario(case(0, "GET /new-only", "a", side=Side.NEW), case(1, "GET /orders", "a"))
    assert [one.name for one in operations(made, Security())] == ["GET /orders"]
    assert [(one.name, side) for one, side in one_sided(made, Security())] == [("GET /new-only", Side.NEW)]


def test_steps_limited_to_each_side_make_an_operation_of_both() -> None:
    assert list(found(case(0, "GET /o", "a", side=Side.NEW), case(1, "GET /o", "a", side=Side.OLD))) == ["GET /o"]


def test_reading_on_one_side_what_the_other_made_is_no_limit_of_the_gateway() -> None:
    step = Step(method="GET", target="/o/${id}", side=Side.NEW, captured_from=Side.OLD)
    one = only(life_cycle(step, operation="GET /o/{id}"))
    assert (one.step.side, one.step.captured_from) == (None, None)


def test_globs_choose() -> None:
    assert list(found(case(0, "GET /a/1"), case(1, "GET /b/1"), operations=("GET /a/*",))) == ["GET /a/1"]
