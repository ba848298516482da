"""Every verdict of a run is told in every report, and fails the run only where it shall."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probes.finding import EXIT_BROKEN, EXIT_HELD, EXIT_UNKNOWN, Code, Verdict
from tests.conftest import Ended, Probe, Replica
from tests.support.custom_scenarios import run_own
from tests.support.junit_cases import cases, problems, properties

CERTIFICATE = "edge/the-certificate-holds[api]"


def attempts(run: Ended, scenario: str) -> list[Verdict | None]:
    found = next(each for each in run.report.scenarios if each.id == scenario)
    return [attempt.verdict for attempt in found.outcome.attempts]


STOPS = """
async def test_a_would_last():
    "This would last."
    await asyncio.sleep(600)

async def test_b_is_broken():
    "This is broken."
    raise broken_promise(Code.UPLOAD_LOST, "the file is not there", "storage-service")

async def test_c_would_be_broken():
    "This would be broken."
    raise broken_promise(Code.UPLOAD_LOST, "the file is not there", "storage-service")
"""


def test_a_run_can_end_at_the_first_failure(replica: Replica, tmp_path: Path) -> None:
    """-x ends the run at once, whatever still lasts; nobody else is blamed, and all are in the
    reports.
    """
    run = run_own(replica, tmp_path, STOPS, "-x", "--probe-concurrency", "2")
    assert (run.code, run.report.ended) == (EXIT_BROKEN, "stopped-early"), run.output
    assert list(run.verdicts.values()) == [Verdict.UNKNOWN, Verdict.BROKEN, Verdict.NOT_RUN]
    assert "The run ended early: pytest was told to stop (-x, --maxfail)." in " ".join(
        run.output.split()
    )
    assert run.folder
    assert problems(cases(run.folder / "junit.xml")["own/c-would-be-broken"]) == ["error"]


ALL_KINDS = """
TRIES = []

async def test_at_times():
    "This breaks once."
    TRIES.append(1)
    if len(TRIES) == 1:
        raise broken_promise(Code.UPLOAD_LOST, "try one of it", "storage-service")

async def test_never():
    "This breaks each time."
    raise broken_promise(Code.UPLOAD_LOST, "never there", "storage-service")

async def test_not_here():
    "The environment file says that this does not apply."

async def test_not_for_us():
    "This finds out that it does not apply."
    raise NotApplicable("there is no CDN here")

async def test_silent():
    "This cannot be asked."
    raise CannotAsk("nobody lent us a key; lend one")

async def test_always():
    "This is kept."
"""
SKIP = '[skip]\n"own/not-here" = "we have none of it"\n'


def test_every_verdict_is_told_in_every_report(replica: Replica, tmp_path: Path) -> None:
    """A rerun decides between intermittent and broken; skipped and unknown are neither; all
    reports agree.
    """
    wished = tmp_path / "new" / "wished.xml"
    run = run_own(replica, tmp_path, ALL_KINDS, "--junitxml", str(wished), more=SKIP)
    assert run.code == EXIT_BROKEN, run.output
    assert attempts(run, "own/at-times") == [Verdict.BROKEN, Verdict.HELD]
    assert attempts(run, "own/never") == [Verdict.BROKEN, Verdict.BROKEN]
    assert attempts(run, "own/silent") == [Verdict.UNKNOWN]
    assert run.codes["own/at-times"] == Code.INTERMITTENT
    said = " ".join(run.output.split())
    assert "1 held, 1 degraded, 1 broken, 1 could not be asked, 2 skipped, in " in said
    assert "skipped 1: we have none of it" in said
    assert "skipped 1: there is no CDN here" in said
    assert "observed nobody lent us a key; lend one" in said
    assert run.folder
    found = cases(wished)
    assert {name: problems(case) for name, case in found.items()} == {
        "own/at-times": ["flakyFailure"],
        "own/never": ["failure", "rerunFailure"],
        "own/not-here": ["skipped"],
        "own/not-for-us": ["skipped"],
        "own/silent": ["error"],
        "own/always": [],
    }
    assert properties(found["own/never"])["code"] == "upload-lost"
    assert properties(found["own/at-times"])["code"] == "intermittent"
    assert {p["owner"] for p in map(properties, found.values())} == {"tests"}
    assert cases(run.folder / "junit.xml").keys() == found.keys()


def test_one_attempt_can_be_all(replica: Replica, tmp_path: Path) -> None:
    """With --no-confirm what breaks once is broken; -v names every verdict."""
    run = run_own(replica, tmp_path, ALL_KINDS, "--no-confirm", "-v", more=SKIP)
    assert attempts(run, "own/at-times") == attempts(run, "own/never") == [Verdict.BROKEN]
    assert run.codes["own/at-times"] == Code.UPLOAD_LOST
    table = run.output.partition("\nscenario ")[2].splitlines()[1:7]
    assert {row.split()[0]: row.split()[1] for row in table} == {
        "own/at-times": "BROKEN",
        "own/never": "BROKEN",
        "own/not-here": "SKIPPED",
        "own/not-for-us": "SKIPPED",
        "own/silent": "UNKNOWN",
        "own/always": "HELD",
    }


NEVER = """
async def test_never():
    "This breaks each time."
    raise broken_promise(Code.UPLOAD_LOST, "never there", "storage-service")
