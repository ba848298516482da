"""A replica from its start to its end: all parts side by side, faults switched in every part at
once.
"""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from replica import control, environment, google, pages, tempo
from replica.buckets import Buckets
from replica.cluster import api as cluster_api
from replica.edge import caddy_config, gateway
from replica.edge.places import NAMES, Places, google_url, livekit_url, public_hosts
from replica.environment import Files
from replica.google import Account, Google
from replica.infra import caddy, certificates
from replica.infra.app_servers import serve_apps
from replica.infra.caddy import Caddy
from replica.infra.ports import LOOPBACK, Ports, listening_socket
from replica.infra.processes import Child, PortTakenError, child
from replica.infra.seaweed import Seaweed, command
from replica.livekit import LiveKit, Server, binary
from replica.service_settings import PublicHosts
from replica.signing_key import SigningKey
from replica.state import TEST_USERS, ReplicaState, email_for

CONTROL, KUBERNETES, TEMPO = "control", "kubernetes", "tempo"


@dataclass(frozen=True, slots=True)
class ReplicaParts:
    """What a replica consists of beside its services; `programs`: all that must not end while it
    runs.
    """

    places: Places
    buckets: Buckets
    caddy: Caddy
    livekit: Server
    programs: Sequence[Child]


class Replica:
    """A running replica: what it consists of, its faults, and a way to switch them."""

    def __init__(self, state: ReplicaState, parts: ReplicaParts) -> None:
        self.state = state
        self._parts = parts
        self._switching = asyncio.Lock()

    @property
    def faults(self) -> Collection[str]:
        return self.state.faults

    async def set_faults(self, faults: Collection[str]) -> None:
        """Have exactly these faults. When this returns, every part has them; what users made
        stays. Raises ChildError, with nothing changed, where a real LiveKit cannot have one.
        """
        async with self._switching:
            await self._parts.livekit.switch(faults)
            await self._parts.buckets.set_access_rules(self.state.hosts.apex, faults)
            await self._parts.caddy.load(caddy_config.config(self._parts.places, faults))
            self.state.faults = set(faults)
            await self._parts.buckets.upload_site(pages.fault_config(self.state))

    def secrets(self) -> dict[str, list[str]]:
        """What nobody who tests the replica may show; tokens and signatures are known by form."""
        state = self.state
        bucket = state.bucket
        return {
            "signing key": state.key.secrets(),
            "s3": [bucket.secret_key, bucket.session_token, bucket.static_secret_key],
            "livekit": [state.livekit.secret],
            "google": [state.google.client_secret],
            "internal": [state.internal_key],
            "session": list(state.sessions),
        }

    def drop_sockets(self, kinds: Collection[str]) -> int:
        """End every open socket of these kinds as a server does that restarts."""
        return self.state.live.sockets.drop(kinds)

    @property
    def requests(self) -> Mapping[str, int]:
        """How often each stand-in that counts was asked."""
        return self.state.requests

    async def wait_for_exit(self) -> None:
        """Wait for one of the programs to end, which raises ChildError."""
        await asyncio.gather(*(program.wait_for_exit() for program in self._parts.programs))

    async def inventory(self) -> dict[str, Any]:
        """What users have made and not removed, the bucket's objects and LiveKit's rooms and people
        included.
        """
        calls = await self._parts.livekit.state()
        made = {
            **self.state.leftovers(),
            "objects": await self._parts.buckets.object_keys(),
            **calls,
        }
        return {"counts": {kind: len(names) for kind, names in made.items()}, "names": made}


@contextlib.asynccontextmanager
async def run_replica(
    faults: Collection[str], *, production: bool = False
) -> AsyncIterator[tuple[Replica, environment.Tables]]:
    """A replica that answers, and what probes need to know of it, for as long as the block lasts.
    Where another process takes one of its ports as it starts, it starts once more on others.
    """
    async with contextlib.AsyncExitStack() as stack:
        try:
            running = await stack.enter_async_context(_start(faults, production=production))
        except PortTakenError:
            running = await stack.enter_async_context(_start(faults, production=production))
        yield running


