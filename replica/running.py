"""A replica from its start to its end: all parts side by side, faults switched in every part at once."""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path
from typing import Any

import httpx

from replica import caddy, certificates, control, edge, environment, pages, seaweed
from replica.bucket import Buckets
from replica.caddy import Caddy
from replica.edge import Places
from replica.keys import SigningKey
from replica.ports import LOOPBACK, Ports, listening
from replica.processes import child
from replica.serving import serving
from replica.world import World


class Replica:
    """A running replica: what it consists of, its faults, and a way to switch them."""

    def __init__(
        self, world: World, places: Places, buckets: Buckets, caddy: Caddy, tables: environment.Tables
    ) -> None:
        self.world = world
        self.tables = tables
        self._places = places
        self._buckets = buckets
        self._caddy = caddy
        self._switching = asyncio.Lock()

    @property
    def faults(self) -> Collection[str]:
        return self.world.faults

    async def switch(self, faults: Collection[str]) -> None:
        """Have exactly these faults. When this returns, every part has them; what users made stays."""
        async with self._switching:
            await self._buckets.rule(self.world.hosts.apex, faults)
            await self._caddy.load(edge.config(self._places, faults))
            self.world.faults = set(faults)
            await self._buckets.publish({pages.CONFIG: pages.site(self.world)[pages.CONFIG]})

    async def state(self) -> dict[str, Any]:
        """What users have made and not removed, the objects in the files bucket included."""
        made: dict[str, list[str]] = {**self.world.created(), "objects": await self._buckets.keys()}
        return {"counts": {kind: len(names) for kind, names in made.items()}, "names": made}


@contextlib.asynccontextmanager
async def running(faults: Collection[str]) -> AsyncIterator[tuple[Replica, asyncio.Future[Any]]]:
    """A replica that answers, and a future that fails if one of its programs ends too early.

    The programs start first; whatever needs neither of them is done while they do.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="replica-", ignore_cleanup_errors=True)))
        ports = stack.enter_context(Ports())
        weed = seaweed.Seaweed.on(ports)
        weed_process = await stack.enter_async_context(child(seaweed.command(weed, folder), folder, {}))

        from replica.services import APPS  # noqa: PLC0415 - services take time to import; SeaweedFS starts meanwhile

        listeners = {name: stack.enter_context(listening()) for name in APPS}
        board = stack.enter_context(listening())
        authority = certificates.issue(folder / "tls", edge.NAMES)
        places = _places(ports, weed, listeners, authority, folder)
        front = await stack.enter_async_context(caddy.running(edge.config(places, faults), folder, Path(places.admin)))

        # Answers come from this machine's SeaweedFS: no proxy of the machine's, no CA bundle to read.
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, verify=False, timeout=10))  # noqa: S501
        buckets = Buckets(weed, http)
        key = asyncio.create_task(asyncio.to_thread(SigningKey))
        await buckets.make(weed_process)
        hosts = edge.hosts(places)
        settings = await buckets.settings(places.bucket)
        world = World.seeded(hosts, settings, key=await key)
        world.faults = set(faults)
        await asyncio.gather(buckets.publish(pages.site(world)), buckets.rule(hosts.apex, faults))

        control_url = f"http://{LOOPBACK}:{board.getsockname()[1]}"
        replica = Replica(world, places, buckets, front, environment.tables(world, authority.authority, control_url))
        apps = {listeners[name]: make(world) for name, make in APPS.items()}
        await stack.enter_async_context(serving({**apps, board: control.app(replica)}))
        await front.ready()
        watch = asyncio.gather(weed_process.ended(), front.process.ended())
        stack.callback(watch.cancel)
        yield replica, watch


def _places(
    ports: Ports,
    weed: seaweed.Seaweed,
    listeners: Mapping[str, socket.socket],
    authority: certificates.Certificates,
    folder: Path,
) -> Places:
    return Places(
        apex=ports.one(),
        api=ports.one(),
        cdn=ports.one(),
        bucket=ports.one(),
        plain=ports.one(),
        s3=f"{LOOPBACK}:{weed.s3}",
        filer=f"{LOOPBACK}:{weed.filer}",
        gateway=str(folder / "gateway.sock"),
        admin=str(folder / "admin.sock"),
        storage=str(folder / "caddy"),
        upstreams={name: [f"{LOOPBACK}:{listener.getsockname()[1]}"] for name, listener in listeners.items()},
        certificates=authority.served,
    )
