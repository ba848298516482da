"""A call as a member has it in the browser: join it on the page, and hear the other.

Who speaks is LiveKit's own SDK in a worker, since a browser's microphone takes a steady tone for
noise. Texts are those of contract 7.3 and of services/frontend/src/components/video at 07930d68.
"""

import contextlib
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, WebSocket

from probes.auth.users import User
from probes.browser.audio_scripts import CHECK, LISTEN, WATCH
from probes.browser.browser import Browser
from probes.browser.page import Visit
from probes.config.livekit import BROWSER
from probes.finding import Broken, CannotAsk, Code, Finding, NotApplicable
from probes.livekit.opener import OpenCalls
from probes.livekit.sdk import worker_process
from probes.livekit.sdk.call import SdkCalls
from probes.livekit.sdk.checks import OpenPorts, add_observed, explain_closed
from probes.livekit.sdk.messages import (
    JOIN_TIMEOUT_S,
    MIN_TONE_SHARE,
    SPEAKER,
    TONE_HZ,
    TONE_TIMEOUT_S,
    CallRequest,
)
from probes.livekit.tokens import expect_livekit
from probes.recording.ledger import Ledger
from probes.recording.recorder import current
from probes.services import video
from probes.services.video import Call
from probes.transport.http import Web

PANEL, JOIN, TROUBLE = "영상통화", "참여하기", "연결 오류"
TIMEOUT_S = JOIN_TIMEOUT_S + TONE_TIMEOUT_S  # seconds from joining to hearing
SIGNALLING = "/rtc"
CHECK_TIMEOUT_S = 10.0  # seconds for the library's own check


@dataclass(frozen=True, slots=True)
class PageAudio:
    """What came of listening on the page. `after_s`: seconds until the tone, negative where it
    never came.

    `trouble` is what the page says of itself; `paths` are the ways that media took.
    """

    hertz: float
    share: float
    after_s: float
    is_connected: bool
    packets: int
    trouble: str
    paths: tuple[str, ...]


class CallListener:
    """A page in a call. `dialled_urls`: where it looked for LiveKit, without its token."""

    def __init__(self) -> None:
        self.dialled_urls: list[str] = []

    async def prepare(self, visit: Visit) -> None:
        """Call before the page is opened."""
        visit.page.on("websocket", self._dial)
        await visit.page.add_init_script(WATCH)

    def _dial(self, socket: WebSocket) -> None:
        url = urlsplit(socket.url)
        if SIGNALLING in url.path:
            self.dialled_urls.append(f"{url.scheme}://{url.netloc}{url.path}")


def path(workspace: str) -> str:
    """Where the panel can be opened; it has no address of its own (contract 3.1)."""
    return f"/workspace/{workspace}"


async def expect_audio(
    browser: Browser, web: Web, sdk_calls: SdkCalls, user: User, ledger: Ledger
) -> None:
    """`user` joins a call on the page and hears who speaks in it. Raises Broken, NotApplicable,
    CannotAsk.
    """
    try:
        await _expect_audio(browser, web, sdk_calls.calls, user, ledger)
    except CannotAsk:
        # Who cannot even speak may owe it to the target: two people who tried to meet know.
        with contextlib.suppress(NotApplicable):
            await sdk_calls.expect_met()
        raise


async def _expect_audio(
    browser: Browser, web: Web, calls: OpenCalls, user: User, ledger: Ledger
) -> None:
    promised = expect_livekit(web.target.livekit, BROWSER)
    ports = await calls().open_ports()
    room = await video.create_call(web, user, ledger)
    request = CallRequest(promised.url, calls().access.to_join(room.id, f"{room.name}-{SPEAKER}"))
    listener = CallListener()
    async with (
        worker_process.play_tone(request, web.target.tls.ca),
        browser.visit(path(web.target.workspace.id), user, listener.prepare) as visit,
    ):
        heard = await join_and_listen(visit, room)
        dialled = ", ".join(listener.dialled_urls) or "nobody"
        current().note(f"the page dialled {dialled} and heard {asdict(heard)}")
        if finding := explain(heard, listener.dialled_urls, promised.url, ports):
            await _check(
                visit.page, promised.url, calls().access.to_join(room.id, f"{room.name}-check")
            )
            await _look_deeper(finding, visit, calls, user)


