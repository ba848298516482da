"""README.md tells the truth: its tables are made from the code, its commands run, its outputs are
what they print.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Probe
from tests.fault_matrix.rows import MATRIX
from tests.support.generated_docs import PAGE, filled, promises

TEXT = PAGE.read_text("utf-8")
BLOCKS = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)


def test_the_tables_are_fresh() -> None:
    """`python -m tests.support.generated_docs` would change nothing."""
    assert filled(TEXT) == TEXT


def test_every_scenario_can_be_broken() -> None:
    """A promise that no fault breaks proves nothing."""
    broken = {scenario.partition("[")[0] for row in MATRIX.values() for scenario in row}
    assert {family for family, _, _ in promises()} == broken


def test_every_promise_is_said_and_taught() -> None:
    """The first line of a scenario's docstring is the promise; its mark names what taught it."""
    assert [
        family
        for family, promise, incident in promises()
        if not (promise.endswith(".") and incident)
    ] == []


def shape(text: str) -> str:
    """Output without what differs from run to run, on one line: where it wraps hangs on how long
    numbers are.
    """
    numbers = r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{8}T\d+Z-\w+|v1-\w+|\d+(\.\d+)?"
    return re.sub(numbers, "#", " ".join(text.split()))


@pytest.mark.parametrize(("number", "faults"), [(0, []), (1, ["storage-base-path-mismatch"])])
def test_the_outputs_are_what_is_printed(
    number: int, faults: list[str], probe: Probe, tmp_path: Path
) -> None:
    """Each line that README shows of a run is printed by one, numbers aside."""
    run = probe(
        "-q", "--env", "replica", *(word for fault in faults for word in ("--fault", fault))
    )
    assert run.code == (1 if faults else 0)
    printed = shape(run.output.replace(str(tmp_path), "reports/runs"))
    # README leaves out what stands behind an ellipsis, and the replica's own certificate.
    shown = [shape(re.split(r"\.\.\.|--cacert", line)[0]) for line in BLOCKS[number].splitlines()]
    assert [line for line in shown if line not in printed] == []


def test_the_commands_exist() -> None:
    """Every make target that README names is one, and every module that it runs can be run."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z]+)", TEXT)) <= targets
    for module in set(re.findall(r"python -m ((?:probes|reports|replica)[.\w]*)", TEXT)):
        asked = [
            sys.executable,
            "-c",
            f"import importlib.util as u; assert u.find_spec({module!r})",
        ]
        subprocess.run(asked, cwd=ROOT, check=True)
