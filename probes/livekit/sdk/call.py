"""What two participants get from a call: a run makes one call, and each promise judges its part."""

import contextlib
from dataclasses import asdict

from probes.config.livekit import DEEP
from probes.finding import NotApplicable
from probes.livekit.opener import OpenCalls
from probes.livekit.sdk import checks, worker_process
from probes.livekit.sdk.checks import OpenPorts
from probes.livekit.sdk.messages import (
    LISTENER,
    SPEAKER,
    Call,
    CallRequest,
    ParticipantJoined,
    WorkerMessage,
)
from probes.livekit.tokens import expect_livekit
from probes.recording.recorder import current
from probes.transport.http import Web
from probes.transport.single_flight import SingleFlight


class SdkCalls:
    """Calls of two participants by LiveKit's own SDK. Every verb raises Broken, NotApplicable,
    CannotAsk.
    """

    def __init__(self, web: Web, calls: OpenCalls) -> None:
        self._web, self.calls = web, calls
        # By attempt: a confirming rerun is another call, and one for all that are rerun.
        self._calls_by_attempt = SingleFlight(self._make_call)

    async def _expect_ladder(self) -> OpenPorts:
        """No call is tried where the ladder says that nobody can join."""
        expect_livekit(self._web.target.livekit, DEEP)
        return await self.calls().open_ports()

    async def _make_call(self, _: int) -> Call:
        calls, ports = self.calls(), await self._expect_ladder()
        async with calls.room("call") as room:
            speaker, listener = (
                calls.access.to_join(room, f"{room}-{who}") for who in (SPEAKER, LISTENER)
            )
            request = CallRequest(
                calls.config.url, speaker, listener, by_tcp=ports.tcp and not ports.gathers_late
            )
            call = await worker_process.run_call(request, self._web.target.tls.ca)
        _note(call)
        await self._expect_two_may_join(call)
        return call

    async def _expect_two_may_join(self, call: Call) -> None:
        """Raises Broken with what the server says to a second participant, where it says it."""
        failed = call.failure("join")
        if failed and "signal failure" in failed.message and "500" in failed.message:
            current().judge(await self.calls().second_join_finding())

    async def _call(self) -> Call:
        await self._expect_ladder()
        return await self._calls_by_attempt.get(current().attempt)

    async def connected_by(self) -> frozenset[str] | None:
        """The kinds of the server's candidates by which two participants connect; None where they
        do not, and where the tier is left out.
        """
        with contextlib.suppress(NotApplicable):
            call = await self._call()
            if len(call.every(ParticipantJoined)) == 2:
                return checks.path_kinds(call)
        return None

    async def expect_connection(self) -> None:
        """Two participants connect, and not by hole punching alone."""
        current().judge(checks.explain_meeting(await self._call(), await self.calls().open_ports()))

    async def expect_data(self) -> None:
        """Data arrives in both directions, reliable and lossy."""
        current().judge(checks.explain_data(await self.expect_met()))

    async def expect_sound(self) -> None:
        """The tone that one participant plays, the other hears."""
        current().judge(checks.explain_sound(await self.expect_met()))

    async def expect_tcp_fallback(self) -> None:
        """A participant that is forced to TCP is heard all the same."""
        current().judge(
            checks.explain_fallback(await self.expect_met(), await self.calls().open_ports())
        )

    async def expect_met(self) -> Call:
        """A call in which two participants connected, be it by hole punching. Raises Broken where
        they did not.
        """
        call = await self._call()
        if not call.every(ParticipantJoined):
            current().judge(checks.explain_meeting(call, await self.calls().open_ports()))
        return call


def _note(call: Call) -> None:
    for message in call.messages:
        current().note(f"call: {type(message).__name__} {_fields(message)}")
    if call.crash:
        current().note(f"call: its worker crashed: {call.crash}")


def _fields(message: WorkerMessage) -> str:
    return ", ".join(f"{name}={value}" for name, value in asdict(message).items())
