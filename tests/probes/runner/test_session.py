"""A run from its folder to its reports, whatever it is ended by."""

import asyncio
import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from probes.config.environment import Target
from probes.config.timeouts import Timeouts
from probes.finding import EXIT_UNKNOWN, Verdict
from probes.recording import journal
from probes.recording import spans as telemetry
from probes.recording.ledger import NAME as LEDGER
from probes.recording.ledger import Entry, mark_cleaned_up
from probes.runner.attempt import Call
from probes.runner.options import RunOptions, new_run_name
from probes.runner.session import Session
from reports.model.history import strips
from reports.model.run import Run as Report
from reports.model.run import load
from tests.conftest import ROOT
from tests.support.fake_run import VALID, doing, scenario
from tests.support.site import Site, js, target_at

NAMES = ["edge/a", "edge/b"]
Begin = Callable[..., Session]


@pytest.fixture
def begin(target: Target, tmp_path: Path) -> Begin:
    """A session of two scenarios."""

    def made(target: Target = target, **options: Any) -> Session:
        wished = RunOptions(
            tmp_path / "runs" / new_run_name(), **({"concurrency": 2, "confirm": False} | options)
        )
        return Session(wished, target, None, [scenario(name) for name in NAMES], lambda *_: None)

    return made


async def finished(session: Session, *calls: Call) -> Report:
    """As the plugin runs it."""
    session.open(dict(zip(NAMES, calls or (doing(None), doing(None)), strict=True)))
    for name in NAMES:
        await session.run.outcome(name)
    await session.close()
    return await ended(session)


async def ended(session: Session) -> Report:
    """The steps of the end have a loop of their own, where they need one."""
    return (await asyncio.to_thread(session.finish)).report


def verdicts(report: Report) -> list[Verdict]:
    return [scenario.verdict for scenario in report.scenarios]


def folder(session: Session) -> Path:
    return session._options.folder


async def test_a_drive_is_somebodys_through_the_apex_or_another_origin(
    begin: Begin, site: Site
) -> None:
    """Users go through the apex; in the workspace of the environment."""
    session = begin()
    mine, through_api = session.drive("alice"), session.drive("alice", site.origin("api"))
    assert (mine.user.name, mine.workspace) == ("alice", "w-1")
    assert mine.base == f"{site.origin('apex')}/api/svc/storage"
    assert through_api.base == f"{site.origin('api')}/api/svc/storage"
    assert mine.user is through_api.user
    await finished(session)


async def test_a_run_leaves_its_journal_its_spans_and_its_reports(
    begin: Begin, tmp_path: Path
) -> None:
    """In its folder, and where the user wished the JUnit report to be."""
    wished = tmp_path / "wished.xml"
    session = begin(junit=wished)
    report = await finished(session)
    assert (verdicts(report), report.ended) == ([Verdict.HELD] * 2, "completed")
    events = list(journal.read(folder(session)))
    for event in events:
        VALID.validate(event)
    assert [expected["scenario"] for expected in events[0]["expected"]] == NAMES
    assert [event["event"] for event in events[-2:]] == ["spans", "run-finished"]
    spans = (folder(session) / telemetry.NAME).read_text().splitlines()
    assert events[-2]["kept"] == len(spans) == 3
    assert events[0]["trace"] in spans[-1]
    assert "cicd.pipeline.result" in spans[-1]
    for path in (folder(session) / "junit.xml", wished):
        assert [suite.tests for suite in JUnitXml.fromfile(str(path))] == [2]


async def test_a_run_that_is_stopped_says_by_what(begin: Begin) -> None:
    """By the first of several."""
    session = begin()
    session.open(dict.fromkeys(NAMES, asyncio.Event().wait))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    session.stop("SIGTERM")
    session.stop("SIGINT")
    assert [(await session.run.outcome(name)).verdict for name in NAMES] == [Verdict.UNKNOWN] * 2
    await session.close()
    assert (await ended(session)).ended == "SIGTERM"


async def test_a_signal_before_the_loop_is_obeyed_by_it(begin: Begin) -> None:
    """No scenario begins."""
    session = begin()
    session.stop("SIGTERM")
    report = await finished(session)
    assert (verdicts(report), report.ended) == ([Verdict.NOT_RUN] * 2, "SIGTERM")


def test_a_run_whose_loop_never_came_has_its_reports(begin: Begin) -> None:
    """Fixtures failed, or pytest was stopped."""
    session = begin()
    session.stop("SIGINT")
    report = session.finish().report
    assert (verdicts(report), report.ended) == ([Verdict.NOT_RUN] * 2, "SIGINT")
    assert [suite.errors for suite in JUnitXml.fromfile(str(folder(session) / "junit.xml"))] == [2]


async def test_a_run_has_a_deadline(begin: Begin, site: Site) -> None:
    """Whatever still lasts is not known."""
    target = target_at(site, timeouts=Timeouts(run_s=0))
    report = await finished(begin(target), asyncio.Event().wait, doing(None))  # type: ignore[arg-type]
    assert (verdicts(report), report.ended) == ([Verdict.UNKNOWN, Verdict.HELD], "deadline")


