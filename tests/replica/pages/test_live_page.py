"""What a page keeps open, and how it comes back: one refresh for all, nobody logged out for
nothing.
"""

import contextlib
from functools import partial

from playwright.async_api import ConsoleMessage, expect

from replica.models import NotificationModel
from replica.services import notifications_stream
from replica.state import add
from tests.replica.pages.test_chat_page import chat_of, opens, says
from tests.support.page_visits import SIGN_IN, Visitor, refusing, tokens_of

REFRESH = "/api/auth/refresh"
KINDS = ("chat", "presence", "board")


async def settled(found: Visitor) -> None:
    """On a workspace's home with presence, board and chat open."""
    chat_of(found.place.state)
    async with found.page.expect_console_message(lambda said: "[Board WS] 연결 성공" in said.text):
        await found.home()
    async with found.page.expect_response("**/last-read"):  # the last of what a chat opens with
        await opens(found.page)


async def grows_old(found: Visitor) -> str:
    """From now on the stored access token has expired; returns it."""
    old = tokens_of(found.place, seconds=-5)["accessToken"]
    found.place.asked.clear()
    found.place.tokens.clear()
    await found.page.evaluate("token => localStorage.setItem('accessToken', token)", old)
    return old


async def refused(found: Visitor) -> None:
    """From now on there is no refresh; said before the token is old, since any part of the page may
    ask then.
    """
    found.place.state.blacklist.add(str(await found.stored("refreshToken")))


async def back(found: Visitor, kinds: tuple[str, ...] = KINDS) -> None:
    """Dropped, and open again."""
    async with contextlib.AsyncExitStack() as waiting:
        for kind in kinds:
            await waiting.enter_async_context(
                found.page.expect_console_message(partial(opened, kind.title()))
            )
        found.place.state.live.sockets.drop(kinds)


def opened(name: str, said: ConsoleMessage) -> bool:
    return f"[{name} WS] 연결 성공" in said.text


async def test_one_refresh_serves_all_sockets(alice: Visitor) -> None:
    """Dropped at once with an expired token, all come back with the one new token, and none tried
    the old.
    """
    await settled(alice)
    old = await grows_old(alice)
    await back(alice)
    assert alice.place.asked_for(REFRESH) == 1
    assert old not in alice.place.tokens
    await says(alice.page, "still here")
    await expect(alice.page.locator(".bubble")).to_have_text(["still here"])
    assert alice.complaints == []


async def test_a_good_token_is_kept_after_a_drop(alice: Visitor) -> None:
    """No refresh is spent on a drop that has nothing to do with the token."""
    await settled(alice)
    await back(alice)
    assert alice.place.asked_for(REFRESH) == 0


async def test_an_expired_token_is_refreshed_before_the_first_socket(alice: Visitor) -> None:
    """The page that is opened after a pause asks no socket with what it found in its storage."""
    await alice.goes("/dashboard")
    old = await grows_old(alice)
    async with alice.page.expect_console_message(
        lambda said: "[Presence WS] 연결 성공" in said.text
    ):
        await alice.home()
    assert old not in alice.place.tokens
    assert alice.place.asked_for(REFRESH) == 1


async def test_a_refused_refresh_ends_it_all_once(alice: Visitor) -> None:
    """Logged out to the login page, tokens gone, and no socket is tried again."""
    await settled(alice)
    await refused(alice)
    await grows_old(alice)
    alice.place.state.live.sockets.drop(KINDS)
    await expect(alice.page.get_by_role("button", name=SIGN_IN)).to_be_visible()
    assert await alice.stored("refreshToken") is None
    assert (alice.place.asked_for(REFRESH), alice.place.tokens) == (1, [])


async def test_a_refresh_that_cannot_be_asked_is_asked_again(alice: Visitor) -> None:
    """503 logs nobody out; once auth-service answers, the sockets are back."""
    await settled(alice)
    healthy, alice.place.apps["auth"] = alice.place.apps["auth"], refusing(503)
    await grows_old(alice)
    alice.place.state.live.sockets.drop(KINDS)
    await alice.asks(REFRESH, 3)
    assert await alice.stored("refreshToken")
    async with alice.page.expect_console_message(lambda said: "[Chat WS] 연결 성공" in said.text):
        alice.place.apps["auth"] = healthy


async def test_the_network_comes_back(alice: Visitor) -> None:
    """When all attempts are used up while nobody answers, the `online` event begins anew."""
    await settled(alice)
    healthy, alice.place.apps["chat"] = alice.place.apps["chat"], refusing(503)
    async with alice.page.expect_console_message(
        lambda said: "❌ [Chat WS] 최대 재연결 시도 초과" in said.text
    ):
        alice.place.state.live.sockets.drop(["chat"])
    alice.place.apps["chat"] = healthy
    async with alice.page.expect_console_message(lambda said: "[Chat WS] 연결 성공" in said.text):
        await alice.page.evaluate("window.dispatchEvent(new Event('online'))")


