"""A person signs in, and the suite waits, judges where they land, and keeps nothing they typed."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser as Chromium

from probes.browser import chromium
from probes.browser.browser import Browser
from probes.browser.sign_in import sign_in_by_hand
from probes.config.sign_in import OAuth
from probes.doctor import sign_in as command
from probes.finding import EXIT_BAD_INPUT, Broken, CannotAsk, Code
from probes.recording.recorder import Recorder
from probes.transport.http import Web
from tests.support.app import App
from tests.support.site import Said, Site, target_at

HEADING = "document.body.innerHTML = '<h1>My Dashboard</h1>'"
LANDING = "/oauth/callback"
LANDS = f"setTimeout(() => location.assign('{LANDING}?accessToken=planted'), 50)"


@pytest.fixture
async def by_hand(site: Site) -> AsyncIterator[App]:
    """A browser that keeps as little as one with a window."""
    target = target_at(site)
    oauth = OAuth().at(target.hosts.apex, target.hosts.api)
    browser = Browser(replace(target, oauth=oauth))
    yield App(site, browser)
    await browser.close()


async def test_who_comes_back_is_judged_by_the_dashboard(
    by_hand: App, web: Web, recorder: Recorder
) -> None:
    """The page is loaded anew, and who was signed in still is."""
    by_hand.does(LANDS)
    by_hand.does(HEADING, LANDING)
    await sign_in_by_hand(by_hand.browser, web, 20)
    asked = [asked.path.partition("?")[0] for asked in by_hand.site.asked]
    assert asked.count(LANDING) == 2


async def test_nobody_who_signs_in_breaks_no_promise(
    by_hand: App, web: Web, recorder: Recorder
) -> None:
    by_hand.does("")
    with pytest.raises(CannotAsk, match="nobody came back signed in"):
        await sign_in_by_hand(by_hand.browser, web, 0.1)


async def test_a_leg_that_goes_astray_ends_the_wait(
    by_hand: App, web: Web, recorder: Recorder
) -> None:
    """The callback that no service answers is named, long before the person's time is over."""
    callback = by_hand.browser.target.oauth.redirect_uri
    by_hand.does(f"location.assign('{callback}?code=c&state=s')")
    by_hand.site.says["GET api/api/oauth2/callback/google"] = Said(404, b"404 page not found")
    with pytest.raises(Broken) as failure:
        await sign_in_by_hand(by_hand.browser, web, 60)
    assert failure.value.finding.code is Code.OAUTH_CALLBACK_LOST


async def test_what_is_typed_at_the_provider_is_not_recorded(
    by_hand: App, web: Web, recorder: Recorder, tmp_path: Path
) -> None:
    """No request to a host that is not weAlist's reaches the journal, nor does a picture."""
    by_hand.browser._by_hand = True
    by_hand.browser._chromium = await started(by_hand.browser)
    provider = by_hand.site.origin("provider")
    allowed = {"access-control-allow-origin": "*"}
    by_hand.site.says["POST provider/challenge"] = Said(200, b"", "text/plain", allowed)
    send = f"fetch('{provider}/challenge', {{method: 'POST', body: 'planted-password'}})"
    by_hand.does(f"{send}.finally(() => location.assign('{LANDING}'))")
    by_hand.does("show('no heading')", LANDING)
    by_hand.browser.target = replace(
        by_hand.browser.target,
        timeouts=replace(by_hand.browser.target.timeouts, answer_s=0.5),
    )
    with pytest.raises((Broken, CannotAsk)):
        await sign_in_by_hand(by_hand.browser, web, 20)
    recorder.evidence.journal.close()
    kept = [path for path in recorder.evidence.folder.rglob("*") if path.is_file()]
    assert kept
    assert not any(b"planted-password" in path.read_bytes() for path in kept)
    assert not any(b"provider.localhost" in path.read_bytes() for path in kept)
    assert not any(path.suffix in (".png", ".zip") for path in kept)
    assert any(asked.body == b"planted-password" for asked in by_hand.site.asked)


async def started(browser: Browser) -> Chromium:
    """The browser without a window, which a test machine can show."""
    browser._by_hand = False
    launched = await browser._ready()
    browser._by_hand = True
    return launched


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "no display"),
        ({"DISPLAY": ":0", "PROBES_CHROMIUM": "/nowhere/chromium"}, "no Chromium with a window"),
        ({"WAYLAND_DISPLAY": "w", "PROBES_CHROMIUM": "/x/headless_shell"}, "no Chromium with a"),
    ],
)
def test_without_a_window_there_is_one_sentence(
    environ: Mapping[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(chromium, "WITH_WINDOW", ("/nowhere/else",))
    for name in (*chromium.DISPLAYS, "PROBES_CHROMIUM", chromium.BY_HAND):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert command.main(["--env", "prod"]) == EXIT_BAD_INPUT
    assert words in capsys.readouterr().err
