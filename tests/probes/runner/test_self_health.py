"""How the suite itself fares, and what follows for what it saw meanwhile."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from probes import clock
from probes.finding import Code, Finding, Verdict
from probes.runner import retries
from probes.runner import self_health as health_module
from probes.runner.self_health import Health, Sample, SelfHealth, take_sample
from tests.support.fake_run import Stage, doing, scenario

STALLED = Finding(Code.SERVICE_STALLED, "user-service did not answer within 5 s", "user-service")
LOST = Finding(Code.UPLOAD_LOST, "the file is gone", "storage-service")


@pytest.mark.parametrize(
    ("health", "is_starved"),
    [
        (Health(), False),
        (Health(loop_delay_s=0.9, waited_share=0.5, cpu_share=1.0), False),
        (Health(loop_delay_s=1.6), True),
        (Health(late_share=0.85), True),
        (Health(waited_share=0.75), True),
        (Health(throttled_share=0.4), True),
        (Health(memory_share=0.98), True),
        (Health(pressure_share=1.0), False),
        (Health(pressure_share=0.97, loop_delay_s=0.8), True),
        (Health(descriptors_share=0.9), False),
    ],
)
def test_what_starves_a_suite(health: Health, is_starved: bool) -> None:
    """Its own delay and wait do; that others wait, too, proves nothing alone."""
    assert health.is_starved is is_starved


def test_figures_are_said_in_one_line() -> None:
    """What is nothing is left out, but for the loop's own delay."""
    health = Health(loop_delay_s=1.234, late_share=0.5, throttled_share=0.25, pressure_share=0.004)
    assert str(health) == "event loop up to 1.23 s late, CPU throttled 25%"
    assert health.figures["loop_delay_s"] == 1.234


async def test_a_loop_that_is_held_up_is_late() -> None:
    """For as long as somebody keeps it, and no longer."""
    health = SelfHealth()
    health.start()
    try:
        await asyncio.sleep(health_module.BEAT_S * 2)
        began = time.monotonic()
        time.sleep(0.9)  # noqa: ASYNC251 - the very thing that must not be done
        await asyncio.sleep(health_module.BEAT_S * 2)
        assert health.since(began).loop_delay_s >= 0.8
        assert health.since(began).is_starved
        assert health.whole_run.loop_delay_s >= 0.8
    finally:
        await health.stop()


def test_only_what_was_since_counts() -> None:
    """An old delay starves no later attempt, but the run has had it."""
    health, now = SelfHealth(), time.monotonic()
    health.note_delay(now - 60, 5.0)
    health.note_delay(now - 1, 0.0)
    assert health.since(now - 30).loop_delay_s == 0
    assert health.whole_run.loop_delay_s == 5.0


def test_shares_are_of_the_time_between_two_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums since the machine's start become shares of an attempt's time."""
    health, now = SelfHealth(), time.monotonic()
    health.note_sample(Sample(now - 10, cpu_s=50, throttled_s=7, pressure_s=100, waited_s=1))
    last = Sample(now, cpu_s=52, throttled_s=12, pressure_s=109, waited_s=5, memory_share=0.5)
    monkeypatch.setattr(health_module, "take_sample", lambda: last)
    shares = health.since(now - 9.9)
    assert (shares.cpu_share, shares.throttled_share) == pytest.approx((0.2, 0.5))
    assert (shares.pressure_share, shares.waited_share) == pytest.approx((0.9, 0.4))
    assert shares.memory_share == 0.5


def test_the_kernel_s_own_numbers_are_read(tmp_path: Path) -> None:
    """As cgroup v2 and PSI write them; pages of files count as memory that is free."""
    proc, group = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "schedstat").write_text("5000000000 2500000000 17\n")
    group.mkdir()
    (group / "cpu.stat").write_text("usage_usec 1\nnr_throttled 3\nthrottled_usec 1500000\n")
    (group / "cpu.pressure").write_text("some avg10=1.00 total=4000000\nfull avg10=0 total=1\n")
    (group / "memory.current").write_text("600\n")
    (group / "memory.max").write_text("1000\n")
    (group / "memory.stat").write_text("anon 1\nfile 100\n")
    sample = take_sample(proc, group)
    assert (sample.waited_s, sample.throttled_s, sample.pressure_s) == (2.5, 1.5, 4.0)
    assert sample.memory_share == 0.5
    (group / "memory.max").write_text("max\n")
    assert take_sample(proc, group).memory_share == 0


def test_a_kernel_that_tells_nothing_starves_nobody(tmp_path: Path) -> None:
    """macOS, or a sandbox without /proc."""
    sample = take_sample(tmp_path, tmp_path)
    assert (sample.waited_s, sample.throttled_s, sample.pressure_s) == (0, 0, 0)
    assert (sample.memory_share, sample.descriptors_share) == (0, 0)


@pytest.mark.parametrize("jump_s", [-3600.0, 86400.0])
def test_a_clock_that_jumps_is_noticed(jump_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time goes on as it was for the target; what drifts is no jump."""
    monkeypatch.setattr(clock, "_offset_s", 0.0)
    health, offset = SelfHealth(), time.time() - time.monotonic()
    health.note_clock(offset + 1)
    assert (health.clock_jump_s, clock.offset_s()) == (0, 0)
    health.note_clock(offset + jump_s)
    assert health.clock_jump_s == pytest.approx(jump_s, abs=1)
    assert clock.offset_s() == pytest.approx(-jump_s, abs=1)


