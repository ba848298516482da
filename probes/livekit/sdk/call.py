"""What two people get out of a call, as one run asks for it: they have one call, and each promise
judges its part.
"""

import contextlib
from dataclasses import asdict
from typing import TYPE_CHECKING

from probes.finding import NotApplicable
from probes.livekit.lazy import OpenCalls
from probes.livekit.sdk import checks, worker_process
from probes.livekit.sdk.checks import Reached
from probes.livekit.sdk.messages import LISTENER, SPEAKER, Call, Joined, Wish
from probes.livekit.tokens import promised_in
from probes.recording.recorder import current
from probes.transport.http import Web
from probes.transport.single_flight import SingleFlight

if TYPE_CHECKING:
    from probes.livekit.ladder import Climb

TIER = "deep"


class Talks:
    """The calls that two people have by LiveKit's own SDK. Every verb raises Broken, NotApplicable,
    CannotAsk.
    """

    def __init__(self, web: Web, calls: OpenCalls) -> None:
        self._web, self.calls = web, calls
        # By attempt: a confirming rerun is another call, and one for all that are rerun.
        self._had = SingleFlight(self._have)

    async def _climb(self) -> "Climb":
        """Nobody need try to talk where the ladder knows that nobody can join."""
        promised_in(self._web.target.livekit, TIER)
        return await self.calls().climbed("join")

    async def _have(self, _: int) -> Call:
        calls, diagnose = self.calls(), await self._climb()
        async with calls.room("call") as room:
            speaker, listener = (
                calls.access.to_join(room, f"{room}-{who}") for who in (SPEAKER, LISTENER)
            )
            wish = Wish(calls.promised.url, speaker, listener, by_tcp=reached(diagnose).tcp)
            call = await worker_process.made(wish, self._web.target.tls.ca)
        _note(call)
        return call

    async def _call(self) -> Call:
        await self._climb()
        return await self._had.get(current().attempt)

    async def are_connected(self) -> bool:
        """Whether two people find to each other, by whatever way; not where nobody may try."""
        with contextlib.suppress(NotApplicable):
            return len((await self._call()).every(Joined)) == 2
        return False

    async def connect(self) -> None:
        """Two people are connected, and not by hole punching alone."""
        current().judge(checks.explain_meeting(await self._call(), reached(await self._climb())))

    async def carry_data(self) -> None:
        """What one sends, the other gets, both ways, reliable and lossy."""
        current().judge(checks.explain_data(await self.have_met()))

    async def carry_sound(self) -> None:
        """The tone that one plays, the other hears."""
        current().judge(checks.explain_sound(await self.have_met()))

    async def fall_back_to_tcp(self) -> None:
        """Who is made to use TCP is heard all the same."""
        current().judge(
            checks.explain_fallback(await self.have_met(), reached(await self._climb()))
        )

    async def have_met(self) -> Call:
        """A call in which two people were connected, be it by hole punching. Raises Broken where
        they were not.
        """
        call = await self._call()
        if not call.every(Joined):
            current().judge(checks.explain_meeting(call, reached(await self._climb())))
        return call


def reached(diagnose: "Climb") -> Reached:
    """Which of the doors that the server names opened to who came uncalled."""
    answered = {
        check.place.transport for check in diagnose.checks if check.place.named and check.answered
    }
    return Reached(udp="udp" in answered, tcp="tcp" in answered)


def _note(call: Call) -> None:
    for fact in call.facts:
        current().note(
            f"call: {type(fact).__name__} {', '.join(f'{k}={v}' for k, v in asdict(fact).items())}"
        )
    if call.crash:
        current().note(f"call: its worker broke: {call.crash}")
