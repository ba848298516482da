"""One run: what each scenario ends as, whatever it does, and what the journal says of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from probes.finding import Broken, CannotAsk, Code, Finding, NotApplicable, Rung, Verdict
from probes.recording import spans as telemetry
from probes.recording.recorder import Recorder, current
from probes.results import Accepted, Outcome
from probes.runner import attempt as attempts
from probes.runner.attempt import Refine
from tests.support.fake_run import FOUND, TARGET, Stage, doing

EXPIRING = Finding(Code.TLS_EXPIRING, "10 days", "certificate")


async def test_a_promise_that_holds_is_asked_once(stage: Stage) -> None:
    """The journal has its beginning, its attempt and its end."""
    outcome = await stage.outcome(doing(None))
    assert replace(outcome, duration_s=0, attempts=()) == Outcome(Verdict.HELD)
    assert [attempt.verdict for attempt in outcome.attempts] == [Verdict.HELD]
    assert [event["event"] for event in stage.journal()] == [
        "attempt-started",
        "attempt-finished",
        "scenario-finished",
    ]
    assert all(event["scenario"] == "edge/x" for event in stage.journal())


OFTEN = Finding(Code.INTERMITTENT, "4 of 12", "a pod", failed_repeats=4, repeats=12)


@pytest.mark.parametrize(
    ("ends", "confirm", "ended"),
    [
        ([FOUND, FOUND], True, (Verdict.BROKEN, 2, Code.UPLOAD_LOST)),
        ([FOUND, None], True, (Verdict.DEGRADED, 2, Code.INTERMITTENT)),
        ([FOUND], False, (Verdict.BROKEN, 1, Code.UPLOAD_LOST)),
        ([FOUND, CannotAsk("no browser")], True, (Verdict.BROKEN, 2, Code.UPLOAD_LOST)),
        ([FOUND, NotApplicable("no TLS")], True, (Verdict.BROKEN, 1, Code.UPLOAD_LOST)),
        ([CannotAsk("no browser")], True, (Verdict.UNKNOWN, 1, Code.UNKNOWN)),
        ([AssertionError(), None], True, (Verdict.DEGRADED, 2, Code.INTERMITTENT)),
        ([OFTEN], True, (Verdict.BROKEN, 1, Code.INTERMITTENT)),
    ],
)
async def test_what_broke_is_asked_once_more(
    stage: Stage, ends: list[Any], confirm: bool, ended: tuple[Verdict, int, Code]
) -> None:
    """At most once, and only what broke and was not counted yet; both attempts are on record."""
    outcome = await stage.outcome(doing(*ends), confirm=confirm)
    assert outcome.finding
    assert (outcome.verdict, len(outcome.attempts), outcome.finding.code) == ended
    [final] = stage.journal("scenario-finished")
    assert (final["verdict"], final["attempts"], final["finding"]["code"]) == ended
    assert len(stage.journal("attempt-finished")) == ended[1]


@pytest.mark.parametrize(
    ("ends", "ended"),
    [
        ([FOUND, FOUND, FOUND, None], (Verdict.HELD, 4)),
        ([OFTEN, None], (Verdict.HELD, 2)),
        ([CannotAsk("no token yet"), None], (Verdict.HELD, 2)),
        ([None], (Verdict.HELD, 1)),
    ],
)
async def test_what_does_not_hold_is_asked_until_it_settles(
    stage: Stage, ends: list[Any], ended: tuple[Verdict, int]
) -> None:
    """Broken or unasked, as often as it takes; that it came late is on record, and no finding."""
    outcome = await stage.outcome(doing(*ends), stabilization_window_s=600.0)
    assert (outcome.verdict, len(outcome.attempts)) == ended
    assert outcome.finding is None
    assert (outcome.settled_s > 0) == (len(ends) > 1)
    [final] = stage.journal("scenario-finished")
    assert ("settled" in final) == (len(ends) > 1)


OWN = "the suite itself failed with {}; the journal has the traceback"


@pytest.mark.parametrize(
    ("end", "verdict", "code", "observed"),
    [
        (FOUND, Verdict.BROKEN, Code.UPLOAD_LOST, "the file is gone"),
        (AssertionError("3 != 4"), Verdict.BROKEN, Code.UNEXPLAINED, "3 != 4"),
        (AssertionError(), Verdict.BROKEN, Code.UNEXPLAINED, "an assertion without words failed"),
        (CannotAsk("set PROBES_CHROMIUM"), Verdict.UNKNOWN, Code.UNKNOWN, "set PROBES_CHROMIUM"),
        (KeyError("id"), Verdict.UNKNOWN, Code.UNKNOWN, OWN.format("KeyError: 'id'")),
        (TimeoutError("mine"), Verdict.UNKNOWN, Code.UNKNOWN, OWN.format("TimeoutError: mine")),
        (
            asyncio.CancelledError("its task"),
            Verdict.UNKNOWN,
            Code.UNKNOWN,
            OWN.format("CancelledError: its task"),
        ),
    ],
)
async def test_every_end_has_a_verdict(
    stage: Stage, end: BaseException | Finding, verdict: Verdict, code: Code, observed: str
) -> None:
    """What is not the target's doing never blames the target."""
    outcome = await stage.outcome(doing(end), confirm=False)
    assert outcome.finding
    assert (outcome.verdict, outcome.finding.code, outcome.finding.observed) == (
        verdict,
        code,
        observed,
    )
    assert (outcome.finding.cause == "the suite itself") is (verdict is Verdict.UNKNOWN)
    notes = [note["text"] for note in stage.journal("note")]
    assert [("Traceback" in note, "in call" in note) for note in notes] == [
        (True, True)
    ] * observed.endswith("traceback")


