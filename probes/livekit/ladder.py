"""The ladder of a call, run once for all its promises, from the DNS name to media's ports: which
rung breaks first?

A promise that needs a rung above it gets that first finding: nothing is known of what is behind.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from probes.config.environment import Target
from probes.config.livekit import LiveKit
from probes.diagnosis import network_rungs
from probes.diagnosis.step import Step
from probes.finding import Broken, Code, Finding, Rung
from probes.livekit import http_answers, rooms, signalling, stun, token_answers, turn
from probes.livekit.signalling import JoinedSession
from probes.livekit.stun import StunCheck
from probes.livekit.tokens import Access
from probes.livekit.turn import TurnResult
from probes.recording.ledger import Ledger
from probes.recording.recorder import current
from probes.recording.reproduce import reproduce_command
from probes.transport.http import Answer, Web

VALIDATE, NEWER = "/rtc/validate", "/rtc/v1/validate"
KIND = "room"  # in the ledger


@dataclass(frozen=True, slots=True)
class LadderResult:
    """How far it held. `failure` names the rung that did not; `session` and what follows are set
    where the join held.
    """

    rungs: tuple[Rung, ...]
    failure: Finding | None = None
    session: JoinedSession | None = None
    checks: tuple[StunCheck, ...] = ()
    turn_results: tuple[TurnResult, ...] = ()

    def holds(self, name: str) -> bool:
        return any(rung.name == name and rung.held for rung in self.rungs)

    def expect_rung(self, name: str) -> None:
        """Raise Broken, with the first rung that did not hold, unless `name` did."""
        if not self.holds(name):
            assert self.failure, f"no rung is called {name}"
            raise Broken(self.failure)


class _LadderRun:
    """One run; what a rung finds out is kept for the next."""

    def __init__(self, web: Web, promised: LiveKit, access: Access, ledger: Ledger) -> None:
        self._web, self._promised, self._access, self._ledger = web, promised, access, ledger
        self.session: JoinedSession | None = None
        self.checks: tuple[StunCheck, ...] = ()
        self.turn_results: tuple[TurnResult, ...] = ()

    def rungs(self) -> dict[str, Callable[[], Awaitable[str]]]:
        host = urlsplit(self._promised.origin)
        place = (host.hostname or "", host.port or (443 if host.scheme == "https" else 80))
        target = self._web.target
        tls = {
            "tls": lambda: self._expect_held(network_rungs.tls(target, *place), Code.TLS_INVALID)
        }
        return {
            "dns": lambda: self._expect_held(
                network_rungs.dns(target, *place), Code.HOST_UNREACHABLE
            ),
            "tcp": lambda: self._expect_held(
                network_rungs.tcp(target, *place), Code.HOST_UNREACHABLE
            ),
            **(tls if host.scheme == "https" else {}),
            "ready": self._ready,
            "livekit": self._livekit,
            "key": self._key,
            "rooms": self._rooms,
            "join": self._join,
        }

    async def _expect_held(self, asking: Awaitable[Step], code: Code) -> str:
        step = await asking
        if not step.rung.held:
            raise Broken(Finding(code, step.rung.detail, step.cause))
        return step.rung.detail

    async def _ready(self) -> str:
        return _accept(await ask(self._web, self._promised, "/"), http_answers.explain_root)

    async def _livekit(self) -> str:
        text = _accept(
            await ask(self._web, self._promised, VALIDATE), http_answers.explain_without_token
        )
        _accept(await ask(self._web, self._promised, NEWER), http_answers.explain_newer)
        return text

    async def _key(self) -> str:
        token = self._access.to_join("probe-nowhere", "probe")
        answer = await ask(self._web, self._promised, VALIDATE, token)
        if token_answers.is_accepted(answer):  # its room need not exist yet
            return _detail(answer)
        return _accept(answer, token_answers.explain_token)

    async def _rooms(self) -> str:
        names = await rooms.list_rooms(self._web, self._promised, self._access)
        return f"{len(names)} rooms are listed"

    async def _join(self) -> str:
        """The session stays open while its addresses are checked: the server drops the ICE agent of
        a participant that has left.
        """
        async with probe_room(
            self._web, self._promised, self._access, self._ledger, "ladder"
        ) as room:
            token = self._access.to_join(room, f"{room}-ladder")
            async with signalling.join_room(self._web, self._promised, token) as self.session:
                if not is_proxied(self._web.target, self._promised):
                    self.checks, self.turn_results = await asyncio.gather(
                        stun.check_all(self.session, self._promised.dial),
                        turn.allocate_all(self._web.target, self.session.relays),
                    )
        current().fact("LiveKit", _server(self.session))
        for check in self.checks:
            current().note(f"{check.endpoint}: {check.detail}")
        for result in self.turn_results:
            current().note(f"{result.url}: {result.detail}")
        return (
            f"joined in {self.session.first_message_s:.2f} s, "
            f"node {self.session.node or 'unnamed'}, "
            f"server {self.session.version}"
        )


def is_proxied(target: Target, promised: LiveKit) -> bool:
    """Whether [proxy] leads to LiveKit: then media, which no HTTP proxy carries, has no way."""
    return target.proxy.leads_to(urlsplit(promised.origin).hostname or "")


@asynccontextmanager
async def probe_room(
    web: Web, promised: LiveKit, access: Access, ledger: Ledger, label: str
) -> AsyncIterator[str]:
    """A room of the probes' own, in the ledger before it exists; removed after the block, or by a
    later cleanup. Raises Broken.
    """
    room = ledger.enter(KIND, label)
    try:
        await rooms.create(web, promised, access, room)
        yield room
    finally:
        await _remove(web, promised, access, ledger, room)


async def _remove(web: Web, promised: LiveKit, access: Access, ledger: Ledger, room: str) -> None:
    try:
        if await rooms.remove(web, promised, access, room):
            ledger.mark_removed(room)
    except Broken as failure:
        current().note(f"room {room} is left for the cleanup: {failure}")


async def ask(web: Web, promised: LiveKit, path: str, token: str = "") -> Answer:
    """What LiveKit's host answers. Raises Broken."""
    try:
        return await web.ask("GET", promised.origin + path, token=token)
    except Broken as failure:
        raise Broken(http_answers.explain_no_answer(failure.finding)) from failure