@contextlib.asynccontextmanager
async def _start(
    faults: Collection[str], *, production: bool
) -> AsyncIterator[tuple[Replica, environment.Tables]]:
    """The programs start first; whatever needs neither of them is done while they do."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="replica-", ignore_cleanup_errors=True)
            )
        )
        ports = stack.enter_context(Ports())
        seaweed = Seaweed.allocate(ports)
        weed = await stack.enter_async_context(child(command(seaweed, folder), folder, {}))

        from replica.services import APPS  # noqa: PLC0415 - services take time to import; SeaweedFS starts meanwhile

        listeners = {
            name: stack.enter_context(listening_socket())
            for name in (*APPS, CONTROL, KUBERNETES, TEMPO)
        }
        authority = certificates.issue(folder / "tls", NAMES)
        places = _places(ports, seaweed, listeners, authority, folder, production=production)
        sign_in = Google(google_url(places), Path(places.provider))
        front = await stack.enter_async_context(
            caddy.run_caddy(caddy_config.config(places, faults), folder, Path(places.admin))
        )
        calls = LiveKit(livekit_url(places), int(places.calls.rpartition(":")[2]), ports.reserve())
        server = binary.choose_server(
            calls, folder / "livekit.sock", authority.by_purpose["livekit"]
        )
        sfu = await stack.enter_async_context(
            child(server.command(), folder, server.settings(faults), "livekit-server")
        )
        provider = await stack.enter_async_context(_provider(sign_in, public_hosts(places), folder))
        buckets = Buckets(seaweed, await stack.enter_async_context(_http()))
        state = await _new_state(buckets, weed, places, faults)
        state.google, state.livekit, state.production = sign_in, server.livekit, production

        replica = Replica(
            state,
            ReplicaParts(places, buckets, front, server, [weed, provider, front.process, sfu]),
        )
        apps = {name: make(state) for name, make in APPS.items()}
        apps |= {
            CONTROL: control.app(replica),
            KUBERNETES: cluster_api.app(state),
            TEMPO: tempo.app(state),
        }
        served = {listeners[name]: app for name, app in apps.items()}
        await stack.enter_async_context(serve_apps(served, state.scale))
        await front.ready()
        await google.wait_until_ready(sign_in, provider)
        await calls.ready(sfu)
        control_url = f"http://{_address(listeners[CONTROL])}"
        files = _files(state, calls, authority, listeners, folder)
        yield replica, environment.tables(state, files, control_url)


def _files(
    state: ReplicaState,
    calls: LiveKit,
    authority: certificates.Certificates,
    listeners: Mapping[str, socket.socket],
    folder: Path,
) -> Files:
    """What probes read beside their environment, written into `folder`."""
    return Files(
        authority.authority,
        _write_secret(state.key.pem(), folder / "signing-key.pem"),
        _write_secret(calls.key.encode(), folder / "livekit-key"),
        _write_secret(calls.secret.encode(), folder / "livekit-secret"),
        cluster_api.write_kubeconfig(f"http://{_address(listeners[KUBERNETES])}", folder),
        f"http://{_address(listeners[TEMPO])}",
    )


def _provider(
    sign_in: Google, hosts: PublicHosts, folder: Path
) -> contextlib.AbstractAsyncContextManager[Child]:
    """What stands for Google. It knows every address that sign-in may come back to, the faults'
    included.
    """
    backs = [f"{host}{gateway.CALLBACK}/google" for host in (hosts.api, hosts.apex)]
    accounts = [Account(email_for(who), name) for who, name in TEST_USERS.items()]
    return child(google.command(), folder, google.environment_variables(sign_in, backs, accounts))


def _http() -> httpx.AsyncClient:
    """For SeaweedFS on this machine: no proxy of the machine's, no CA bundle to read."""
    return httpx.AsyncClient(trust_env=False, verify=False, timeout=10)  # noqa: S501


async def _new_state(
    buckets: Buckets, weed: Child, places: Places, faults: Collection[str]
) -> ReplicaState:
    """Both buckets filled and ruled, and a seeded state that knows them."""
    key = asyncio.create_task(asyncio.to_thread(SigningKey))  # made while SeaweedFS starts
    await buckets.create(weed)
    state = ReplicaState.with_seed_data(
        public_hosts(places), await buckets.settings(places.bucket), key=await key
    )
    state.faults = set(faults)
    site = await asyncio.to_thread(pages.site, state)
    await asyncio.gather(
        buckets.upload_site(site), buckets.set_access_rules(state.hosts.apex, faults)
    )
    return state


def _write_secret(secret: bytes, path: Path) -> Path:
    """A file that only we can read, from its first byte."""
    path.touch(0o600)
    path.write_bytes(secret)
    return path


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"{host}:{port}"


def _places(
    ports: Ports,
    seaweed: Seaweed,
    listeners: Mapping[str, socket.socket],
    authority: certificates.Certificates,
    folder: Path,
    *,
    production: bool,
) -> Places:
    return Places(
        apex=ports.reserve(),
        api=ports.reserve(),
        cdn=ports.reserve(),
        bucket=ports.reserve(),
        plain=ports.reserve(),
        google=ports.reserve(),
        livekit=ports.reserve(),
        s3=f"{LOOPBACK}:{seaweed.s3}",
        filer=f"{LOOPBACK}:{seaweed.filer}",
        gateway=str(folder / "gateway.sock"),
        provider=str(folder / "google.sock"),
        calls=f"{LOOPBACK}:{ports.reserve()}",
        admin=str(folder / "admin.sock"),
        storage=str(folder / "caddy"),
        upstreams={name: [_address(listener)] for name, listener in listeners.items()},
        certificates=authority.by_purpose,
        production=production,
    )
