"""One case on every version at once: a server, what happens to it, and the verdicts on it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from replica.livekit.server_build import VERSIONS
from tests.support import livekit_verdicts
from tests.support.livekit_lab import LabServer, lab_server, promised_table
from tests.support.livekit_verdicts import Verdict, Verdicts

ROOT = Path(__file__).parents[2]
WORLD_TIMEOUT_S = 240
STALE_AFTER_S = 6  # a node says so 4 s after its last word from Redis

ByVersion = dict[str, Verdicts]
Meddle = Callable[[LabServer], Awaitable[None]]
Ask = Callable[[], Awaitable[ByVersion]]
# On two processors three servers and nine participants are late at times; one server is not.
_AT_ONCE: ContextVar[int] = ContextVar("_AT_ONCE", default=99)


async def nothing(_: LabServer) -> None:
    """Let the server be."""


async def on_loopback(
    folder: Path,
    over: Callable[[], dict[str, Any]] | dict[str, Any],
    promised: dict[str, Any],
    *,
    meddle: Meddle = nothing,
    ca: str = "",
    before: Callable[[LabServer], None] | None = None,
) -> ByVersion:
    """The verdicts on each version with that configuration; `meddle` is what happens meanwhile,
    `before` what happens to a node that is up, until it has noticed.
    """

    async def one(version: str) -> Verdicts:
        place = folder / version
        place.mkdir(parents=True, exist_ok=True)
        settings = over() if callable(over) else over
        with lab_server(version, place, **settings) as server:
            if before:
                before(server)
                await asyncio.sleep(STALE_AFTER_S)
            table = livekit_verdicts.promised_table(promised_table(server, place, **promised))
            verdicts, _ = await asyncio.gather(livekit_verdicts.judge(table, ca), meddle(server))
            return verdicts

    return await _on_each_version(one)


async def in_a_namespace(**world: Any) -> ByVersion:
    """The same on hosts of their own; see tests.support.livekit_namespace."""

    async def one(version: str) -> Verdicts:
        order = {"version": version, "over": {}, "promised": {}, **world}
        done = await asyncio.to_thread(_run, json.dumps(order))
        assert done.returncode == 0, f"{version}:\n{done.stderr}"
        answer = json.loads(done.stdout)
        return {name: Verdict(*parts) for name, parts in answer["verdicts"].items()}

    return await _on_each_version(one)


async def _on_each_version(ask: Callable[[str], Awaitable[Verdicts]]) -> ByVersion:
    """At once, or one after the other where that was too much for the machine."""
    turn = asyncio.Semaphore(_AT_ONCE.get())

    async def one(version: str) -> Verdicts:
        async with turn:
            return await ask(version)

    return dict(zip(VERSIONS, await asyncio.gather(*map(one, VERSIONS)), strict=True))


def _run(order: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "-rnm", sys.executable, "-m", "tests.support.livekit_namespace"],
        cwd=ROOT,
        input=order,
        capture_output=True,
        text=True,
        timeout=WORLD_TIMEOUT_S,
        check=False,
    )


async def expect_held(ask: Ask) -> None:
    """Every promise holds on every version, and was asked for."""

    def complaint(found: ByVersion) -> str:
        return "\n".join(_not_held(version, verdicts) for version, verdicts in found.items())

    await _expect(ask, complaint)


def _not_held(version: str, verdicts: Verdicts) -> str:
    held = [v for v in verdicts.values() if v.code == livekit_verdicts.HELD]
    is_well = livekit_verdicts.codes(verdicts) == {} and len(held) >= len(verdicts) - 1
    return "" if is_well else f"{version}:\n{livekit_verdicts.show(verdicts)}"


async def expect_codes(ask: Ask, codes: dict[str, str], cause: str) -> None:
    """Every version shows these codes and no other, all with one cause, which has `cause` in it."""

    def complaint(found: ByVersion) -> str:
        return "\n".join(_other(each, found[each], codes, cause) for each in found)

    await _expect(ask, complaint)


def _other(version: str, verdicts: Verdicts, codes: dict[str, str], cause: str) -> str:
    causes = livekit_verdicts.causes(verdicts)
    has_codes = livekit_verdicts.codes(verdicts) == codes
    has_cause = len(causes) == 1 and all(cause in each for each in causes)
    if has_codes and has_cause:
        return ""
    return f"{version}, where {codes} by {cause!r} was expected:\n{livekit_verdicts.show(verdicts)}"


async def _expect(ask: Ask, complaint: Callable[[ByVersion], str]) -> None:
    """As a run does: what was seen once is asked again, version by version, and counts if it is
    seen twice; servers have deadlines of their own, which a busy machine misses.
    """
    if not complaint(await ask()).strip():
        return
    at_once = _AT_ONCE.set(1)
    try:
        confirmed = complaint(await ask()).strip()
    finally:
        _AT_ONCE.reset(at_once)
    assert not confirmed, confirmed
