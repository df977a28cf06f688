"""What is wrong with many names alike is one finding; what is wrong with one alone keeps to itself."""

from harness.decide.findings import FindingFold
from harness.model.event import CaseInfo, Checked, Planned, Point
from harness.model.finding import Finding

NAMES = ("api.example.com", "shop.example.com", "pay.example.com")


def findings(*titles: tuple[str, str]) -> tuple[Finding, ...]:
    """Return the findings of one topic: (name, title) each."""
    fold = FindingFold()
    infos = tuple(CaseInfo(index=at, name=f"{name}: TTL", operation=name) for at, name in enumerate(NAMES))
    fold.plan(Planned(at=0.0, suite="dns", cases=infos))
    for name, title in titles:
        index = NAMES.index(name)
        point = Point(at="dns:ttl", title=title, outcome="FAIL", severity="critical", cause="unexplained")
        fold.add_checked(
            Checked(at=1.0, suite="dns", index=index, case=infos[index].name, outcome="FAIL", points=(point,))
        )
    return fold.findings(())


def test_what_is_alike_for_all_names_is_one_finding() -> None:
    (found,) = findings(*((name, f"the TTL of {name} is 3600 s") for name in NAMES))
    assert found.title == "the TTL of api.example.com is 3600 s"
    assert found.cases == tuple(f"{name}: TTL" for name in NAMES)


def test_another_number_is_another_finding() -> None:
    assert (
        len(findings((NAMES[0], f"the TTL of {NAMES[0]} is 60 s"), (NAMES[1], f"the TTL of {NAMES[1]} is 90 s"))) == 2
    )
