"""The layers of the code hold: who may import whom, and which room is the only home of which library (ARCHITECTURE.md)."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HARNESS = ROOT / "harness"

# Imports run to the left (up in this list) only; members of one row do not import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("", "content"),  # "" is harness/__init__.py: the version, nothing else
    ("model",),
    ("scenario",),
    ("journal", "stats", "dialects", "clouds", "recordings"),
    ("wire", "credentials", "compare", "metrics"),
    ("estate", "security", "dns", "load", "decide", "history"),
    ("engine",),
    ("report",),
    ("watch",),
    ("pytest_plugin",),
    ("pytest_option",),
    ("cli",),
    ("__main__",),
)
RANK = {room: rank for rank, row in enumerate(LAYERS) for room in row}

# The lab must not share what it is there to test.
LAB = "lab"
LAB_MAY_IMPORT = {"", "model", LAB}
MAY_IMPORT_LAB = {LAB, "cli"}

# Third-party packages, and standard ones that undo content codings: where they may be imported.
HOMES: dict[str, set[str]] = {
    "pycurl": {"wire"},
    "certifi": {"wire", "load/child.py"},
    "brotli": {"wire", "lab"},
    "zlib": {"wire", "lab", "recordings"},
    "gzip": {"wire", "lab", "recordings"},
    "httpx": {"clouds"},
    "boto3": {"clouds"},
    "azure": {"clouds"},
    "botocore": {"clouds", "credentials", "lab"},
    "jwt": {"credentials", "lab"},
    "cryptography": {"scenario", "wire", "credentials", "lab"},
    "deepdiff": {"compare"},
    "msgspec": {"compare", "journal", "report"},
    "dns": {"dns"},
    "numpy": {"stats"},
    "scipy": {"stats"},
    "locust": {"load/child.py"},
    "gevent": {"load/child.py"},
    "geventhttpclient": {"load/child.py"},
    "hdrh": {"stats", "load/child.py"},
    "yaml": {"scenario"},
    "rich": {"report", "cli"},
    "jinja2": {"report"},
    "markupsafe": {"report"},
    "uvicorn": {"lab"},
    "h11": {"lab"},
    "pytest": {"pytest_plugin", "pytest_option", "cli"},
    "_pytest": set(),
    "unittest": set(),
    "pdb": set(),
}

# Modules of several hundred lines, or functions of a hundred, are two things in one.
MODULE_LINES = 420
# Handed over as it is, to a machine that has nothing of us: one file.
LONGER = {"load/child.py": 1100}
FUNCTION_LINES = 80


def room_of(path: Path) -> str:
    """Return the room of a file: the folder below harness/, or the name of a module in its root."""
    parts = path.relative_to(HARNESS).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


@cache
def modules() -> tuple[Path, ...]:
    """Return every Python file of the package."""
    return tuple(sorted(path for path in HARNESS.rglob("*.py") if "_content" not in path.parts))


@cache
def parsed(path: Path) -> ast.Module:
    """Return a file's syntax tree; several tests walk it."""
    return ast.parse(path.read_text(), str(path))


def imports(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line, module, name) of every import at any depth: lazy, type-only, relative or by a literal name."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, module, alias.name
        elif isinstance(node, ast.Call) and (literal := _imported_by_call(node)):
            yield node.lineno, literal, ""


def _imported_by_call(node: ast.Call) -> str:
    function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if function not in {"import_module", "__import__"} or not node.args:
        return ""
    return str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else ""


def ours(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line, dotted target, its room) of every import of our own package."""
    for line, module, name in imports(path):
        if module == "harness" or module.startswith("harness."):
            target = f"{module}.{name}" if name and _is_module(f"{module}.{name}") else module
            parts = target.split(".")
            yield line, target, parts[1] if len(parts) > 1 else ""


def _is_module(dotted: str) -> bool:
    base = ROOT.joinpath(*dotted.split("."))
    return base.is_dir() or base.with_suffix(".py").is_file()


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_every_room_has_its_place() -> None:
    assert {room_of(path) for path in modules()} <= RANK.keys() | {LAB}


def test_imports_run_to_the_left_only() -> None:
    wrong = [
        f"{where(path, line)}: {room_of(path)} must not import {target}"
        for path in modules()
        if room_of(path) != LAB
        for line, target, room in ours(path)
        if room not in {room_of(path), LAB} and RANK.get(room, 99) >= RANK[room_of(path)]
    ]
    assert not wrong, "\n".join(wrong)


def test_the_lab_stands_alone() -> None:
    wrong = [
        f"{where(path, line)}: {target}"
        for path in modules()
        for line, target, room in ours(path)
        if (room_of(path) == LAB and room not in LAB_MAY_IMPORT)
        or (room == LAB and room_of(path) not in MAY_IMPORT_LAB)
    ]
    assert not wrong, "\n".join(wrong)


def test_code_imports_the_defining_module() -> None:
    """`from harness.model import X` would go through a package's face, and faces make cycles."""
    wrong = [
        f"{where(path, line)}: {target}"
        for path in modules()
        for line, target, room in ours(path)
        if room and ROOT.joinpath(*target.split(".")).is_dir()
    ]
    assert not wrong, "\n".join(wrong)


