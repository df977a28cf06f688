"""What each pair proves (design §5), row by row."""

from typing import Any

import pytest

from harness.decide.pair import judge, judge_alone
from harness.model.difference import Cause, Difference, Kind
from harness.model.outcome import Outcome
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.model.rule import Expect, ExpectSide

OK = Response(status=200)
SILENT = NoResponse(reason=Reason.CONNECT, detail="refused")
STALLED = NoResponse(reason=Reason.HARNESS, detail="loop gap 600 ms")
NOT_SENT = NoResponse(reason=Reason.REFUSED_TO_SEND, detail="`id` was not captured on this side")


def diff(cause: Cause = Cause.UNEXPLAINED, at: str = "body:$.x") -> Difference:
    return Difference(at=at, kind=Kind.VALUE, old="1", new="2", cause=cause)


def names(*statuses: int) -> Expect:
    return Expect(both=ExpectSide(status=statuses))


ROWS: dict[str, Any] = {
    "equal": (OK, OK, [], [], Expect(), False, False, Outcome.PASS),
    "an unexplained difference": (OK, OK, [diff()], [], Expect(), False, False, Outcome.FAIL),
    "weaker": (OK, OK, [diff(Cause.WEAKER, "status")], [], Expect(), False, False, Outcome.FAIL),
    "weaker, though the credential may be wrong": (
        Response(status=403),
        OK,
        [diff(Cause.WEAKER, "status")],
        [],
        Expect(),
        True,
        False,
        Outcome.FAIL,
    ),
    **{
        f"set aside: {cause}": (OK, OK, [diff(cause)], [], Expect(), False, False, Outcome.PASS)
        for cause in Cause
        if cause not in {Cause.UNEXPLAINED, Cause.WEAKER}
    },
    "gateway under strict": (OK, OK, [diff(Cause.GATEWAY)], [], Expect(), False, True, Outcome.FAIL),
    "identity under strict": (OK, OK, [diff(Cause.IDENTITY)], [], Expect(), False, True, Outcome.PASS),
    "old silent": (SILENT, OK, [diff(at="response")], [], Expect(), False, False, Outcome.ERROR),
    "new silent": (OK, SILENT, [diff(at="response")], [], Expect(), False, False, Outcome.FAIL),
    "both silent": (SILENT, SILENT, [], [], Expect(), False, False, Outcome.ERROR),
    "new not told because we stalled": (OK, STALLED, [diff(at="response")], [], Expect(), False, False, Outcome.ERROR),
    "new could not be sent": (OK, NOT_SENT, [diff(at="response")], [], Expect(), False, False, Outcome.ERROR),
    "both 500": (Response(status=500), Response(status=500), [], [], Expect(), False, False, Outcome.INCONCLUSIVE),
    "old 503, new fine": (Response(status=503), OK, [diff()], [], Expect(), False, False, Outcome.INCONCLUSIVE),
    "old 429": (Response(status=429), Response(status=429), [], [], Expect(), False, False, Outcome.INCONCLUSIVE),
    "500 that expect names": (
        Response(status=500),
        Response(status=500),
        [],
        [],
        names(500),
        False,
        False,
        Outcome.PASS,
    ),
    "401 with as": (Response(status=401), Response(status=401), [], [], Expect(), True, False, Outcome.INCONCLUSIVE),
    "401 without as": (Response(status=401), Response(status=401), [], [], Expect(), False, False, Outcome.PASS),
    "403 with as that expect names": (
        Response(status=403),
        Response(status=403),
        [],
        [],
        names(403),
        True,
        False,
        Outcome.PASS,
    ),
    "old breaks expect": (OK, OK, [], ["old: expected status 201, got 200"], names(201), False, False, Outcome.ERROR),
    "old breaks its status, new differs": (
        OK,
        OK,
        [diff()],
        ["old: expected status 201, got 200"],
        names(201),
        False,
        False,
        Outcome.ERROR,
    ),
    "old is slow, new differs": (
        OK,
        OK,
        [diff()],
        ["old: took 3.0 s, expected at most 2 s"],
        Expect(),
        False,
        False,
        Outcome.FAIL,
    ),
    "new breaks expect": (OK, OK, [], ["new: expected status 201, got 200"], names(201), False, False, Outcome.FAIL),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_pair(row: Any) -> None:
    old, new, differences, broken, expect, identified, strict, outcome = row
    judgement = judge(
        old, new, differences=differences, broken=broken, expect=expect, identified=identified, strict=strict
    )
    assert judgement.outcome is outcome
    assert bool(judgement.why) == (outcome is not Outcome.PASS)


@pytest.mark.parametrize(
    ("answer", "side", "expect", "outcome"),
    [
        (OK, "new", Expect(), Outcome.PASS),
        (Response(status=404), "new", Expect(), Outcome.FAIL),
        (Response(status=404), "old", Expect(), Outcome.ERROR),
        (Response(status=404), "new", names(404), Outcome.PASS),
        (SILENT, "new", Expect(), Outcome.FAIL),
        (SILENT, "old", Expect(), Outcome.ERROR),
        (STALLED, "new", Expect(), Outcome.ERROR),
    ],
)
def test_one_side(answer: Answer, side: str, expect: Expect, outcome: Outcome) -> None:
    assert judge_alone(answer, side=side, expect=expect, broken=()).outcome is outcome
