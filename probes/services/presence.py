"""Who is online: come with a presence socket, leave, and be seen to have come and left (contract
5.2).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypedDict

from probes.auth.users import User
from probes.finding import Code, broken_promise
from probes.polling import poll_until
from probes.services import chat
from probes.transport.envelopes import Envelope, expect_shape
from probes.transport.http import Web
from probes.transport.typed_answers import Identity
from probes.transport.websocket import open_socket

SOCKET = f"{chat.CHATS}/ws/presence"
OTHERS_INTERVAL_S = 0.5  # while another run's sockets may be open


class PresenceRow(TypedDict):
    """A user in the list of who is online (contract 5.1)."""

    userId: Identity


@asynccontextmanager
async def open_app(web: Web, user: User) -> AsyncIterator[None]:
    """`user` has the app open for as long as the block lasts."""
    async with open_socket(web, SOCKET, await user.token()):
        yield


async def expect_shown(
    web: Web,
    watcher: User,
    user: User,
    *,
    online: bool,
    heartbeat: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """`watcher` comes to see that `user` is online, or no more. Raises Broken when that does not
    show in time.

    `heartbeat`: what the user's open app sends, sent again while it does not show. Whose last chat
    closes is shown as offline until then, though the app is open (contract 5.2).
    """
    timeout_s = web.target.realtime.deliver_seconds

    async def is_shown() -> bool:
        if (user.id in await _online(web, watcher)) is online:
            return True
        if heartbeat:
            await heartbeat()
        return False

    if not await poll_until(is_shown, timeout_s):
        now = "came online and is not shown" if online else "has left and is still shown as online"
        raise broken_promise(
            Code.PRESENCE_STALE,
            f"{user.name} {now} after {timeout_s:g} s",
            "chat-service: presence in Redis, or a row that its leaving does not remove (a2cb0eba)",
        )


async def expect_away(web: Web, watcher: User, users: Sequence[User]) -> None:
    """Each of `users`, who have nothing open, is at some time not shown as online. Raises Broken.

    A pod that died cannot say that its users have left (contract 5.2): they stay for ever. Another
    run of the probes may be at it as the same users, and lives in their sockets for no longer than
    `linger_seconds`.
    """
    deliver_s = web.target.realtime.deliver_seconds
    linger_s = web.target.realtime.linger_seconds
    left = {user.id: user.name for user in users}

    async def have_been_away() -> bool:
        shown = await _online(web, watcher)
        for identity in left.keys() - shown:
            del left[identity]
        return not left

    is_soon = await poll_until(have_been_away, deliver_s)
    if is_soon or await poll_until(have_been_away, linger_s, OTHERS_INTERVAL_S):
        return
    are = "is" if len(left) == 1 else "are"
    raise broken_promise(
        Code.PRESENCE_STALE,
        f"{' and '.join(left.values())} had nothing open for {deliver_s + linger_s:g} s, and {are} "
        "shown as online",
        "chat-service: nobody removes the rows of users whose pod died, or that their leaving "
        "left behind (a2cb0eba)",
    )


async def _online(web: Web, watcher: User) -> set[str]:
    answer = await chat.call(web, watcher, "GET", "/presence/online")
    return {row["userId"] for row in expect_shape(answer, Envelope.MESSAGE, list[PresenceRow])}
