"""What reports know of a run, from journals that ended well, badly, or in the middle of a line."""

from pathlib import Path
from typing import Any

import pytest

from probes.finding import Code, Verdict
from probes.results import Outcome
from reports.model.run import NoRun, load
from reports.render import wording
from tests.reports.conftest import BEGAN, HTML, Written, expected, finding, red


def verdicts(written: Written) -> dict[str, Verdict]:
    return {s.id: s.verdict for s in written.load().scenarios}


def test_a_whole_run_is_one_value(written: Written) -> None:
    """All that the journal says is found under its name."""
    written.started(expected("edge/a", incident="V6", owner="edge")).write(
        "fact", name="build", value="2f1"
    )
    written.write("fact", name="build", value="2f1")  # a confirming rerun says it again
    written.exchange("edge/a", status=404).exchange(None, status=None, error="refused")
    written.write("note", scenario="edge/a", attempt=1, text="seen").write(
        "note", scenario=None, attempt=1, text="swept"
    )
    written.write(
        "artifact", scenario="edge/a", attempt=2, name="screenshot", path="artifacts/a.png"
    )
    run = (
        written.broken("edge/a")
        .write("spans", kept=3, exported=2, lost=1, reason="503")
        .ended("deadline")
        .load()
    )
    (scenario,) = run.scenarios
    assert (run.id, run.environment, run.trace, run.began_at, run.duration_s) == (
        "run-1",
        "replica",
        "ab" * 16,
        BEGAN,
        8.25,
    )
    assert (run.ended, run.facts, run.notes) == ("deadline", (("build", "2f1"),), ("swept",))
    assert [exchange.error for exchange in run.exchanges] == ["refused"]
    assert (scenario.owner, scenario.incident, scenario.line, scenario.notes) == (
        "edge",
        "V6",
        7,
        ("seen",),
    )
    assert (scenario.exchanges[0].status, scenario.exchanges[0].request.headers) == (
        404,
        {"accept": "*/*"},
    )
    assert scenario.artifacts[0].path == "artifacts/a.png"
    assert [attempt.verdict for attempt in scenario.outcome.attempts] == [
        Verdict.BROKEN,
        Verdict.BROKEN,
    ]
    assert scenario.finding
    assert scenario.finding.code is Code.EDGE_HTML_FALLBACK
    assert [rung.held for rung in scenario.finding.rungs] == [True, False]


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("SIGTERM", "expected, but the run ended (SIGTERM) before it began"),
        ("completed", "expected, but no record of it exists"),
    ],
)
def test_what_never_began_is_not_run(written: Written, how: str, sentence: str) -> None:
    """A promise that nobody asked for is never green, and its finding says why."""
    (scenario,) = written.started("edge/a").ended(how).load().scenarios
    assert scenario.verdict is Verdict.NOT_RUN
    assert scenario.finding
    assert scenario.finding.observed == sentence


def test_what_was_cut_short_is_unknown(written: Written) -> None:
    """A kill leaves no verdict: the suite's own fault, said so, with the time that it took until
    then.
    """
    run = written.started("edge/a").begun("edge/a").exchange("edge/a").load()
    (scenario,) = run.scenarios
    assert run.ended == "killed"
    assert (scenario.verdict, scenario.outcome.duration_s) == (Verdict.UNKNOWN, 1.0)
    assert scenario.finding
    assert scenario.finding.observed == "the run ended (killed) before it was done"
    assert run.exit_code() == 10


def test_a_rerun_that_was_cut_short_does_not_clear_the_target(written: Written) -> None:
    """The first attempt broke; a kill during the second changes nothing about that."""
    run = (
        written.started("edge/a").tried("edge/a", "broken", HTML).begun("edge/a", attempt=2).load()
    )
    assert (run.scenarios[0].verdict, run.exit_code()) == (Verdict.BROKEN, 1)


@pytest.mark.parametrize(
    ("second", "verdict", "code"),
    [
        ("held", Verdict.DEGRADED, "intermittent"),
        ("broken", Verdict.BROKEN, "edge-html-fallback"),
        ("unknown", Verdict.BROKEN, "edge-html-fallback"),
    ],
)
def test_finished_attempts_count_without_their_conclusion(
    written: Written, second: str, verdict: Verdict, code: str
) -> None:
    """A kill between the last attempt and its conclusion loses nothing."""
    found = {"held": None, "broken": HTML, "unknown": finding("unknown", "no browser", "us")}[
        second
    ]
    written.started("edge/a").tried("edge/a", "broken", HTML).tried(
        "edge/a", second, found, attempt=2
    )
    (scenario,) = written.load().scenarios
    assert scenario.finding
    assert (scenario.verdict, scenario.finding.code) == (verdict, code)


def test_findings_come_worst_first(written: Written) -> None:
    """Broken, then what could not be asked, then degraded; accepted ones last."""
    run = red(written).load()
    said = [(s.verdict, bool(s.outcome.accepted)) for s in run.findings]
    assert said == [
        (Verdict.BROKEN, False),
        (Verdict.BROKEN, False),
        (Verdict.UNKNOWN, False),
        (Verdict.NOT_RUN, False),
        (Verdict.DEGRADED, False),
        (Verdict.BROKEN, True),
    ]


