"""The layers of the code hold: who may import whom, and which room is the only home of which library (ARCHITECTURE.md)."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
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


# One interpreter that has imported nothing of ours forks once for each module: as good as a fresh one each, and much
# quicker. What others wrote, and takes long, is there already; but for child.py, since gevent wants to come first.
_IMPORT_EACH = """
import importlib, os, sys, traceback

HEAVY = (
    "numpy", "scipy.special", "scipy.stats", "hdrh.histogram", "pytest", "rich.console", "jinja2", "deepdiff",
    "pycurl", "yaml", "msgspec", "uvicorn", "h11", "jwt", "httpx", "boto3", "botocore.auth", "cryptography.x509",
)

def start(name):
    pid = os.fork()
    if pid:
        return pid
    try:
        importlib.import_module(name)
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
        os._exit(1)
    os._exit(0)

width, compiled, names = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
patching = [name for name in names if name == "harness.load.child"]
names = [name for name in names if name not in patching]
running, failed = {start(name): name for name in patching}, []
for heavy in HEAVY:
    importlib.import_module(heavy)
sys.pycache_prefix = compiled  # ours alone are compiled anew, once for all: a compiler's warning would hide otherwise
while names or running:
    while names and len(running) < width:
        name = names.pop()
        running[start(name)] = name
    pid, status = os.wait()
    name = running.pop(pid)
    if status:
        failed.append(name)
if failed:
    sys.exit("cannot be imported alone: " + ", ".join(sorted(failed)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_each_module_imports_alone_and_without_a_warning(tmp_path: Path) -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in modules()
        if path.stem != "__main__"
    ]
    argv = [sys.executable, "-W", "error", "-c", _IMPORT_EACH, str(os.cpu_count() or 1), str(tmp_path), *names]
    compiled = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(argv, cwd=ROOT, env=compiled, capture_output=True, text=True, check=False, timeout=300)
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