async def test_sockets_live_on_from_page_to_page(alice: Visitor) -> None:
    """Presence is opened once for a workspace; the board's socket ends with its page; all end on
    the dashboard.
    """
    await settled(alice)
    alice.place.tokens.clear()
    async with alice.page.expect_console_message(
        lambda said: "[Board WS] 연결 닫힘: 1000" in said.text
    ):
        await alice.page.get_by_title("드라이브").click()
    assert alice.place.tokens == []
    async with alice.page.expect_console_message(
        lambda said: "[Presence WS] 연결 닫힘: 1000" in said.text
    ):
        await alice.page.get_by_title("워크스페이스 목록으로").click()


async def test_the_bell_shows_what_comes_and_what_was_missed(alice: Visitor) -> None:
    """What happened before the stream and what happens during it, each once."""
    state = alice.place.state
    add(state.notifications, told(alice, "before"))
    await alice.home()
    await alice.page.get_by_title("알림").click()
    await alice.sees("보드가 배정되었습니다: before")
    notifications_stream.deliver(state, add(state.notifications, told(alice, "during")))
    await expect(alice.page.get_by_role("listitem")).to_have_text(
        ["보드가 배정되었습니다: during", "보드가 배정되었습니다: before"]
    )


def told(found: Visitor, name: str) -> NotificationModel:
    state = found.place.state
    return NotificationModel(
        kind="BOARD_ASSIGNED",
        actor=state.test_users["bob"].id,
        target=state.test_users["alice"].id,
        workspace=state.home.id,
        resource_type="board",
        resource="x",
        resource_name=name,
    )


async def test_the_page_reconnects_with_a_stale_token(alice: Visitor) -> None:
    """Fault page-reconnects-with-stale-token: five attempts with the expired token, then silence
    (V6 §4).
    """
    alice.place.state.faults = {"page-reconnects-with-stale-token"}
    await settled(alice)
    old = await grows_old(alice)
    async with alice.page.expect_console_message(
        lambda said: "❌ [Chat WS] 최대 재연결 시도 초과" in said.text
    ):
        alice.place.state.live.sockets.drop(["chat"])
    assert alice.place.tokens == [old] * 5


async def test_the_page_storms(alice: Visitor) -> None:
    """Fault page-storms-on-reconnect: logged out, and the sockets go on and on."""
    alice.place.state.faults = {"page-storms-on-reconnect"}
    await settled(alice)
    await refused(alice)
    await grows_old(alice)
    alice.place.state.live.sockets.drop(["chat"])
    await alice.asks("SOCKET", 20)
    await expect(alice.page.get_by_role("button", name=SIGN_IN)).to_be_visible()
    assert await alice.stored("accessToken") is None


async def test_the_sockets_race(alice: Visitor) -> None:
    """Fault sockets-race-to-refresh: each asks with the same refresh token, and the losers log the
    user out.
    """
    alice.place.state.faults = {"sockets-race-to-refresh"}
    await settled(alice)
    await grows_old(alice)
    alice.place.state.live.sockets.drop(KINDS)
    await expect(alice.page.get_by_role("button", name=SIGN_IN)).to_be_visible()
    assert alice.place.asked_for(REFRESH) > 1
    assert await alice.stored("refreshToken") is None


async def test_the_page_logs_out_on_any_error(alice: Visitor) -> None:
    """Fault page-logs-out-on-any-refresh-error: a 503 costs the session."""
    alice.place.state.faults = {"page-logs-out-on-any-refresh-error"}
    await settled(alice)
    alice.place.apps["auth"] = refusing(503)
    await grows_old(alice)
    alice.place.state.live.sockets.drop(["presence"])
    await expect(alice.page.get_by_role("button", name=SIGN_IN)).to_be_visible()
    assert await alice.stored("refreshToken") is None


async def test_a_lost_network_costs_the_session(alice: Visitor) -> None:
    """Fault page-logs-out-on-any-refresh-error: the drop itself has the page ask for a token."""
    alice.place.state.faults = {"page-logs-out-on-any-refresh-error"}
    await settled(alice)
    await alice.page.context.set_offline(True)
    async with alice.page.expect_event(
        "requestfailed", lambda asked: asked.is_navigation_request()
    ):
        alice.place.state.live.sockets.drop(["presence"])


async def test_the_page_never_reconnects(alice: Visitor) -> None:
    """Fault page-never-reconnects: neither after a drop nor when the network is back."""
    alice.place.state.faults = {"page-never-reconnects"}
    await settled(alice)
    alice.place.tokens.clear()
    async with alice.page.expect_console_message(
        lambda said: "[Presence WS] 연결 닫힘" in said.text
    ):
        alice.place.state.live.sockets.drop(["presence"])
    await alice.page.evaluate("window.dispatchEvent(new Event('online'))")
    await alice.page.get_by_title("드라이브").click()
    await alice.sees("내 드라이브")
    assert alice.place.tokens == []
