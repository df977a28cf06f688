"""`cutover init` writes a scenario that `cutover plan` takes, and never overwrites."""

from pathlib import Path

import pytest

from harness.cli.main import main
from harness.scenario.load import load

SECRETS = ("OLD_PARTNER_KEY", "NEW_PARTNER_KEY", "OLD_CLERK_TOKEN", "NEW_CLERK_TOKEN")


@pytest.mark.parametrize("example", ["gateway-to-gateway", "aws-to-azure"])
def test_what_is_written_can_be_planned(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, f"value-of-{name}")
    file = tmp_path / "mine.yaml"
    assert main(["init", str(file), "--example", example]) == 0
    assert main(["plan", str(file)]) == 0


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("mine")
    assert main(["init", str(file)]) == 4
    assert file.read_text() == "mine"
    assert "exists already" in capsys.readouterr().err


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "no" / "mine.yaml")]) == 4
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("example", ["gateway-to-gateway", "aws-to-azure"])
def test_the_security_section_is_shown(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, f"value-of-{name}")
    file = tmp_path / "mine.yaml"
    assert main(["init", str(file), "--example", example]) == 0
    text = file.read_text()
    assert "security:" in text
    for key in ("identities", "hostile", "cors", "direct", "backend", "closed", "limits", "require"):
        assert f" {key}:" in text, key


def test_what_stands_in_comments_can_be_used(tmp_path: Path) -> None:
    """Who takes the # away must not get an error for it."""
    file = tmp_path / "mine.yaml"
    assert main(["init", str(file)]) == 0
    text = file.read_text()
    before, mark, after = text.partition("# security:")
    shown = "\n".join(line.removeprefix("# ") for line in (mark + after).splitlines())
    callers = "credentials: {suspended: {both: {header: {x-key: none}}}, partner: {both: {header: {x-key: some}}}}\n"
    file.write_text(before + callers + shown + "\n")
    security = load(file, environ={}).security
    assert security is not None
    assert security.hostile
    assert security.limits


@pytest.mark.parametrize("example", ["gateway-to-gateway", "aws-to-azure"])
def test_the_load_that_stands_in_comments_can_be_used(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, f"value-of-{name}")
    file = tmp_path / "mine.yaml"
    assert main(["init", str(file), "--example", example]) == 0
    text = file.read_text()
    before, mark, after = text.partition("# load:")
    section, gap, rest = after.partition("\n\n")
    shown = "\n".join(line.removeprefix("# ") for line in (mark + section).splitlines())
    file.write_text(before + shown + gap + rest)
    assert load(file).load is not None
