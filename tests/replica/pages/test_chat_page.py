"""The chat side: list, form, panel, and what stays on the screen."""

from playwright.async_api import Browser, Page, expect

from replica.models import ChatModel, MessageModel
from replica.state import ReplicaState, add
from tests.support.page_visits import Visitor, refusing, tokens_of, visitor

HINT = "메시지를 입력하세요... (Ctrl+V로 이미지 붙여넣기)"


def chat_of(state: ReplicaState, name: str = "Team") -> ChatModel:
    """A chat of alice and bob."""
    alice, bob = state.test_users["alice"].id, state.test_users["bob"].id
    people = [alice, bob]
    row = ChatModel(
        workspace=state.home.id,
        project=None,
        kind="GROUP",
        name=name,
        created_by=alice,
        participants=people,
    )
    return add(state.chats, row)


async def opens(page: Page, name: str = "Team") -> None:
    """The chat of that name, its socket open."""
    await page.get_by_title("채팅", exact=True).click()
    async with page.expect_console_message(lambda said: "[Chat WS] 연결 성공" in said.text):
        await page.get_by_role("button", name=name).click()


async def says(page: Page, text: str) -> None:
    await page.get_by_placeholder(HINT).fill(text)
    await page.get_by_role("button", name="전송").click()


async def test_what_alice_says_bob_sees(browser: Browser, alice: Visitor) -> None:
    """In both pages once, though the sender's pod delivers it twice and alice's bubble was there
    before.
    """
    chat_of(alice.place.state)
    bob = await visitor(browser, alice.place, tokens_of(alice.place, "bob"))
    for who in (alice, bob):
        await who.home()
        await opens(who.page)
    await says(alice.page, "안녕 🎉")
    for who in (alice, bob):
        await expect(who.page.locator(".bubble")).to_have_text(["안녕 🎉"])
    assert [row.content for row in alice.place.state.messages.values()] == ["안녕 🎉"]
    assert alice.complaints == bob.complaints == []
    await bob.page.close()


async def test_a_chat_is_begun(alice: Visitor) -> None:
    """With a member who is ticked; then its empty panel is open, and the list shows it."""
    await alice.home()
    await alice.page.get_by_title("채팅", exact=True).click()
    await alice.sees("채팅방이 없습니다")
    await alice.page.get_by_role("button", name="새 채팅 시작").click()
    start = alice.page.get_by_role("button", name="1:1 대화 시작")
    await expect(start).to_be_disabled()
    await alice.page.get_by_label("Bob").check()
    await alice.page.get_by_placeholder("그룹 이름 (선택사항)").fill("Ours")
    await start.click()
    await alice.sees("메시지가 없습니다. 첫 메시지를 보내보세요!")
    await alice.page.get_by_title("채팅 목록으로").click()
    await alice.page.get_by_placeholder("채팅방 검색...").fill("Ou")
    await expect(alice.page.get_by_role("button", name="Ours")).to_be_visible()
    (chat,) = alice.place.state.chats.values()
    assert [chat.kind, chat.participants[1]] == ["DM", alice.place.state.test_users["bob"].id]


async def test_nothing_is_sent_while_the_socket_is_away(alice: Visitor) -> None:
    """No bubble, no message, and the text stays, as in weAlist (contract §3.5)."""
    chat_of(alice.place.state)
    alice.place.state.faults = {"page-never-reconnects"}
    await alice.home()
    await opens(alice.page)
    await expect(alice.page.get_by_role("button", name="전송")).to_be_disabled()
    async with alice.page.expect_console_message(lambda said: "연결 닫힘: 1012" in said.text):
        alice.place.state.live.sockets.drop(["chat"])
    await says(alice.page, "lost")
    await expect(alice.page.get_by_placeholder(HINT)).to_have_value("lost")
    await expect(alice.page.locator(".bubble")).to_have_count(0)
    assert alice.place.state.messages == {}


async def test_what_was_said_meanwhile_is_missed(alice: Visitor) -> None:
    """As on weAlist's page, which asks for messages once; it hears again when its socket is
    back.
    """
    state = alice.place.state
    chat = chat_of(state)
    await alice.home()
    await opens(alice.page)
    add(state.messages, said_by_bob(state, chat))
    async with alice.page.expect_console_message(lambda said: "[Chat WS] 연결 성공" in said.text):
        state.live.sockets.drop(["chat"])
    await says(alice.page, "back")
    await expect(alice.page.locator(".bubble")).to_have_text(["back"])


async def test_an_opened_chat_is_read(alice: Visitor) -> None:
    """What was said before is shown, and counts as read: nothing is unread any more."""
    state = alice.place.state
    chat = chat_of(state)
    add(state.messages, said_by_bob(state, chat))
    await alice.home()
    async with alice.page.expect_response("**/last-read"):
        await opens(alice.page)
    await expect(alice.page.locator(".bubble")).to_have_text(["meanwhile"])
    assert chat.last_read[state.test_users["alice"].id]


def said_by_bob(state: ReplicaState, chat: ChatModel) -> MessageModel:
    return MessageModel(
        chat=chat.id, user=state.test_users["bob"].id, content="meanwhile", kind="TEXT", file={}
    )


async def test_a_chat_that_cannot_be_opened_says_so(alice: Visitor) -> None:
    """In weAlist's alert."""
    await alice.home()
    await alice.page.get_by_title("채팅", exact=True).click()
    await alice.page.get_by_role("button", name="새 채팅 시작").click()
    await alice.page.get_by_label("Bob").check()
    alice.place.apps["chat"] = refusing(500)
    async with alice.page.expect_event("dialog") as asked:
        alice.page.on("dialog", lambda dialog: dialog.dismiss())
        await alice.page.get_by_role("button", name="1:1 대화 시작").click(no_wait_after=True)
    assert (await asked.value).message == "채팅방을 열 수 없습니다."
