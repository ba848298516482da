"""Calls, once people talk: what one says and sends reaches the other."""

import pytest

from probes.auth.users import User
from probes.browser import call
from probes.browser.browser import Browser
from probes.livekit.sdk.call import SdkCalls
from probes.recording.ledger import Ledger
from probes.transport.http import Web

pytestmark = pytest.mark.promise(owner="platform", incident="V6 §5")


async def test_two_people_find_to_each_other(sdk_calls: SdkCalls) -> None:
    """Two people who join the same call are connected, and owe it to no luck of their own
    networks.
    """
    await sdk_calls.expect_connection()


async def test_what_one_sends_the_other_gets(sdk_calls: SdkCalls) -> None:
    """What one sends in a call while talking, the other gets, both ways."""
    await sdk_calls.expect_data()


async def test_what_one_says_the_other_hears(sdk_calls: SdkCalls) -> None:
    """What one says in a call, the other hears, soon and clearly."""
    await sdk_calls.expect_sound()


async def test_a_call_goes_on_without_udp(sdk_calls: SdkCalls) -> None:
    """Who sits where nothing but TCP gets out can talk all the same."""
    await sdk_calls.expect_tcp_fallback()


async def test_who_joins_on_the_page_hears_the_other(
    browser: Browser, web: Web, sdk_calls: SdkCalls, alice: User, ledger: Ledger
) -> None:
    """A member who joins a call in the browser, by the address that the app gives the page, hears
    who speaks in it.
    """
    await call.expect_audio(browser, web, sdk_calls, alice, ledger)