def _accept(answer: Answer, explain: Callable[[Answer], Finding | None]) -> str:
    if finding := explain(answer):
        raise Broken(finding)
    return _detail(answer)


def _server(session: JoinedSession) -> str:
    """Which server this was, and whether it calls itself anything else than LiveKit."""
    named = f"livekit-server {session.version or 'of no version'}, protocol {session.protocol}"
    return f"{named}, {session.debug_info}" if session.debug_info else named


def _detail(answer: Answer) -> str:
    return f"{answer}: {http_answers.text(answer)[:60] or 'empty'}"


async def diagnose(web: Web, promised: LiveKit, access: Access, ledger: Ledger) -> LadderResult:
    """One rung at a time, each with its own deadline, up to the first that breaks."""
    ladder_run, rungs = _LadderRun(web, promised, access, ledger), list[Rung]()
    for name, step in ladder_run.rungs().items():
        try:
            rungs.append(Rung(name, held=True, detail=await step()))
        except Broken as failure:
            rungs.append(Rung(name, held=False, detail=failure.finding.observed))
            return LadderResult(
                tuple(rungs),
                _reproducible(replace(failure.finding, rungs=tuple(rungs))),
            )
    return LadderResult(
        tuple(rungs), None, ladder_run.session, ladder_run.checks, ladder_run.turn_results
    )


def _reproducible(finding: Finding) -> Finding:
    """With a reproduce command: scenarios that share the finding have sent nothing themselves."""
    recorder = current()
    if recorder.last is None:
        return finding
    return replace(finding, reproduce_command=reproduce_command(recorder))
