"""The chat panel is used as a member uses it, and what it only pretends is found out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from playwright.async_api import Page

from probes.auth.users import User
from probes.browser import chat
from probes.browser.browser import Browser
from probes.browser.page import Visit
from probes.browser.session import PageSession
from probes.config.environment import Target
from probes.config.timeouts import Realtime, Timeouts
from probes.finding import Broken, CannotAsk, Code
from probes.recording.recorder import Recorder
from probes.services.chat import Chat
from probes.transport.http import Web
from tests.probes.browser.test_drive import CORS, SIGNED
from tests.support.site import Said, Site, js

ROOM = Chat("c-1", "probe-1-chat")
BUBBLE = (
    "document.body.append(Object.assign(document.createElement('p'), {textContent: "
    "document.all.said.value}))"
)
PANEL = f"""<!doctype html><meta charset=utf-8>
<button title="채팅" onclick="list.hidden = false"></button><button title="채팅 목록으로"></button>
<div id=list hidden><button onclick="panel.hidden = false">{ROOM.name} 2</button></div>
<div id=panel hidden><input id=said placeholder="{chat.PLACE}">
<button onclick="SENDS">전송</button></div>"""


class Bob:
    """Somebody with a token."""

    name = "bob"

    async def token(self) -> str:
        return "t"


@dataclass
class OpenPage:
    """What these verbs need of a page that stays open."""

    visit: Visit
    asked: list[str] = field(default_factory=list)  # the sockets that had to be there

    @property
    def page(self) -> Page:
        return self.visit.page

    async def expect_connected(self, *kinds: str) -> None:
        self.asked += kinds

    async def wait_until_quiet(self) -> None:
        """It asks nothing by itself."""


@pytest.fixture
async def browser(target: Target, recorder: Recorder) -> AsyncIterator[Browser]:
    launched = Browser(target)
    yield launched
    await launched.close()


def panel(site: Site, sends: str = BUBBLE) -> None:
    site.says["GET apex/panel"] = Said(200, PANEL.replace("SENDS", sends).encode(), "text/html")


def as_session(opened: OpenPage) -> PageSession:
    return cast("PageSession", opened)


async def test_a_chat_is_opened_by_its_name_with_its_sockets(site: Site, browser: Browser) -> None:
    """By the sidebar and the list; presence first, the chat's own socket at the end."""
    panel(site)
    async with browser.visit("/panel") as visit:
        opened = OpenPage(visit)
        await chat.open_chat(as_session(opened), ROOM.name)
        assert await visit.page.get_by_placeholder(chat.PLACE).is_visible()
        assert opened.asked == ["presence", "chat"]


GIVEN = "<script>fetch('/api/svc/chat/api/chats/my').then(reply => reply.text())</script>"


async def test_a_chat_that_the_page_was_given_and_does_not_list_is_named(
    site: Site, browser: Browser
) -> None:
    """The API has it, the page does not show it."""
    panel(site)
    said = site.says["GET apex/panel"]
    site.says["GET apex/panel"] = replace(said, body=said.body + GIVEN.encode())
    site.says["GET apex/api/svc/chat/api/chats/my"] = js(
        {"success": True, "message": [{"chatName": "another chat"}]}
    )
    async with browser.visit("/panel") as visit:
        visit.page.set_default_timeout(500)
        with pytest.raises(Broken) as caught:
            await chat.open_chat(as_session(OpenPage(visit)), "another chat")
        assert caught.value.finding.code is Code.CHAT_NOT_DELIVERED
        assert "does not list" in caught.value.finding.observed


async def test_a_list_that_looks_otherwise_was_not_asked(site: Site, browser: Browser) -> None:
    """Nobody gave the page the chat: perhaps it asks once another tab is pressed."""
    panel(site)
    async with browser.visit("/panel") as visit:
        visit.page.set_default_timeout(500)
        with pytest.raises(CannotAsk, match="did not find the chat another chat"):
            await chat.open_chat(as_session(OpenPage(visit)), "another chat")


async def test_a_build_that_takes_no_pasted_image_was_not_asked(
    site: Site, browser: Browser
) -> None:
    """An older panel ignores what is pasted: no image was sent nowhere."""
    panel(site)
    async with browser.visit("/panel") as visit:
        visit.target = replace(visit.target, timeouts=Timeouts(answer_s=0.3))
        opened = as_session(OpenPage(visit))
        await chat.open_chat(opened, ROOM.name)
        with pytest.raises(CannotAsk, match="did not find what takes a pasted image"):
            await chat.send_image(opened, b"image")


