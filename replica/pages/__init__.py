"""weAlist's pages, written fresh: its routes, storage keys, roles, titles and texts (contract §3), with no build step.

The pages ask the API as the real ones do. They cannot see the replica's faults, so those that concern them are told
in `config.js`, which alone changes when a fault is switched.
"""

import hashlib
import json
from pathlib import Path
from urllib.parse import urlsplit

from replica import livekit
from replica.faults import PAGES
from replica.realtime_faults import REALTIME_PAGES
from replica.world import World

SITE = Path(__file__).parent / "site"
PORTAL = Path(__file__).parent / "portal"
LIVEKIT = "assets/livekit-client.js"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
CONFIG = "config.js"
OF_PAGES = {fault.name for fault in (*PAGES, *REALTIME_PAGES)}


def site(world: World) -> dict[str, tuple[bytes, str]]:
    """Every object of the site's bucket: path without a slash in front -> body and content type."""
    written = _written(SITE)
    return _typed(written | {CONFIG: config(world), "assets/build.js": build(written), LIVEKIT: livekit.library()})


def portal(world: World) -> dict[str, tuple[bytes, str]]:
    """Every page of ops-portal, which sits below /api/ops-portal, and where it sends people to sign in."""
    env = {"AUTH_URL": world.hosts.api}
    return _typed(_written(PORTAL) | {"env.js": f"window.__PORTAL__ = {json.dumps(env)};\n".encode()})


def _written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def _typed(bodies: dict[str, bytes]) -> dict[str, tuple[bytes, str]]:
    return {path: (body, TYPES[Path(path).suffix]) for path, body in bodies.items()}


def config(world: World) -> bytes:
    """What a deploy injects (an empty base: the pages call their own host), how short pauses are, and page faults."""
    faults = sorted(fault for fault in world.faults if fault in OF_PAGES)
    env = {"API_BASE_URL": "", "API_DOMAIN": urlsplit(world.hosts.api).netloc, "SCALE": world.scale, "FAULTS": faults}
    return f"window.__ENV__ = {json.dumps(env)};\n".encode()


def build(written: dict[str, bytes]) -> bytes:
    """The build id in the footer: the same for the same pages, as a commit's hash would be."""
    digest = hashlib.sha256(b"".join(written.values())).hexdigest()
    return f'export const BUILD = "v1-{digest[:7]}";\n'.encode()
