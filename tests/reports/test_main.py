"""`python -m reports`: a finished or killed run told again, by its folder."""

import io
import os
import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from reports import __main__ as commands
from reports.__main__ import main
from tests.reports.conftest import ROOT, Written, finding, green, intermittent, killed, parsed, red

FOLDER = "reports/runs/run-1"


def junit_xml() -> Element:
    return parsed(Path(FOLDER, "junit.xml").read_text("utf-8"))


@pytest.mark.parametrize(("make", "code"), [(green, 0), (intermittent, 0), (red, 1), (killed, 10)])
def test_a_run_is_told_again_with_its_exit_code(
    written: Written, capsys: pytest.CaptureFixture[str], make: object, code: int
) -> None:
    """Text on the terminal, junit.xml in the folder, and the code that the run itself ended
    with.
    """
    assert callable(make)
    make(written)
    assert main([FOLDER]) == code
    assert f"folder: {FOLDER}" in capsys.readouterr().out
    assert len(list(junit_xml().iter("testcase"))) == len(written.load().scenarios)


def test_strict_counts_degraded_as_broken(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    """In text, file and code alike."""
    expiring = finding("tls-expiring", "10 days", "certificate")
    written.started("edge/tls").became("edge/tls", "degraded", expiring).ended()
    assert main([FOLDER, "--strict-verdicts"]) == 1
    assert junit_xml().attrib["failures"] == "1"
    assert capsys.readouterr().out.startswith("BROKEN")


@pytest.mark.parametrize(
    ("makes", "code"), [((green, killed), 10), ((killed, red), 1), ((green, None), 4)]
)
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


def test_a_folder_without_a_run_gets_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong and what to do, on stderr, exit 4."""
    assert main([str(tmp_path)]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "name a folder that a run made" in told.err


def test_a_file_that_cannot_be_written_gets_one_sentence(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback for a folder that is not ours to write."""
    green(written)
    Path(FOLDER, "junit.xml").mkdir()
    assert main([FOLDER]) == 4
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--lang", "fr"], ["--nonsense", "x"], ["--prune", "0"]])
def test_a_wrong_call_is_bad_input(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 4, as everywhere in this suite, and how to say it."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 4
    assert "say: python -m reports RUN_FOLDER" in capsys.readouterr().err


def test_no_shards_make_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, and no folder of a run that nobody has made."""
    assert main(["--merge", str(tmp_path / "whole")]) == 4
    assert "no run is named; name the folders" in capsys.readouterr().err
    assert not (tmp_path / "whole").exists()


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


def test_without_a_name_the_newest_run_is_told(
    written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make report` needs no argument; where there is no run it says so."""
    monkeypatch.setattr(commands, "RUNS", Path("reports/runs"))
    Written(Path("reports/runs/run-0")).close()
    green(written)
    assert main([]) == 0
    assert f"folder: {FOLDER}" in capsys.readouterr().out
    monkeypatch.setattr(commands, "RUNS", Path("nowhere"))
    assert main([]) == 4
    assert "nowhere holds no run" in capsys.readouterr().err


def test_markdown_is_printed_and_kept(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """What a workflow pipes into a comment is the file that the run left."""
    red(written)
    assert main([FOLDER, "--markdown"]) == 1
    told = capsys.readouterr().out
    assert told == Path(FOLDER, "report.md").read_text("utf-8")
    assert told.startswith("**BROKEN: 2 of 7")


def test_korean_is_a_word_away(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """Verdict, labels and states in Korean, in text and Markdown alike; junit.xml stays what
    machines know.
    """
    red(written)
    main([FOLDER, "--lang", "ko"])
    assert capsys.readouterr().out.startswith("깨짐: 약속 7개 중 2개가 깨졌습니다")
    assert Path(FOLDER, "report.md").read_text("utf-8").startswith("**깨짐")
    assert "BROKEN" not in Path(FOLDER, "report.md").read_text("utf-8")
    assert junit_xml().find("testsuite/testcase/failure") is not None


def test_two_runs_are_compared_after_the_report(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--against` adds what has changed and leaves the exit code alone; a run that is not there is
    bad input.
    """
    other = Written(tmp_path / "before")
    other.started("edge/a").broken("edge/a").ended().close()
    written.started("edge/a").held("edge/a").ended()
    assert main([FOLDER, "--against", str(tmp_path / "before")]) == 0
    assert "fixed (1):\n  edge/a  BROKEN -> HELD  edge-html-fallback\n" in capsys.readouterr().out
    assert main([FOLDER, "--against", str(tmp_path / "nothing")]) == 4
    capsys.readouterr()
    assert main([FOLDER, "--against", str(tmp_path / "before"), "--markdown"]) == 0
    assert "\n```text\nrun-1 against run-1:\nfixed (1):\n" in capsys.readouterr().out


def test_shards_are_told_as_one(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--merge` makes one run and its reports, with the exit code of the whole; twice into one
    folder is refused.
    """
    other = Written(tmp_path / "shard")
    other.started("edge/b").broken("edge/b").ended().close()
    written.started("edge/a").held("edge/a").ended()
    command = [FOLDER, str(tmp_path / "shard"), "--merge", str(tmp_path / "whole")]
    assert main(command) == 1
    assert capsys.readouterr().out.startswith("BROKEN: 1 of 2 promises")
    assert Path(tmp_path, "whole", "junit.xml").is_file()
    assert main(command) == 4
    assert capsys.readouterr().err.count("\n") == 1


def test_pruning_says_what_is_gone(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each folder that was removed by name; a folder that is not there is bad input."""
    for number in range(3):
        old = Written(tmp_path / "runs" / f"run-{number}")
        old.started("edge/a").held("edge/a").ended().close()
    assert main(["--prune", "2", str(tmp_path / "runs")]) == 0
    assert capsys.readouterr().out == f"removed {tmp_path / 'runs' / 'run-0'}\n"
    assert main(["--prune", "2", str(tmp_path / "nothing")]) == 4


ASCII = {"PATH": os.environ.get("PATH", ""), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}


@pytest.mark.parametrize("options", [(), ("-vv",), ("--markdown",)])
def test_a_terminal_that_knows_only_ascii_gets_escapes(
    written: Written, options: tuple[str, ...]
) -> None:
    """Korean letters are spelled out, and the exit code is that of the run."""
    written.started("edge/위리스트").broken("edge/위리스트").ended()
    folder = str(written.folder.absolute())
    command = [sys.executable, "-m", "reports", folder, "--lang", "ko", *options]
    done = subprocess.run(command, cwd=ROOT, env=ASCII, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"\\uae68\\uc9d0" in done.stdout


def test_pruning_names_folders_in_any_encoding(written: Written, tmp_path: Path) -> None:
    """What is removed is named, whatever it is called."""
    for number in range(2):
        with_name = Written(tmp_path / "runs" / f"위{number}", 1_790_000_000.0 + number)
        with_name.started("edge/a").held("edge/a").ended().close()
    command = [sys.executable, "-m", "reports", "--prune", "1", str(tmp_path / "runs")]
    done = subprocess.run(command, cwd=ROOT, env=ASCII, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\uc7040" in done.stdout


def test_every_promise_is_listed_where_that_is_asked_for(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    """-v adds a table, -vv what was exchanged."""
    red(written)
    lengths = []
    for option in ("", "-v", "-vv"):
        main([FOLDER, *filter(None, [option])])
        lengths.append(capsys.readouterr().out)
    assert ["edge/health" in text for text in lengths] == [False, True, True]
    assert ["exchanges" in text for text in lengths] == [False, False, True]
