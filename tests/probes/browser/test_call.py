"""A call on the page: joined by what the page shows, and judged by what was heard there."""

import dataclasses
import json

import pytest

from probes.browser import call
from probes.browser.call import CallListener, PageAudio
from probes.finding import Broken, Code, Finding
from probes.livekit.sdk.checks import OpenPorts
from probes.recording.recorder import Recorder
from probes.services.video import Call
from tests.support.app import App

ROOM = Call("r-1", "probe-1-call")
URL = "wss://livekit.wealist.co.kr"
OPEN, SHUT = OpenPorts(udp=True, tcp=True), OpenPorts(udp=False, tcp=False)
RELAY_UNFIT = OpenPorts(
    udp=True, tcp=True, relay_finding=Finding(Code.LIVEKIT_TURN_REFUSED, "turn:a", "credentials")
)
SILENT = PageAudio(0.0, 0.0, -1.0, is_connected=True, packets=0, trouble="", paths=())
GIVES_UP = f"""
document.body.innerHTML = '<button title="{call.PANEL}"></button><div id=list hidden>%s</div>';
document.querySelector('button').onclick = () => {{ list.hidden = false; }};
list.querySelectorAll('button').forEach((each) => each.onclick = () => {{
  list.innerHTML = '<h2>{call.TROUBLE}</h2><p>' + (each.dataset.says ?? 'wrong') + '</p>';
}});"""
OTHER = "<h3>another</h3><button>참여하기</button>"


def test_the_panel_opens_in_the_workspace() -> None:
    """It has no address of its own (contract 3.1)."""
    assert call.path("w-1") == "/workspace/w-1"


@pytest.mark.parametrize(
    "shown",
    [
        f"{OTHER}<h3>{ROOM.name}</h3><button data-says=right>참여하기</button>{OTHER}",
        f"{OTHER}<button data-says=right>{ROOM.name} (2명)</button>",
    ],
)
async def test_the_right_call_is_joined(app: App, recorder: Recorder, shown: str) -> None:
    """By the button that follows its name, or bears it; what the page then says of itself is
    told.
    """
    app.does(GIVES_UP % shown)
    async with app.browser.visit("/", None, CallListener().prepare) as visit:
        heard = await call.join_and_listen(visit, ROOM)
    assert heard.trouble == "right"
    assert heard.after_s < 0


async def test_a_page_that_lists_no_call_is_told(app: App, recorder: Recorder) -> None:
    """Which call is missing is said, and who may have lost it."""
    app.does(GIVES_UP % OTHER)
    async with app.browser.visit("/", None, CallListener().prepare) as visit:
        visit.page.set_default_timeout(500)
        with pytest.raises(Broken) as failure:
            await call.join_and_listen(visit, ROOM)
    assert failure.value.finding.code is Code.CONTRACT_BROKEN
    assert ROOM.name in failure.value.finding.observed


async def test_where_a_page_dials_is_known_without_its_token(app: App, recorder: Recorder) -> None:
    """LiveKit's sockets, and no others."""
    host = app.site.origin("apex").replace("http", "ws")
    sockets = [f"{host}/svc/livekit/rtc/v1?access_token=eyJ.secret", f"{host}/api/svc/chat/ws/1"]
    app.does(
        f"for (const url of {json.dumps(sockets)}) new WebSocket(url).onerror = () => "
        "show('failed');"
    )
    listener = CallListener()
    async with app.browser.visit("/", None, listener.prepare) as visit:
        await visit.page.get_by_text("failed").nth(1).wait_for()
    assert listener.dialled_urls == [f"{host}/svc/livekit/rtc/v1"]


def test_what_was_heard_is_no_finding() -> None:
    """Wherever the page dialled before it was heard."""
    assert (
        call.explain(dataclasses.replace(SILENT, after_s=0.5), ["wss://elsewhere/rtc"], URL, SHUT)
        is None
    )


@pytest.mark.parametrize(
    ("changes", "dialled", "door", "code", "detail"),
    [
        (
            {"is_connected": False},
            "wss://wealist.co.kr/svc/livekit/rtc",
            OPEN,
            Code.LIVEKIT_FRONTEND_URL_WRONG,
            "dials",
        ),
        ({"packets": 90}, f"{URL}/rtc", OPEN, Code.LIVEKIT_MEDIA_LOST, "90 packets"),
        ({"packets": 0}, f"{URL}/rtc", SHUT, Code.LIVEKIT_MEDIA_LOST, "0 packets"),
        (
            {"is_connected": False, "trouble": "no"},
            f"{URL}/rtc",
            OPEN,
            Code.LIVEKIT_DTLS_FAILED,
            "the page says 'no'",
        ),
        ({"is_connected": False}, f"{URL}/rtc", SHUT, Code.LIVEKIT_UNREACHABLE, "no unsolicited"),
        ({"is_connected": False}, f"{URL}/rtc", RELAY_UNFIT, Code.LIVEKIT_TURN_REFUSED, "turn:a"),
    ],
)
def test_silence_is_explained(
    changes: dict[str, object], dialled: str, door: OpenPorts, code: Code, detail: str
) -> None:
    """By where the page dialled, whether it was connected, and whether a door was open."""
    heard = dataclasses.replace(SILENT, **changes)  # type: ignore[arg-type]
    finding = call.explain(heard, [dialled], URL, door)
    assert finding
    assert finding.code is code
    assert detail in finding.observed
