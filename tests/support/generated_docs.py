"""The generated tables of the docs: `python -m tests.support.generated_docs` puts them in."""

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from replica.faults import FAULTS
from tests.fault_matrix.rows import MATRIX

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "README.md"


def promises() -> Iterator[tuple[str, str, str]]:
    """(scenario without parameters, its promise, the incident that taught it), in the order in
    which they stand.
    """
    for path in sorted((ROOT / "scenarios").glob("test_*.py")):
        module = importlib.import_module(f"scenarios.{path.stem}")
        for name, function in vars(module).items():
            if name.startswith("test_") and isinstance(function, FunctionType):
                family = f"{path.stem.removeprefix('test_')}/{name.removeprefix('test_').replace('_', '-')}"
                yield (
                    family,
                    (inspect.getdoc(function) or "").split("\n")[0],
                    _incident(module, function),
                )


def _incident(module: ModuleType, function: FunctionType) -> str:
    own, general = getattr(function, "pytestmark", []), getattr(module, "pytestmark", [])
    marks: list[Any] = [*own, *(general if isinstance(general, list) else [general])]
    return next(
        (m.kwargs["incident"] for m in marks if m.name == "promise" and "incident" in m.kwargs), ""
    )


def _breadth(row: tuple[str, dict[str, str]]) -> tuple[int, str]:
    """Faults that break little come first: they say most about the scenario."""
    return len(row[1]), row[0]


def scenario_table() -> str:
    lines = ["| scenario | promise | taught by | broken by |", "|---|---|---|---|"]
    for family, promise, incident in promises():
        faults = [
            f
            for f, row in sorted(MATRIX.items(), key=_breadth)
            if any(s.partition("[")[0] == family for s in row)
        ]
        shown = ", ".join(f"`{fault}`" for fault in faults[:3]) + (
            f" and {len(faults) - 3} more" if faults[3:] else ""
        )
        lines.append(f"| `{family}` | {promise} | {incident} | {shown} |")
    return "\n".join(lines)


def fault_table() -> str:
    lines = ["| fault | rehearses | leads to |", "|---|---|---|"]
    for name, fault in sorted(FAULTS.items()):
        codes = sorted({str(code) for code in MATRIX[name].values()})
        links = ", ".join(f"[{code}](docs/runbooks/{code}.md)" for code in codes)
        lines.append(f"| `{name}` | {fault.rehearses} | {links} |")
    return "\n".join(lines)


TABLES = {"scenarios": scenario_table, "faults": fault_table}


def filled(page: str) -> str:
    """`page` with every table between its marks."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        head, tail = page.partition(begin)[0], page.partition(end)[2]
        page = f"{head}{begin}\n{table()}\n{end}{tail}"
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
