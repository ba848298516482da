"""README.md and the generated documents tell the truth: tables are made from the code, commands
run, outputs are what they print.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Probe
from tests.fault_matrix.rows import MATRIX
from tests.support.generated_docs import pages, promises
from tests.support.readme_outputs import RUNS, arguments, blocks, excerpt, shape, with_outputs

TEXT = (ROOT / "README.md").read_text("utf-8")
LONGEST = 150  # lines


def test_readme_is_short() -> None:
    """A stranger reads it in five minutes."""
    assert len(TEXT.splitlines()) <= LONGEST, f"shorten README.md to {LONGEST} lines"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_generated_page_is_fresh(page: Path) -> None:
    """`make readme` would change nothing."""
    stale = f"run `make readme`: docs/{page.name} does not follow the code"
    assert page.read_text("utf-8") == pages()[page], stale


def test_every_scenario_can_be_broken() -> None:
    """A promise that no fault breaks proves nothing."""
    broken = {scenario.partition("[")[0] for row in MATRIX.values() for scenario in row}
    unbroken = sorted({promise.scenario for promise in promises()} - broken)
    message = "add a row that breaks {} to tests/fault_matrix"
    assert unbroken == [], message.format(", ".join(unbroken))


def test_every_promise_has_a_title_and_a_source() -> None:
    """The first paragraph of a scenario's docstring is the promise; its mark names the source."""
    untitled = [p.scenario for p in promises() if not p.text.endswith(".")]
    untaught = [p.scenario for p in promises() if not p.incident]
    assert untitled == [], f"add a promise as first line of the docstring to {untitled}"
    assert untaught == [], f"add incident=... to pytest.mark.promise of {untaught}"


@pytest.mark.parametrize("number", range(len(RUNS)))
def test_the_outputs_are_what_is_printed(number: int, probe: Probe, tmp_path: Path) -> None:
    """Each line that README shows of a run is printed by one, numbers aside."""
    run = probe(*arguments(RUNS[number]), COLUMNS="100")
    assert run.code == (1 if RUNS[number] else 0)
    printed = shape(run.output.replace(str(tmp_path), "reports/runs"))
    assert blocks(TEXT)[number], "run `make readme`: README.md shows no output"
    shown = blocks(TEXT)[number].removesuffix("...\n").splitlines()
    missing = [line for line in shown if shape(line) not in printed]
    assert missing == [], "run `make readme`: the output in README.md is an old one"


def test_a_long_output_is_cut() -> None:
    """Whatever a run prints, README stays short, and says where it leaves something out."""
    assert excerpt("a\nb  \n\n") == "a\nb\n"
    assert excerpt("line\n" * 31) == "line\n" * 30 + "...\n"


def test_outputs_are_put_into_their_blocks() -> None:
    """Each block gets its own output, an empty block too, and nothing else changes."""
    page = "a\n```text\n```\nb\n```text\nold\n```\n"
    assert blocks(with_outputs(page, ["1\n", "2\n"])) == ["1\n", "2\n"]
    assert with_outputs(page, ["", "old\n"]) == page


def test_the_commands_exist() -> None:
    """Every make target that README names is one, and every module that it runs can be run."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    missing = set(re.findall(r"`?make ([a-z-]+)", TEXT)) - targets
    assert missing == set(), f"add {missing} to Makefile"
    for module in set(re.findall(r"python -m ((?:probes|reports|replica)[.\w]*)", TEXT)):
        found = f"import importlib.util as u; assert u.find_spec({module!r})"
        subprocess.run([sys.executable, "-c", found], cwd=ROOT, check=True)
