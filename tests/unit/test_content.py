"""Where suites, scenarios and templates are found."""

from harness.content import content_dir


def test_a_checkout_has_its_content_at_its_root() -> None:
    assert (content_dir() / "suites").is_dir()
    assert (content_dir() / "harness" / "content.py").is_file()