IMAGES = """
fetch('/api/svc/chat/api/chats/messages/c-1/last-read', {method: 'PUT'});
let pasted; said.onpaste = event => { pasted = event.clipboardData.files[0] };
const send = url => fetch(url, {method: 'PUT', body: pasted})"""


@pytest.mark.parametrize(
    ("url", "observed"),
    [(f"{{s3}}/files/key?{SIGNED}", ""), ("undefined", "PUT apex.localhost/undefined")],
)
async def test_an_image_is_looked_for_among_uploads(
    site: Site, browser: Browser, url: str, observed: str
) -> None:
    """That the panel marks the chat as read by a PUT to the API is no upload that went nowhere."""
    panel(site, f"send('{url.format(s3=site.origin('s3'))}')")
    said = site.says["GET apex/panel"]
    body = said.body + f"<script>{IMAGES}</script>".encode()
    site.says["GET apex/panel"] = replace(said, body=body)
    site.says["PUT apex/api/svc/chat/api/chats/messages/c-1/last-read"] = js({"success": True})
    site.says["OPTIONS s3/files/key"] = site.says["PUT s3/files/key"] = Said(200, headers=CORS)
    async with browser.visit("/panel") as visit:
        visit.target = replace(visit.target, presign=None)
        opened = as_session(OpenPage(visit))
        await chat.open_chat(opened, ROOM.name)
        broken = ""
        try:
            await chat.send_image(opened, b"image")
        except Broken as failure:
            broken = failure.finding.observed
    assert (observed in broken, bool(broken)) == (True, bool(observed)), broken


@pytest.mark.parametrize("words", ["Type a message...", "메세지 보내기"])
async def test_a_field_of_another_build_is_found(site: Site, browser: Browser, words: str) -> None:
    """Its placeholder is a text of the product."""
    panel(site)
    said = site.says["GET apex/panel"]
    body = said.body.replace(chat.PLACE.encode(), words.encode())
    site.says["GET apex/panel"] = replace(said, body=body)
    async with browser.visit("/panel") as visit:
        await chat.open_chat(as_session(OpenPage(visit)), ROOM.name)
        await chat.say(as_session(OpenPage(visit)), "hello")
        assert await visit.page.get_by_text("hello", exact=True).count() == 1


async def test_what_is_said_is_shown(site: Site, browser: Browser) -> None:
    """The bubble is there."""
    panel(site)
    async with browser.visit("/panel") as visit:
        await chat.open_chat(as_session(OpenPage(visit)), ROOM.name)
        await chat.say(as_session(OpenPage(visit)), "hello")
        assert await visit.page.get_by_text("hello", exact=True).count() == 1


async def test_a_button_that_does_nothing_is_named(site: Site, browser: Browser) -> None:
    """The incident's first symptom (V6 §4.1): the text stays where it was typed."""
    panel(site, sends="")
    async with browser.visit("/panel") as visit:
        await chat.open_chat(as_session(OpenPage(visit)), ROOM.name)
        visit.page.set_default_timeout(500)
        with pytest.raises(Broken) as caught:
            await chat.say(as_session(OpenPage(visit)), "hello")
        assert caught.value.finding.code is Code.PAGE_NOT_RECOVERED
        assert "the send button does nothing" in caught.value.finding.observed


def told(site: Site, *texts: str) -> None:
    rows = [
        {"messageId": f"m-{number}", "userId": "u-1", "content": text}
        for number, text in enumerate(texts)
    ]
    site.says["GET apex/api/svc/chat/api/chats/messages/c-1"] = js(
        {"success": True, "message": rows}
    )


async def test_what_another_can_read_has_arrived(site: Site, web: Web) -> None:
    """Judged by bob, among other things that were said."""
    told(site, "before", "hello")
    await chat.expect_readable(web, cast("User", Bob()), ROOM, "hello")


async def test_what_nobody_else_can_read_has_not_arrived(site: Site, web: Web) -> None:
    """Though the speaker's page shows it (contract 3.6)."""
    told(site, "before", "hello!")
    web.target = replace(web.target, realtime=Realtime(deliver_seconds=0.2))
    with pytest.raises(Broken) as caught:
        await chat.expect_readable(web, cast("User", Bob()), ROOM, "hello")
    assert caught.value.finding.code is Code.CHAT_NOT_DELIVERED
    assert "0.2 s later bob cannot read it" in caught.value.finding.observed