class Starving(SelfHealth):
    """Starved at these attempts; `is_calm_later`: it ends before the deadline."""

    def __init__(self, *starved: bool, is_calm_later: bool = True) -> None:
        super().__init__()
        self._starved, self._is_calm_later = list(starved), is_calm_later

    def since(self, began: float) -> Health:
        is_starved = self._starved.pop(0) if self._starved else False
        return Health(loop_delay_s=3.0) if is_starved else Health()

    async def calm(self, timeout_s: float) -> bool:
        return timeout_s > 0 and self._is_calm_later


class Busy(Starving):
    """Late all the time, and not starved."""

    def since(self, began: float) -> Health:
        return Health(loop_delay_s=0.8)


async def test_a_time_out_of_a_starved_suite_is_asked_again(stage: Stage) -> None:
    """Held then is HELD, and nothing intermittent."""
    outcome = await stage.outcome(doing(STALLED, None), health=Starving(True))
    assert (outcome.verdict, outcome.finding, len(outcome.attempts)) == (Verdict.HELD, None, 2)


async def test_a_time_out_of_a_busy_suite_that_holds_then_is_no_finding(stage: Stage) -> None:
    """It was late itself, if not starved: it cannot tell whether the target was."""
    outcome = await stage.outcome(doing(STALLED, None), health=Busy())
    assert (outcome.verdict, outcome.finding, len(outcome.attempts)) == (Verdict.HELD, None, 2)


async def test_what_a_busy_suite_has_seen_twice_is_broken(stage: Stage) -> None:
    """Its lateness does not excuse a target that stalls each time."""
    outcome = await stage.outcome(doing(STALLED, STALLED), health=Busy())
    assert (outcome.verdict, len(outcome.attempts)) == (Verdict.BROKEN, 2)


async def test_time_outs_at_times_of_a_busy_suite_are_not_known(stage: Stage) -> None:
    """They are asked again when it is calm, and no word about the target before."""
    at_times = replace(STALLED, code=Code.INTERMITTENT, failed_repeats=4, repeats=12)
    outcome = await stage.outcome(doing(at_times), health=Busy(is_calm_later=False))
    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.finding
    assert outcome.finding.cause == retries.STARVED


async def test_a_time_out_that_is_seen_again_by_a_rested_suite_is_broken(stage: Stage) -> None:
    """Being starved once clears nobody: it needs the two attempts that any break needs."""
    health = Starving(True, False, False)
    outcome = await stage.outcome(doing(STALLED, STALLED, STALLED), health=health)
    assert (outcome.verdict, len(outcome.attempts)) == (Verdict.BROKEN, 3)
    assert outcome.finding
    assert outcome.finding.code is Code.SERVICE_STALLED


async def test_a_suite_that_stays_starved_knows_nothing(stage: Stage) -> None:
    """The figures and what was seen are told, and nobody else is blamed."""
    outcome = await stage.outcome(doing(STALLED), health=Starving(True, is_calm_later=False))
    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.finding
    assert outcome.finding.cause == retries.STARVED
    assert "loop up to 3.00 s late" in outcome.finding.observed
    assert STALLED.observed in outcome.finding.observed


async def test_a_deadline_of_a_starved_suite_has_its_figures(stage: Stage) -> None:
    """Who reads that something was not done in time sees that the machine had none to give."""
    short = scenario("edge/x", deadline_s=0.01)
    calls: Any = {"edge/x": (short, asyncio.Event().wait)}
    outcome = await stage.begin(calls, health=Starving(True)).outcome("edge/x")
    assert outcome.finding
    assert outcome.finding.observed.startswith("not done within its deadline of 0.01 s")
    assert "the suite itself was starved (event loop up to 3.00 s late" in outcome.finding.observed


async def test_a_suite_that_is_starved_again_and_again_gives_up(stage: Stage) -> None:
    """It does not ask for ever."""
    always = [True] * 9
    outcome = await stage.outcome(doing(*[STALLED] * 9), health=Starving(*always))
    assert outcome.verdict is Verdict.UNKNOWN
    assert len(outcome.attempts) == retries.MOST_STARVED + 1


async def test_what_does_not_depend_on_time_is_broken_all_the_same(stage: Stage) -> None:
    """A starved suite still knows a wrong answer when it sees one."""
    outcome = await stage.outcome(doing(LOST, LOST), health=Starving())
    assert outcome.verdict is Verdict.BROKEN


async def test_asking_again_ends_with_the_scenario_s_deadline(stage: Stage) -> None:
    """Where no time is left for another answer, none is asked for."""
    short = scenario("edge/x", deadline_s=0.0001)
    run = stage.begin({"edge/x": (short, doing(STALLED))}, health=Starving(True))
    assert (await run.outcome("edge/x")).verdict is Verdict.UNKNOWN
