"""The Chromium that tests look at pages with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from probes.browser import chromium


@asynccontextmanager
async def launched(
    *arguments: str, environ: dict[str, str] | None = None
) -> AsyncIterator[Browser]:
    """A browser for as long as the block lasts."""
    variables: dict[str, str | float | bool] | None = {**environ} if environ else None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium.find(), args=arguments, env=variables
        )
        try:
            yield browser
        finally:
            await browser.close()
