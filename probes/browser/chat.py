"""The chat panel as a member uses it: open a chat, say something; and whether that reached somebody
else.

Texts are those of contract 3.7. The panel shows what was said before anybody has it (3.6), so
others are asked.
"""

from importlib.resources import files

from playwright.async_api import Locator
from playwright.async_api import TimeoutError as PlaywrightTimeout

from probes.auth.users import User
from probes.browser.page import Visit
from probes.browser.session import PageSession
from probes.browser.uploads import expect_puts, nowhere
from probes.finding import CannotAsk, Code, broken_promise
from probes.polling import poll_until
from probes.services import chat
from probes.services.chat import Chat
from probes.transport.http import Web

SIDEBAR = "채팅"
PLACE = "메시지를 입력"  # how all builds begin it
FIELDS = ":is(textarea, input[type=text], input:not([type])):not([placeholder*='검색']):visible"
SEND = "전송"
CLAIM = "an image was pasted and sent on the page"
PASTE = files(__package__).joinpath("paste_image.js").read_text("utf-8")


def path(workspace: str) -> str:
    """Where the panel can be opened; it has no address of its own (contract 3.1)."""
    return f"/workspace/{workspace}"


async def open_chat(stay: PageSession, name: str) -> None:
    """Open the chat `name` in the panel, its socket included. Raises Broken, CannotAsk."""
    await stay.expect_connected("presence")
    sidebar = stay.page.get_by_title(SIDEBAR, exact=True)
    await (await stay.visit.find(sidebar, f"the button {SIDEBAR}")).click()
    row = stay.page.get_by_role("button", name=name).or_(stay.page.get_by_text(name))
    try:
        await (await stay.visit.find(row, f"the chat {name} in the list")).click()
    except CannotAsk:
        if not await row.count():
            _expect_not_given(stay.visit, name)
        raise
    await _field(stay)
    await stay.expect_connected("chat")


def _expect_not_given(visit: Visit, name: str) -> None:
    """Raises Broken where the page was given the chat `name`, and has it nowhere."""
    if any(name.encode() in reply.answer.body for reply in visit.api_replies):
        raise broken_promise(
            Code.CHAT_NOT_DELIVERED,
            f"the page was given the chat {name}, and does not list it",
            "the page: its chat panel",
        )


async def _field(stay: PageSession) -> Locator:
    """Where one writes. The newest field for text is taken where its placeholder reads otherwise:
    builds differ in it. Raises Broken, CannotAsk.
    """
    named, others = stay.page.get_by_placeholder(PLACE), stay.page.locator(FIELDS)
    await stay.visit.find(named.or_(others), "a field to write in")
    return named.first if await named.count() else others.last


async def say(stay: PageSession, text: str) -> None:
    """Type `text` and press the button. Raises Broken when the button does nothing (contract
    3.5), CannotAsk where there is none.
    """
    field = await _field(stay)
    await field.fill(text)
    button = stay.page.get_by_role("button", name=SEND, exact=True)
    await (await stay.visit.find(button, f"the button {SEND}")).click()
    try:
        await stay.page.get_by_text(text, exact=True).first.wait_for()
    except PlaywrightTimeout:
        if await field.input_value() != text:
            return  # the page took it, and shows it in another way
        raise broken_promise(
            Code.PAGE_NOT_RECOVERED,
            "the chat socket is open, and the send button does nothing: the text stays "
            "where it was typed",
            "the page: its chat panel still holds the socket that was lost",
        ) from None


async def send_image(stay: PageSession, content: bytes) -> None:
    """Paste an image and press the button; the page must put it into the bucket. Raises Broken,
    CannotAsk.
    """
    field = await _field(stay)
    await stay.wait_until_quiet()  # a panel that does not know its workspace yet sends nothing
    asked = len(stay.visit.api_replies)
    await field.evaluate(PASTE, ["probe.png", "image/png", list(content)])
    button = stay.page.get_by_role("button", name=SEND, exact=True)
    await (await stay.visit.find(button, f"the button {SEND}")).click()
    answer_s = stay.visit.target.timeouts.answer_s
    await stay.visit.wait_until(lambda: bool(stay.visit.puts()), answer_s)
    if not await expect_puts(stay.visit, CLAIM):
        stay.visit.expect_good_replies(stay.visit.api_replies[asked:])
        if not any(reply.answer.method == "POST" for reply in stay.visit.api_replies[asked:]):
            # Not every build takes an image that is pasted.
            raise await stay.visit.not_found("what takes a pasted image")
        raise nowhere(CLAIM, "no PUT at all was sent")


async def expect_readable(web: Web, user: User, room: Chat, text: str) -> None:
    """`user` can read `text` in the chat within the promised time. Raises Broken."""
    timeout_s = web.target.realtime.deliver_seconds

    # By REST, which has no event to await: what the bus between pods loses is for others to find.
    async def is_readable() -> bool:
        return text in [message.text for message in await chat.history(web, user, room)]

    if not await poll_until(is_readable, timeout_s):
        raise broken_promise(
            Code.CHAT_NOT_DELIVERED,
            f"the page shows what was said, and {timeout_s:g} s later {user.name} cannot read it",
            "the page's optimistic bubble (contract 3.6) over a socket that is dead, or "
            "chat-service",
        )
