"""What the runs before have left, read from a journal; and what it means for a gate."""

from typing import Any

import pytest

from probes.finding import EXIT_BROKEN, EXIT_HELD, EXIT_UNKNOWN, Verdict
from probes.results import OngoingFailure, PreviousRun
from reports.model.events import previous_run
from tests.reports.conftest import Written, finding, green

FAILURE = {"code": "upload-lost", "since": 1_789_990_000.0, "runs": 3, "held": 1_789_980_000.0}
LOST = finding("upload-lost", "PUT answered 200, then GET answered 404", "confirm")
SILENT = finding("unknown", "no password for bob", "the suite itself")


def compared(
    written: Written, *, gate: bool, failures: dict[str, object], problem: str = ""
) -> Written:
    return written.write(
        "previous-run",
        gate=gate,
        ran=1_789_999_000.0,
        failures=failures,
        notified={},
        problem=problem,
    )


def test_a_journal_without_the_event_knows_of_no_runs_before(written: Written) -> None:
    """As that of an environment without a state store."""
    assert green(written).load().previous is None


@pytest.mark.parametrize(
    ("gate", "code", "ends"),
    [
        (True, "upload-lost", EXIT_HELD),
        (False, "upload-lost", EXIT_BROKEN),
        (True, "unknown", EXIT_BROKEN),
    ],
)
def test_only_a_gate_forgives_what_was_broken_before(
    written: Written, *, gate: bool, code: str, ends: int
) -> None:
    """A run on a schedule is red while a promise is broken; what could not be asked before was not
    known broken.
    """
    written.started("a/x", "a/y").broken("a/x", LOST).held("a/y")
    compared(written, gate=gate, failures={"a/x": FAILURE | {"code": code}}).ended()
    run = written.load()
    assert run.exit_code() == ends
    assert [(s.verdict, s.outcome.is_known) for s in run.scenarios] == [
        (Verdict.BROKEN, ends == EXIT_HELD),
        (Verdict.HELD, False),
    ]


def test_a_gate_forgives_nothing_new_and_nothing_unasked(written: Written) -> None:
    """A break beside an old one is this deploy's; a promise that got no answer is nobody's word
    that it held.
    """
    written.started("a/x", "a/y", "a/z").broken("a/x", LOST).broken("a/y", LOST)
    written.tried("a/z", "unknown", SILENT).became("a/z", "unknown", SILENT)
    run = compared(written, gate=True, failures={"a/x": FAILURE, "a/z": FAILURE}).ended().load()
    assert (run.exit_code(), [s.outcome.is_known for s in run.scenarios]) == (
        EXIT_BROKEN,
        [True, False, False],
    )


def test_what_was_broken_and_cannot_be_asked_is_unknown(written: Written) -> None:
    """Exit code 10 under a gate too: never green without an answer."""
    written.started("a/z").tried("a/z", "unknown", SILENT).became("a/z", "unknown", SILENT)
    assert (
        compared(written, gate=True, failures={"a/z": FAILURE}).ended().load().exit_code()
        == EXIT_UNKNOWN
    )


def test_an_odd_event_costs_itself_only() -> None:
    """A journal that others have touched is still read."""
    odd: dict[str, Any] = {
        "gate": "yes",
        "ran": "then",
        "failures": {"a/x": 3, "a/y": {"code": 1}},
        "notified": [],
        "problem": None,
    }
    assert previous_run(odd) == PreviousRun(failures={"a/y": OngoingFailure("", 0.0, 0, 0.0)})
    assert previous_run({}) is None
