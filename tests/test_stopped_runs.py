"""However a run ends, its reports are complete, nobody else is blamed, and nothing of it is left
over.
"""

import contextlib
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from junitparser import JUnitXml

from probes.finding import EXIT_UNKNOWN, Verdict
from tests.conftest import ROOT, Ended, Replica, begin, ended, events
from tests.support.soak_runs import IMAGES_STAY

# Scenarios of a user's own, outside the project, run with the project's settings.
OWN = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "probes.plugin"]
PROMISE = (
    "import asyncio, os, signal\nimport psutil, pytest\npytestmark = "
    "pytest.mark.promise(owner='tests')\n"
)


def scenario_file(folder: Path, text: str) -> str:
    """A user's own scenarios, outside the project's folder."""
    path = folder / "test_own.py"
    path.write_text(PROMISE + text)
    return str(path)


def environment(replica: Replica, folder: Path, *changes: str) -> str:
    """The replica's environment with `changes` (`run_s = 1`) made to it."""
    text = replica.environment.read_text()
    for change in changes:
        name = change.split(" ")[0]
        text = "\n".join(
            change if line.startswith(f"{name} =") else line for line in text.splitlines()
        )
    path = folder / "changed.toml"
    path.write_text(text)
    return str(path)


def await_event(
    runs: Path, wanted: Callable[[dict[str, Any]], bool], process: subprocess.Popen[str]
) -> Path:
    """The folder of the run, once its journal has an event that is `wanted`."""
    while process.poll() is None:
        for journal in runs.glob("*/run.jsonl"):
            if any(wanted(event) for event in events(journal.parent)):
                return journal.parent
        time.sleep(0.02)
    raise AssertionError(f"the run ended before that: {process.communicate()[0]}")


def check_complete(run: Ended) -> None:
    """Every scenario that was expected is in the JUnit report once."""
    assert run.folder
    suite = next(iter(JUnitXml.fromfile(str(run.folder / "junit.xml"))))
    names = [(case.classname, case.name) for case in suite]
    assert len(names) == len(set(names)) == len(run.report.scenarios)


SLOW = """
async def test_a_quick_one_is_kept():
    "This is kept."

async def test_a_slow_one_is_under_way():
    "This lasts."
    await asyncio.sleep(60)

async def test_another_waits_for_its_turn():
    "This has not begun."
    await asyncio.sleep(60)
"""


@contextlib.contextmanager
def default_action(number: signal.Signals) -> Iterator[None]:
    """Who is started meanwhile does not inherit that the signal is ignored, as under nohup."""
    before = signal.getsignal(number)
    if before is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_run_in_order(
    number: signal.Signals, replica: Replica, tmp_path: Path
) -> None:
    """What was done is told, what was under way is UNKNOWN, what had not begun is NOT RUN."""
    own = scenario_file(tmp_path, SLOW)
    arguments = [*OWN, "--env", str(replica.environment), "--probe-concurrency", "2"]
    with default_action(number):
        process = begin(tmp_path / "runs", *arguments, scenarios=own)
    await_event(tmp_path / "runs", lambda e: e["event"] == "scenario-finished", process)
    process.send_signal(number)
    run = ended(process, tmp_path / "runs")
    assert run.code == EXIT_UNKNOWN, run.output
    assert run.report.ended == number.name
    assert [s.verdict for s in run.report.scenarios] in (
        [Verdict.HELD, Verdict.UNKNOWN, Verdict.UNKNOWN],
        [Verdict.HELD, Verdict.UNKNOWN, Verdict.NOT_RUN],
    )
    check_complete(run)


def test_a_run_ends_by_its_own_deadline(replica: Replica, tmp_path: Path) -> None:
    """A run whose time is over stops what is under way and says so."""
    own = scenario_file(tmp_path, SLOW)
    file = environment(replica, tmp_path, "run_s = 2")
    run = ended(begin(tmp_path / "runs", *OWN, "--env", file, scenarios=own), tmp_path / "runs")
    assert (run.code, run.report.ended) == (EXIT_UNKNOWN, "deadline"), run.output
    check_complete(run)


