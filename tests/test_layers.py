"""Who may import whom, how long a file may be, and what nothing is called."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = frozenset({"probes", "reports", "replica", "scenarios", "tests", "conftest"})
LAYERS = ("probes", "reports", "replica", "scenarios")
MAY_IMPORT = {
    "scenarios": ("scenarios", "probes"),
    "probes": ("probes",),
    "reports": ("reports", "probes.finding", "probes.results", "probes.recording.journal"),
    "replica": ("replica",),
}
# The rooms of probes/ from top to bottom: each imports only what stands below it.
FLOORS = (
    "plugin",
    "__main__",
    "doctor",
    "runner",
    "browser",
    "livekit",
    "services",
    "diagnosis",
    "cluster",
    "auth",
    "transport",
    "recording",
    "config",
    "state",
    "results",
    "finding",
    "closing",
    "polling",
    "clock",
    "proxy_variables",
)
KNOW_REPORTS = ("probes/plugin.py", "probes/runner/", "probes/doctor/")
EXCEPTIONS = {
    "reports/prune.py": ("probes.recording.ledger",),
    "probes/__main__.py": ("reports.render.writing",),
}
KNOW_PYTEST = (
    "probes/plugin.py",
    "probes/runner/collection.py",
    "probes/runner/fixtures.py",
    "scenarios/",
)
NAMES_FOR_ANYTHING = frozenset(
    {"core", "base", "common", "utils", "helpers", "manager", "client"},
)


def files(*folders: str) -> list[str]:
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    kept = (path for path in paths if "node_modules" not in path.parts)
    return sorted(str(path.relative_to(ROOT)) for path in kept)


def imports(source: str, file: str) -> Iterator[str]:
    """Every module, and every name in it, that `source` imports: `probes.finding.Code`."""
    package = [*Path(file).parent.parts]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def forbidden_imports(source: str, file: str) -> list[str]:
    """What `file` imports and may not."""
    names = imports(source, file)
    return [name for name in names if not is_allowed(name, file)]


def is_allowed(name: str, file: str) -> bool:
    top = name.partition(".")[0]
    if top in ("pytest", "_pytest"):
        return file.startswith(KNOW_PYTEST)
    if top not in OURS:
        return True
    allowed = [*MAY_IMPORT[Path(file).parts[0]], *EXCEPTIONS.get(file, ())]
    if file.startswith(KNOW_REPORTS):
        allowed.append("reports")
    if not any(f"{name}.".startswith(f"{module}.") for module in allowed):
        return False
    return not (file.startswith("probes/") and top == "probes") or runs_down(name, file)


def runs_down(name: str, file: str) -> bool:
    """Whether an import within probes/ stays in its room or leads to a lower one."""
    imported, own = name.split(".")[1], room(file)
    if imported.startswith("__"):  # the version, which no room has
        return True
    return imported == own or FLOORS.index(imported) > FLOORS.index(own)


def room(file: str) -> str:
    return Path(file).with_suffix("").parts[1]


@pytest.mark.parametrize("file", files(*LAYERS))
def test_a_file_imports_only_what_its_layer_may(file: str) -> None:
    """Imports go one way: scenarios to probes, rooms to lower rooms, the replica to itself."""
    assert forbidden_imports((ROOT / file).read_text("utf-8"), file) == []


@pytest.mark.parametrize("file", [file for file in files("probes") if file != "probes/__init__.py"])
def test_a_module_of_probes_is_in_a_room(file: str) -> None:
    """Nothing lies beside the rooms that ARCHITECTURE.md shows."""
    assert room(file) in FLOORS, f"move {file} into a room, or add its room to FLOORS in this file"


def test_no_two_rooms_import_each_other() -> None:
    """Floors alone would let a room import itself in a circle: modules of one room do not
    either.
    """
    graph = {file: set(modules_imported(file)) for file in files("probes")}
    assert circle_in(graph) == []


def modules_imported(file: str) -> Iterator[str]:
    """The files under probes/ that `file` imports at its top level."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    top = ast.unparse(ast.Module([node for node in tree.body if is_import(node)], []))
    for name in imports(top, file):
        for module in (name, name.rpartition(".")[0]):
            path = f"{module.replace('.', '/')}.py"
            if path != file and (ROOT / path).is_file():
                yield path


def is_import(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """Nodes that lead back to themselves, or []; what nothing left imports is taken away first."""
    left = dict(graph)
    while free := [file for file, targets in left.items() if not targets & left.keys()]:
        for file in free:
            del left[file]
    return sorted(left)


def test_a_circle_is_seen() -> None:
    """Two modules that import each other are named, one that is only imported is not."""
    assert circle_in({"a": {"b"}, "b": {"a", "c"}, "c": set()}) == ["a", "b"]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("probes/transport/http.py", "from scenarios.contracts import ROUTES"),
        ("probes/transport/http.py", "import pytest"),
        ("probes/transport/http.py", "from reports.render import junit"),
        ("probes/transport/http.py", "from probes.services import storage"),
        ("probes/transport/http.py", "from probes.auth.users import Member"),
        ("probes/recording/ledger.py", "def f():\n    from probes.transport import http"),
        ("probes/finding.py", "from probes.config.environment import Target"),
        ("probes/runner/target_process.py", "def f():\n    from replica.faults import FAULTS"),
        ("replica/state.py", "import probes.finding"),
        ("replica/services/auth.py", "from ...probes import finding"),
        ("reports/model/run.py", "from probes.config import environment"),
        ("reports/model/run.py", "from probes.recording.recorder import curl"),
        ("scenarios/test_edge.py", "from replica.faults import FAULTS"),
        ("scenarios/test_edge.py", "from tests.conftest import Replica"),
    ],
)
def test_a_forbidden_import_is_seen(file: str, source: str) -> None:
    """The check above catches every arrow that ARCHITECTURE.md forbids, also inside a function."""
    assert forbidden_imports(source, file)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("probes/plugin.py", "import pytest\nfrom reports.render import terminal"),
        (
            "probes/runner/session.py",
            "from probes import __version__\nfrom probes.auth import users",
        ),
        ("probes/transport/tls.py", "from probes.transport import http"),
        (
            "reports/model/run.py",
            "from probes.recording import journal\nfrom probes import finding",
        ),
        ("replica/services/auth.py", "from ..state import ReplicaState"),
        ("scenarios/test_edge.py", "import pytest\nfrom probes.transport import tls"),
    ],
)
def test_a_rightful_import_is_let_through(file: str, source: str) -> None:
    """The check above does not forbid what ARCHITECTURE.md allows."""
    assert forbidden_imports(source, file) == []


def test_every_file_stays_short() -> None:
    """Nobody has to read more than 300 lines to know a module, or a test of it."""
    lengths = {file: lines_of(file) for file in ["conftest.py", *files(*LAYERS, "tests")]}
    assert {file: length for file, length in lengths.items() if length > 300} == {}


def lines_of(file: str) -> int:
    return len((ROOT / file).read_text("utf-8").splitlines())


@pytest.mark.parametrize("file", files(*LAYERS, "tests"))
def test_nothing_has_a_name_that_fits_anything(file: str) -> None:
    """Every module and class says what it is for."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    classes = {node.name.lower() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert not {*Path(file).with_suffix("").parts, *classes} & NAMES_FOR_ANYTHING
