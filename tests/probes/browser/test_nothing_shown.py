"""A page that shows a spinner and no more is not blank by its own fault while nobody answers it."""

from dataclasses import replace

import pytest
from playwright.async_api import Route

from probes.browser.page import Visit
from probes.config.timeouts import Timeouts
from probes.finding import Broken, CannotAsk, Code
from probes.recording.recorder import Recorder
from tests.support.app import App

PROFILE = "/api/svc/user/api/profiles/me"
STREAM = "/api/svc/noti/api/notifications/stream"
WORDS = "document.body.append('loading')"


async def hang(route: Route) -> None:
    """Answer nobody."""


async def look(visit: Visit, script: str, answer_s: float) -> None:
    """Look for what is not there, on a page whose calls nobody answers."""
    await visit.page.route("**/api/**", hang)
    await visit.page.evaluate(f"{script}; 0")
    visit.target = replace(visit.target, timeouts=Timeouts(answer_s=answer_s))
    visit.page.set_default_timeout(500)
    await visit.find(visit.page.get_by_title("chat"), "the button chat")


@pytest.mark.parametrize("shown", ["", WORDS])
async def test_a_call_that_nobody_answers_is_the_services(
    app: App, recorder: Recorder, shown: str
) -> None:
    """Not the page's, blank or not, and not the probe's."""
    async with app.open() as visit:
        with pytest.raises(Broken) as caught:
            await look(visit, f"fetch('{PROFILE}').catch(() => 0); {shown}", 0.5)
    finding = caught.value.finding
    assert (finding.code, finding.cause) == (Code.SERVICE_STALLED, "user-service")
    assert PROFILE in finding.observed
    assert recorder.subject
    assert recorder.subject.url.endswith(PROFILE)


@pytest.mark.parametrize(
    ("script", "answer_s"),
    [(f"fetch('{PROFILE}').catch(() => 0)", 60.0), (f"new EventSource('{STREAM}')", 0.5)],
)
async def test_what_has_just_been_asked_or_never_ends_is_not_blamed(
    app: App, recorder: Recorder, script: str, answer_s: float
) -> None:
    """A page polls, and a stream is never done."""
    async with app.open() as visit:
        with pytest.raises(CannotAsk, match="did not find the button chat"):
            await look(visit, f"{script}; {WORDS}", answer_s)
