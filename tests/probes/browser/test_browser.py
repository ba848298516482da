"""One Chromium for a run: what does not start or dies blames nobody, and leaves nothing behind."""

import asyncio
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from probes.browser import browser as browsers
from probes.browser.browser import SCRATCH, Browser
from probes.browser.page import Visit
from probes.config.environment import Hosts, Target
from probes.finding import Broken, CannotAsk, NotApplicable
from probes.recording.recorder import Recorder
from tests.support.app import App
from tests.support.artifacts import kept
from tests.support.site import Site, page, secured

NOBODY = 2**22 + 1  # more than a process id can be (proc(5), pid_max)


@asynccontextmanager
async def own(target: Target) -> AsyncIterator[Browser]:
    """A browser that a test may harm."""
    browser = Browser(target)
    try:
        yield browser
    finally:
        await browser.close()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.glob("playwright*")) == []


async def test_another_authority_is_not_trusted(
    app: App, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser refuses the page as a user's does."""
    async with secured("apex.localhost", tmp_path / "ca.pem", body=b"<p>hello") as port:
        elsewhere = replace(app.browser.target, hosts=Hosts(f"https://apex.localhost:{port}", ""))
        monkeypatch.setattr(app.browser, "target", elsewhere)
        with pytest.raises(
            Broken, match=r"tls-invalid: the browser refuses apex\.localhost: .*ERR_CERT_AUTHORITY"
        ):
            async with app.browser.visit("/"):
                pass


def inside(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_browser_that_dies_is_launched_anew_and_leaves_nothing(
    app: App, recorder: Recorder, temporary: Path
) -> None:
    """Who was visiting cannot ask; the next one can. Profiles lie in a folder of ours alone, which
    goes with us.
    """
    app.does("show('hello')")
    (temporary / f"{SCRATCH}{NOBODY}-x").mkdir()
    before = os.environ.get("TMPDIR")
    async with own(app.browser.target) as browser:
        with pytest.raises(CannotAsk, match="the browser failed: "):
            await _visit_and_kill(browser, temporary)
        assert os.environ.get("TMPDIR") == before
        async with browser.visit("/") as visit:
            assert await visit.page.text_content("p") == "hello"
        [scratch] = inside(temporary)
        assert scratch.name.startswith(f"{SCRATCH}{os.getpid()}-")
        assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    assert inside(temporary) == []
    assert kept(recorder) == []


async def _visit_and_kill(browser: Browser, temporary: Path) -> None:
    async with browser.visit("/") as visit:
        await _kill(browser, inside(temporary)[0])
        await visit.page.reload()


async def _kill(browser: Browser, scratch: Path) -> None:
    """End the Chromium whose profile is in `scratch`, and wait until Playwright knows."""
    gone = asyncio.Event()
    assert browser._chromium
    browser._chromium.on("disconnected", lambda _: gone.set())
    mine = [
        child
        for child in psutil.Process().children(recursive=True)
        if str(scratch) in " ".join(child.cmdline())
    ]
    assert mine
    for process in mine:
        process.kill()
    await gone.wait()


async def test_a_chromium_that_does_not_start_blames_nobody(
    target: Target, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is ours to mend."""
    monkeypatch.setenv("PROBES_CHROMIUM", "/bin/false")
    async with own(target) as browser:
        with pytest.raises(CannotAsk, match="the browser gave no page: "):
            async with browser.visit("/"):
                pass


def test_what_dead_runs_left_is_removed(temporary: Path) -> None:
    """Their profiles and raw traces hold tokens. What belongs to the living, or to others,
    stays.
    """
    stay = [f"{SCRATCH}{os.getpid()}-x", f"{SCRATCH}mine-x", f"{SCRATCH}123", "other-1-x"]
    for name in (*stay, f"{SCRATCH}{NOBODY}-x"):
        (temporary / name / "profile").mkdir(parents=True)
    browsers._remove_abandoned()
    assert sorted(path.name for path in temporary.iterdir()) == sorted(stay)


def test_a_site_is_not_asked_before_a_browser_is_needed(site: Site, target: Target) -> None:
    """A run without pages starts none."""
    browser = Browser(target)
    asyncio.run(browser.close())
    assert (browser._playwright, site.asked) == (None, [])


async def test_who_waited_when_the_browser_died_gets_another(
    app: App, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once: what kills the second one, too, is told."""
    async with own(app.browser.target) as browser:
        dead = await browser._ready()
        await dead.close()
        again = browser._ready
        answers = [dead]
        app.site.says["GET apex/"] = page()

        async def ready() -> object:
            return answers.pop() if answers else await again()

        monkeypatch.setattr(browser, "_ready", ready)
        async with browser.visit("/") as visit:
            assert not visit.page.is_closed()
        answers += [dead, dead]
        with pytest.raises(CannotAsk, match="the browser gave no page"):
            async with browser.visit("/"):
                pass


async def test_a_deadline_while_a_page_is_closed_leaves_no_page(
    app: App, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would show its user as online, and renew tokens that nobody keeps."""
    closing = asyncio.Event()

    async def settle(_visit: Visit) -> None:
        closing.set()
        await asyncio.sleep(0.05)

    app.site.says["GET apex/"] = page()
    async with own(app.browser.target) as browser:

        async def stay() -> None:
            async with browser.visit("/"):
                monkeypatch.setattr(Visit, "settle", settle)
                raise NotApplicable("nothing to see")

        visiting = asyncio.ensure_future(stay())
        await closing.wait()
        visiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await visiting
        assert (await browser._ready()).contexts == []