def test_each_library_stays_at_home() -> None:
    wrong = [
        f"{where(path, line)}: {module}"
        for path in modules()
        for line, module, _ in imports(path)
        if (top := module.split(".")[0]) != "harness"
        and (top in HOMES or top not in sys.stdlib_module_names)
        and not HOMES.get(top, set()) & {room_of(path), path.relative_to(HARNESS).as_posix()}
    ]
    assert not wrong, "not at home here (or unknown to HOMES):\n" + "\n".join(wrong)


def test_suites_import_no_room_but_the_model() -> None:
    """A suite judges what its fixtures give it; it sends nothing by itself."""
    wrong = [
        f"{where(path, line)}: {target}"
        for path in sorted((ROOT / "suites").rglob("*.py"))
        for line, target, room in ours(path)
        if room not in {"model", "pytest_plugin"}
    ]
    assert not wrong, "\n".join(wrong)


def test_modules_and_functions_stay_small() -> None:
    long_modules = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in modules()
        if (lines := len(path.read_text().splitlines()))
        > LONGER.get(path.relative_to(HARNESS).as_posix(), MODULE_LINES)
    ]
    long_functions = [
        f"{where(path, node.lineno)}: {node.name} has {size} lines"
        for path in modules()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (size := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    ]
    assert not long_modules + long_functions, "\n".join(long_modules + long_functions)


def test_every_noqa_says_what_and_why() -> None:
    """The codes stand in the mark; the reason behind them, or in a comment on the line before."""
    codes = re.compile(r"# noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*(?P<why>  \S)?")
    wrong = []
    for path in modules():
        before = ""
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if "# noqa" in line:
                found = codes.search(line)
                if not found or not (found["why"] or before.lstrip().startswith("#")):
                    wrong.append(where(path, number))
            before = line
    assert not wrong, "write `# noqa: CODE  reason`:\n" + "\n".join(wrong)


def at_the_top(path: Path) -> Iterator[str]:
    """Yield our own modules that a file imports when it is imported itself, by their dotted names."""
    tree = parsed(path)
    top = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    later = {id(inner) for node in ast.walk(tree) if _runs_later(node) for inner in ast.walk(node)}
    for node in top:
        if id(node) in later:
            continue
        names = [(alias.name, "") for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [(node.module or "", alias.name) for alias in node.names]
        for module, name in names:
            if module.split(".")[0] == "harness":
                yield f"{module}.{name}" if name and _is_module(f"{module}.{name}") else module


def _runs_later(node: ast.AST) -> bool:
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_each_module_can_be_imported_first() -> None:
    """Without a circle of imports every module finds all that it needs, whichever is the first."""
    graph = {dotted(path): set(at_the_top(path)) for path in modules()}
    for name, needed in graph.items():
        needed.discard(name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail("imports in a circle: " + " -> ".join(circle.args[1]))


# gevent wants to come before all that it patches, and our modules are compiled anew: a compiler's warning hides otherwise
_IMPORT_ALL = """
import importlib, sys
for name in sys.argv[2:]:
    if name == "harness.load.child":
        importlib.import_module(name)
for heavy in ("numpy", "scipy.special", "scipy.stats", "pytest", "rich.console", "jinja2", "deepdiff", "httpx", "boto3"):
    importlib.import_module(heavy)
sys.pycache_prefix = sys.argv[1]
for name in sys.argv[2:]:
    importlib.import_module(name)
"""


def test_every_module_imports_without_a_warning(tmp_path: Path) -> None:
    names = [dotted(path) for path in modules() if path.stem != "__main__"]
    argv = [sys.executable, "-W", "error", "-c", _IMPORT_ALL, str(tmp_path), *names]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


# The command must answer at once, so what it imports before it knows the verb stays light.
HEAVY = ("pytest", "rich", "jinja2", "deepdiff", "cryptography", "uvicorn", "asyncio", "pycurl", "yaml", "msgspec")


@pytest.mark.skipif(not (HARNESS / "cli" / "main.py").is_file(), reason="no command line yet")
def test_the_command_starts_light() -> None:
    code = f"""
import sys
from harness.cli.main import main
try:
    main(["--help"])
except SystemExit:
    pass
sys.exit(", ".join(sorted(set({HEAVY!r}) & set(sys.modules))) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
