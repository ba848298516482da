"""Caddy as a process: started with a configuration, and given another while it runs."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from replica.infra.processes import Child, child, program

Json = dict[str, Any]


class Caddy:
    """A running Caddy, reached through its admin socket in the replica's folder."""

    def __init__(self, process: Child, admin: Path) -> None:
        self.process = process
        transport = httpx.AsyncHTTPTransport(uds=str(admin), retries=0)
        self._http = httpx.AsyncClient(
            transport=transport, base_url="http://localhost", trust_env=False, timeout=10
        )

    async def load(self, config: Json) -> None:
        """Take a new configuration. When this returns it is in force, and open sockets and streams
        live on.
        """
        answer = await self._http.post("/load", json=config)
        if answer.is_error:
            raise ValueError(f"Caddy refused its configuration: {answer.text.strip()}")

    async def ready(self) -> None:
        """Wait until the first configuration is in force. Raises ChildError if Caddy has ended over
        it.
        """
        while True:
            self.process.check()
            try:
                (await self._http.get("/config/apps/http/servers/apex/listen")).raise_for_status()
                break
            except httpx.HTTPError:
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        await self._http.aclose()


@contextlib.asynccontextmanager
async def run_caddy(config: Json, folder: Path, admin: Path) -> AsyncIterator[Caddy]:
    """Caddy for as long as the block lasts."""
    (folder / "caddy.json").write_text(json.dumps(config))
    async with child(
        [program("caddy"), "run", "--config", str(folder / "caddy.json")], folder, {}
    ) as process:
        caddy = Caddy(process, admin)
        try:
            yield caddy
        finally:
            await caddy.close()
