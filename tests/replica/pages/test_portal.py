"""ops-portal's pages and the main app's login button in a browser, at a running replica: people
sign in for real.
"""

import re
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from probes.browser import trust
from probes.config.environment_file import build
from tests.conftest import Replica
from tests.support.browser import launched
from tests.support.page_visits import SIGN_IN

LOGIN = "WeAlist Admin Portal"


@dataclass
class Portal:
    """A page at the replica, and the addresses that the environment names."""

    page: Page
    oauth: dict[str, str]
    apex: str

    async def signs_in(self, who: str) -> None:
        """From the portal's login page by way of the provider's."""
        await self.page.goto(self.oauth["portal"])
        await expect(self.page.get_by_role("heading", name=LOGIN)).to_be_visible()
        await self.page.get_by_role("button", name="Continue with Google").click()
        await self.page.get_by_role("button", name=f"{who}@probes.invalid").click()

    async def shows(self, heading: str) -> None:
        await expect(self.page.get_by_role("heading", name=heading, exact=True)).to_be_visible()

    async def token(self) -> str | None:
        found: str | None = await self.page.evaluate("() => localStorage.getItem('token')")
        return found


@pytest.fixture
async def portal(replica: Replica, tmp_path: Path) -> AsyncIterator[Portal]:
    """A browser of its own: it must trust the replica's authority."""
    environment = tomllib.loads(replica.environment.read_text())
    target = build(environment, str(replica.environment))
    async with launched(environ=trust.home(target, tmp_path)) as browser:
        yield Portal(await browser.new_page(), environment["oauth"], environment["hosts"]["apex"])


async def test_the_operator_stays_signed_in(portal: Portal) -> None:
    """The dashboard with its sections, the token in storage and gone from the address, a reload
    later too.
    """
    await portal.signs_in("operator")
    await portal.shows("Dashboard")
    await expect(portal.page.get_by_text("Welcome back, Operator")).to_be_visible()
    for section in ("ArgoCD Applications", "System Overview (Last Hour)", "Cluster Resources"):
        await portal.shows(section)
    await expect(portal.page.get_by_text("auth-service-prod: Healthy")).to_be_visible()
    assert portal.page.url == portal.oauth["portal"]
    assert await portal.token()
    await portal.page.reload()
    await portal.shows("Dashboard")


async def test_who_has_no_row_is_sent_back_without_a_word(portal: Portal) -> None:
    """403: the token goes, and the login page shows as if nothing had happened (contract §6)."""
    await portal.signs_in("alice")
    await expect(portal.page).to_have_url(re.compile(r"/api/ops-portal/login$"))
    await portal.shows(LOGIN)
    assert await portal.token() is None


async def test_a_401_sends_back_too(portal: Portal, replica: Replica) -> None:
    """V6 §7 as it was."""
    replica.set_faults(["token-lacks-email-claim"])
    await portal.signs_in("operator")
    await expect(portal.page).to_have_url(re.compile(r"/api/ops-portal/login$"))
    await portal.shows(LOGIN)
    assert await portal.token() is None


async def test_the_app_s_own_button_leads_to_the_dashboard(portal: Portal) -> None:
    """Through the provider's page and back, the tokens gone from address and history."""
    await portal.page.goto(portal.apex)
    await portal.page.get_by_role("button", name=SIGN_IN).click()
    await portal.page.get_by_role("button", name="alice@probes.invalid").click()
    await portal.shows("My Dashboard")
    assert portal.page.url == f"{portal.apex}/dashboard"
    assert "accessToken" in await portal.page.evaluate("() => Object.keys(localStorage)")
