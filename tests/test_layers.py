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
    "reports": ("reports", "probes.finding", "probes.recording.journal"),
    "replica": ("replica",),
}
EXCEPTIONS = {f"probes/{name}.py": ("reports",) for name in ("plugin", "console", "session", "doctor_checks")}
EXCEPTIONS |= {"reports/prune.py": ("probes.recording.ledger",)}
KNOW_PYTEST = ("probes/plugin.py", "probes/runner/collection.py", "scenarios/")
NAMES_FOR_ANYTHING = frozenset({"core", "base", "common", "utils", "helpers", "manager", "client"})


def files(*folders: str) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported(source: str, file: str) -> Iterator[str]:
    """Every module, and every name in it, that `source` imports: `probes.finding.Code`."""
    package = [*Path(file).parent.parts]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def strays(source: str, file: str) -> list[str]:
    """What `file` imports and may not."""
    allowed = (*MAY_IMPORT[Path(file).parts[0]], *EXCEPTIONS.get(file, ()))
    knows_pytest = file.startswith(KNOW_PYTEST)
    return [
        name
        for name in imported(source, file)
        if (name.partition(".")[0] in OURS and not _within(name, allowed))
        or (name.partition(".")[0] in ("pytest", "_pytest") and not knows_pytest)
    ]


def _within(name: str, allowed: tuple[str, ...]) -> bool:
    return any(f"{name}.".startswith(f"{module}.") for module in allowed)


@pytest.mark.parametrize("file", files(*LAYERS))
def test_a_file_imports_only_what_its_layer_may(file: str) -> None:
    """Imports go one way: scenarios to probes, reports to the journal, the replica to nothing of ours."""
    assert strays((ROOT / file).read_text("utf-8"), file) == []


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("probes/transport/http.py", "from scenarios.contracts import ROUTES"),
        ("probes/transport/http.py", "import pytest"),
        ("probes/transport/http.py", "from reports import junit"),
        ("probes/runner/target_process.py", "def f():\n    from replica.faults import FAULTS"),
        ("replica/state.py", "import probes.finding"),
        ("replica/services/auth.py", "from ...probes import target"),
        ("reports/model/run.py", "from probes import target"),
        ("reports/model/run.py", "from probes.recording.recorder import curl"),
        ("scenarios/test_edge.py", "from replica.faults import FAULTS"),
        ("scenarios/test_edge.py", "from tests.conftest import Replica"),
    ],
)
def test_a_stray_import_is_seen(file: str, source: str) -> None:
    """The check above catches every arrow that ARCHITECTURE.md forbids, also inside a function."""
    assert strays(source, file)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("probes/plugin.py", "import pytest\nfrom reports import terminal"),
        ("reports/model/run.py", "from probes import journal\nfrom probes.finding import Code"),
        ("replica/services/auth.py", "from ..world import World"),
        ("scenarios/test_edge.py", "import pytest\nfrom probes import tls\nfrom scenarios.contracts import ROUTES"),
    ],
)
def test_a_rightful_import_is_let_through(file: str, source: str) -> None:
    """The check above does not forbid what ARCHITECTURE.md allows."""
    assert strays(source, file) == []


@pytest.mark.parametrize("file", files(*LAYERS))
def test_a_file_stays_short(file: str) -> None:
    """Nobody has to read more than 300 lines to know a module."""
    assert len((ROOT / file).read_text("utf-8").splitlines()) < 300


@pytest.mark.parametrize("file", files(*LAYERS, "tests"))
def test_nothing_has_a_name_that_fits_anything(file: str) -> None:
    """Every module and class says what it is for."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    classes = {node.name.lower() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert not {*Path(file).with_suffix("").parts, *classes} & NAMES_FOR_ANYTHING