"""


@pytest.mark.parametrize(("days", "code"), [(1, EXIT_HELD), (-1, EXIT_BROKEN)])
def test_what_is_accepted_is_reported_and_fails_nothing_until_its_date(
    days: int, code: int, replica: Replica, tmp_path: Path
) -> None:
    """The same finding fails the run again when its date has passed."""
    until = datetime.now(UTC).date() + timedelta(days)
    known = (
        f'[[accepted]]\ncode = "upload-lost"\nscenario = "own/never"\nwhy = "a fix is on its '
        f'way"\nuntil = {until}\n'
    )
    run = run_own(replica, tmp_path, NEVER, more=known)
    assert (run.code, run.codes) == (code, {"own/never": "upload-lost"}), run.output
    assert (
        ("a fix is on its way" in run.output)
        == (f"(accepted until {until})" in run.output)
        == (days > 0)
    )
    assert run.folder
    assert problems(cases(run.folder / "junit.xml")["own/never"]) == (
        [] if days > 0 else ["failure", "rerunFailure"]
    )


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ([], EXIT_HELD, "3 held, 1 degraded"),
        (
            ["--strict-verdicts"],
            EXIT_BROKEN,
            "1 of 4 promises degraded, and --strict-verdicts asks for better",
        ),
    ],
)
def test_degraded_fails_whom_it_shall_fail(
    options: list[str], code: int, said: str, replica: Replica, probe: Probe
) -> None:
    """A certificate that ends soon is told either way, and fails the run only where that is wished
    for.
    """
    replica.set_faults(["certificate-expires-soon"])
    run = probe("--env", str(replica.environment), "-k", "certificate", *options)
    assert (run.code, run.verdicts[CERTIFICATE]) == (code, Verdict.DEGRADED), run.output
    assert said in " ".join(run.output.split())
    assert run.folder
    assert problems(cases(run.folder / "junit.xml")[CERTIFICATE]) == (
        ["failure"] if options else []
    )


def test_a_whole_area_can_be_skipped(replica: Replica, tmp_path: Path) -> None:
    """The reason is said once with how many; a run that asks nothing else is not green."""
    run = run_own(
        replica, tmp_path, NEVER, more='[skip]\nown = "this part is not installed here"\n'
    )
    assert (run.code, set(run.verdicts.values())) == (EXIT_UNKNOWN, {Verdict.SKIPPED}), run.output
    assert "no promise was asked for, since each was skipped" in run.output
    assert run.output.count("skipped 1: this part is not installed here") == 1


WAITS = """
async def wait():
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.5)
    except TimeoutError:
        pass

async def test_one_that_waits():
    "This takes its time."
    await wait()

async def test_another_that_waits():
    "This takes its time, too."
    await wait()

async def test_quick():
    "This is done at once."
"""


def test_a_scenario_s_time_is_its_own(replica: Replica, tmp_path: Path) -> None:
    """Two that waited at the same time both have their time in the JUnit report, and a quick one
    has not.
    """
    run = run_own(replica, tmp_path, WAITS)
    assert run.folder
    one, another, quick = (
        float(case.attrib["time"]) for case in cases(run.folder / "junit.xml").values()
    )
    assert quick < min(one, another), run.output
