"""How long Playwright's client waits in a loop that is never empty."""

import asyncio
import importlib

import pytest
from playwright._repo_version import version

from probes.browser import playwright_turns

tasks = importlib.import_module("playwright._impl.utils.tasks")


@pytest.fixture(autouse=True)
def as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_MAX_TURNS", 100)


async def turns_of_a_full_loop() -> int:
    """The turns that the client waits for while somebody else is always ready."""
    turns = 0

    async def crowd() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(crowd())
    await tasks.wait_for_next_task()
    task.cancel()
    return turns


async def test_a_crowd_does_not_hold_the_driver_up() -> None:
    """In the version that is installed, a message costs a few turns of a full loop."""
    before = await turns_of_a_full_loop()
    assert playwright_turns.limit_turns()
    assert await turns_of_a_full_loop() <= playwright_turns.TURNS + 1 < before


@pytest.mark.parametrize("other", ["1.64.0", "1.66.0", "2.0"])
def test_another_version_is_left_alone(other: str) -> None:
    """What is not known to mean the same is not touched."""
    assert not playwright_turns.limit_turns(other)
    assert tasks._MAX_TURNS == 100


def test_a_client_without_that_limit_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch release may drop what is private."""
    monkeypatch.delattr(tasks, "_MAX_TURNS")
    assert not playwright_turns.limit_turns(version)
    assert not hasattr(tasks, "_MAX_TURNS")
