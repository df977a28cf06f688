"""What the documents say is so: links lead somewhere, scenarios load, the verbs exist, the map stays short."""

import re
from pathlib import Path

import pytest

from harness.cli.main import VERBS
from harness.scenario.load import load

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [target for target in targets if "://" not in target and not (page.parent / target).exists()]


def test_the_scenario_of_the_readme_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD_PARTNER_KEY", "an old key")
    monkeypatch.setenv("NEW_PARTNER_KEY", "a new key")
    (text,) = (block for block in blocks(ROOT / "README.md", "yaml") if block.startswith("version: 1"))
    file = tmp_path / "orders.yaml"
    file.write_text(text, encoding="utf-8")
    assert len(load(file, sets={}).cases) == 3


def test_the_parts_of_the_guide_make_one_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD_PARTNER_KEY", "an old key")
    monkeypatch.setenv("NEW_PARTNER_KEY", "a new key")
    (tmp_path / "clerk.token").write_text("a-token-of-the-clerk")
    (tmp_path / "company-ca.pem").write_text("")
    file = tmp_path / "orders.yaml"
    file.write_text("\n".join(blocks(ROOT / "docs" / "guide.md", "yaml")), encoding="utf-8")
    scenario = load(file, sets={"stage": "test"})
    assert scenario.old.url.endswith("/test")
    assert [case.name for case in scenario.cases] == ["list orders", "order life cycle"]


def test_the_verbs_that_are_shown_exist() -> None:
    shown = {
        verb
        for page in PAGES
        for block in [*blocks(page, "sh"), *re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))]
        for verb in re.findall(r"^\s*cutover ([a-z]+)", block, re.MULTILINE)
    }
    assert shown
    assert shown <= VERBS.keys()


def test_the_map_stays_short() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 80


def test_the_rooms_on_the_map_are_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\| `([a-z_/.]+)` \|", text, re.MULTILINE)
    assert rooms
    assert not [room for room in rooms if not (ROOT / "harness" / room).exists()]