async def test_what_does_not_apply_is_skipped_with_its_reason(stage: Stage) -> None:
    """Found out by the scenario, or known to the environment, which does not even begin it."""
    target = replace(TARGET, skip={"edge": "no edge here"})
    outcome = await stage.begin(
        {"storage/x": doing(NotApplicable("no TLS")), "edge/y": doing()}, target
    ).outcome("storage/x")
    assert (outcome.verdict, outcome.reason) == (Verdict.SKIPPED, "no TLS")
    assert {name: told.reason for name, told in stage.told.items()} == {
        "storage/x": "no TLS",
        "edge/y": "no edge here",
    }
    assert [event["scenario"] for event in stage.journal("attempt-started")] == ["storage/x"]
    assert {event["verdict"] for event in stage.journal("scenario-finished")} == {"skipped"}
    assert '"skip"' in (stage.evidence.folder / telemetry.NAME).read_text()


@pytest.mark.parametrize(("end", "verdict"), [(None, Verdict.DEGRADED), (FOUND, Verdict.BROKEN)])
async def test_what_degrades_a_promise_lets_the_scenario_go_on(
    stage: Stage, end: Finding | None, verdict: Verdict
) -> None:
    """Unless it is broken in the end."""

    async def call() -> None:
        current().degrade(EXPIRING)
        await doing(end)()

    outcome = await stage.outcome(call, confirm=False)
    assert (outcome.verdict, outcome.finding) == (verdict, end or EXPIRING)
    assert len(outcome.attempts) == 1


TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("until", "end", "accepted"),
    [
        (TODAY + timedelta(days=1), FOUND, True),
        (TODAY - timedelta(days=1), FOUND, False),
        (TODAY + timedelta(days=1), CannotAsk("x"), False),
        (TODAY + timedelta(days=1), None, False),
    ],
)
async def test_an_accepted_finding_is_marked(
    stage: Stage, until: date, end: Any, accepted: bool
) -> None:
    """Its verdict stays what it is."""
    codes = ("upload-lost", "unknown")
    target = replace(
        TARGET, accepted=tuple(Accepted(code, "edge/x", "known", until) for code in codes)
    )
    outcome = await stage.outcome(doing(end), target, confirm=False)
    assert outcome.verdict is {FOUND: Verdict.BROKEN, None: Verdict.HELD}.get(end, Verdict.UNKNOWN)
    [final] = stage.journal("scenario-finished")
    assert final["accepted"] == ({"why": "known", "until": until.isoformat()} if accepted else None)
    assert bool(outcome.accepted) is accepted


