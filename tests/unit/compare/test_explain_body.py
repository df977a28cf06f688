"""DeepDiff's words for small pieces."""

import sys

from harness.compare.explain_body import explain


def test_says_what_changed() -> None:
    assert explain('{"a": 1, "b": [1]}', '{"a": 2, "b": [1]}') == "Value of root['a'] changed from 1 to 2."


def test_large_or_unreadable_pieces_are_left_alone() -> None:
    assert explain("[" + "1," * 5_000 + "1]", "[]") == ""
    assert explain("{", "[]") == ""
    assert explain("1", "1") == ""


def test_many_changes_are_cut() -> None:
    text = explain(str(list(range(50))), str(list(range(50, 100))))
    assert text.endswith("(and 45 more)")


def test_comparing_does_not_load_it() -> None:
    import subprocess

    code = "import sys, harness.compare.answers, harness.compare.noise; sys.exit('deepdiff' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
