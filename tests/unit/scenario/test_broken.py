"""Broken scenarios: each is refused at the right line, in words that help."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from harness.model.errors import ScenarioError
from harness.model.outcome import ExitCode
from harness.scenario.load import load
from harness.scenario.schema import json_schema
from tests.unit.scenario.broken_row import ENVIRON, Row
from tests.unit.scenario.broken_table import ROWS
from tests.unit.scenario.key_material import lay


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_broken(row: Row, tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(row.text)
    lay(tmp_path, row.files)
    with pytest.raises(ScenarioError) as caught:
        load(file, environ=ENVIRON)
    assert caught.value.exit_code is ExitCode.USAGE
    [problem] = caught.value.problems
    assert problem.file == file
    assert row.message in problem.message
    assert row.hint in problem.hint
    assert (problem.line, problem.column) == (row.line, row.column)
    assert str(problem).startswith(f"{file}:{row.line}:{row.column}: ")
    assert "can ary" not in str(problem)
    assert "canary" not in str(problem)


def test_there_are_enough() -> None:
    assert len(ROWS) >= 300
    assert len({row.name for row in ROWS}) == len(ROWS)


class _Core(yaml.SafeLoader):
    """YAML as editors read it: dates stay texts, yes and no too."""


_Core.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(("timestamp", "merge"))]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.mark.parametrize("row", [row for row in ROWS if row.schema], ids=lambda row: row.name)
def test_schema_refuses_it_too(row: Row) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    assert not validator.is_valid(yaml.load(row.text, _Core))
