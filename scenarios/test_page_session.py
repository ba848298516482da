"""The page through its token's life: it comes back from what is lost, and its user notices nothing,
or is told.
"""

from collections.abc import Callable

import pytest

from probes.auth.users import User
from probes.browser import chat, drive, session
from probes.browser.browser import Browser
from probes.config.environment import Target
from probes.services import chat as services_chat
from probes.services import profiles
from probes.transport.http import Web
from scenarios.conftest import ChatPage

pytestmark = pytest.mark.promise(owner="frontend", incident="V6 §4")

HELLO = "Are you there?"


@pytest.mark.promise(incident="V6 §4, a3ca20b2")
async def test_a_dropped_chat_comes_back_with_a_fresh_token(
    at_a_chat: Callable[[], ChatPage], web: Web, alice: User, bob: User
) -> None:
    """Who has sat at a chat for an hour and loses its socket can send all the same, and the message
    arrives.
    """
    async with at_a_chat() as (stay, room):
        await stay.expire(await alice.expired_token())
        await stay.drop("chat")
        await stay.expect_recovered("chat", refreshes=1)
        await chat.say(stay, HELLO)
        await chat.expect_readable(web, bob, room, HELLO)


@pytest.mark.promise(incident="V6 §4, contract 3.3")
async def test_one_refresh_serves_all_sockets(
    at_a_chat: Callable[[], ChatPage], alice: User
) -> None:
    """When chat, board and presence drop at once, one refresh brings all three back, and nobody is
    logged out.
    """
    async with at_a_chat() as (stay, _):
        await stay.expect_connected("board")
        await stay.expire(await alice.expired_token())
        await stay.drop("chat", "board", "presence")
        await stay.expect_recovered("chat", "board", "presence", refreshes=1)


@pytest.mark.promise(incident="V6 §4.5")
async def test_a_refused_refresh_logs_out_once(
    at_a_chat: Callable[[], ChatPage], alice: User
) -> None:
    """A user whose session is over is led to the login page once, no token is left behind, and the
    page is quiet.
    """
    async with at_a_chat() as (stay, _):
        await stay.refuse_refreshes()
        await stay.expire(await alice.expired_token())
        await stay.drop("chat")
        await stay.expect_one_logout()


@pytest.mark.promise(incident="contract 3.3, 7bfadad3")
async def test_a_failed_refresh_is_tried_again(
    at_a_chat: Callable[[], ChatPage], alice: User
) -> None:
    """A refresh that fails by 503, then by network, logs nobody out: it is tried again, and the
    chat comes back.
    """
    async with at_a_chat() as (stay, _):
        await stay.fail_refreshes("unavailable", "network")
        await stay.expire(await alice.expired_token())
        await stay.drop("chat")
        await stay.expect_recovered("chat")


@pytest.mark.promise(incident="contract 3.5")
async def test_the_page_survives_a_lost_network(
    at_a_chat: Callable[[], ChatPage], web: Web, bob: User
) -> None:
    """After a while without a network the page comes back by itself, and what is said then
    arrives.
    """
    async with at_a_chat() as (stay, room):
        await stay.lose_network(web.target.realtime.offline_seconds)
        await stay.expect_recovered("chat", "presence")
        await chat.say(stay, HELLO)
        await chat.expect_readable(web, bob, room, HELLO)


@pytest.mark.promise(incident="contract 3.3")
async def test_an_expired_token_costs_one_refresh(browser: Browser, alice: User) -> None:
    """Who comes back after an hour sees their workspaces: the refused call is repeated after one
    refresh.
    """
    async with session.open_session(
        browser, alice, "/dashboard", access=await alice.expired_token()
    ) as stay:
        await stay.expect_calls_repeated()


@pytest.mark.promise(incident="contract 3.3")
async def test_many_refused_calls_share_one_refresh(
    browser: Browser, target: Target, alice: User
) -> None:
    """Calls that are refused at the same moment wait for one refresh, and each is repeated once."""
    async with session.open_session(browser, alice, drive.path(target.workspace.id)) as stay:
        await stay.expect_connected("presence")
        trash = await drive.find_trash(stay.visit)
        await stay.expire(await alice.expired_token(), then_click=trash)
        await stay.expect_calls_repeated(together=2)


@pytest.mark.promise(owner="frontend", incident="contract 3.6")
async def test_an_image_sent_on_the_page_arrives(
    at_a_chat: Callable[[], ChatPage], web: Web, bob: User
) -> None:
    """An image that a member pastes into a chat and sends, another can look at."""
    async with at_a_chat() as (stay, room):
        await chat.send_image(stay, profiles.IMAGE)
        await services_chat.expect_image(web, bob, room, profiles.IMAGE)
