"""What a check saw is kept compact, in order and within bounds, whatever it says."""

from dataclasses import replace

from harness.model.event import Checked, Point
from harness.report.check_details import MOST_FACTS, MOST_POINTS, check_row, columns_of


class _Numbers(dict[str, int]):
    """Texts by number, as `details` has them."""

    def __missing__(self, text: str) -> int:
        self[text] = len(self)
        return self[text]


CHECK = Checked(at=1.5, suite="security", index=0, case="a", outcome="PASS")
POINT = Point(at="tls", title="t", outcome="FAIL", severity="major")


def test_old_and_new_come_first_then_other_columns() -> None:
    facts = {"a": {"backend": "1", "new": "2"}, "b": {"old": "3", "other": "4"}}
    assert columns_of(facts) == ("old", "new", "backend", "other")


def test_a_side_without_the_fact_is_none_not_empty() -> None:
    texts = _Numbers()
    facts = check_row(replace(CHECK, facts={"a": {"old": "", "new": "2"}, "b": {"new": "3"}}), texts)[3]
    assert facts == [[texts["a"], texts[""], texts["2"]], [texts["b"], None, texts["3"]]]


def test_many_facts_and_points_are_cut_and_counted() -> None:
    facts = {str(number): {"old": "x"} for number in range(MOST_FACTS + 5)}
    points = (POINT,) * (MOST_POINTS + 2)
    row = check_row(replace(CHECK, facts=facts, points=points), _Numbers())
    assert isinstance(row[3], list)
    assert isinstance(row[4], list)
    assert (len(row[3]), len(row[4]), row[6]) == (MOST_FACTS, MOST_POINTS, 7)


def test_words_that_are_none_of_ours_become_the_mildest() -> None:
    texts = _Numbers()
    points = check_row(replace(CHECK, points=(replace(POINT, outcome="?", severity="?"),)), texts)[4]
    assert points == [[texts["tls"], texts["t"], 0, texts["info"], None, None, texts[""], texts[""]]]
