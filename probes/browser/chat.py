"""The chat panel as a member uses it: open a chat, say something; and whether that reached somebody
else.

Texts are those of contract 3.7. The panel shows what was said before anybody has it (3.6), so
others are asked.
"""

from playwright.async_api import Locator
from playwright.async_api import TimeoutError as PlaywrightTimeout

from probes.auth.users import User
from probes.browser.session import PageSession
from probes.finding import Code, broken
from probes.polling import poll_until
from probes.services import chat
from probes.services.chat import Chat
from probes.transport.http import Web

SIDEBAR = "채팅"
PLACE = "메시지를 입력하세요... (Ctrl+V로 이미지 붙여넣기)"
SEND = "전송"


def path(workspace: str) -> str:
    """Where the panel can be opened; it has no address of its own (contract 3.1)."""
    return f"/workspace/{workspace}"


async def open_chat(stay: PageSession, name: str) -> None:
    """Open the chat `name` in the panel, its socket included. Raises Broken."""
    await stay.expect_connected("presence")
    await (
        await _expect_visible(
            stay, stay.page.get_by_title(SIDEBAR, exact=True), "a button for chats"
        )
    ).click()
    await (
        await _expect_visible(stay, stay.page.get_by_role("button", name=name), f"the chat {name}")
    ).click()
    await _expect_visible(
        stay, stay.page.get_by_placeholder(PLACE), f"a place to write in the chat {name}"
    )
    await stay.expect_connected("chat")


async def _expect_visible(stay: PageSession, place: Locator, what: str) -> Locator:
    """The first such place, once it is there. Raises Broken. A page may complain of much that is
    not about chat.
    """
    try:
        await place.first.wait_for()
    except PlaywrightTimeout:
        stay.visit.expect_no_trouble()
        raise broken(
            Code.CHAT_NOT_DELIVERED, f"the page does not show {what}", "the page: its chat panel"
        ) from None
    return place.first


async def say(stay: PageSession, text: str) -> None:
    """Type `text` and press the button. Raises Broken when the button does nothing (contract
    3.5).
    """
    await stay.page.get_by_placeholder(PLACE).fill(text)
    await stay.page.get_by_role("button", name=SEND, exact=True).click()
    try:
        await stay.page.get_by_text(text, exact=True).first.wait_for()
    except PlaywrightTimeout:
        raise broken(
            Code.PAGE_NOT_RECOVERED,
            "the chat socket is open, and the send button does nothing: the text stays "
            "where it was typed",
            "the page: its chat panel still holds the socket that was lost",
        ) from None


async def expect_readable(web: Web, user: User, room: Chat, text: str) -> None:
    """`user` can read `text` in the chat within the promised time. Raises Broken."""
    timeout_s = web.target.realtime.deliver_seconds

    # By REST, since what the bus between pods loses is for others to find; it has no event to await.
    async def is_readable() -> bool:
        return text in [message.text for message in await chat.history(web, user, room)]

    if not await poll_until(is_readable, timeout_s):
        raise broken(
            Code.CHAT_NOT_DELIVERED,
            f"the page shows what was said, and {timeout_s:g} s later {user.name} cannot read it",
            "the page's optimistic bubble (contract 3.6) over a socket that is dead, or "
            "chat-service",
        )
