"""`python -m probes explain`: a runbook for whoever has a code and no browser."""

import os
import subprocess
import sys

import pytest

from probes.finding import Code
from reports.explain import main, meaning
from reports.render.languages import LANGUAGES, words
from tests.reports.conftest import ROOT


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_is_explained(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole runbook, ready to copy commands from."""
    assert main(["upload-lost", "--lang", language]) == 0
    assert capsys.readouterr().out == words(language).runbook("upload-lost")


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, with what it means to users."""
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(Code)
    assert [line for line in lines if len(line.split()) < 5] == []


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("upload-los", "did you mean upload-lost?"),
        ("qqq", "lists them all"),
        ("../unknown", "did you mean unknown?"),
    ],
)
def test_a_code_that_is_none_gets_one_sentence(
    code: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 4, and the code that was probably meant."""
    assert main([code]) == 4
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert hint in told.err


def test_a_wrong_call_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 4, and how to say it."""
    with pytest.raises(SystemExit) as ended:
        main(["upload-lost", "--lang", "fr"])
    assert ended.value.code == 4
    assert "say: python -m probes explain CODE" in capsys.readouterr().err


def test_the_meaning_is_one_line() -> None:
    """A paragraph over two lines is one sentence after the other."""
    assert meaning("# a\n\nOne\ntwo.\n\n## How\n\nthree") == "One two."


def test_it_runs_as_the_documents_say() -> None:
    """A command of `python -m probes`; one that is none is named with those that are."""
    command = [sys.executable, "-m", "probes"]
    done = subprocess.run(
        [*command, "explain", "tls-invalid"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# tls-invalid\n")
    done = subprocess.run(
        [*command, "explode"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert "explain" in done.stderr


def test_a_terminal_that_knows_only_ascii_gets_escapes() -> None:
    """A Korean runbook is spelled out instead of ending in a traceback."""
    environ = {"PATH": os.environ.get("PATH", ""), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "probes", "explain", "upload-lost", "--lang", "ko"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u" in done.stdout