async def test_a_second_look_may_refine_the_suspect(stage: Stage) -> None:
    """It gets the evidence, and a line that shows it again; what comes of it has been redacted."""

    async def call() -> None:
        with current().exchange("http", "GET", "https://a/api") as exchange:
            exchange.set_response(200, {})
        raise Broken(FOUND)

    async def diagnose(finding: Finding, recorder: Recorder) -> Finding:
        assert recorder.last
        return replace(
            finding, cause="s3cret-cause", rungs=(Rung("dns", held=True, detail="s3cret-rung"),)
        )

    for secret in ("s3cret-cause", "s3cret-rung", FOUND.observed):
        stage.evidence.redactor.remember(secret)
    outcome = await stage.outcome(call, refine=diagnose, confirm=False)
    assert outcome.finding
    assert outcome.finding.reproduce_command == "curl -sS -i https://a/api"
    texts = (outcome.finding.cause, outcome.finding.observed, outcome.finding.rungs[0].detail)
    assert all(text.startswith("<secret #") for text in texts)
    assert (
        stage.journal("scenario-finished")[0]["finding"]["runbook"]
        == "docs/runbooks/upload-lost.md"
    )


@pytest.mark.parametrize(
    ("again", "climbs"), [(FOUND, 1), (replace(FOUND, observed="something else"), 2)]
)
async def test_the_same_failure_is_looked_into_once(
    stage: Stage, again: Finding, climbs: int
) -> None:
    """What broke the same way twice is not worth a second ladder; what broke another way is."""
    ends = iter((FOUND, again))
    climbed: list[Finding] = []

    async def call() -> None:
        raise Broken(next(ends))

    async def diagnose(finding: Finding, _: Recorder) -> Finding:
        climbed.append(finding)
        return replace(
            finding, cause="the gateway", rungs=(Rung("gateway", held=False, detail="404"),)
        )

    outcome = await stage.outcome(call, refine=diagnose)
    assert len(climbed) == climbs
    assert outcome.finding == replace(
        again, cause="the gateway", rungs=(Rung("gateway", held=False, detail="404"),)
    )


async def cancelled() -> None:
    raise asyncio.CancelledError


def falling(how: Callable[[], Awaitable[Any]]) -> Refine:
    async def diagnose(_: Finding, __: Recorder) -> Finding:
        await how()
        raise KeyError("rung")

    return diagnose


@pytest.mark.parametrize(
    ("refine", "note"),
    [
        (falling(lambda: asyncio.sleep(0)), "the diagnosis itself failed: KeyError: 'rung'"),
        (falling(cancelled), "the diagnosis itself failed: CancelledError"),
        (falling(lambda: asyncio.Event().wait()), "the diagnosis itself failed: TimeoutError"),
    ],
)
async def test_a_finding_outlives_its_ladder(
    stage: Stage, refine: Refine, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it breaks or hangs."""
    monkeypatch.setattr(attempts, "DIAGNOSIS_TIMEOUT_S", 0.01)
    outcome = await stage.outcome(doing(FOUND), refine=refine, confirm=False)
    assert outcome.finding == FOUND
    assert [event["text"].rstrip(": ") for event in stage.journal("note")] == [note]


async def test_a_line_that_a_probe_gave_is_kept(stage: Stage) -> None:
    """It knows better how to show it again."""
    outcome = await stage.outcome(
        doing(replace(FOUND, reproduce_command="dig wealist.co.kr")), confirm=False
    )
    assert outcome.finding
    assert outcome.finding.reproduce_command == "dig wealist.co.kr"


async def test_each_attempt_has_a_span_that_tells_how_it_ended(stage: Stage) -> None:
    """Under the run's own."""
    await stage.outcome(doing(FOUND, None))
    spans = (stage.evidence.folder / telemetry.NAME).read_text().splitlines()
    assert [("upload-lost" in span, '"fail"' in span, '"pass"' in span) for span in spans] == [
        (True, True, False),
        (False, False, True),
    ]
    assert all('"parentSpanId"' in span for span in spans)


async def test_a_run_tells_its_verdicts(stage: Stage) -> None:
    """Of what has ended; what has not, or was stopped before it began, has none."""
    calls: Any = {
        "edge/a": doing(None),
        "edge/b": asyncio.Event().wait,
        "edge/c": doing(None),
    }
    made = stage.begin(calls, concurrency=1)
    await made.outcome("edge/a")
    assert [outcome.verdict for outcome in made.outcomes.values()] == [Verdict.HELD]
    await made.finish()
