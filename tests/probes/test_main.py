"""`python -m probes`: what it knows, and what it says of what it does not."""

import importlib

import pytest

from probes.__main__ import COMMANDS, main
from probes.finding import EXIT_BAD_INPUT


@pytest.mark.parametrize("arguments", [[], ["docter"], ["--help"]])
def test_a_command_that_is_none_is_bad_input(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names those there are."""
    assert main(arguments) == EXIT_BAD_INPUT
    said = capsys.readouterr().err
    assert all(command in said for command in COMMANDS)


@pytest.mark.parametrize("module", COMMANDS.values())
def test_every_command_has_a_main(module: str) -> None:
    """The table leads to what can be run."""
    assert callable(importlib.import_module(module).main)
