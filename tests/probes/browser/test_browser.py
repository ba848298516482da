"""One Chromium for a run: whom it trusts, who it says it is, and what a visit leaves behind."""

import asyncio
import contextlib
import json
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from probes.auth.users import User, Users
from probes.browser import browser as browsers
from probes.browser.browser import SCRATCH, Browser
from probes.config.environment import Hosts, Identity, Target, UserConfig
from probes.finding import Broken, CannotAsk, NotApplicable
from probes.recording import journal, playwright_trace
from probes.recording import spans as telemetry
from probes.recording.recorder import Recorder
from probes.recording.redactor import Redactor
from probes.transport.http import USER_AGENT, Web
from tests.probes.recording.test_playwright_trace import leaks
from tests.support import planted
from tests.support.app import App
from tests.support.fake_run import FOUND
from tests.support.site import NOWHERE, Site, js, page, secured

TOKEN = planted.token(subject="u-1", expires=4_102_444_800)  # of 2100
NOBODY = 2**22 + 1  # more than a process id can be (proc(5), pid_max)


@pytest.fixture
def alice(target: Target, web: Web, recorder: Recorder) -> User:
    """Signed in with a token that the redactor knows, as every member is."""
    static = replace(
        target, identity=Identity("static"), users={"alice": UserConfig("u-1", token="ALICE")}
    )
    return Users(static, web, recorder.evidence.redactor, {"ALICE": TOKEN}).user("alice")


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


def kept(recorder: Recorder) -> list[str]:
    """The suffixes of what was left in the run's folder; the journal names the same."""
    named = [
        event["path"]
        for event in journal.read(recorder.evidence.folder)
        if event["event"] == "artifact"
    ]
    there = (recorder.evidence.folder / "artifacts").glob("*")
    assert sorted(named) == sorted(
        str(path.relative_to(recorder.evidence.folder)) for path in there
    )
    return sorted(Path(name).suffix for name in named)


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


async def test_only_calls_to_the_apps_own_api_join_our_trace(app: App, recorder: Recorder) -> None:
    """Elsewhere a header of ours would fail the preflight (contract 1.5); assets are S3's."""
    app.site.says |= {"GET apex/api/mine": js({}), "GET apex/asset": page()}
    async with app.open(f"""
        const paths = ['/api/mine', '/asset', '{app.site.origin("api")}/api/others'];
        Promise.allSettled(paths.map(each => fetch(each))).then(() => show('asked'))""") as visit:
        await visit.page.get_by_text("asked").wait_for()
    bear = {asked.path: asked.headers.get("traceparent", "") for asked in app.site.asked}
    assert {path for path, header in bear.items() if header} == {"/api/mine"}
    assert bear.keys() == {"/", "/api/mine", "/asset", "/api/others"}
    spans = [
        json.loads(line)
        for line in (recorder.evidence.folder / telemetry.NAME).read_text().splitlines()
    ]
    [navigation] = [
        event
        for event in journal.read(recorder.evidence.folder)
        if event.get("method") == "NAVIGATE"
    ]
    assert navigation["span"] in bear["/api/mine"]
    assert navigation["span"] in json.dumps(spans)


async def test_a_visitor_says_that_it_is_synthetic(app: App, recorder: Recorder) -> None:
    """In front of it the words of the Chrome that it is, none of a headless one; the language is
    the users'.
    """
    async with app.open() as visit:
        assert await visit.page.evaluate("navigator.language") == "ko-KR"
    agent = app.site.asked[0].headers["user-agent"]
    assert agent.endswith(f" Safari/537.36 {USER_AGENT}")
    assert " Chrome/" in agent
    assert "Headless" not in agent


READS = "show(JSON.stringify(Object.entries(localStorage).sort()))"


async def test_a_member_is_signed_in_and_nobody_else(app: App, alice: User) -> None:
    """What the app keeps of her is in her visit only (contract 3.1)."""
    async with app.open(READS, user=alice) as visit:
        said = json.loads(await visit.page.text_content("p") or "")
    assert said == [["accessToken", TOKEN], ["refreshToken", ""], ["userId", "u-1"]]
    async with app.open(READS) as visit:
        assert await visit.page.text_content("p") == "[]"


LEAVES = """
show(localStorage.getItem('accessToken') ?? 'signed out')
if (localStorage.getItem('accessToken')) { %s; location.%s }
"""


