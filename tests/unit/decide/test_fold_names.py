"""What is wrong with many names in the same way is one finding, which says how many and which."""

from dataclasses import replace

from harness.decide.fold import fold
from harness.model.event import CaseInfo, Checked, Ended, GateInfo, Planned, Point, Started
from harness.model.finding import Finding
from harness.report.view import extent

NAMES = tuple(f"api{number}.example.com" for number in range(200))
TOPICS = ("TTL at the authority", "rollback time")
STARTED = Started(
    run="r1", at=1.0, version="0", scenario="s", scenario_files=("s.yaml",), digest="d", environment="",
    mode="rehearse", seed=1, gateways={}, gates=GateInfo(require=("dns",)),
)  # fmt: skip


def high(name: str, ttl: int = 3600, topic: str = TOPICS[0]) -> Checked:
    title = f"the TTL of {name} CNAME is {ttl} s"
    remedy = f"Lower the TTL of {name} CNAME from {ttl} to 60."
    point = Point(at="dns:ttl", title=title, outcome="FAIL", severity="critical", old=f"{name} CNAME", remedy=remedy)
    return checked(name, topic, point)


def checked(name: str, topic: str, *points: Point, outcome: str = "FAIL", why: str = "why") -> Checked:
    index = NAMES.index(name) * len(TOPICS) + TOPICS.index(topic)
    return Checked(
        at=2.0, suite="dns", index=index, case=f"{name}: {topic}", outcome=outcome, why=(why,), points=points
    )


def found(*events: Checked, suite: str = "dns", names: tuple[str, ...] = NAMES) -> tuple[Finding, ...]:
    infos = [(name, f"{name}: {topic}") for name in names for topic in TOPICS]
    cases = tuple(CaseInfo(index=at, name=case, operation=name) for at, (name, case) in enumerate(infos))
    planned = Planned(at=1.5, suite=suite, cases=cases)
    return fold(
        [STARTED, planned, *(replace(one, suite=suite) for one in events), Ended(at=3.0, state="finished")]
    ).findings


def test_one_thing_wrong_with_all_names_is_one_finding() -> None:
    (one,) = found(*map(high, reversed(NAMES)))
    assert one.title == f"the TTL of {NAMES[0]} CNAME is 3600 s", "the words are those of the first name"
    assert (one.count, len(one.cases), one.operation) == (200, 200, NAMES[0])
    assert one.cases[0] == f"{NAMES[0]}: {TOPICS[0]}"
    assert extent(one) == f"with 200 names: {NAMES[0]}, {NAMES[1]}, {NAMES[2]} and 197 more"


def test_what_differs_stays_apart() -> None:
    several = found(*map(high, NAMES[:5]), high(NAMES[5], 300), high(NAMES[0], topic=TOPICS[1]))
    assert [one.count for one in several] == [5, 1, 1]
    assert extent(several[1]) == f"in “{NAMES[0]}: {TOPICS[1]}”"
    worse = checked(NAMES[1], TOPICS[0], replace(high(NAMES[1]).points[0], outcome="PASS"), outcome="PASS")
    assert [one.count for one in found(high(NAMES[0]), worse)] == [1, 1]


def test_a_name_is_not_looked_for_within_another() -> None:
    inside = ("api.example.com", "pi.example.com")
    point = Point(at="dns:ttl", title="the TTL of api.example.com CNAME is 60 s", outcome="FAIL", severity="critical")
    events = [
        Checked(at=2.0, suite="dns", index=at * 2, case=f"{name}: x", outcome="FAIL", why=("why",), points=(point,))
        for at, name in enumerate(inside)
    ]
    assert [one.count for one in found(*events, names=inside)] == [1, 1]


def test_one_reason_why_names_are_not_judged_is_one_finding() -> None:
    def unseen(name: str) -> Checked:
        return checked(name, TOPICS[0], outcome="INCONCLUSIVE", why=f"no server told whether {name} has AAAA")

    (one,) = found(*map(unseen, NAMES[:2]))
    assert (one.title, one.count) == (f"no server told whether {NAMES[0]} has AAAA", 2)
    assert extent(one) == f"with 2 names: {NAMES[0]}, {NAMES[1]}"


def test_a_reason_that_stops_every_topic_of_one_name_tells_the_name_once() -> None:
    stopped = [checked(NAMES[0], topic, outcome="INCONCLUSIVE", why="interrupted") for topic in TOPICS]
    (one,) = found(*stopped)
    assert extent(one) == f"in 2 cases of {NAMES[0]}"


def test_other_suites_keep_a_finding_each() -> None:
    assert [one.count for one in found(*map(high, NAMES[:3]), suite="security")] == [1, 1, 1]
