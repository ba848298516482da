"""Calls as video-service keeps them: open one, join it, end it, find it again (contract
7.1).

Its 2xx proves nothing of LiveKit: that a room could not be made there is only a warning in its log.
"""

from dataclasses import dataclass, field
from typing import TypedDict

from probes.auth.users import User
from probes.recording.ledger import Ledger
from probes.recording.recorder import current
from probes.transport.envelopes import Envelope, expect_shape
from probes.transport.http import Answer, Web
from probes.transport.typed_answers import Identity, Jwt

BASE = "/api/svc/video/api/video"
CREATED = 201
ENDED = 410  # ROOM_ENDED


class MadeCall(TypedDict):
    id: Identity


class CallRow(TypedDict):
    """A call as video-service lists it (contract 7.1)."""

    id: Identity
    name: str


class JoinReply(TypedDict):
    token: Jwt
    wsUrl: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call, as video-service calls it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CallTicket:
    """What the page gets to dial with: `url` is wsUrl, `room` is the room's id, which LiveKit has
    for its name.
    """

    room: str
    url: str
    token: str = field(repr=False)


async def call(web: Web, user: User, method: str, path: str, body: object = None) -> Answer:
    return await web.ask(
        method, f"{web.target.hosts.apex}{BASE}/{path}", token=await user.token(), json=body
    )


async def create_call(web: Web, user: User, ledger: Ledger) -> Call:
    """A call in the workspace, in the ledger before it exists. Raises Broken."""
    name = ledger.enter("call", "call")
    body = {"name": name, "workspaceId": web.target.workspace.id}
    answer = await call(web, user, "POST", "rooms", body)
    made = expect_shape(answer, Envelope.SUCCESS, MadeCall, CREATED)
    ledger.identify(name, made["id"])
    return Call(made["id"], name)


async def join(web: Web, user: User, room: Call) -> CallTicket:
    """A ticket for `user`; its token is known to the redactor before it is used. Raises Broken."""
    answer = await call(web, user, "POST", f"rooms/{room.id}/join?userName={user.name}")
    given = expect_shape(answer, Envelope.SUCCESS, JoinReply)
    current().evidence.redactor.remember(given["token"])
    return CallTicket(room.id, given["wsUrl"], given["token"])


async def list_calls(web: Web, user: User) -> list[Call]:
    """The calls of the workspace that go on. Raises Broken."""
    answer = await call(web, user, "GET", f"rooms/workspace/{web.target.workspace.id}?active=true")
    rows = expect_shape(answer, Envelope.SUCCESS, list[CallRow])
    return [Call(row["id"], row["name"]) for row in rows]


async def end_call(web: Web, user: User, identity: str) -> bool:
    """Whether the service says that the call is over."""
    answer = await call(web, user, "POST", f"rooms/{identity}/end")
    current().note(f"POST rooms/{identity}/end: {answer.status}")
    return answer.json is not None and (answer.status < 300 or answer.status in (404, ENDED))
