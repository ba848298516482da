"""What a scenario ends as, over its attempts, and what it means for the run."""

from dataclasses import replace
from datetime import date

import pytest

from probes.finding import Code, Finding, Verdict
from probes.results import (
    Accepted,
    Attempt,
    OngoingFailure,
    Outcome,
    PreviousRun,
    conclude,
    finding_entry,
)
from probes.runner import attempt as attempts
from tests.support.fake_run import FOUND, VALID, scenario

HELD, BROKE = Attempt(2, Verdict.HELD), Attempt(1, Verdict.BROKEN, FOUND)
EXPIRING = Finding(Code.TLS_EXPIRING, "10 days", "certificate")
WEAK, LOST = (
    Attempt(1, Verdict.DEGRADED, EXPIRING),
    Attempt(1, Verdict.UNKNOWN, attempts.unknown("no browser")),
)
OTHER = Attempt(1, Verdict.BROKEN, replace(FOUND, observed="another file is gone"))
ADMITTED = Attempt(1, Verdict.BROKEN, replace(FOUND, code=Code.STRANGER_ADMITTED))
REPEATED = Attempt(1, Verdict.BROKEN, replace(FOUND, repeats=12))
SCENARIO_FAILED = "the whole scenario failed 1 of 2 times"
AT_TIMES = replace(FOUND, code=Code.INTERMITTENT, observed=f"{FOUND.observed}; {SCENARIO_FAILED}")
ONCE_OF_MANY = replace(
    AT_TIMES,
    observed=f"{FOUND.observed}; asked again on fresh connections, 0 of 12 failed; "
    f"{SCENARIO_FAILED}",
    repeats=12,
)


@pytest.mark.parametrize(
    ("attempts", "outcome"),
    [
        ([HELD], Outcome(Verdict.HELD)),
        ([WEAK], Outcome(Verdict.DEGRADED, EXPIRING)),
        ([BROKE], Outcome(Verdict.BROKEN, FOUND)),
        ([LOST], Outcome(Verdict.UNKNOWN, LOST.finding)),
        ([BROKE, OTHER], Outcome(Verdict.BROKEN, OTHER.finding)),
        ([BROKE, HELD], Outcome(Verdict.DEGRADED, AT_TIMES)),
        ([BROKE, WEAK], Outcome(Verdict.DEGRADED, AT_TIMES)),
        ([REPEATED, HELD], Outcome(Verdict.DEGRADED, ONCE_OF_MANY)),
        ([ADMITTED, HELD], Outcome(Verdict.BROKEN, ADMITTED.finding)),
        ([BROKE, LOST], Outcome(Verdict.BROKEN, FOUND)),
    ],
)
def test_two_attempts_make_one_verdict(attempts: list[Attempt], outcome: Outcome) -> None:
    """Broken twice is broken, broken once is intermittent, but a stranger who was let in once is
    enough; a rerun that could not ask clears nobody.
    """
    assert conclude(attempts) == replace(outcome, attempts=tuple(attempts))


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


@pytest.mark.parametrize(
    ("verdict", "counts_as"),
    [
        (Verdict.BROKEN, Verdict.HELD),
        (Verdict.DEGRADED, Verdict.HELD),
        (Verdict.UNKNOWN, Verdict.UNKNOWN),
        (Verdict.NOT_RUN, Verdict.NOT_RUN),
    ],
)
def test_what_a_gate_knows_excuses_a_break_and_no_missing_answer(
    verdict: Verdict, counts_as: Verdict
) -> None:
    """A promise that got no answer is nobody's word that it held."""
    assert Outcome(verdict, is_known=True).counts_as is counts_as
    assert Outcome(verdict).counts_as is verdict


def test_only_an_answer_that_was_no_makes_a_promise_broken_before() -> None:
    """One that could not be asked, or that nobody knows of, was not broken."""
    lost, silent = OngoingFailure("upload-lost", 1.0), OngoingFailure("unknown", 1.0)
    previous = PreviousRun(failures={"a/lost": lost, "a/silent": silent})
    known = [name for name in ("a/lost", "a/silent", "a/new") if previous.was_broken(name)]
    assert known == ["a/lost"]


def test_a_line_of_progress_says_the_most_telling_thing() -> None:
    """The code, else the reason."""
    assert Outcome(Verdict.BROKEN, FOUND, reason="r").remark == "upload-lost"
    assert Outcome(Verdict.SKIPPED, reason="no TLS").remark == "no TLS"


def test_no_finding_is_described_as_none() -> None:
    """And one with its runbook."""
    assert finding_entry(None) is None
    assert (finding_entry(FOUND) or {})["runbook"] == "docs/runbooks/upload-lost.md"


def test_the_journal_is_told_what_to_expect() -> None:
    """All that reports need of a scenario that may never run."""
    expected = scenario("edge/x", alone=True).journal_entry
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
