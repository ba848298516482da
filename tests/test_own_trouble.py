"""The suite's own trouble: the reports are as complete as can be, people are told what to do, and
the exit code is neither that of a kept promise nor that of a broken one.
"""

import signal
import subprocess
from pathlib import Path

import pytest

from probes.finding import EXIT_BAD_INPUT, EXIT_HELD, EXIT_UNKNOWN
from tests.conftest import Ended, begin, ended
from tests.support.custom_scenarios import IMPORTS, run_with
from tests.test_stopped_runs import OWN, await_event, check_complete, scenario_file

NOWHERE = """
[hosts]
apex = "https://wealist.localhost:1"
api = "https://api.wealist.localhost:1"
[workspace]
id = "w-1"
"""
KEPT = """
async def test_a_promise_is_kept():
    "This is kept."
"""
BROKEN = """
async def test_a_promise_is_broken():
    "This is broken."
    raise broken_promise(Code.UPLOAD_LOST, "the file is not there", "storage-service")
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    """An environment whose target nobody asks."""
    path = tmp_path / "nowhere.toml"
    path.write_text(NOWHERE)
    return str(path)


def run(file: str, folder: Path, text: str, *arguments: str, **variables: str) -> Ended:
    return run_with(file, folder, text, "--no-confirm", *arguments, **variables)


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("text", [KEPT, BROKEN])
@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (
            (
                "from probes.browser.browser import Browser\nasync def boom(self):\n"
                "    raise RuntimeError('no home directory')\nBrowser.close = boom\n"
            ),
            "The suite itself: closing the browser failed with RuntimeError: no home directory.",
        ),
        (
            (
                "from probes.transport.http import Web\nasync def boom(self):\n"
                "    raise MemoryError\nWeb.close = boom\n"
            ),
            "The suite itself: closing connections failed with MemoryError.",
        ),
        (
            (
                "from reports.render import markdown\ndef boom(*_, **__):\n"
                "    raise ZeroDivisionError('division by zero')\nmarkdown.text = boom\n"
            ),
            "The suite itself: writing the reports failed with ZeroDivisionError",
        ),
        (
            (
                "from reports.render import terminal\ndef boom(*_, **__):\n"
                "    raise LookupError('no such word')\nterminal.show = boom\n"
            ),
            "The suite itself: showing the report failed with LookupError: no such word.",
        ),
        (
            (
                "@pytest.fixture(scope='session', autouse=True)\ndef lent():\n    yield\n"
                "    raise ValueError('not given back')\n"
            ),
            "The suite itself: teardown of ",
        ),
    ],
    ids=["browser", "memory", "reports", "terminal", "fixture"],
)
def test_a_failure_of_ours_at_the_end_is_no_verdict(
    trouble: str, sentence: str, text: str, file: str, tmp_path: Path
) -> None:
    """Exit code 10 over a kept and over a broken promise, and the JUnit report is there."""
    done = run(file, tmp_path, trouble + text)
    assert done.code == EXIT_UNKNOWN, done.output
    assert sentence in one_line(done.output)
    check_complete(done)


def test_a_scenario_that_ends_the_process_ends_itself_only(file: str, tmp_path: Path) -> None:
    """SystemExit of a library is UNKNOWN, and the other promises are asked."""
    leaves = 'async def test_it_leaves():\n    "This leaves."\n    raise SystemExit(0)\n'
    done = run(file, tmp_path, leaves + BROKEN)
    assert done.codes == {
        "own/it-leaves": "unknown",
        "own/a-promise-is-broken": "upload-lost",
    }, done.output


@pytest.mark.parametrize("text", ["async def test_x(:\n", "import no_such_module\n"])
def test_what_cannot_be_collected_is_not_green(text: str, file: str, tmp_path: Path) -> None:
    """Nor is it broken."""
    done = run(file, tmp_path, text)
    assert (done.code, done.folder) == (EXIT_UNKNOWN, None), done.output


@pytest.mark.parametrize("words", [("-n", "2"), ("-nauto",), ("--numprocesses=3",)])
def test_many_processes_are_refused(words: tuple[str, ...], file: str, tmp_path: Path) -> None:
    """With one sentence, whether pytest-xdist is installed or not."""
    done = run(file, tmp_path, KEPT, *words)
    assert (done.code, done.folder) == (EXIT_BAD_INPUT, None), done.output
    assert "-n of pytest-xdist does not work here: all scenarios already run" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "name",
    [
        "OTEL_SPAN_EVENT_COUNT_LIMIT",
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        "OTEL_EXPORTER_OTLP_TIMEOUT",
    ],
)
def test_a_limit_of_opentelemetry_is_a_number(name: str, file: str, tmp_path: Path) -> None:
    """The variable is named, and nothing is asked."""
    done = run(file, tmp_path, KEPT, **{name: "12 MiB"})
    assert (done.code, done.folder) == (EXIT_BAD_INPUT, None), done.output
    assert f"{name} must be a whole number, not '12 MiB'" in done.output


def test_a_reader_may_leave_early(file: str, tmp_path: Path) -> None:
    """As `head -1` does: the run goes on, and ends with the code of its verdict."""
    own = scenario_file(tmp_path, IMPORTS + KEPT)
    process = begin(tmp_path / "runs", *OWN, "--env", file, "-v", scenarios=own)
    assert process.stdout
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == EXIT_HELD
    assert list((tmp_path / "runs").glob("*/report.html"))


def test_a_terminal_need_not_know_every_letter(file: str, tmp_path: Path) -> None:
    """Korean on an ASCII terminal is escaped."""
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = run(file, tmp_path, BROKEN, "--lang", "ko", **ascii_only)
    assert "\\u" in done.output
    assert "Traceback" not in done.output
    check_complete(done)


def test_a_step_summary_that_cannot_be_written_is_not_the_target_s(
    file: str, tmp_path: Path
) -> None:
    """A folder in its place: the promise was kept, and the code says that we are to act."""
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path)}
    done = run(file, tmp_path, KEPT, **variables)
    assert done.code == EXIT_UNKNOWN, done.output
    assert "IsADirectoryError" in done.output
    assert "Traceback" not in done.output
    check_complete(done)


VANISHES = """
import shutil
from pathlib import Path