async def join_and_listen(visit: Visit, room: Call) -> PageAudio:
    """Join `room` in the panel, and listen. Raises Broken where the page lists no such call,
    CannotAsk where it has no such buttons.
    """
    panel = visit.page.get_by_title(PANEL, exact=True)
    await (await visit.find(panel, f"the button {PANEL}")).click()
    await visit.expect_visible(
        visit.page.get_by_text(room.name),
        Code.CONTRACT_BROKEN,
        f"the page does not list the call {room.name}",
        "the page: its call panel",
    )
    card = visit.page.get_by_role("heading", name=room.name)
    button = card.locator(f"xpath=following::button[normalize-space()='{JOIN}'][1]")
    row = visit.page.get_by_role("button", name=room.name)
    await (await visit.find(button.or_(row), f"the button {JOIN}")).click()
    result: dict[str, Any] = await visit.page.evaluate(
        LISTEN, [TONE_HZ, MIN_TONE_SHARE, TIMEOUT_S, TROUBLE]
    )
    return PageAudio(
        hertz=result["hertz"],
        share=result["share"],
        after_s=result["after"],
        is_connected=result["connected"],
        packets=result["packets"],
        trouble=result["trouble"],
        paths=tuple(result["paths"]),
    )


async def _check(page: Page, url: str, token: str) -> None:
    """What livekit-client's ConnectionCheck says of a call that nobody hears, where the page lends
    it.

    Evidence, no verdict: it calls one that UDP cannot carry a success, and never asks whether
    anybody hears.
    """
    result = "the page keeps livekit-client to itself"
    with contextlib.suppress(PlaywrightError):
        result = await page.evaluate(CHECK, [url, token, CHECK_TIMEOUT_S]) or result
    current().note(f"ConnectionCheck: {result}")


async def _look_deeper(finding: Finding, visit: Visit, calls: OpenCalls, user: User) -> None:
    """Who hears nothing may have had a bad address or token from the app, or no answer from it."""
    if finding.code in (Code.LIVEKIT_DTLS_FAILED, Code.LIVEKIT_UNREACHABLE):
        await calls().expect_app_call(user)
        visit.expect_good_replies(visit.api_replies)
    if finding.code is Code.LIVEKIT_MEDIA_LOST:  # in a room of the token's, which may be another
        await calls().expect_app_call(user)
    raise Broken(finding)


def explain(
    heard: PageAudio, dialled: list[str], url: str, reached_media: OpenPorts
) -> Finding | None:
    """Name why nothing was heard; None where it was; pure."""
    if heard.after_s >= 0:
        return None
    host = urlsplit(url).netloc
    if strange := [place for place in dialled if urlsplit(place).netloc != host]:
        return Finding(
            Code.LIVEKIT_FRONTEND_URL_WRONG,
            f"the page dials {strange[0]}, LiveKit is at {url}",
            "LIVEKIT_WS_URL of video-service, or an address that is built into the page",
        )
    says = f"; the page says {heard.trouble!r}" if heard.trouble else ""
    if heard.is_connected:
        return Finding(
            Code.LIVEKIT_MEDIA_LOST,
            f"somebody speaks in the call, {heard.packets} packets of it came to the page, "
            f"and nobody hears it{says}",
            "livekit-server: forwarding; or, with packets, the page: it plays the track nowhere",
        )
    tried = f"the page dialled {dialled[0] if dialled else 'nobody'} and was not connected{says}"
    if reached_media.relay_finding:
        return add_observed(reached_media.relay_finding, tried)
    if reached_media.any:
        return Finding(
            Code.LIVEKIT_DTLS_FAILED,
            f"{tried}; LiveKit's ICE answers",
            "DTLS, or the page's own room",
        )
    observed = f"{tried}; LiveKit's ICE answers no unsolicited packet"
    return explain_closed(observed, Code.LIVEKIT_UNREACHABLE, reached_media)
