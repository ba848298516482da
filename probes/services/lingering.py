"""Sockets and the stream, lived in: open for longer than anything idle is let be, answering, and at
the end still bringing what happens.

Times are those of contract 5.2 to 5.4: the services ping every 30 and 54 s and give up after 60,
load balancers commonly after 60.
"""

import asyncio
from collections.abc import Mapping
from functools import partial

from probes.auth.users import User
from probes.recording.ledger import Ledger
from probes.services import boards, chat, notifications, presence
from probes.services.notifications import STREAMS, Notice
from probes.transport.http import Web
from probes.transport.open_websocket import WebSocket
from probes.transport.websocket import open_socket

TIMES_ASKED = 4  # while it is open, spread evenly
# What the app sends to keep a socket alive, and is answered (contract 3.5); a chat answers nothing.
BOARD_PING = {"type": "ping"}
HEARTBEAT = {"type": "heartbeat"}
GOODBYE = "that was all"


async def stay_in_chat(web: Web, user: User, speaker: User, ledger: Ledger) -> None:
    """`user` has a chat open all the while, and hears what `speaker` says at the end. Raises
    Broken.
    """
    room = await chat.create_chat(web, speaker, [user], ledger)
    async with chat.join(web, room, user) as listening:
        await stay(web, listening.socket)
        await chat.send(web, speaker, room, GOODBYE)
        await listening.hear(speaker)


async def stay_on_board(web: Web, user: User, maker: User, ledger: Ledger) -> None:
    """`user` has the board open all the while, and sees what `maker` makes at the end. Raises
    Broken.
    """
    async with boards.watch(web, user) as watching:
        await stay(web, watching.socket, BOARD_PING)
        card = await boards.create(web, maker, ledger)
        await watching.expect_event("BOARD_CREATED", card)


async def stay_present(web: Web, user: User, watcher: User, _ledger: Ledger) -> None:
    """`user` has the app open all the while, and is shown to `watcher` at the end. Raises
    Broken.
    """
    async with open_socket(web, presence.SOCKET, await user.token()) as socket:
        await stay(web, socket, HEARTBEAT)
        heartbeat = partial(socket.send, dict(HEARTBEAT))
        await presence.expect_shown(web, watcher, user, online=True, heartbeat=heartbeat)


async def stay(web: Web, socket: WebSocket, keep_alive: Mapping[str, str] | None = None) -> None:
    """The socket stays open and answers pings, also the app's own where it has one
    (`keep_alive`). Raises Broken.
    """
    answer_s = web.target.timeouts.answer_s
    for _ in range(TIMES_ASKED):
        await socket.listen(web.target.realtime.linger_seconds / TIMES_ASKED)
        await socket.ping(answer_s)
        if keep_alive is None:
            continue
        await socket.send(dict(keep_alive))
        if await socket.receive(lambda event: event.get("type") == "pong", answer_s) is None:
            raise socket.half_open(f"no answer to {keep_alive['type']} within {answer_s:g} s")


async def stay_notified(web: Web, user: User, maker: User, ledger: Ledger) -> None:
    """`user` listens all the while, stream after stream as a page's EventSource does, and is told
    of what `maker` assigns at the end. Raises Broken.
    """
    loop, realtime = asyncio.get_running_loop(), web.target.realtime
    end = loop.time() + realtime.linger_seconds
    for _ in range(STREAMS):
        left_s = end - loop.time()
        if left_s <= 0:
            break
        async with notifications.connected_stream(web, user) as listening:
            await listening.expect_open_for(min(realtime.stream_seconds, left_s))
    for notice in await _notices_at_end(web, user, maker, ledger):
        await notifications.dismiss(web, user, notice.id)


async def _notices_at_end(web: Web, user: User, maker: User, ledger: Ledger) -> list[Notice]:
    return await notifications.expect_notified(
        web, user, lambda: boards.create(web, maker, ledger, assignee=user)
    )
