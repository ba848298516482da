"""What a scenario ends as, over its attempts, and what it means for the run."""

from dataclasses import replace
from datetime import date

import pytest

from probes.finding import Code, Finding, Verdict
from probes.results import Accepted, Attempt, Outcome, conclude, described
from probes.runner import scheduler
from tests.support.fake_run import FOUND, VALID, scenario

HELD, BROKE = Attempt(Verdict.HELD, None), Attempt(Verdict.BROKEN, FOUND)
EXPIRING = Finding(Code.TLS_EXPIRING, "10 days", "certificate")
WEAK, LOST = (
    Attempt(Verdict.DEGRADED, EXPIRING),
    Attempt(Verdict.UNKNOWN, scheduler.unknown("no browser")),
)
OTHER = Attempt(Verdict.BROKEN, replace(FOUND, observed="another file is gone"))


@pytest.mark.parametrize(
    ("attempts", "outcome"),
    [
        ([HELD], Outcome(Verdict.HELD, None, 1)),
        ([WEAK], Outcome(Verdict.DEGRADED, EXPIRING, 1)),
        ([BROKE], Outcome(Verdict.BROKEN, FOUND, 1)),
        ([LOST], Outcome(Verdict.UNKNOWN, LOST.finding, 1)),
        ([BROKE, OTHER], Outcome(Verdict.BROKEN, OTHER.finding, 2)),
        ([BROKE, HELD], Outcome(Verdict.HELD, None, 2, flaky=True)),
        ([BROKE, WEAK], Outcome(Verdict.DEGRADED, EXPIRING, 2, flaky=True)),
        ([BROKE, LOST], Outcome(Verdict.BROKEN, FOUND, 2)),
    ],
)
def test_two_attempts_make_one_verdict(attempts: list[Attempt], outcome: Outcome) -> None:
    """Broken twice is broken; a rerun that could not ask clears nobody."""
    assert conclude(attempts) == outcome


@pytest.mark.parametrize(
    ("verdict", "fails"),
    [
        (Verdict.HELD, False),
        (Verdict.DEGRADED, False),
        (Verdict.SKIPPED, False),
        (Verdict.BROKEN, True),
        (Verdict.UNKNOWN, True),
        (Verdict.NOT_RUN, True),
    ],
)
def test_what_fails_a_test(verdict: Verdict, fails: bool) -> None:
    """What broke and what could not be asked, unless it is known and accepted."""
    known = Accepted("upload-lost", "edge/x", "known", date(2026, 1, 1))
    assert Outcome(verdict).fails is fails
    assert Outcome(verdict, accepted=known).fails is False


def test_a_line_of_progress_says_the_most_telling_thing() -> None:
    """That it is flaky, else the code, else the reason."""
    assert Outcome(Verdict.HELD, EXPIRING, flaky=True, reason="r").remark == "flaky"
    assert Outcome(Verdict.BROKEN, FOUND, reason="r").remark == "upload-lost"
    assert Outcome(Verdict.SKIPPED, reason="no TLS").remark == "no TLS"


def test_no_finding_is_described_as_none() -> None:
    """And one with its runbook."""
    assert described(None) is None
    assert (described(FOUND) or {})["runbook"] == "docs/runbooks/upload-lost.md"


def test_the_journal_is_told_what_to_expect() -> None:
    """All that reports need of a scenario that may never run."""
    expected = scenario("edge/x", alone=True).expected
    event = {
        "event": "run-started",
        "at": 1.0,
        "run": "r",
        "version": "0",
        "environment": "e",
        "apex": "a",
    }
    VALID.validate(event | {"deadline": 1.0, "trace": "t", "expected": [expected]})
    assert expected["scenario"] == "edge/x"
