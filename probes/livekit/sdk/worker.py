"""Make one call and tell of it: `python -m probes.livekit.sdk.worker`, a request on standard input,
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
    DELIVERY_TIMEOUT_S,
    JOIN_TIMEOUT_S,
    LEAVE_TIMEOUT_S,
    LISTENER,
    SPEAKER,
    TCP_REJOIN_TIMEOUT_S,
    TONE_TIMEOUT_S,
    CallEnded,
    CallRequest,
    ParticipantJoined,
    StageFailed,
    TonePlaying,
    WorkerMessage,
    encode,
)

SendMessage = Callable[[WorkerMessage], None]


async def play(request: CallRequest, send_message: SendMessage, gone: asyncio.Event) -> None:
    """One person joins and plays the tone until who asked is `gone`."""
    from probes.livekit.sdk.participant import SdkParticipant, within  # noqa: PLC0415 - its native part reads proxies as it starts

    speaker = SdkParticipant(SPEAKER)
    with _stage("join", send_message):
        send_message(
            ParticipantJoined(
                SPEAKER, await within(JOIN_TIMEOUT_S, speaker.join(request.url, request.speaker))
            )
        )
        await within(TONE_TIMEOUT_S, speaker.sound())
        send_message(TonePlaying())
        await gone.wait()
        await within(LEAVE_TIMEOUT_S, speaker.leave())


async def call(request: CallRequest, send_message: SendMessage) -> None:
    """Two people join, talk, and leave; each stage under its own deadline, the next tried in any
    event.
    """
    from livekit import rtc  # noqa: PLC0415 - its native part reads the proxy from the environment as it starts

    from probes.livekit.sdk.participant import SdkParticipant, by_tcp, exchange_data, within  # noqa: PLC0415 - as above

    speaker, listener = (SdkParticipant(who, send_message) for who in (SPEAKER, LISTENER))
    try:
        both = asyncio.gather(
            speaker.join(request.url, request.speaker), listener.join(request.url, request.listener)
        )
        for person, seconds in zip(
            (speaker, listener), await within(JOIN_TIMEOUT_S, both), strict=True
        ):
            send_message(ParticipantJoined(person.name, seconds))
    except (rtc.ConnectError, TimeoutError) as error:
        return send_message(
            StageFailed(
                "join",
                getattr(error, "message", "") or f"not connected within {JOIN_TIMEOUT_S:g} s",
            )
        )

    with _stage("data", send_message):
        for data in await within(
            2 * DELIVERY_TIMEOUT_S, exchange_data(speaker, listener, DELIVERY_TIMEOUT_S)
        ):
            send_message(data)
    with _stage("sound", send_message):
        began = time.monotonic()
        await within(TONE_TIMEOUT_S, speaker.sound())
        send_message(await within(2 * TONE_TIMEOUT_S, listener.listen(began, TONE_TIMEOUT_S)))
    with _stage("path", send_message):
        for person in (speaker, listener):
            if path := await within(LEAVE_TIMEOUT_S, person.path()):
                send_message(path)
    if request.by_tcp:
        with _stage("tcp", send_message):
            await within(LEAVE_TIMEOUT_S, speaker.unpublish())
            send_message(
                await within(
                    TCP_REJOIN_TIMEOUT_S + 2 * DELIVERY_TIMEOUT_S,
                    by_tcp(speaker, listener, TCP_REJOIN_TIMEOUT_S),
                )
            )
    with _stage("leave", send_message):
        await within(LEAVE_TIMEOUT_S, asyncio.gather(speaker.leave(), listener.leave()))
    return send_message(CallEnded())


@contextlib.contextmanager
def _stage(name: str, send_message: SendMessage):  # type: ignore[no-untyped-def]  # noqa: ANN202
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the SDK raises what it likes; who asked judges what it said
        send_message(
            StageFailed(name, getattr(error, "message", "") or str(error) or "not done in its time")
        )


async def _perform(request: CallRequest, send_message: SendMessage, gone: asyncio.Event) -> None:
    async with connect_proxy.open_proxy(request.url) as proxy:
        if proxy:
            os.environ.update({"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy})
        await (
            call(request, send_message) if request.listener else play(request, send_message, gone)
        )


def _watch(loop: asyncio.AbstractEventLoop, gone: asyncio.Event, timeout_s: float) -> None:
    """Nobody is there any more to end us. Whatever the loop is busy with, this is not."""
    sys.stdin.buffer.read()
    loop.call_soon_threadsafe(gone.set)
    time.sleep(timeout_s)
    os._exit(1)


def _own_output() -> SendMessage:
    """Lines of ours alone: whatever else is printed goes where errors go."""
    ours = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return lambda message: print(encode(message), file=ours, flush=True)


async def _once(request: CallRequest, send_message: SendMessage) -> None:
    gone = asyncio.Event()
    timeout_s = 0.0 if request.listener else LEAVE_TIMEOUT_S
    threading.Thread(
        target=_watch, args=(asyncio.get_running_loop(), gone, timeout_s), daemon=True
    ).start()
    await _perform(request, send_message, gone)
    os._exit(0)  # in an orderly end the SDK aborts now and then, or waits for what we have let go


def main() -> None:
    send_message = _own_output()
    asyncio.run(_once(CallRequest(**json.loads(sys.stdin.buffer.readline())), send_message))


if __name__ == "__main__":
    main()
