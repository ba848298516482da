"""ops-portal: its users sign in there, stay there, and are told who they are."""

import pytest

from probes.auth.users import User
from probes.browser import portal
from probes.browser.browser import Browser
from probes.services import sign_in
from probes.transport.http import Web

pytestmark = pytest.mark.promise(owner="ops", incident="V6 §7")


async def test_who_starts_on_the_portal_is_sent_back_to_it(web: Web, operator: User) -> None:
    """A sign-in that starts on the portal ends on the portal, with a token that ops-service
    takes.
    """
    await sign_in.expect_portal_landing(web, operator)


async def test_who_signs_in_sees_the_portal(browser: Browser, web: Web, operator: User) -> None:
    """A portal user who signs in, in a browser, sees the portal's dashboard, and a reload keeps
    them there.
    """
    await portal.sign_in(browser, web, operator)


@pytest.mark.promise(incident="V6 §7, f4687cde")
async def test_the_landing_opens_the_portal(browser: Browser, web: Web, operator: User) -> None:
    """A portal user who comes back with a token sees the dashboard, and is not silently sent back
    to the login page.
    """
    await portal.land(browser, web, operator)


@pytest.mark.promise(incident="5a0e8811")
async def test_the_dashboard_shows_its_data(browser: Browser, web: Web, operator: User) -> None:
    """The dashboard shows what it is for, or says why it cannot."""
    await portal.expect_data(browser, web, operator)
