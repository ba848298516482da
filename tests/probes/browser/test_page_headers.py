"""Who stops waiting for the headers of an answer leaves no exception behind."""

import asyncio
import gc
from typing import Any, cast

import pytest
from playwright.async_api import Error, Response

from probes.browser import page_replies
from probes.browser.page_replies import all_headers, cookie_headers


class HeldAnswer:
    """An answer whose headers do not come until its page is closed; as Playwright's, it shields
    its own reading from who gives it up.
    """

    def __init__(self) -> None:
        self.closed, self.asked = asyncio.Event(), asyncio.Event()
        self.reading: asyncio.Task[dict[str, str]] | None = None

    async def all_headers(self) -> dict[str, str]:
        self.reading = asyncio.ensure_future(self._read())
        self.asked.set()
        return await asyncio.shield(self.reading)

    async def _read(self) -> dict[str, str]:
        await self.closed.wait()
        raise Error("Response.all_headers: Target page, context or browser has been closed")


@pytest.fixture
def answer() -> HeldAnswer:
    return HeldAnswer()


async def close_and_collect(answer: HeldAnswer) -> list[str]:
    """What asyncio complains of once the page is closed and nothing of it is kept."""
    gc.collect()  # what other tests left is their own
    complaints: list[str] = []
    loop = asyncio.get_running_loop()

    def hear(_: object, context: dict[str, Any]) -> None:
        complaints.append(context["message"])

    loop.set_exception_handler(hear)
    answer.closed.set()
    assert answer.reading
    await asyncio.wait((answer.reading,))
    answer.reading = None
    await asyncio.sleep(0)  # callbacks of the reading
    await asyncio.sleep(0)  # and of who waited for it
    gc.collect()
    loop.set_exception_handler(None)
    return complaints


async def test_a_reading_that_took_too_long_complains_of_nothing(
    answer: HeldAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up after its time, and its page is closed later."""
    monkeypatch.setattr(page_replies, "HEADERS_TIMEOUT_S", 0.01)
    assert await cookie_headers(cast("Response", answer)) == {}
    assert await close_and_collect(answer) == []


async def test_a_scenario_that_is_ended_complains_of_nothing(answer: HeldAnswer) -> None:
    """Its deadline cancels it while the headers of its page are awaited."""
    waiting = asyncio.ensure_future(all_headers(cast("Response", answer)))
    await answer.asked.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await close_and_collect(answer) == []


async def test_what_went_wrong_reaches_who_waits(answer: HeldAnswer) -> None:
    """As Playwright raises it."""
    answer.closed.set()
    with pytest.raises(Error, match="has been closed"):
        await all_headers(cast("Response", answer))