async def test_the_folder_vanishes():
    "This removes the run's folder."
    for journal in Path(os.environ["RUNS"]).glob("*/run.jsonl"):
        shutil.rmtree(journal.parent)
"""


@pytest.mark.parametrize("text", [KEPT, BROKEN])
def test_a_run_whose_folder_vanishes_is_reported(text: str, file: str, tmp_path: Path) -> None:
    """The journal and the reports are there again, every verdict in them."""
    done = run(file, tmp_path, VANISHES + text, RUNS=str(tmp_path / "runs"))
    assert done.code == EXIT_UNKNOWN, done.output
    assert "vanished during the run" in one_line(done.output)
    assert len(done.report.scenarios) == 2
    assert ("own/a-promise-is-broken" in done.codes) == (text == BROKEN)
    check_complete(done)


FULL = """
import resource

async def test_the_disk_is_full():
    "From now on no file can grow."
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))
"""


@pytest.mark.parametrize("text", [KEPT, BROKEN])
def test_a_run_on_a_full_disk_is_shown(text: str, file: str, tmp_path: Path) -> None:
    """No file can be written: the terminal has the verdicts, and says what is missing."""
    done = run(file, tmp_path, FULL + text, "--probe-concurrency", "1")
    assert done.code == EXIT_UNKNOWN, done.output
    assert "could not be written (File too large)" in one_line(done.output)
    assert "Traceback" not in done.output
    assert ("upload-lost" in done.output) == (text == BROKEN)


IMPATIENT = """
import time
from probes.runner import session
session.GRACE_S = 0.5
"""
BLOCKED = """
async def test_the_loop_is_blocked():
    "Nothing else has its turn any more."
    time.sleep(60)
"""
CLOSED = """
async def test_the_loop_is_stopped():
    "A mistake of ours ends the loop under the run."
    asyncio.get_running_loop().stop()
    time.sleep(60)
"""


@pytest.mark.parametrize("disk", ["", FULL], ids=["", "full disk"])
@pytest.mark.parametrize("stuck", [BLOCKED, CLOSED], ids=["blocked", "stopped"])
def test_a_run_that_is_stuck_ends_by_its_deadline(
    stuck: str, disk: str, file: str, tmp_path: Path
) -> None:
    """Whatever else is wrong: people get the verdicts that there are, and the process is gone."""
    path = Path(file)
    path.write_text(path.read_text() + "\n[timeouts]\nrun_s = 2\n")
    text = IMPATIENT + BROKEN + disk + stuck
    done = run(file, tmp_path, text, "--probe-concurrency", "1")
    assert done.code == EXIT_UNKNOWN, done.output
    assert "upload-lost" in done.output
    assert "Traceback" not in done.output
    assert bool(disk) is ("could not be written" in one_line(done.output))
    assert "suite health" in done.output


STUBBORN = """
async def test_it_takes_its_time_to_end():
    "This lasts, and closes slowly."
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(1)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_changes_nothing(number: signal.Signals, file: str, tmp_path: Path) -> None:
    """Whoever presses Ctrl-C again and again gets the reports, and no traceback."""
    own = scenario_file(tmp_path, IMPORTS + STUBBORN)
    process = begin(tmp_path / "runs", *OWN, "--env", file, scenarios=own)
    await_event(tmp_path / "runs", lambda e: e["event"] == "attempt-started", process)
    while process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    done = ended(process, tmp_path / "runs")
    assert (done.code, done.report.ended) == (EXIT_UNKNOWN, number.name), done.output
    assert "Traceback" not in done.output
    check_complete(done)


def test_a_store_below_a_home_that_nobody_has_is_bad_input(file: str, tmp_path: Path) -> None:
    """A state file under ~ of a user that this machine does not know is told before anything is
    asked, with what to name instead.
    """
    path = Path(file)
    path.write_text(
        path.read_text() + '\n[identity]\nstate = "file:~nobody-of-that-name/state.json"\n'
    )
    done = run(file, tmp_path, KEPT)
    assert done.code == EXIT_BAD_INPUT, done.output
    assert "name a full path" in one_line(done.output)
    assert "Traceback" not in done.output


@pytest.mark.parametrize("words", [(), ("-p", "no:terminal")], ids=["home", "reporter"])
def test_a_run_needs_no_home_and_no_reporter(
    words: tuple[str, ...], file: str, tmp_path: Path
) -> None:
    """A container's user often has none; a plugin that is off takes its options along."""
    done = run(file, tmp_path, KEPT, *words, HOME="")
    assert done.code == EXIT_HELD, done.output