def test_a_killed_run_can_still_be_read(replica: Replica, tmp_path: Path) -> None:
    """SIGKILL leaves a journal from which every report can be made."""
    own = scenario_file(tmp_path, SLOW)
    process = begin(tmp_path / "runs", *OWN, "--env", str(replica.environment), scenarios=own)
    folder = await_event(tmp_path / "runs", lambda e: e["event"] == "scenario-finished", process)
    process.kill()
    assert ended(process, tmp_path / "runs").code == -signal.SIGKILL
    again = subprocess.run(
        [sys.executable, "-m", "reports", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == EXIT_UNKNOWN, again.stderr
    assert "killed" in again.stdout
    check_complete(Ended(again.returncode, again.stdout, folder))


CRASHES = """
async def test_a_mistake_of_ours_is_ours():
    "This fails by our own mistake."
    {}["missing"]

async def test_the_next_one_holds():
    "This is kept."
"""


def test_a_mistake_in_a_scenario_blames_nobody(replica: Replica, tmp_path: Path) -> None:
    """An exception that nobody explains is UNKNOWN, its traceback kept, and the others go on."""
    own = scenario_file(tmp_path, CRASHES)
    arguments = [*OWN, "--env", str(replica.environment)]
    run = ended(begin(tmp_path / "runs", *arguments, scenarios=own), tmp_path / "runs")
    first, second = run.report.scenarios
    assert (run.code, first.verdict, second.verdict) == (
        EXIT_UNKNOWN,
        Verdict.UNKNOWN,
        Verdict.HELD,
    ), run.output
    assert "KeyError" in first.notes[-1]


BROWSER_DIES = """
def kill():
    for child in psutil.Process().children(recursive=True):
        if "headless_shell" in child.name() or "chrom" in child.name():
            child.kill()

async def test_a_page_whose_browser_dies(browser):
    "The browser is killed under this page."
    async with browser.visit("/") as visit:
        kill()
        await visit.page.reload()

@pytest.mark.alone
async def test_the_next_page_gets_a_new_browser(browser):
    "The app opens."
    async with browser.visit("/") as visit:
        await visit.page.title()
"""


def test_a_browser_that_dies_takes_no_other_scenario_along(
    replica: Replica, tmp_path: Path
) -> None:
    """Its own scenario is UNKNOWN; the next one has a browser again."""
    own = scenario_file(tmp_path, BROWSER_DIES)
    arguments = [*OWN, "--env", str(replica.environment), "--probe-concurrency", "1"]
    run = ended(begin(tmp_path / "runs", *arguments, scenarios=own), tmp_path / "runs")
    first, second = run.report.scenarios
    assert (first.verdict, second.verdict) == (Verdict.UNKNOWN, Verdict.HELD), run.output


UPLOADS = """
async def test_something_is_uploaded_and_then_time_passes(drive_of):
    "A file is in the drive."
    await drive_of("alice").upload("left.txt", b"left behind")
    await asyncio.sleep(60)
"""


def test_what_a_killed_run_created_is_swept_by_the_next(replica: Replica, tmp_path: Path) -> None:
    """Kill a run after its upload, look: the file is there. Run again, look: it is gone, object
    included.
    """
    before = replica.state()
    own = scenario_file(tmp_path, UPLOADS)
    arguments = [*OWN, "--env", str(replica.environment)]
    process = begin(tmp_path / "runs", *arguments, scenarios=own)
    await_event(
        tmp_path / "runs",
        lambda e: e.get("method") == "POST" and "confirm" in e.get("url", ""),
        process,
    )
    process.kill()
    ended(process, tmp_path / "runs")
    assert replica.state() != before
    run = ended(
        begin(tmp_path / "runs", "--env", str(replica.environment), "-k", "byte_for_byte"),
        tmp_path / "runs",
    )
    assert run.code == 0, run.output
    assert replica.state() == before


def test_a_run_leaves_no_process_and_nothing_in_the_target(
    replica: Replica, tmp_path: Path
) -> None:
    """After a whole run the target is as it was before, and no browser or driver is left."""
    before, mark = replica.state(), secrets.token_hex(8)
    run = ended(
        begin(tmp_path / "runs", "--env", str(replica.environment), MARK=mark), tmp_path / "runs"
    )
    assert run.code == 0, run.output
    assert _deletable(replica.state()) == _deletable(before)
    assert _marked(mark) == []


def test_a_killed_run_leaves_no_process(replica: Replica, tmp_path: Path) -> None:
    """SIGKILL of the suite takes browser and driver along."""
    mark = secrets.token_hex(8)
    process = begin(tmp_path / "runs", "--env", str(replica.environment), "-k", "page", MARK=mark)
    await_event(
        tmp_path / "runs",
        lambda e: e.get("kind") == "page" and e["scenario"].startswith("storage/"),
        process,
    )
    process.kill()
    ended(process, tmp_path / "runs")
    psutil.wait_procs(_marked(mark), timeout=20)
    assert _marked(mark) == []


def _marked(mark: str) -> list[psutil.Process]:
    """Processes that inherited the mark in their environment, whatever session they put themselves
    in.
    """
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("MARK") == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _deletable(state: dict[str, Any]) -> dict[str, Any]:
    """Without images of chats and profiles: weAlist has no way to delete one."""
    groups = {group: kinds for group, kinds in state.items() if isinstance(kinds, dict)}
    return {group: _without_images(kinds) for group, kinds in groups.items()}


def _without_images(kinds: dict[str, Any]) -> dict[str, Any]:
    return {kind: value for kind, value in kinds.items() if kind not in IMAGES_STAY}
