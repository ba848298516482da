"""Asking again until something is so."""

import asyncio
import itertools

import pytest

from probes.polling import poll_until


async def test_the_first_true_answer_ends_the_polling() -> None:
    """And is what the caller gets; nothing is asked after it."""
    answers = iter(["", "", "here", "never"])

    async def ask() -> str:
        return next(answers)

    assert await poll_until(ask, 60, interval_s=0) == "here"
    assert next(answers) == "never"


async def test_it_is_asked_at_least_once_and_at_the_end_of_the_time() -> None:
    """What came about in the last moment counts, and a timeout of 0 is one question."""
    asked_at: list[float] = []

    async def ask() -> bool:
        asked_at.append(asyncio.get_running_loop().time())
        return False

    assert await poll_until(ask, 0) is None
    assert len(asked_at) == 1
    began = asyncio.get_running_loop().time()
    assert await poll_until(ask, 0.05, interval_s=0.04) is None
    assert asked_at[-1] >= began + 0.05


async def test_a_question_that_fails_ends_the_polling() -> None:
    """The failure is the caller's to name."""
    numbers = itertools.count()

    async def ask() -> None:
        if next(numbers) == 2:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await poll_until(ask, 60, interval_s=0)
