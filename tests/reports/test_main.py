"""`python -m reports`: a finished or killed run told again, by its folder."""

import io
import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from reports.__main__ import main
from tests.reports.conftest import ROOT, Written, finding, flaky, green, killed, parsed, red

FOLDER = "reports/runs/run-1"


def junit_xml() -> Element:
    return parsed(Path(FOLDER, "junit.xml").read_text("utf-8"))


@pytest.mark.parametrize(("make", "code"), [(green, 0), (flaky, 0), (red, 1), (killed, 10)])
def test_a_run_is_told_again_with_its_exit_code(
    written: Written, capsys: pytest.CaptureFixture[str], make: object, code: int
) -> None:
    """Text on the terminal, junit.xml in the folder, and the code that the run itself ended with."""
    assert callable(make)
    make(written)
    assert main([FOLDER]) == code
    assert f"folder: {FOLDER}" in capsys.readouterr().out
    assert len(list(junit_xml().iter("testcase"))) == len(written.load().scenarios)


def test_strict_counts_degraded_as_broken(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """In text, file and code alike."""
    expiring = finding("tls-expiring", "10 days", "certificate")
    written.started("edge/tls").became("edge/tls", "degraded", expiring).ended()
    assert main([FOLDER, "--strict-verdicts"]) == 1
    assert junit_xml().attrib["failures"] == "1"
    assert capsys.readouterr().out.startswith("BROKEN")


@pytest.mark.parametrize(("makes", "code"), [((green, killed), 10), ((killed, red), 1), ((green, None), 4)])
def test_of_several_runs_the_worst_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], makes: tuple[object, ...], code: int
) -> None:
    """Broken over unknown over held, and a folder that cannot be read over all."""
    folders = []
    for number, make in enumerate(makes):
        folders.append(str(tmp_path / str(number)))
        if callable(make):
            journal = Written(tmp_path / str(number))
            make(journal)
            journal.close()
    assert main(folders) == code


def test_a_folder_without_a_run_gets_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong and what to do, on stderr, exit 4."""
    assert main([str(tmp_path)]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "name a folder that a run made" in told.err


def test_a_file_that_cannot_be_written_gets_one_sentence(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback for a folder that is not ours to write."""
    green(written)
    Path(FOLDER, "junit.xml").mkdir()
    assert main([FOLDER]) == 4
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["--nonsense", "x"]])
def test_a_wrong_call_is_bad_input(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 4, as everywhere in this suite, and how to say it."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 4
    assert "say: python -m reports RUN_FOLDER" in capsys.readouterr().err


def test_a_reader_who_leaves_early_is_no_error(written: Written) -> None:
    """`python -m reports ... | head -1` ends quietly with the run's exit code."""
    red(written)
    process = subprocess.Popen(
        [sys.executable, "-m", "reports", str(written.folder.absolute())],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), said) == (1, b"")


def test_it_runs_as_a_module(written: Written) -> None:
    """As the documentation says it."""
    green(written)
    command = [sys.executable, "-m", "reports", str(written.folder.absolute())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert io.StringIO(done.stdout).readline().startswith("HELD: every promise was kept")
