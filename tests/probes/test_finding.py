"""What a finding says, and what follows from it."""

import contextlib
import re
from collections.abc import Iterator

import pytest

from probes.finding import (
    DEGRADED_CODES,
    Broken,
    CannotAsk,
    Code,
    Finding,
    Verdict,
    broken_promise,
    exit_code,
)

LOST = Finding(Code.UPLOAD_LOST, "confirmed, then 404", "confirm")


@pytest.mark.parametrize("code", Code)
def test_a_code_is_a_slug(code: Code) -> None:
    """It is a metric's label, a file's name and a heading at once."""
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", code)


@pytest.mark.parametrize("code", Code)
def test_a_finding_breaks_the_promise_unless_it_says_otherwise(code: Code) -> None:
    """Only a listed code is a warning, and only what could not be asked is nobody's guilt."""
    degraded = DEGRADED_CODES | {Code.INTERMITTENT}
    expected = Verdict.DEGRADED if code in degraded else Verdict.BROKEN
    assert Finding(code, "", "").verdict is (Verdict.UNKNOWN if code is Code.UNKNOWN else expected)


@pytest.mark.parametrize(
    ("failed", "asked", "verdict"),
    [
        (0, 12, Verdict.DEGRADED),
        (2, 12, Verdict.DEGRADED),
        (3, 12, Verdict.BROKEN),
        (11, 12, Verdict.BROKEN),
        (1, 2, Verdict.DEGRADED),
        (3, 40, Verdict.DEGRADED),
    ],
)
def test_an_intermittent_break_of_one_in_four_is_broken(
    failed: int, asked: int, verdict: Verdict
) -> None:
    """Fewer is degraded, and so is a share that rests on less than three failures."""
    found = Finding(Code.INTERMITTENT, "", "", failed_repeats=failed, repeats=asked)
    assert found.verdict is verdict


def test_a_certificate_that_ends_soon_is_a_warning() -> None:
    """Users feel nothing yet."""
    assert Finding(Code.TLS_EXPIRING, "10 days left", "certificate").verdict is Verdict.DEGRADED
    assert Finding(Code.TLS_INVALID, "expired", "certificate").verdict is Verdict.BROKEN


def test_a_runbook_is_found_by_the_code() -> None:
    """One slug, one file."""
    assert LOST.runbook == "docs/runbooks/upload-lost.md"


def test_a_broken_promise_reads_as_one_sentence() -> None:
    """It is shown as it is; the cause is called one."""
    raised = broken_promise(LOST.code, LOST.observed, LOST.cause)
    assert str(raised) == "upload-lost: confirmed, then 404 (cause: confirm)"
    assert raised.finding == LOST


def test_a_broken_promise_passes_through_context_managers() -> None:
    """They write to the exceptions that they hand on, which a frozen one would not survive."""

    @contextlib.contextmanager
    def handing_on() -> Iterator[None]:
        yield

    with pytest.raises(Broken) as caught, handing_on():
        raise Broken(LOST)
    caught.value.add_note("seen by the ladder")
    assert caught.value.finding is LOST


def test_what_we_could_not_ask_is_no_assertion() -> None:
    """Else it would be read as the target's failure."""
    assert not issubclass(CannotAsk, AssertionError)
    assert issubclass(Broken, AssertionError)


@pytest.mark.parametrize(
    ("verdicts", "code", "strictly"),
    [
        ([Verdict.HELD], 0, 0),
        ([Verdict.HELD, Verdict.SKIPPED], 0, 0),
        ([Verdict.HELD, Verdict.DEGRADED], 0, 1),
        ([Verdict.HELD, Verdict.BROKEN], 1, 1),
        ([Verdict.UNKNOWN, Verdict.BROKEN], 1, 1),
        ([Verdict.UNKNOWN, Verdict.HELD], 10, 10),
        ([Verdict.UNKNOWN, Verdict.DEGRADED], 10, 1),
        ([Verdict.NOT_RUN, Verdict.HELD], 10, 10),
        ([], 10, 10),
        ([Verdict.SKIPPED, Verdict.SKIPPED], 10, 10),
    ],
)
def test_the_exit_code_tells_whose_fault_it_is(
    verdicts: list[Verdict], code: int, strictly: int
) -> None:
    """1: the target's; 10: ours, and a run that saw nothing is not green."""
    assert exit_code(verdicts) == code
    assert exit_code(verdicts, strict=True) == strictly
