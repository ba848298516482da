"""A drivable provider's pages are walked through; whatever goes wrong there is not weAlist's
fault.
"""

from collections.abc import AsyncIterator

import httpx
import pytest

from probes.config.sign_in import OAuth
from probes.finding import CannotAsk, NotApplicable
from probes.recording.recorder import Recorder
from probes.services import identity_provider
from probes.transport.http import Web
from tests.support.site import Said, Site, target_at


@pytest.fixture
async def web(site: Site, recorder: Recorder) -> AsyncIterator[Web]:
    origin = site.origin("google")
    oauth = OAuth(drivable=True, provider=origin, redirect_uri=site.origin("api") + "/callback")
    web = Web(target_at(site, oauth=oauth))
    yield web
    await web.close()


def leads(to: str) -> Said:
    return Said(303, headers={"location": to, "set-cookie": "step=1; Path=/"})


async def test_a_sign_in_ends_at_the_callback(site: Site, web: Web) -> None:
    """Redirects are followed, the form is filled in, and the callback is left to who asked."""
    callback = web.target.oauth.redirect_uri + "?code=c&state=s"
    site.says |= {
        "GET google/auth": leads("/interaction/7"),
        "GET google/interaction/7": Said(200, b"<form>", "text/html"),
        "POST google/interaction/7/login": leads("/auth/7"),
        "GET google/auth/7": leads(callback),
    }
    url = await identity_provider.sign_in(
        web, httpx.Cookies(), site.origin("google") + "/auth", "alice@example.org"
    )
    assert url == callback
    posted = next(asked for asked in site.asked if asked.method == "POST")
    assert (posted.body, posted.headers["cookie"]) == (b"account=alice%40example.org", "step=1")
    assert all(asked.host == "google" for asked in site.asked)


@pytest.mark.parametrize("said", [Said(500), leads("https://elsewhere.invalid/"), leads("/auth")])
async def test_a_provider_that_lets_nobody_in_is_no_finding(
    site: Site, web: Web, said: Said
) -> None:
    """An error, a way that leads elsewhere, a circle."""
    site.says["GET google/auth"] = said
    with pytest.raises(CannotAsk, match="let nobody in as"):
        await identity_provider.sign_in(
            web, httpx.Cookies(), site.origin("google") + "/auth", "alice@example.org"
        )
    assert len(site.asked) <= identity_provider.STEPS


def test_google_is_not_driven(site: Site) -> None:
    """Unless the environment says so, no page of a provider is opened."""
    with pytest.raises(NotApplicable, match="must not be driven"):
        identity_provider.require_drivable(target_at(site))