def test_an_accepted_finding_fails_nothing(written: Written) -> None:
    """It is reported, counts as held, and the exit code is 0, strict or not."""
    run = (
        written.started("edge/a")
        .broken("edge/a", accepted={"why": "known", "until": "2027-01-01"})
        .ended()
        .load()
    )
    assert run.findings[0].verdict is Verdict.BROKEN
    assert run.counts == {Verdict.HELD: 1}
    assert (run.exit_code(), run.exit_code(strict=True)) == (0, 0)


def test_nobody_can_accept_that_we_could_not_ask(written: Written) -> None:
    """UNKNOWN stays the suite's own fault."""
    silent, accepted = (
        finding("unknown", "no browser", "us"),
        {"why": "known", "until": "2027-01-01"},
    )
    run = (
        written.started("edge/a")
        .became("edge/a", "unknown", silent, accepted=accepted)
        .ended()
        .load()
    )
    assert run.exit_code() == 10


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 1)])
def test_degraded_fails_only_the_strict(written: Written, strict: bool, code: int) -> None:
    """Kept, but not the way it should be."""
    expiring = finding("tls-expiring", "10 days", "certificate")
    assert (
        written.started("edge/a")
        .became("edge/a", "degraded", expiring)
        .ended()
        .load()
        .exit_code(strict=strict)
        == code
    )


def test_a_run_that_asked_nothing_proves_nothing(written: Written) -> None:
    """No promises, no green."""
    assert written.started().ended().load().exit_code() == 10


@pytest.mark.parametrize(
    ("shard", "code", "claim"),
    [
        ("", 10, "UNKNOWN: no promise was asked for, since each was skipped"),
        ("1/3", 0, "HELD, and nothing asked"),
    ],
)
def test_a_run_that_skipped_all_is_not_green(
    written: Written, shard: str, code: int, claim: str
) -> None:
    """Of three shards one may have nothing to ask: the whole says what that is worth."""
    written.started("edge/a", shard=shard).became("edge/a", "skipped")
    run = written.ended().load()
    assert run.exit_code() == code
    assert wording.claim(run).startswith(claim)


def test_torn_and_foreign_lines_are_passed_over(written: Written) -> None:
    """Half a line, a line that is no object, and an event that nobody knows cost nothing else."""
    written.started("edge/a").raw(b"[1, 2]\n17\n\n{\n").write(
        "from-the-future", odd=True, scenario="edge/a"
    )
    written.held("edge/a").raw(b'{"event": "run-fin')
    assert verdicts(written) == {"edge/a": Verdict.HELD}


def test_a_journal_without_its_beginning_is_shown_and_not_trusted(written: Written) -> None:
    """What was expected is not known, so nothing is green."""
    run = written.held("edge/a").ended().load()
    assert [s.title for s in run.scenarios] == ["edge/a"]
    assert run.id == "run-1"
    assert run.exit_code() == 10


def test_a_journal_of_0_1_is_read(written: Written) -> None:
    """It has a key that nobody sets any more, which changes nothing."""
    written.started("edge/a").write(
        "scenario-finished", odd=True, scenario="edge/a", verdict="held", duration=0.4, flaky=True
    )
    (result,) = written.ended().load().scenarios
    assert result.outcome == Outcome(Verdict.HELD, duration_s=0.4)


ODD: list[Any] = [None, 3, "text", [], {}, [None], {"a": None}, True, -1, 1e300, float("nan")]


@pytest.mark.parametrize("value", ODD, ids=str)
def test_fields_of_the_wrong_kind_cost_only_themselves(written: Written, value: Any) -> None:
    """Whatever stands in a field, the run is read and what is sound in it is kept."""
    broken = ("verdict", "duration", "attempts", "accepted", "reason")
    written.started("edge/a", "edge/b").held("edge/b")
    written.write(
        "scenario-finished",
        odd=True,
        scenario="edge/a",
        finding=value,
        **dict.fromkeys(broken, value),
    )
    written.write(
        "exchange",
        odd=True,
        scenario="edge/b",
        **dict.fromkeys(("status", "request", "duration"), value),
    )
    written.write(
        "attempt-finished",
        odd=True,
        scenario="edge/a",
        attempt=value,
        finding={"rungs": value, "code": value},
    )
    written.write("spans", odd=True, kept=value).write(
        "run-finished", odd=True, ended=value, duration=value
    )
    written.write("run-started", odd=True, expected=value)
    run = written.load()
    assert {s.id: s.verdict for s in run.scenarios} == {
        "edge/a": Verdict.UNKNOWN,
        "edge/b": Verdict.HELD,
    }
    assert run.exit_code() == 10


def test_a_code_of_another_version_keeps_its_name(written: Written) -> None:
    """It is told in the words that we have."""
    (scenario,) = (
        written.started("edge/a")
        .broken("edge/a", finding("moon-fell", "splash", "gravity"))
        .load()
        .scenarios
    )
    assert scenario.finding
    assert (scenario.finding.code, scenario.finding.observed) == (
        Code.UNEXPLAINED,
        "moon-fell: splash",
    )


@pytest.mark.parametrize("content", [None, b"", b"\n{\n", b"\xff\xfe"])
def test_a_folder_without_a_run_is_said_in_one_sentence(
    tmp_path: Path, content: bytes | None
) -> None:
    """No journal, an empty one, or one that is none."""
    if content is not None:
        (tmp_path / "run.jsonl").write_bytes(content)
    with pytest.raises(NoRun, match="holds no run") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)
