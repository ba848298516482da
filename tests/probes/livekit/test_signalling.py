"""A join sees what clients are told to dial, leaves when it is done, and names every way it does
not come about.
"""

import asyncio
import json

import pytest
from livekit.protocol.rtc import ICEServer

from probes.finding import Broken, Code
from probes.livekit import signalling
from probes.livekit.signalling import join_room
from probes.recording.recorder import Recorder
from probes.transport.http import Web
from tests.support.livekit_node import ACCESS, PASSWORD, UFRAG, FakeNode

TOKEN = ACCESS.to_join("probe-room", "probe")


async def code(web: Web, node: FakeNode) -> Code:
    with pytest.raises(Broken) as told:
        async with join_room(web, node.promised, TOKEN):
            pass
    return told.value.finding.code


@pytest.mark.parametrize("trickles", [False, True])
async def test_a_seat_knows_server_and_addresses(
    web: Web, node: FakeNode, *, trickles: bool
) -> None:
    """Whether the candidates stand in the offer or follow it, up to the one that is said to be the
    last.
    """
    node.trickles = trickles
    async with join_room(web, node.promised, TOKEN) as seat:
        assert (seat.version, seat.protocol, seat.node) == ("1.7.2", 14, "ND_test")
        assert [(c.transport, c.port) for c in seat.candidates] == [
            ("udp", node.udp),
            ("tcp", node.tcp),
        ]
        assert seat.credentials.username == f"{UFRAG}:{seat.credentials.mine}"
        assert seat.credentials.password == PASSWORD


async def test_who_is_done_says_goodbye(web: Web, node: FakeNode) -> None:
    """A participant that never connected would be kept for a minute; the answer before it has no
    candidate.
    """
    async with join_room(web, node.promised, TOKEN):
        pass
    await asyncio.wait_for(node.goodbye.wait(), 20)
    answer = next(said.answer.sdp for said in node.heard if said.WhichOneof("message") == "answer")
    assert "a=candidate" not in answer
    assert "m=audio 0 " in answer


async def test_who_breaks_off_says_goodbye(web: Web, node: FakeNode) -> None:
    """Whatever went wrong inside."""
    with pytest.raises(ZeroDivisionError):
        async with join_room(web, node.promised, TOKEN):
            raise ZeroDivisionError
    await asyncio.wait_for(node.goodbye.wait(), 20)


@pytest.mark.usefixtures("impatient")
async def test_candidates_that_never_end_are_not_waited_for(web: Web, node: FakeNode) -> None:
    """What has come by then is what a client would dial."""
    node.trickles, node.ends = True, False
    async with join_room(web, node.promised, TOKEN) as seat:
        assert len(seat.candidates) == 2


async def test_a_server_that_says_nothing_is_told(
    web: Web, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket opened, and no word came."""
    monkeypatch.setattr(signalling, "JOIN_TIMEOUT_S", 0.3)
    node.welcomes = False
    assert await code(web, node) is Code.LIVEKIT_JOIN_TIMEOUT


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [
        (404, b"", Code.LIVEKIT_UPGRADE_BLOCKED),
        (401, b"invalid API key: k", Code.LIVEKIT_KEY_UNKNOWN),
        (500, b"could not find any available nodes", Code.LIVEKIT_JOIN_TIMEOUT),
    ],
)
async def test_a_refused_upgrade_is_named(
    web: Web, node: FakeNode, status: int, body: bytes, wanted: Code
) -> None:
    """By its status and its words."""
    node.answers["/rtc"] = (status, body)
    assert await code(web, node) is wanted


async def test_what_is_recorded_has_no_token_and_no_password(
    web: Web, node: FakeNode, recorder: Recorder
) -> None:
    """The token stands in the URL, ICE's password in the offer, TURN's in the welcome."""
    node.relays = (
        ICEServer(urls=["turn:turn.x:3478"], username="u", credential="turn-credential-1"),
    )
    async with join_room(web, node.promised, TOKEN) as seat:
        assert seat.relays[0].urls == ("turn:turn.x:3478",)
    written = (recorder.evidence.folder / "run.jsonl").read_text("utf-8")
    assert "turn:turn.x:3478" in written
    assert json.loads(written.splitlines()[-1])["kind"] == "socket"
    assert not any(secret in written for secret in (TOKEN, PASSWORD, "turn-credential-1"))
    assert "turn-credential-1" not in recorder.evidence.redactor.text(
        "the log says turn-credential-1"
    )
