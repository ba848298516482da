"""The way up stops at the first rung that breaks, and whoever asks for more is told of that one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from probes.config.livekit import LiveKit
from probes.finding import Broken, Code
from probes.livekit.ladder import NEWER, VALIDATE, LadderResult, diagnose
from probes.livekit.tokens import Access
from probes.recording.ledger import Ledger
from probes.recording.recorder import Recorder
from probes.transport.http import Web
from tests.support.livekit_node import ACCESS, FakeNode

NAMES = ["dns", "tcp", "ready", "livekit", "key", "rooms", "join"]
ROOMS = "/twirp/livekit.RoomService/ListRooms"


Ways = Callable[..., Awaitable[LadderResult]]


@pytest.fixture
def ways(web: Web, node: FakeNode, ledger: Ledger) -> Ways:
    """The way up, with a good key or another."""
    return lambda access=ACCESS: diagnose(web, node.promised, access, ledger)


async def test_a_healthy_node_is_climbed_to_the_end(
    ways: Ways, node: FakeNode, ledger: Ledger
) -> None:
    """Every rung holds, media's doors were asked, and the room is gone."""
    way = await ways()
    assert [rung.name for rung in way.rungs if rung.held] == NAMES
    assert way.failure is None
    assert way.session
    assert [check.has_answer for check in way.checks] == [True, True]
    assert way.turn_results == ()
    await asyncio.wait_for(node.goodbye.wait(), 20)
    assert len(node.removed) == 1
    assert ledger.open_entries == []
    way.expect_rung("join")


@pytest.mark.parametrize(
    ("path", "said", "broken"),
    [
        ("/", (406, b"Not Ready"), ("ready", Code.LIVEKIT_NOT_READY)),
        ("/", (503, b"no healthy upstream"), ("ready", Code.LIVEKIT_UPSTREAM_ABSENT)),
        (VALIDATE, (200, b"<!doctype html>"), ("livekit", Code.LIVEKIT_EDGE_HTML)),
        (NEWER, (200, b"<!doctype html>"), ("livekit", Code.LIVEKIT_EDGE_HTML)),
        (ROOMS, (500, b'{"msg":"redis"}'), ("rooms", Code.LIVEKIT_NOT_READY)),
        ("/rtc", (404, b""), ("join", Code.LIVEKIT_UPGRADE_BLOCKED)),
    ],
)
async def test_the_first_rung_that_breaks_is_told(
    node: FakeNode, ways: Ways, path: str, said: tuple[int, bytes], broken: tuple[str, Code]
) -> None:
    """With all rungs below it, and a shell line that shows it again; those below are reached."""
    node.answers[path] = said
    way = await ways()
    name, code = broken
    assert [rung.name for rung in way.rungs] == NAMES[: NAMES.index(name) + 1]
    assert [rung.held for rung in way.rungs] == [True] * NAMES.index(name) + [False]
    with pytest.raises(Broken) as told:
        way.expect_rung("join")
    assert told.value.finding.code is code
    assert told.value.finding.rungs == way.rungs
    assert told.value.finding.reproduce_command.startswith("curl ")
    way.expect_rung("dns")


@pytest.mark.parametrize(
    ("access", "code"),
    [
        (Access("APIother", ACCESS.secret), Code.LIVEKIT_KEY_UNKNOWN),
        (Access(ACCESS.key, "another-secret-of-the-same-key-012345"), Code.LIVEKIT_SECRET_MISMATCH),
    ],
)
async def test_a_key_that_is_not_taken_is_told(
    ways: Ways, recorder: Recorder, access: Access, code: Code
) -> None:
    """The server's refusal echoes the whole token: neither finding nor journal has it."""
    way = await ways(access)
    assert way.failure
    assert way.failure.code is code
    told = repr(way.failure) + (recorder.evidence.folder / "run.jsonl").read_text("utf-8")
    assert not {part for part in told.replace('"', " ").split() if part.startswith("eyJ")}
    assert '"Authorization: Bearer $TOKEN"' in way.failure.reproduce_command


async def test_a_name_without_a_server_is_told(web: Web, ledger: Ledger) -> None:
    """The same word as for any other host."""
    async with await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", 0
    ) as server:
        port = server.sockets[0].getsockname()[1]
    way = await diagnose(web, LiveKit(f"ws://livekit.localhost:{port}", "K", "S"), ACCESS, ledger)
    assert way.failure
    assert (way.failure.code, [rung.held for rung in way.rungs]) == (
        Code.HOST_UNREACHABLE,
        [True, False],
    )


async def test_a_room_that_stays_is_left_to_the_sweep(
    ways: Ways, node: FakeNode, ledger: Ledger
) -> None:
    """It was entered before anybody joined; that it could not be removed breaks nothing."""
    node.answers["/twirp/livekit.RoomService/DeleteRoom"] = (500, b"")
    way = await ways()
    assert way.failure is None
    assert [(entry.kind, entry.name.startswith("probe-")) for entry in ledger.open_entries] == [
        ("room", True)
    ]


async def test_the_nodes_that_are_named_are_asked_too(
    web: Web, node: FakeNode, ledger: Ledger
) -> None:
    """Beside what the server says."""
    promised = replace(node.promised, dial=("127.0.0.1",))
    way = await diagnose(web, promised, ACCESS, ledger)
    assert all(check.endpoint.is_from_server for check in way.checks), (
        "the server names that one itself"
    )
