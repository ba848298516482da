"""What a scenario's own deadline ends, and what is then said of it."""

import asyncio
from typing import Any

import pytest

from probes.recording.recorder import current
from probes.runner.attempt import unknown
from tests.support.fake_run import Stage, scenario


async def test_a_scenario_has_a_deadline_of_its_own(stage: Stage) -> None:
    """What takes longer is not known."""
    calls: Any = {"edge/x": (scenario("edge/x", deadline_s=0.01), asyncio.Event().wait)}
    outcome = await stage.begin(calls).outcome("edge/x")
    assert outcome.finding == unknown("not done within its deadline of 0.01 s")


@pytest.mark.parametrize(
    ("method", "named"), [("POST", "POST https://"), ("NAVIGATE", "the page https://")]
)
async def test_a_deadline_says_what_was_waited_for(stage: Stage, method: str, named: str) -> None:
    """And nothing that is secret in its URL."""

    async def ask_twice() -> None:
        with current().exchange("http", "GET", "https://host/api/first"):
            pass
        with current().exchange("http", method, "https://host/api/second?token=abc"):
            await asyncio.Event().wait()

    calls: Any = {"edge/x": (scenario("edge/x", deadline_s=0.05), ask_twice)}
    outcome = await stage.begin(calls).outcome("edge/x")
    assert outcome.finding
    assert f"it waited for {named}host/api/second?token=" in outcome.finding.observed
    assert "abc" not in outcome.finding.observed
