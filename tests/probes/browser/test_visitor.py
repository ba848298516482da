"""A visitor says that it is synthetic, and is signed in as its member until it signs out."""

import json

import pytest

from probes.auth.users import User
from probes.recording import journal
from probes.recording import spans as telemetry
from probes.recording.recorder import Recorder
from probes.transport.http import USER_AGENT
from tests.support.app import App
from tests.support.planted import ALICES_TOKEN
from tests.support.site import js, page


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
    assert said == [["accessToken", ALICES_TOKEN], ["refreshToken", ""], ["userId", "u-1"]]
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
