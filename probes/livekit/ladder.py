"""Climbed once for all promises of a call, from the name to the door of media: what is the first
rung that breaks?

Whoever asks for a rung above it is told of that first one: nothing can be said of what stands
behind it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from probes.config.livekit import LiveKit
from probes.diagnosis import ladder
from probes.finding import Broken, Code, Finding, Rung
from probes.livekit import http_answers, rooms, signalling, stun, turn
from probes.livekit.signalling import Joined
from probes.livekit.stun import Check
from probes.livekit.tokens import Access
from probes.livekit.turn import Lent
from probes.recording.ledger import Ledger
from probes.recording.recorder import curl, current
from probes.transport.http import Answer, Web

VALIDATE, NEWER = "/rtc/validate", "/rtc/v1/validate"
KIND = "room"  # in the ledger


@dataclass(frozen=True, slots=True)
class Climb:
    """How far it went. `broken` is the rung that did not hold, `seat` and what follows are there
    where a join held.
    """

    rungs: tuple[Rung, ...]
    broken: Finding | None = None
    seat: Joined | None = None
    checks: tuple[Check, ...] = ()
    lent: tuple[Lent, ...] = ()

    def holds(self, name: str) -> bool:
        return any(rung.name == name and rung.held for rung in self.rungs)

    def reached(self, name: str) -> None:
        """Raise Broken, with the first rung that did not hold, unless `name` did."""
        if not self.holds(name):
            assert self.broken, f"no rung is called {name}"
            raise Broken(self.broken)


class _Way:
    """One way up; what a rung finds out is kept for the next."""

    def __init__(self, web: Web, promised: LiveKit, access: Access, ledger: Ledger) -> None:
        self._web, self._promised, self._access, self._ledger = web, promised, access, ledger
        self.seat: Joined | None = None
        self.checks: tuple[Check, ...] = ()
        self.lent: tuple[Lent, ...] = ()

    def rungs(self) -> dict[str, Callable[[], Awaitable[str]]]:
        host = urlsplit(self._promised.origin)
        place = (host.hostname or "", host.port or (443 if host.scheme == "https" else 80))
        tls = {"tls": lambda: self._held(ladder.tls(self._web.target, *place), Code.TLS_INVALID)}
        return {
            "dns": lambda: self._held(ladder.dns(*place), Code.HOST_UNREACHABLE),
            "tcp": lambda: self._held(ladder.tcp(*place), Code.HOST_UNREACHABLE),
            **(tls if host.scheme == "https" else {}),
            "ready": self._ready,
            "livekit": self._livekit,
            "key": self._key,
            "rooms": self._rooms,
            "join": self._join,
        }

    async def _held(self, asking: Awaitable[ladder.Step], code: Code) -> str:
        step = await asking
        if not step.rung.held:
            raise Broken(Finding(code, step.rung.detail, step.cause))
        return step.rung.detail

    async def _ready(self) -> str:
        return _told(await asked(self._web, self._promised, "/"), http_answers.explain_root)

    async def _livekit(self) -> str:
        told = _told(
            await asked(self._web, self._promised, VALIDATE), http_answers.explain_stranger
        )
        _told(await asked(self._web, self._promised, NEWER), http_answers.explain_newer)
        return told

    async def _key(self) -> str:
        token = self._access.to_join("probe-nowhere", "probe")
        return _told(
            await asked(self._web, self._promised, VALIDATE, token), http_answers.explain_token
        )

    async def _rooms(self) -> str:
        return (
            f"{len(await rooms.listed(self._web, self._promised, self._access))} rooms are listed"
        )

    async def _join(self) -> str:
        """The seat is kept while its addresses are asked, since the server forgets the checks of
        who has left.
        """
        async with probe_room(
            self._web, self._promised, self._access, self._ledger, "ladder"
        ) as room:
            token = self._access.to_join(room, f"{room}-ladder")
            async with signalling.joined(self._web, self._promised, token) as self.seat:
                self.checks, self.lent = await asyncio.gather(
                    stun.checks(self.seat, self._promised.dial),
                    turn.lent(self._web.target, self.seat.relays),
                )
        for said in (
            *(f"{c.place}: {c.detail}" for c in self.checks),
            *(f"{x.url}: {x.detail}" for x in self.lent),
        ):
            current().note(said)
        return (
            f"joined in {self.seat.seconds:.2f} s, node {self.seat.node or 'unnamed'}, server "
            f"{self.seat.version}"
        )


@asynccontextmanager
async def probe_room(
    web: Web, promised: LiveKit, access: Access, ledger: Ledger, label: str
) -> AsyncIterator[str]:
    """A room's name, in the ledger before whoever joins makes it; gone after the block, or swept
    later.
    """
    room = ledger.enter(KIND, label)
    try:
        yield room
    finally:
        await _remove(web, promised, access, ledger, room)


async def _remove(web: Web, promised: LiveKit, access: Access, ledger: Ledger, room: str) -> None:
    try:
        if await rooms.remove(web, promised, access, room):
            ledger.mark_removed(room)
    except Broken as failure:
        current().note(f"room {room} is left for the sweep: {failure}")


async def asked(web: Web, promised: LiveKit, path: str, token: str = "") -> Answer:
    """What LiveKit's host answers. Raises Broken."""
    try:
        return await web.ask("GET", promised.origin + path, token=token)
    except Broken as failure:
        raise Broken(http_answers.explain_silence(failure.finding)) from failure


def _told(answer: Answer, explain: Callable[[Answer], Finding | None]) -> str:
    if finding := explain(answer):
        raise Broken(finding)
    return f"{answer}: {http_answers.text(answer)[:60] or 'empty'}"


async def diagnose(web: Web, promised: LiveKit, access: Access, ledger: Ledger) -> Climb:
    """One rung at a time, each with its own deadline, up to the first that breaks."""
    way, rungs = _Way(web, promised, access, ledger), list[Rung]()
    for name, step in way.rungs().items():
        try:
            rungs.append(Rung(name, held=True, detail=await step()))
        except Broken as failure:
            rungs.append(Rung(name, held=False, detail=failure.finding.observed))
            return Climb(
                tuple(rungs),
                _reproducible(replace(failure.finding, rungs=tuple(rungs)), web.target.tls.ca),
            )
    return Climb(tuple(rungs), None, way.seat, way.checks, way.lent)


def _reproducible(finding: Finding, ca: str) -> Finding:
    """With the shell line, since the scenarios that are told of it have asked nothing
    themselves.
    """
    recorder = current()
    if recorder.last is None:
        return finding
    return replace(finding, reproduce_command=curl(recorder.last, recorder.evidence.redactor, ca))
