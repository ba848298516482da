"""One event at a time: what is sound is kept, what is not costs only itself."""

from typing import Any

import pytest

from probes.finding import Code, Rung, Verdict
from reports.model import events


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (3, 3.0),
        (2.5, 2.5),
        (-1, 0.0),
        (1e300, 0.0),
        (10**400, 0.0),
        (float("nan"), 0.0),
        ("3", 0.0),
        (None, 0.0),
    ],
)
def test_a_number_is_one_that_can_be_meant(value: Any, read: float) -> None:
    """Durations and times are not negative and not beyond all calendars."""
    assert events.number({"duration": value}, "duration") == read


@pytest.mark.parametrize(
    ("said", "read"), [("held", Verdict.HELD), ("great", None), (3, None), (None, None)]
)
def test_a_verdict_is_one_of_ours(said: Any, read: Verdict | None) -> None:
    """A word that we do not know is no verdict."""
    assert events.verdict({"verdict": said}) is read


def test_a_finding_comes_back_as_it_went_in() -> None:
    """Code, words and ladder."""
    rungs = [
        {"name": "dns", "held": True, "detail": "127.0.0.1"},
        "odd",
        {"name": "tcp", "held": "yes"},
    ]
    said = {
        "code": "upload-lost",
        "observed": "gone",
        "cause": "confirm",
        "reproduce_command": "curl",
        "rungs": rungs,
    }
    finding = events.finding(said)
    assert finding
    assert (finding.code, finding.observed, finding.reproduce_command) == (
        Code.UPLOAD_LOST,
        "gone",
        "curl",
    )
    assert finding.rungs == (Rung("dns", True, "127.0.0.1"), Rung("tcp", False, ""))


@pytest.mark.parametrize(
    ("certainty", "read"), [("proven", "proven"), ("likely", "likely"), (None, "likely")]
)
def test_a_cause_is_proven_only_where_the_journal_says_so(certainty: Any, read: str) -> None:
    """Journals of older versions say nothing of it, and their causes were guesses."""
    finding = events.finding({"code": "upload-lost", "certainty": certainty})
    assert finding
    assert finding.certainty == read


@pytest.mark.parametrize("status", [None, "200", []])
def test_no_status_is_none(status: Any) -> None:
    """An exchange without an answer has no status, not the status 0."""
    assert events.exchange({"status": status}).status is None


def test_first_and_last_find_events_by_name() -> None:
    """And nothing is an empty event."""
    told: list[events.Event] = [{"event": "a", "n": 1}, {"event": "b"}, {"event": "a", "n": 2}]
    assert (events.first(told, "a")["n"], events.last(told, "a")["n"], events.first(told, "c")) == (
        1,
        2,
        {},
    )
