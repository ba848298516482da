"""Make one call and tell of it: `python -m probes.livekit.sdk.worker`, a wish on standard input,
facts on standard output.

It never cleans up after itself: who started it ends it. Its exit code says nothing, its last line
does.
"""

import asyncio
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable

from probes.livekit.sdk import connect_proxy
from probes.livekit.sdk.messages import (
    DELIVERING,
    FORCING,
    JOINING,
    LEAVING,
    LISTENER,
    SOUNDING,
    SPEAKER,
    Ended,
    Fact,
    Failed,
    Joined,
    Playing,
    Wish,
    told,
)

Tell = Callable[[Fact], None]


async def play(wish: Wish, tell: Tell, gone: asyncio.Event) -> None:
    """One person joins and plays the tone until who asked is `gone`."""
    from probes.livekit.sdk.participant import Person, within  # noqa: PLC0415 - its native part reads proxies as it starts

    speaker = Person(SPEAKER)
    with _stage("join", tell):
        tell(Joined(SPEAKER, await within(JOINING, speaker.join(wish.url, wish.speaker))))
        await within(SOUNDING, speaker.sound())
        tell(Playing())
        await gone.wait()
        await within(LEAVING, speaker.leave())


async def call(wish: Wish, tell: Tell) -> None:
    """Two people join, talk, and leave; each stage under its own deadline, the next tried in any
    event.
    """
    from livekit import rtc  # noqa: PLC0415 - its native part reads the proxy from the environment as it starts

    from probes.livekit.sdk.participant import Person, by_tcp, converse, within  # noqa: PLC0415 - as above

    speaker, listener = Person(SPEAKER), Person(LISTENER)
    try:
        both = asyncio.gather(
            speaker.join(wish.url, wish.speaker), listener.join(wish.url, wish.listener)
        )
        for person, seconds in zip((speaker, listener), await within(JOINING, both), strict=True):
            tell(Joined(person.name, seconds))
    except (rtc.ConnectError, TimeoutError) as error:
        return tell(
            Failed("join", getattr(error, "message", "") or f"not connected within {JOINING:g} s")
        )

    with _stage("data", tell):
        for data in await within(2 * DELIVERING, converse(speaker, listener, DELIVERING)):
            tell(data)
    with _stage("sound", tell):
        began = time.monotonic()
        await within(SOUNDING, speaker.sound())
        tell(await within(2 * SOUNDING, listener.listen(began, SOUNDING)))
    with _stage("path", tell):
        for person in (speaker, listener):
            if path := await within(LEAVING, person.path()):
                tell(path)
    if wish.by_tcp:
        with _stage("tcp", tell):
            await within(LEAVING, speaker.hush())
            tell(await within(3 * FORCING, by_tcp(speaker, listener, FORCING)))
    with _stage("leave", tell):
        await within(LEAVING, asyncio.gather(speaker.leave(), listener.leave()))
    return tell(Ended())


@contextlib.contextmanager
def _stage(name: str, tell: Tell):  # type: ignore[no-untyped-def]  # noqa: ANN202
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the SDK raises what it likes; who asked judges what it said
        tell(Failed(name, getattr(error, "message", "") or str(error) or "not done in its time"))


async def _perform(wish: Wish, tell: Tell, gone: asyncio.Event) -> None:
    async with connect_proxy.opened(wish.url) as proxy:
        os.environ.update({"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy} if proxy else {})
        await (call(wish, tell) if wish.listener else play(wish, tell, gone))


def _watch(loop: asyncio.AbstractEventLoop, gone: asyncio.Event, timeout_s: float) -> None:
    """Nobody is there any more to end us. Whatever the loop is busy with, this is not."""
    sys.stdin.buffer.read()
    loop.call_soon_threadsafe(gone.set)
    time.sleep(timeout_s)
    os._exit(1)


def _own_output() -> Tell:
    """Lines of ours alone: whatever else is printed goes where errors go."""
    ours = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return lambda fact: print(told(fact), file=ours, flush=True)


async def _once(wish: Wish, tell: Tell) -> None:
    gone = asyncio.Event()
    timeout_s = 0.0 if wish.listener else LEAVING
    threading.Thread(
        target=_watch, args=(asyncio.get_running_loop(), gone, timeout_s), daemon=True
    ).start()
    await _perform(wish, tell, gone)
    os._exit(0)  # in an orderly end the SDK aborts now and then, or waits for what we have let go


def main() -> None:
    tell = _own_output()
    asyncio.run(_once(Wish(**json.loads(sys.stdin.buffer.readline())), tell))


if __name__ == "__main__":
    main()
