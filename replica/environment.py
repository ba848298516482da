"""The environment file that a running replica leaves for probes: where it is, who is in it, what it
promises.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from replica.cluster.builders import ARGOCD, NAMESPACE
from replica.cluster.inventory import LIVEKIT_KEYS, SERVICES
from replica.edge.gateway import CALLBACK
from replica.infra.ports import LOOPBACK, SECOND_LOOPBACK
from replica.livekit import LiveKit
from replica.service_settings import PublicHosts
from replica.services import oauth
from replica.signing_key import ISSUER, KEY_ID
from replica.state import ReplicaState

Value = str | int | float | bool | list[str] | list[int]
Tables = Mapping[str, Mapping[str, Value]]


# Doors that are promised to be closed. Others stand open in weAlist's dev (contract §2.4, §8);
# production must not.
CLOSED = (
    "test-token",
    "internal-user",
    "internal-noti",
    "actuator",
    "git",
    "config",
    "source-maps",
    "stack-traces",
    "security-headers",
)
CLOSED_IN_PRODUCTION = ("metrics", "prometheus", "loki", "cors")


class BadPath(Exception):  # noqa: N818 - the path is bad, not the program
    """The environment file cannot be written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where it lies what is too long, or too secret, for the environment file itself."""

    authority: Path
    signing_key: Path
    livekit_key: Path
    livekit_secret: Path
    kubeconfig: Path
    tempo: str  # its origin


def tables(state: ReplicaState, files: Files, control: str) -> dict[str, dict[str, Value]]:
    """All that a probe needs to know, by TOML table."""
    return {
        "hosts": _hosts(state.hosts),
        "tls": {"ca": str(files.authority), "warn_days": 14},
        "identity": {
            "way": "signing-key",
            "signing_key": str(files.signing_key),
            "issuer": ISSUER,
            "kid": KEY_ID,
        },
        **{
            f"users.{who}": {"id": part.id, "email": part.email}
            for who, part in state.test_users.items()
        },
        "workspace": {"id": state.home.id, "project": state.plan.id},
        "presign": {
            "host": state.bucket.host,
            "style": "virtual-host",
            "bucket": state.bucket.bucket,
            "region": state.bucket.region,
            "temporary": True,
            "put_seconds": 300,
            "get_seconds": 3600,
        },
        "realtime": realtime(state.scale),
        "oauth": oauth_tables(state),
        "sign_out": {"ends_access": ["board-socket"], "ends_refresh": not state.production},
        "exposure": {"closed": [*CLOSED, *(CLOSED_IN_PRODUCTION if state.production else ())]},
        "livekit": livekit(state.livekit, files),
        **cluster(files),
        "tracing": {"tempo": files.tempo, "ask_timeout_s": 1.0},
        "timeouts": {"answer_s": 5, "scenario_s": 60, "run_s": 120},
        "control": {"url": control},
    }


def realtime(scale: float) -> dict[str, Value]:
    """What is promised of sockets and streams; times that have to be waited for are shortened by
    the scale.
    """
    return {
        "scale": scale,
        "deliver_seconds": 2.0,
        "stream_seconds": round(22 * scale, 3),
        "offline_seconds": round(20 * scale, 3),
        "pause_seconds": round(3 * scale, 3),
        "reconnect_seconds": 10.0,
        "attempts": 5,
        "linger_seconds": round(65 * scale, 3),
    }


def livekit(calls: LiveKit, files: Files) -> dict[str, Value]:
    """Where people talk, and which server is promised there."""
    return {
        "url": calls.url,
        "api_key": str(files.livekit_key),
        "api_secret": str(files.livekit_secret),
        **calls.expected,
        "nodes": ["127.0.0.1/32"],
        "dial": ["127.0.0.1"],
        "udp_ports": [1024, 65535],
        "tcp_port": calls.tcp_port,
        "turn": False,
        "tiers": ["ladder", "deep", "browser"],
    }


def cluster(files: Files) -> dict[str, dict[str, Value]]:
    """Where the API of the cluster is, and what is promised there (V6 §3.6, §6.3, §7.2)."""
    minimum: dict[str, Value] = {name: row[0] for name, row in SERVICES.items()}
    empty: dict[str, Value] = {"S3_ENDPOINT": "", "S3_ACCESS_KEY": "", "S3_SECRET_KEY": ""}
    return {
        "cluster": {
            "kubeconfig": str(files.kubeconfig),
            "namespace": NAMESPACE,
            "argocd_namespace": ARGOCD,
            "nodes_at_most": 3,
            "livekit_keys": LIVEKIT_KEYS,
            "validates_tokens": ["ops-service"],
        },
        "cluster.min_replicas": minimum,
        "cluster.config.storage-service": {"SERVER_BASE_PATH": "", **empty},
    }


def oauth_tables(state: ReplicaState) -> dict[str, Value]:
    """How one signs in, and where that may end."""
    return {
        "drivable": not state.production,
        "provider": state.google.provider,
        "authorize": state.google.authorize,
        "client_id": state.google.client_id,
        "scope": oauth.SCOPE,
        "start": f"{state.hosts.api}/api/oauth2/authorization/google",
        "redirect_uri": f"{state.hosts.api}{CALLBACK}/google",
        "landing": oauth.default_landing(state),
        "portal": f"{state.hosts.apex}/api/ops-portal/",
        "cookie": oauth.COOKIE,
    }


def _hosts(hosts: PublicHosts) -> dict[str, Value]:
    return {
        "apex": hosts.apex,
        "api": hosts.api,
        "cdn": hosts.cdn,
        "plain": hosts.plain,
        "loopback": [LOOPBACK, SECOND_LOOPBACK],
    }


def toml(name: str, tables: Tables) -> str:
    """TOML text. JSON's strings, numbers and booleans are TOML's too."""
    lines = [f"name = {json.dumps(name)}"]
    for table, rows in tables.items():
        lines += [
            "",
            f"[{table}]",
            *(f"{key} = {json.dumps(value)}" for key, value in rows.items()),
        ]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def environment_file(path: Path, text: str) -> Iterator[None]:
    """The file for as long as the block lasts. It appears whole, since its appearance says that we
    are ready.
    """
    made = not path.parent.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(text, "utf-8")
        draft.replace(path)
    except OSError as error:
        raise BadPath(
            f"cannot write {path} ({error.strerror}); name another file with --environment"
        ) from error
    try:
        yield
    finally:
        _remove(path, text)
        if made:
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def _remove(path: Path, text: str) -> None:
    """Remove it unless another replica has taken the place in the meantime."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_text("utf-8") == text:
            path.unlink()
