"""Chat: what one member says, another hears, once and unchanged."""

import pytest

from probes.auth.users import User
from probes.recording.ledger import Ledger
from probes.services import chat, profiles
from probes.transport.http import Web

pytestmark = pytest.mark.promise(owner="chat", incident="contract 5.2")

SCRIPTS = {
    "latin": "Are you there?",
    "hangul": "거기 계세요? 안녕하세요 — 한글",
    "emoji": "👩‍👩‍👧‍👦 👍🏽 🇰🇷",  # joined, toned and paired: more code points than signs
    "rtl": "שלום عليكم \u200f(1)\u200e end",
}
LAST = "that was all"


@pytest.mark.parametrize("script", SCRIPTS)
async def test_what_one_says_another_hears(
    web: Web, alice: User, bob: User, ledger: Ledger, script: str
) -> None:
    """What a member says in a chat, another hears at once: unchanged, once, wherever they are
    connected.
    """
    texts = [SCRIPTS[script], LAST]
    room = await chat.create_chat(web, alice, [bob], ledger)
    async with (
        chat.join_everywhere(web, room, bob) as windows,
        chat.join(web, room, alice) as speaking,
    ):
        for text in texts:
            await speaking.say(text)
        for listening in (speaking, *windows):
            chat.expect_same_messages(texts, await listening.hear_until(alice, LAST))


@pytest.mark.promise(incident="contract 5.5")
async def test_what_is_sent_without_a_socket_is_heard(
    web: Web, alice: User, bob: User, ledger: Ledger
) -> None:
    """A message sent by REST reaches those who have the chat open."""
    room = await chat.create_chat(web, alice, [bob], ledger)
    async with chat.join(web, room, bob) as listening:
        sent = [await chat.send(web, alice, room, text) for text in (SCRIPTS["hangul"], LAST)]
        chat.expect_same_messages(
            [SCRIPTS["hangul"], LAST], await listening.hear_until(alice, sent[-1].text)
        )


async def test_what_was_said_is_there_for_who_comes_later(
    web: Web, alice: User, bob: User, ledger: Ledger
) -> None:
    """A member who was away while others talked finds all of it, unchanged and once."""
    room = await chat.create_chat(web, alice, [bob], ledger)
    async with chat.join(web, room, alice) as speaking:
        await speaking.say(SCRIPTS["emoji"])
        await speaking.hear(alice)
    chat.expect_same_messages([SCRIPTS["emoji"]], await chat.history(web, bob, room))


@pytest.mark.promise(incident="5749e107, contract 3.6")
async def test_an_image_arrives(web: Web, alice: User, bob: User, ledger: Ledger) -> None:
    """An image that one member sends in a chat, another can look at."""
    room = await chat.create_chat(web, alice, [bob], ledger)
    await chat.send_image(web, alice, room, profiles.IMAGE)
    await chat.expect_image(web, bob, room, profiles.IMAGE)


async def test_a_stranger_is_turned_away(
    web: Web, alice: User, stranger: User, ledger: Ledger
) -> None:
    """A valid token from outside a chat opens no seat in it."""
    await chat.expect_stranger_refused(
        web, await chat.create_chat(web, alice, [alice], ledger), stranger
    )
