"""weAlist's pages, written fresh: its routes, storage keys, roles, titles and texts (contract §3).

The pages ask the API as the real ones do, and are bundled as the real ones are: seventeen modules
fetched one by one would be most of what a browser asks. They cannot see the replica's faults, so
those that concern them are told in `config.js`, which alone changes when a fault is switched.
"""

import functools
import hashlib
import json
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from replica import livekit
from replica.faults.edge import PAGES
from replica.faults.realtime import REALTIME_PAGES
from replica.infra.processes import ChildError
from replica.state import ReplicaState

ESBUILD = Path(__file__).parent.parent / "node_modules" / ".bin" / "esbuild"
BUNDLE_TIMEOUT_S = 30.0  # seconds
SITE = Path(__file__).parent / "site"
PORTAL = Path(__file__).parent / "portal"
LIVEKIT = "assets/livekit-client.js"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
CONFIG = "config.js"
OF_PAGES = {fault.name for fault in (*PAGES, *REALTIME_PAGES)}


def site(state: ReplicaState) -> dict[str, tuple[bytes, str]]:
    """Every object of the site's bucket: path without a slash in front -> body and content type.
    Raises ChildError.
    """
    written = _source_files(SITE)
    kept = {path: body for path, body in written.items() if Path(path).suffix != ".js"}
    made = {"assets/main.js": _bundle(build(written)), LIVEKIT: livekit.library()}
    return _with_content_types(kept | made) | fault_config(state)


def fault_config(state: ReplicaState) -> dict[str, tuple[bytes, str]]:
    """Those of the site's objects that a fault changes."""
    return _with_content_types({CONFIG: config(state)})


def portal(state: ReplicaState) -> dict[str, tuple[bytes, str]]:
    """Every page of ops-portal, which sits below /api/ops-portal, and where it sends people to sign
    in.
    """
    env = {"AUTH_URL": state.hosts.api}
    return _with_content_types(
        _source_files(PORTAL) | {"env.js": f"window.__PORTAL__ = {json.dumps(env)};\n".encode()}
    )


def _source_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.*"))
    }


def _with_content_types(bodies: dict[str, bytes]) -> dict[str, tuple[bytes, str]]:
    return {path: (body, TYPES[Path(path).suffix]) for path, body in bodies.items()}


def config(state: ReplicaState) -> bytes:
    """What a deploy injects (an empty base: the pages call their own host), how short pauses are,
    and page faults.
    """
    faults = sorted(fault for fault in state.faults if fault in OF_PAGES)
    unfilled = state.is_fault_active("site-config-is-unfilled")
    domain = "${API_DOMAIN}" if unfilled else urlsplit(state.hosts.api).netloc
    env = {
        "API_BASE_URL": "",
        "API_DOMAIN": domain,
        "SCALE": state.scale,
        "FAULTS": faults,
    }
    return f"window.__ENV__ = {json.dumps(env)};\n".encode()


def build(written: dict[str, bytes]) -> str:
    """The build id in the footer: the same for the same pages, as a commit's hash would be."""
    return f"v1-{hashlib.sha256(b''.join(written.values())).hexdigest()[:7]}"


@functools.cache
def _bundle(build_id: str) -> bytes:
    if not ESBUILD.exists():
        raise ChildError(
            "esbuild is missing, which bundles the replica's pages; install it with: make setup"
        )
    options = [
        "--bundle",
        "--format=esm",
        "--charset=utf8",
        f"--define:BUILD={json.dumps(build_id)}",
    ]
    command = [str(ESBUILD), str(SITE / "assets" / "main.js"), *options]
    try:
        return subprocess.run(
            command, check=True, capture_output=True, timeout=BUNDLE_TIMEOUT_S
        ).stdout
    except subprocess.CalledProcessError as error:
        raise ChildError(
            f"the replica's pages could not be bundled: {error.stderr.decode()}"
        ) from error
