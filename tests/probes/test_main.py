"""`python -m probes`: what it knows, and what it says of what it does not."""

import importlib
import os
import subprocess
import sys

import pytest

from probes.__main__ import COMMANDS, main
from probes.finding import EXIT_BAD_INPUT, EXIT_HELD
from tests.conftest import ROOT


@pytest.mark.parametrize("arguments", [[], ["docter"], ["--hlep"]])
def test_a_command_that_is_none_is_bad_input(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names those there are."""
    assert main(arguments) == EXIT_BAD_INPUT
    said = capsys.readouterr().err
    assert all(command in said for command in COMMANDS)


@pytest.mark.parametrize("asked", ["--help", "-h", "help"])
def test_help_lists_the_commands(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with what it is for, on standard output."""
    assert main([asked]) == EXIT_HELD
    lines = capsys.readouterr().out.splitlines()
    for name, (_, purpose) in COMMANDS.items():
        assert any(line.split(maxsplit=1) == [name, purpose] for line in lines)


def test_a_terminal_without_unicode_gets_escapes() -> None:
    """Korean runbooks are longer on an ASCII terminal, and complete."""
    words = [sys.executable, "-m", "probes", "explain", "upload-lost", "--lang", "ko"]
    environ = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    shown = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, check=False)
    assert (shown.returncode, shown.stderr) == (EXIT_HELD, b"")
    assert b"\\u" in shown.stdout


@pytest.mark.parametrize("module", [module for module, _ in COMMANDS.values()])
def test_every_command_has_a_main(module: str) -> None:
    """The table leads to what can be run."""
    assert callable(importlib.import_module(module).main)
