"""One call for all who judge it, and none where the ladder knows better."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from probes.config.environment import Target
from probes.config.livekit import LiveKit
from probes.finding import Broken, Code, NotApplicable, broken_promise
from probes.livekit.checks import Calls, ports_of
from probes.livekit.ladder import LadderResult
from probes.livekit.sdk import worker_process
from probes.livekit.sdk.call import SdkCalls
from probes.livekit.sdk.checks import OpenPorts
from probes.livekit.sdk.messages import (
    Call,
    CallRequest,
    ParticipantJoined,
    SelectedPath,
    StageFailed,
)
from probes.livekit.stun import IceEndpoint, StunCheck
from probes.livekit.tokens import Access
from probes.recording.recorder import Recorder
from probes.transport.http import Web
from tests.probes.livekit.sdk.test_checks import GOOD

ACCESS = Access("key", "a-secret-of-thirty-two-characters-")
PROMISED = LiveKit("wss://livekit.invalid", "key", "secret")
UDP = StunCheck(IceEndpoint("udp", "192.0.2.1", 50000), 0.01, "answered")
TCP = StunCheck(IceEndpoint("tcp", "192.0.2.1", 7881), 0.01, "answered")


@dataclass
class Ladder:
    """As much of the ladder as a call needs."""

    checks: tuple[StunCheck, ...] = (UDP, TCP)
    broken: Broken | None = None
    rooms: list[str] = field(default_factory=list)  # that are there
    config: LiveKit = PROMISED
    access: Access = ACCESS

    async def expect_rung(self, _: str) -> LadderResult:
        if self.broken:
            raise self.broken
        return LadderResult((), checks=self.checks)

    async def open_ports(self) -> OpenPorts:
        return ports_of(await self.expect_rung("join"), self.config)

    @asynccontextmanager
    async def room(self, label: str) -> AsyncIterator[str]:
        self.rooms.append(label)
        try:
            yield label
        finally:
            self.rooms.remove(label)


@dataclass
class Workers:
    """What workers tell, and what they were asked for."""

    call: Call = GOOD
    options: list[CallRequest] = field(default_factory=list)

    async def made(self, request: CallRequest, _ca: str) -> Call:
        self.options.append(request)
        return self.call


@pytest.fixture
def ladder() -> Ladder:
    return Ladder()


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Workers:
    workers = Workers()
    monkeypatch.setattr(worker_process, "run_call", workers.made)
    return workers


@pytest.fixture
def target(target: Target) -> Target:
    return replace(target, livekit=PROMISED)


@pytest.fixture
def sdk_calls(web: Web, ladder: Ladder, workers: Workers) -> SdkCalls:
    return SdkCalls(web, lambda: cast("Calls", ladder))


def promises(sdk_calls: SdkCalls) -> tuple[object, ...]:
    return (
        sdk_calls.expect_connection(),
        sdk_calls.expect_data(),
        sdk_calls.expect_sound(),
        sdk_calls.expect_tcp_fallback(),
    )


async def test_one_call_serves_all(
    sdk_calls: SdkCalls, workers: Workers, ladder: Ladder, recorder: Recorder
) -> None:
    """Four promises are judged by one call, in a room that is gone afterwards."""
    await asyncio.gather(*promises(sdk_calls))  # type: ignore[call-overload]
    assert len(workers.options) == 1
    assert workers.options[0].by_tcp
    assert workers.options[0].speaker != workers.options[0].listener
    assert ladder.rooms == []
    assert recorder.degradations == []


async def test_a_rerun_is_another_call(
    sdk_calls: SdkCalls, workers: Workers, recorder: Recorder
) -> None:
    """A second attempt does not judge the first one's call."""
    await sdk_calls.expect_connection()
    recorder.attempt = 2
    await asyncio.gather(sdk_calls.expect_connection(), sdk_calls.expect_data())
    assert len(workers.options) == 2


async def test_nobody_tries_where_nobody_can_join(
    sdk_calls: SdkCalls, ladder: Ladder, workers: Workers
) -> None:
    """The ladder's first broken rung is what each promise is told."""
    ladder.broken = broken_promise(Code.LIVEKIT_KEY_UNKNOWN, "no", "keys")
    for promise in promises(sdk_calls):
        with pytest.raises(Broken) as failure:
            await promise  # type: ignore[misc]
        assert failure.value.finding.code is Code.LIVEKIT_KEY_UNKNOWN
    assert workers.options == []


