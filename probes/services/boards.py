"""A project's board as its members see it change: put a card there, watch what others do (contract
5.3, 5.6).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypedDict

from probes.auth.users import User
from probes.finding import CannotAsk, Code, broken_promise
from probes.polling import poll_until
from probes.recording.ledger import Ledger
from probes.recording.recorder import current
from probes.transport.envelopes import Envelope, expect, expect_shape
from probes.transport.http import Answer, Web
from probes.transport.open_websocket import Event, WebSocket
from probes.transport.typed_answers import Identity
from probes.transport.websocket import open_socket

BOARD = "/api/svc/board"
CREATED = 201


class MadeBoard(TypedDict):
    boardId: Identity


class BoardEvent(TypedDict):
    """What a project's socket says of a board (contract 5.3)."""

    boardId: Identity


class BoardRow(TypedDict):
    """A board as board-service lists it (contract 5.3)."""

    boardId: Identity
    title: str


class OnlineUser(TypedDict):
    userId: Identity


class OnlineUsers(TypedDict):
    """Ids or rows, without the envelope of board-service's other answers (contract 5.3)."""

    onlineUsers: list[str | OnlineUser] | None


@dataclass(frozen=True, slots=True)
class Card:
    """One board, as weAlist calls what lies on a project's board."""

    id: str
    title: str


def socket(web: Web) -> str:
    """Where the project's events are heard."""
    return f"{BOARD}/ws/project/{_project(web)}"


def _project(web: Web) -> str:
    if project := web.target.workspace.project:
        return project
    raise CannotAsk("the environment names no board project; add project to [workspace]")


async def call(web: Web, user: User, method: str, path: str, body: Any = None) -> Answer:
    return await web.ask(
        method, f"{web.target.hosts.apex}{BOARD}/api/{path}", token=await user.token(), json=body
    )


async def create(web: Web, user: User, ledger: Ledger, assignee: User | None = None) -> Card:
    """A card on the project's board, in the ledger before it exists; who is assigned is told."""
    name = ledger.enter("board", "card")
    body = {"projectId": _project(web), "title": name, "content": ""}
    body |= {"assigneeId": assignee.id} if assignee else {}
    answer = await call(web, user, "POST", "boards", body)
    made = expect_shape(answer, Envelope.DATA, MadeBoard, CREATED)
    ledger.identify(name, made["boardId"])
    return Card(made["boardId"], name)


async def rename(web: Web, user: User, card: Card) -> None:
    body = {"title": f"{card.title}-renamed"}
    expect(await call(web, user, "PUT", f"boards/{card.id}", body), Envelope.DATA)


async def list_cards(web: Web, user: User) -> list[Card]:
    answer = await call(web, user, "GET", f"boards/project/{_project(web)}")
    rows = expect_shape(answer, Envelope.DATA, list[BoardRow])
    return [Card(row["boardId"], row["title"]) for row in rows]


async def remove(web: Web, user: User, identity: str) -> bool:
    """Whether the service says that the card is gone."""
    answer = await call(web, user, "DELETE", f"boards/{identity}")
    current().note(f"DELETE boards/{identity}: {answer.status}")
    return answer.status == 204 or (
        answer.json is not None and (answer.status < 300 or answer.status == 404)
    )


class BoardView:
    """An open board socket."""

    def __init__(self, socket: WebSocket, user: User, timeout_s: float) -> None:
        self.socket, self._user, self._timeout_s = socket, user, timeout_s

    async def expect_event(self, kind: str, card: Card) -> Event:
        """The event of `kind` about `card`. Raises Broken when it does not come in the stated
        time.
        """
        event = await self.socket.receive(
            lambda event: event["type"] == kind and event["boardId"] == card.id,
            self._timeout_s,
            {kind: BoardEvent},
        )
        if event is None:
            raise broken_promise(
                Code.BOARD_EVENT_LOST,
                f"{self._user.name} has the board open, and {kind} did not come within "
                f"{self._timeout_s:g} s",
                "board-service: its Redis channel kanban:project:* (44a028d8, contract 5.5)",
            )
        return event


async def expect_shown(web: Web, watcher: User, user: User) -> None:
    """`watcher` comes to see that `user` has the board open. Raises Broken."""
    timeout_s = web.target.realtime.deliver_seconds

    async def is_shown() -> bool:
        answer = await call(web, watcher, "GET", f"projects/{_project(web)}/online-users")
        shown = expect_shape(answer, Envelope.RAW, OnlineUsers)["onlineUsers"]
        return user.id in map(_id_of, shown or [])

    if not await poll_until(is_shown, timeout_s):
        raise broken_promise(
            Code.PRESENCE_STALE,
            f"{user.name} has the board open, and is not shown there after {timeout_s:g} s",
            "board-service: online:project:* in Redis (a2cb0eba, 08d2badc, contract 5.3)",
        )


def _id_of(row: str | OnlineUser) -> str:
    """A user of a list, which holds ids or rows."""
    return row if isinstance(row, str) else row["userId"]


@asynccontextmanager
async def watch(web: Web, user: User) -> AsyncIterator[BoardView]:
    """`user` has the project's board open for as long as the block lasts."""
    async with open_socket(web, socket(web), await user.token()) as heard:
        yield BoardView(heard, user, web.target.realtime.deliver_seconds)
