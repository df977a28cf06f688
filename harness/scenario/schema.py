"""The scenario format as JSON Schema (draft 2020-12), for editors; made of the shapes that read it."""

from typing import Any

from harness.scenario.document import DOCUMENT


def json_schema() -> dict[str, Any]:
    """Return the schema that `cutover schema` prints.

    It knows keys, kinds and spelling. What needs more than one place (names that must exist, captures, includes)
    is checked by `load` alone; a file that includes others may leave required keys to them.
    """
    defs: dict[str, Any] = {}
    document = DOCUMENT.schema(defs)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cutover scenario, version 1",
        **document,
        "$defs": dict(sorted(defs.items())),
    }