async def test_who_cannot_connect_breaks_all_that_needs_it(
    sdk_calls: SdkCalls, workers: Workers, recorder: Recorder
) -> None:
    """Without a connection data, sound and fallback end with its name, and not with their own."""
    workers.call = Call((StageFailed("join", "not connected within 5 s"),))
    for promise in promises(sdk_calls):
        with pytest.raises(Broken) as failure:
            await promise  # type: ignore[misc]
        assert failure.value.finding.code is Code.LIVEKIT_DTLS_FAILED
    assert await sdk_calls.connected_by() is None


async def test_a_shut_door_is_masked_and_tcp_not_tried(
    sdk_calls: SdkCalls, ladder: Ladder, workers: Workers, recorder: Recorder
) -> None:
    """Who gets through closed doors is degraded, and the worker is not asked for a way that is
    shut.
    """
    ladder.checks = (replace(UDP, answer_s=None), replace(TCP, answer_s=None))
    assert await sdk_calls.connected_by() == frozenset({"host"})
    await sdk_calls.expect_connection()
    assert [finding.code for finding in recorder.degradations] == [Code.LIVEKIT_MASKED]
    assert not workers.options[0].by_tcp


async def test_a_node_that_answers_elsewhere_is_at_a_wrong_address(
    sdk_calls: SdkCalls, ladder: Ladder, workers: Workers, recorder: Recorder
) -> None:
    """Its own address helps nobody who is sent elsewhere, and all promises name that one cause."""
    ladder.checks = (
        replace(UDP, answer_s=None),
        StunCheck(replace(UDP.endpoint, is_from_server=False), 0.01, "answered"),
    )
    causes = set()
    for promise in (sdk_calls.expect_connection(), sdk_calls.expect_tcp_fallback()):
        with pytest.raises(Broken) as failure:
            await promise
        assert failure.value.finding.code is Code.LIVEKIT_ADDRESS_WRONG
        causes.add(failure.value.finding.cause)
    assert len(causes) == 1


async def test_an_address_that_nobody_named_is_no_closed_port(
    sdk_calls: SdkCalls, ladder: Ladder, workers: Workers, recorder: Recorder
) -> None:
    """A peer-reflexive path proves that the server sends from another address than it names."""
    ladder.checks = (replace(UDP, answer_s=None), replace(TCP, answer_s=None))
    workers.call = Call(
        tuple(
            replace(message, kind="prflx") if isinstance(message, SelectedPath) else message
            for message in GOOD.messages
        )
    )
    assert await sdk_calls.connected_by() == frozenset({"prflx"})
    with pytest.raises(Broken) as failure:
        await sdk_calls.expect_connection()
    assert failure.value.finding.code is Code.LIVEKIT_ADDRESS_WRONG
    assert "node_ip" in failure.value.finding.cause


async def test_an_environment_may_leave_calls_out(
    sdk_calls: SdkCalls, web: Web, workers: Workers, recorder: Recorder
) -> None:
    """Where the deep tier is not asked for, promises do not apply and nobody is said to be
    connected.
    """
    web.target = replace(web.target, livekit=replace(PROMISED, tiers=("ladder",)))
    for promise in promises(sdk_calls):
        with pytest.raises(NotApplicable):
            await promise  # type: ignore[misc]
    assert await sdk_calls.connected_by() is None
    assert workers.options == []


async def test_a_call_that_breaks_leaves_no_room(
    sdk_calls: SdkCalls, ladder: Ladder, monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    """However the worker's part ends, the room is given back."""

    async def fails(*_: object) -> Call:
        assert ladder.rooms == ["call"]
        raise OSError

    monkeypatch.setattr(worker_process, "run_call", fails)
    with contextlib.suppress(OSError):
        await sdk_calls.expect_connection()
    assert ladder.rooms == []


async def test_what_was_told_is_noted(
    sdk_calls: SdkCalls, workers: Workers, recorder: Recorder
) -> None:
    """Paths, round trips and crashes are in the journal, tokens are not."""
    workers.call = Call(
        (ParticipantJoined("speaker", 0.1), ParticipantJoined("listener", 0.2)),
        "it was ended by SIGABRT; eyJhbGciOi.e30.x",
    )
    await sdk_calls.expect_connection()
    written = (recorder.evidence.folder / "run.jsonl").read_text()
    assert "Joined who=speaker" in written
    assert "SIGABRT" in written
    assert "eyJhbGciOi.e30.x" not in written
