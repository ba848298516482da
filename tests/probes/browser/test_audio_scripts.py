"""What is heard inside a page, by its own connections and no other way."""

from typing import Any

import pytest

from probes.browser.audio_scripts import CHECK, LISTEN, WATCH
from probes.browser.page import Visit
from probes.recording.recorder import Recorder
from tests.support.app import App

# Somebody who speaks at `hertz`, a connection, and a page that plays what it gets if `plays` says
# so.
CALLS = """
const one = new RTCPeerConnection(), other = new RTCPeerConnection();
one.onicecandidate = (told) => told.candidate && other.addIceCandidate(told.candidate);
other.onicecandidate = (told) => told.candidate && one.addIceCandidate(told.candidate);
other.ontrack = (got) => {
  const stream = new MediaStream([got.track]);
  const player = document.createElement('audio');
  Object.assign(player, {autoplay: true, srcObject: stream});
  if (%(plays)s) document.body.append(player);
  else player.srcObject = null;
};
const voice = new AudioContext();
const tone = new OscillatorNode(voice, {frequency: %(hertz)s});
const out = new MediaStreamAudioDestinationNode(voice);
tone.connect(out);
tone.start();
window.begin = async () => {
  await voice.resume();
  one.addTrack(out.stream.getTracks()[0]);
  await one.setLocalDescription();
  await other.setRemoteDescription(one.localDescription);
  await other.setLocalDescription();
  await one.setRemoteDescription(other.localDescription);
};
const button = document.createElement('button');
document.body.append(Object.assign(button, {textContent: 'call', onclick: window.begin}));
"""
TROUBLE = "연결 오류"


async def prepared(visit: Visit) -> None:
    await visit.page.add_init_script(WATCH)


async def heard(app: App, script: str, seconds: float) -> dict[str, Any]:
    app.does(script)
    async with app.browser.visit("/", None, prepared) as visit:
        if "window.begin" in script:
            await visit.page.get_by_role("button", name="call").click()
        said: dict[str, Any] = await visit.page.evaluate(LISTEN, [1000, 0.9, seconds, TROUBLE])
        return said


async def test_a_tone_that_is_played_is_heard(app: App, recorder: Recorder) -> None:
    """With its pitch, its purity, its packets and its way."""
    said = await heard(app, CALLS % {"hertz": 1000, "plays": "true"}, 30)
    assert said["after"] >= 0
    assert abs(said["hertz"] - 1000) < 10
    assert said["share"] > 0.9
    assert said["connected"]
    assert said["packets"] > 0
    assert any(path.startswith("udp ") for path in said["paths"])


@pytest.mark.parametrize(("hertz", "plays"), [(1000, "false"), (700, "true")])
async def test_nothing_else_is(app: App, recorder: Recorder, hertz: int, plays: str) -> None:
    """Not a tone that the page gets and plays nowhere, nor another tone."""
    said = await heard(app, CALLS % {"hertz": hertz, "plays": plays}, 2)
    assert said["after"] == -1


async def test_a_page_that_gives_up_is_not_waited_for(app: App, recorder: Recorder) -> None:
    """What it says of itself is told; longer than this nobody listens."""
    page = f"document.body.innerHTML = '<h2>{TROUBLE}</h2><p>could not establish pc connection</p>'"
    said = await heard(app, page, 3600)
    assert (said["connected"], said["after"], said["trouble"]) == (
        False,
        -1,
        "could not establish pc connection",
    )


async def test_a_page_without_the_library_is_not_checked(app: App, recorder: Recorder) -> None:
    """What a page does not show cannot be asked."""
    async with app.open() as visit:
        assert await visit.page.evaluate(CHECK, ["wss://livekit.invalid", "token", 1]) is None


async def test_the_library_is_asked_what_it_thinks(app: App, recorder: Recorder) -> None:
    """By its two quick checks, each with its words; a check that hangs is late."""
    library = """window.LivekitClient = {ConnectionCheck: class {
      checkWebsocket() { return Promise.resolve({status: 3, logs: [{message: 'version 1.7.2'}]}); }
      checkWebRTC() { return new Promise(() => {}); }
    }}"""
    async with app.open(library) as visit:
        said = await visit.page.evaluate(CHECK, ["wss://livekit.invalid", "token", 0.2])
    assert said == "checkWebsocket success (version 1.7.2), checkWebRTC late ()"