async def test_who_leaves_early_ends_the_run(begin: Begin) -> None:
    """Pytest closes fixtures while scenarios are under way."""
    session = begin()
    session.open({"edge/a": doing(None), "edge/b": asyncio.Event().wait})  # type: ignore[dict-item]
    await session.run.outcome("edge/a")
    await session.close()
    report = await ended(session)
    assert (verdicts(report), report.ended) == ([Verdict.HELD, Verdict.UNKNOWN], "stopped-early")


async def test_so_many_failures_as_were_wished_for_end_the_run(begin: Begin) -> None:
    """The command line's wish reaches the run."""
    calls = (doing(AssertionError("no")), asyncio.Event().wait)
    report = await finished(begin(most_failures=1), *calls)  # type: ignore[arg-type]
    assert (verdicts(report), report.ended) == ([Verdict.BROKEN, Verdict.NOT_RUN], "stopped-early")


async def test_a_run_removes_what_it_created(begin: Begin, site: Site) -> None:
    """In the name of alice; what it cannot remove stays in the ledger and is no reason to fail."""
    base = "/api/svc/storage/storage/files/f-1"
    site.says = {
        "POST api/api/svc/auth/api/test/token": js({"accessToken": "t", "refreshToken": "r"}),
        f"DELETE apex{base}": js({"success": True}),
        f"DELETE apex{base}/permanent": js({"success": True}),
    }
    session = begin()
    for identity in ("f-1", "f-2"):
        session.ledger.identify(session.ledger.enter("file", "x"), identity)
    await finished(session)
    assert [
        f"{request.method} apex{request.path}" for request in site.asked if base in request.path
    ] == [
        f"DELETE apex{base}",
        f"DELETE apex{base}/permanent",
    ]
    left = [entry.id for entry in session.ledger.open_entries]
    assert left == ["f-2"]


async def test_a_run_is_alive_until_its_reports_are_written(begin: Begin) -> None:
    """Its ledger is locked, and nobody sweeps under its hands."""
    session, later = begin(), begin()
    name = session.ledger.enter("file", "x")
    assert list(later.ledger.leftovers(session.target.hosts.apex)) == []
    await finished(session)
    [(path, entries)] = later.ledger.leftovers(session.target.hosts.apex)
    assert (path, entries) == (folder(session) / LEDGER, [Entry("file", name)])
    mark_cleaned_up(path, entries[0])
    await finished(later)


STUCK = """
import asyncio, sys, threading
from pathlib import Path
from probes.runner import session
from probes.runner.options import RunOptions
from probes.runner.session import Session
from probes.config.environment import Hosts, Target, Workspace
from probes.config.timeouts import Timeouts
from tests.support.fake_run import scenario

async def block():
    threading.Event().wait()

async def main():
    session.GRACE_S = 0.1
    hosts, timeouts = Hosts("https://a", "https://b"), Timeouts(run_s=0.1)
    target = Target("test", hosts, Workspace("w"), {}, timeouts=timeouts)
    made = Session(
        RunOptions(Path(sys.argv[1]), 2, False, junit=Path(sys.argv[2])), target, None,
        [scenario("edge/a"), scenario("edge/b")], lambda *_: None,
    )
    made.open({"edge/a": block, "edge/b": block})
    await made.run.outcome("edge/a")

asyncio.run(main())
"""


def test_a_loop_that_is_blocked_is_ended_from_outside(tmp_path: Path) -> None:
    """A scenario that never gives the loop back: complete reports, exit code 10, and the process is
    gone.
    """
    run, wished = tmp_path / "20260102T030405Z-abc123", tmp_path / "wished.xml"
    words = [sys.executable, "-c", textwrap.dedent(STUCK), str(run), str(wished)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == EXIT_UNKNOWN, done.stderr
    report = load(run)
    assert (report.ended, verdicts(report)) == ("stuck", [Verdict.UNKNOWN, Verdict.NOT_RUN])
    last = json.loads((run / "run.jsonl").read_text().splitlines()[-1])
    VALID.validate(last)
    assert last["event"] == "run-finished"
    for path in (run / "junit.xml", wished):
        assert [(suite.tests, suite.errors) for suite in JUnitXml.fromfile(str(path))] == [(2, 2)]


async def test_where_folders_do_not_last_the_store_remembers(
    begin: Begin, site: Site, tmp_path: Path
) -> None:
    """A run on another disk knows what became of the promises in the runs before; its own folder is
    not needed.
    """
    identity = replace(target_at(site).identity, state=f"file:{tmp_path / 'state.json'}")
    target = target_at(site, identity=identity)
    first = await finished(begin(target), doing(AssertionError("no")), doing(None))
    shutil.rmtree(first.folder)
    second = await finished(begin(target), doing(AssertionError("no")), doing(None))
    seen = strips(second)[NAMES[0]].entries
    assert [(each.run, each.verdict) for each in seen] == [
        (r.id, Verdict.BROKEN) for r in (first, second)
    ]


async def test_a_store_that_refuses_costs_a_note(begin: Begin, site: Site, tmp_path: Path) -> None:
    """No verdict, no exit code, no traceback."""
    (tmp_path / "state.json").write_text("no JSON")
    identity = replace(target_at(site).identity, state=f"file:{tmp_path / 'state.json'}")
    report = await finished(begin(target_at(site, identity=identity)))
    assert report.exit_code() == 0
    assert [
        note for note in report.notes if note.startswith("the state store did not save this run: ")
    ]
