"""A service on a port of this machine, for what a call without a socket cannot show."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

from replica.infra.app_servers import serve_apps
from replica.infra.ports import LOOPBACK, listening_socket
from replica.models import ChatModel
from replica.services import APPS
from replica.state import ReplicaState, add


@dataclass(frozen=True, slots=True)
class RunningService:
    """Where the service listens, and the state behind it."""

    state: ReplicaState
    address: str

    def token(self, who: str, seconds: float = 60, kind: str = "access") -> str:
        user = self.state.test_users[who]
        return self.state.key.mint(user.id, user.email, kind, seconds)

    def socket(self, path: str, who: str) -> websockets.connect:
        return self.carrying(path, self.token(who))

    def carrying(self, path: str, token: str | None) -> websockets.connect:
        query = "" if token is None else f"?token={token}"
        return websockets.connect(f"ws://{self.address}{path}{query}", proxy=None)

    async def refusal(self, path: str, token: str | None) -> tuple[int, str]:
        """The status before the upgrade, and its body; 101 where there is no refusal."""
        try:
            async with self.carrying(path, token):
                return 101, ""
        except websockets.InvalidStatus as error:
            return error.response.status_code, bytes(error.response.body or b"").decode()

    def http(self, who: str) -> httpx.AsyncClient:
        headers = {
            "Authorization": f"Bearer {self.token(who)}",
            "X-Workspace-Id": self.state.home.id,
        }
        return httpx.AsyncClient(
            base_url=f"http://{self.address}", headers=headers, trust_env=False, timeout=30
        )

    def chat(self) -> ChatModel:
        """One of alice and bob."""
        alice, bob = self.state.test_users["alice"].id, self.state.test_users["bob"].id
        row = ChatModel(
            workspace=self.state.home.id,
            project=None,
            kind="GROUP",
            name="",
            created_by=alice,
            participants=[alice, bob],
        )
        return add(self.state.chats, row)


@asynccontextmanager
async def running_service(
    state: ReplicaState, service: str, scale: float = 1
) -> AsyncIterator[RunningService]:
    state.scale = scale
    with listening_socket() as listener:
        async with serve_apps({listener: APPS[service](state)}, scale):
            yield RunningService(state, f"{LOOPBACK}:{listener.getsockname()[1]}")


async def next_event(socket: ClientConnection) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(await socket.recv())
    return event


async def say(socket: ClientConnection, **event: Any) -> None:
    await socket.send(json.dumps(event))