@pytest.mark.parametrize(
    "forgets", ["localStorage.clear()", "localStorage.removeItem('accessToken')"]
)
@pytest.mark.parametrize("goes", ["reload()", "replace('/?again')", "href = '/?again'"])
async def test_who_has_logged_out_stays_so(app: App, alice: User, forgets: str, goes: str) -> None:
    """Tokens are there for the first document alone: none that follows gets them back."""
    app.does(LEAVES % (forgets, goes), "/?again")
    async with app.open(LEAVES % (forgets, goes), user=alice) as visit:
        await visit.page.get_by_text("signed out").wait_for()
        await visit.page.evaluate("sessionStorage.clear()")
        await visit.page.reload()
        await visit.page.get_by_text("signed out").wait_for()


ASKS = (
    "fetch('/api/x', {headers: {authorization: 'Bearer ' + localStorage.accessToken}}).then(() "
    "=> show('asked'))"
)


async def failing_visit(app: App, alice: User, failure: BaseException) -> None:
    app.site.says["GET apex/api/x"] = NOWHERE
    async with app.open(ASKS, user=alice) as visit:
        await visit.page.get_by_text("asked").wait_for()
        raise failure


@pytest.mark.parametrize("failure", [Broken(FOUND), AssertionError("no"), KeyError("id")])
async def test_what_goes_wrong_leaves_a_picture_and_a_trace_without_secrets(
    app: App, alice: User, recorder: Recorder, failure: Exception
) -> None:
    """And the failure itself goes its way."""
    with pytest.raises(type(failure)) as raised:
        await failing_visit(app, alice, failure)
    assert raised.value is failure
    assert kept(recorder) == [".png", ".zip"]
    picture, trace = sorted((recorder.evidence.folder / "artifacts").iterdir())
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert leaks(trace, TOKEN) == []
    assert leaks(trace, "/api/x")


TRACED = [
    (2, 1, Broken(FOUND), [".png"]),
    (2, 2, Broken(FOUND), [".png", ".zip"]),
    (2, 2, None, [".zip"]),
    (0, 2, Broken(FOUND), [".png"]),
]


@pytest.mark.parametrize("case", TRACED)
async def test_a_rerun_leaves_the_trace_that_the_first_attempt_has_not(
    app: App, alice: User, recorder: Recorder, case: tuple[int, int, Exception | None, list[str]]
) -> None:
    """A flake's, too; a picture is left by every attempt that broke."""
    traced_from, recorder.attempt, failure, left = case
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Broken):
        patch.setattr(app.browser, "_traced_from", traced_from)
        async with app.open("show('hello')", user=alice) as visit:
            await visit.page.get_by_text("hello").wait_for()
            if failure:
                raise failure
    assert kept(recorder) == left
    for trace in (recorder.evidence.folder / "artifacts").glob("*.zip"):
        assert leaks(trace, TOKEN) == []


async def test_a_raw_trace_would_leak(
    app: App, alice: User, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above has something to find."""
    monkeypatch.setattr(playwright_trace, "redact_trace", lambda _archive, _redactor: None)
    with pytest.raises(KeyError):
        await failing_visit(app, alice, KeyError())
    [trace] = (recorder.evidence.folder / "artifacts").glob("*.zip")
    assert leaks(trace, TOKEN)


@pytest.mark.parametrize("ends", [NotApplicable("no page here"), asyncio.CancelledError()])
async def test_what_is_nobodys_failure_leaves_nothing(
    app: App, alice: User, recorder: Recorder, ends: BaseException
) -> None:
    """Nor does a visit that went well."""
    with pytest.raises(type(ends)):
        await failing_visit(app, alice, ends)
    async with app.open("show('hello')") as visit:
        await visit.page.get_by_text("hello").wait_for()
    assert kept(recorder) == []


async def test_a_trace_that_cannot_be_had_is_no_reason_to_lose_the_finding(
    app: App, alice: User, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is noted; nothing that was not scrubbed stays."""

    def spoil(_archive: Path, _redactor: Redactor) -> None:
        raise ValueError("the browser trace could not be scrubbed and was deleted")

    monkeypatch.setattr(playwright_trace, "redact_trace", spoil)
    with pytest.raises(Broken):
        await failing_visit(app, alice, Broken(FOUND))
    assert kept(recorder) == [".png"]
    notes = [
        event["text"]
        for event in journal.read(recorder.evidence.folder)
        if event["event"] == "note"
    ]
    assert notes[-1].startswith(
        "no picture or trace was kept: the browser trace could not be scrubbed"
    )


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
