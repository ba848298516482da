"""The least that a healthy run's questions cost: the same requests and page loads, asked bare and
all at once.

`python -m tests.support.baseline ENVIRONMENT RUN` replays what the journal of RUN says was asked,
without evidence, verdicts, spans or reports. Writes cannot be repeated (a presigned URL is used up,
a row exists), so each counts as a read of its service's liveness, or of the file that was written.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx
from playwright.async_api import async_playwright

from probes.auth.signing_key import load_signer
from probes.browser import chromium, trust
from probes.config import environment_file as target
from probes.config.environment import Target
from probes.recording.journal import read
from probes.transport.connections import LoopbackNames


def questions(run: Path) -> tuple[list[str], list[str]]:
    """URLs to ask, and page paths to load, as often as the run did."""
    urls, pages = [], []
    for event in read(run):
        if event["event"] == "exchange" and event["scenario"]:
            kind, method, url = event["kind"], event["method"], event["url"]
            if kind == "page" and method == "NAVIGATE":
                pages.append(url)
            elif kind == "http":
                urls.append(url if method == "GET" else _alive(url))
    return urls, pages


def _alive(url: str) -> str:
    parts = urlsplit(url)
    service = parts.path.split("/")[3]
    return f"{parts.scheme}://{parts.netloc}/api/svc/{service}/health/live"


async def ask(environment: Target, urls: Sequence[str], pages: Sequence[str]) -> Counter[int]:
    """Everything at once, on one loop, with one browser."""
    async with (
        AsyncExitStack() as stack,
        httpx.AsyncClient(transport=LoopbackNames(environment.trust), timeout=30) as client,
        async_playwright() as playwright,
    ):
        mint = load_signer(environment.identity)
        assert mint, "the replica gives its signing key away"
        given = mint.pair(environment.users["alice"])
        tokens = {
            "accessToken": given.access,
            "refreshToken": given.refresh,
            "userId": given.user_id,
        }
        client.headers["authorization"] = f"Bearer {tokens['accessToken']}"
        client.headers["x-workspace-id"] = environment.workspace.id
        home = Path(stack.enter_context(TemporaryDirectory()))
        browser = await playwright.chromium.launch(
            executable_path=chromium.find(), env={**trust.home(environment, home)}
        )
        state = {
            "cookies": [],
            "origins": [
                {
                    "origin": environment.hosts.apex,
                    "localStorage": [
                        {"name": name, "value": tokens[name]}
                        for name in ("accessToken", "refreshToken", "userId")
                        if name in tokens
                    ],
                }
            ],
        }

        async def load(url: str) -> int:
            context = await browser.new_context(storage_state=state)  # type: ignore[arg-type]
            page = await context.new_page()
            await page.goto(url, wait_until="load")
            await page.wait_for_function("document.body.innerText.trim() !== ''")
            await context.close()
            return 200

        async def get(url: str) -> int:
            return (await client.get(url)).status_code

        statuses = await asyncio.gather(*map(get, urls), *map(load, pages))
        await browser.close()
    return Counter(statuses)


def main() -> int:
    environment = Path(sys.argv[1])
    urls, pages = questions(Path(sys.argv[2]))
    built = target.build(target.parse(environment), str(environment))
    print(len(urls), len(pages), dict(asyncio.run(ask(built, urls, pages))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
