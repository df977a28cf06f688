"""`cutover init` writes a scenario that `cutover plan` takes, and never overwrites."""

from pathlib import Path

import pytest

from harness.cli.main import main

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
