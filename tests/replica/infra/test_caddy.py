"""Caddy under way: a new configuration takes hold at once and cuts nobody off; one that is wrong
changes nothing.
"""

import asyncio
import contextlib
import dataclasses
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import websockets
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from replica.edge import caddy_config
from replica.edge.places import NAMES, Places
from replica.infra import caddy, certificates
from replica.infra.app_servers import serve_apps
from replica.infra.caddy import Caddy
from replica.infra.ports import LOOPBACK, Ports, listening_socket
from replica.infra.processes import ChildError
from tests.support.edge_places import PLACES


class Chat:
    """A service that echoes over a socket, and streams whatever it is told."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[str] = asyncio.Queue()
        self.app = Starlette(
            routes=[WebSocketRoute("/ws", self.echo), Route("/stream", self.stream)]
        )

    async def echo(self, socket: WebSocket) -> None:
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await socket.send_text(await socket.receive_text())

    async def stream(self, _: Request) -> Response:
        async def events() -> AsyncIterator[str]:
            while True:
                yield f"data: {await self.told.get()}\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")


@dataclasses.dataclass(frozen=True)
class Edge:
    """A running Caddy in front of one chat service."""

    caddy: Caddy
    places: Places
    chat: Chat
    trusting: ssl.SSLContext

    def address(self, host: str) -> str:
        return f"{NAMES[host]}:{getattr(self.places, host)}"

    async def switch(self, *faults: str) -> None:
        await self.caddy.load(caddy_config.config(self.places, faults))

    @contextlib.asynccontextmanager
    async def get(self, host: str, path: str) -> AsyncIterator[httpx.Response]:
        """An answer through a host, read as it arrives."""
        async with httpx.AsyncClient(verify=self.trusting, timeout=30) as http:
            url = f"https://{LOOPBACK}:{getattr(self.places, host)}{path}"
            headers, names = {"Host": self.address(host)}, {"sni_hostname": NAMES[host]}
            async with http.stream("GET", url, headers=headers, extensions=names) as answer:
                yield answer


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Edge]:
    with Ports() as ports, listening_socket() as listener:
        issued = certificates.issue(tmp_path / "tls", NAMES)
        places = dataclasses.replace(
            PLACES,
            apex=ports.reserve(),
            api=ports.reserve(),
            cdn=ports.reserve(),
            bucket=ports.reserve(),
            plain=ports.reserve(),
            gateway=str(tmp_path / "gateway.sock"),
            admin=str(tmp_path / "admin.sock"),
            storage=str(tmp_path / "storage"),
            upstreams={
                "chat": [f"{LOOPBACK}:{listener.getsockname()[1]}"],
                "board": [f"{LOOPBACK}:{ports.reserve()}"],
            },
            certificates=issued.by_purpose,
        )
        chat, config = Chat(), caddy_config.config(places, ())
        async with (
            serve_apps({listener: chat.app}),
            caddy.run_caddy(config, tmp_path, Path(places.admin)) as running,
        ):
            await running.ready()
            yield Edge(running, places, chat, ssl.create_default_context(cafile=issued.authority))


@pytest.mark.parametrize("host", ["apex", "api"])
async def test_a_socket_outlives_a_switch(host: str, front: Edge) -> None:
    """A member who is in a chat stays in it when faults change around him."""
    url = f"wss://{front.address(host)}/api/svc/chat/ws"
    async with websockets.connect(url, host=LOOPBACK, ssl=front.trusting, proxy=None) as socket:
        await front.switch("service-has-no-endpoints")
        await front.switch()
        await socket.send("still here")
        assert await asyncio.wait_for(socket.recv(), 30) == "still here"


@pytest.mark.parametrize("host", ["apex", "api"])
async def test_a_stream_outlives_a_switch(host: str, front: Edge) -> None:
    """Events leave as they come, one by one, before and after a switch."""
    async with front.get(host, "/api/svc/chat/stream") as answer:
        events = answer.aiter_text()
        for said in ("before", "after"):
            front.chat.told.put_nowait(said)
            assert await asyncio.wait_for(anext(events), 30) == f"data: {said}\n\n"
            await front.switch("service-has-no-endpoints")


@pytest.mark.parametrize("host", ["apex", "api"])
async def test_a_pod_that_refuses_is_told_as_envoy_tells_it(host: str, front: Edge) -> None:
    """A pod that is registered and does not listen: 503 in Envoy's words, which CloudFront passes
    on.
    """
    async with front.get(host, "/api/svc/board/health") as answer:
        said = (await answer.aread()).decode()
    assert (answer.status_code, answer.headers["server"]) == (503, "istio-envoy")
    assert said.startswith("upstream connect error")


async def test_a_wrong_configuration_changes_nothing(front: Edge) -> None:
    """It is refused with Caddy's reason, and the old one goes on."""
    with pytest.raises(ValueError, match=r"Caddy refused its configuration: .*nonsense"):
        await front.caddy.load({**caddy_config.config(front.places, ()), "apps": {"nonsense": {}}})
    await front.caddy.ready()


async def test_a_wrong_first_configuration_ends_in_one_sentence(tmp_path: Path) -> None:
    """Whoever waits for Caddy learns that it ended, and what it said."""
    wrong = {"admin": {"listen": f"unix/{tmp_path / 'admin.sock'}"}, "apps": {"nonsense": {}}}
    async with caddy.run_caddy(wrong, tmp_path, tmp_path / "admin.sock") as running:
        with pytest.raises(ChildError, match=r"caddy ended unexpectedly; it said: .*nonsense"):
            await asyncio.wait_for(running.ready(), 30)
