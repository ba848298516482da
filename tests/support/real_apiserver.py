"""A real API server of Kubernetes 1.34.2 with an etcd, on loopback, for as long as a block lasts.

`python -m tests.support.real_apiserver` builds it once into the cache: 3.5 minutes on two cores,
146 MB, with the Go that builds livekit-server; etcd is Debian's `etcd-server`.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from replica.livekit import server_build
from replica.livekit.server_build import BuildError

VERSION = "v1.34.2"  # EKS is 1.34
MODULE = Path(__file__).parents[1] / "real" / "cluster" / "apiserver"
PACKAGE = "k8s.io/kubernetes/cmd/kube-apiserver"
ADMIN = "admin-of-the-test"
READY_WITHIN_S = 120.0  # on the busiest machine; it takes 2 s
ENDS_WITHIN_S = 20.0
BUILD_TIMEOUT_S = 30 * 60


class MissingProgramError(Exception):
    """What this machine lacks; the message says how to get it."""


def binary() -> Path:
    """Where the cache has the API server, whether or not it was built."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "wealist-probes" / f"kube-apiserver-{VERSION}"


def build() -> Path:
    """The API server, built where it is not there. Raises BuildError."""
    built = binary()
    if built.exists():
        return built
    go, began = server_build.find_go(), time.monotonic()
    print(f"test-real: building kube-apiserver {VERSION}; this takes 3 to 4 minutes", flush=True)
    built.parent.mkdir(parents=True, exist_ok=True)
    draft = built.with_name(f"{built.name}.{os.getpid()}")
    number = f"-X k8s.io/component-base/version.gitVersion={VERSION}"
    flags = ["-mod=readonly", "-trimpath", f"-ldflags=-s -w {number}"]
    subprocess.run(
        [go, "build", *flags, "-o", str(draft), PACKAGE],
        cwd=MODULE,
        env={**os.environ, "CGO_ENABLED": "0"},
        check=True,
        timeout=BUILD_TIMEOUT_S,
    )
    draft.replace(built)
    print(f"test-real: {built} is there after {time.monotonic() - began:.0f} s", flush=True)
    return built


def etcd() -> str:
    """Debian's etcd. Raises MissingProgramError."""
    found = shutil.which("etcd")
    if not found:
        raise MissingProgramError("etcd is missing; on Debian: apt-get install etcd-server")
    return found


@dataclass(frozen=True, slots=True)
class ApiServer:
    """A running API server, and its administrator."""

    url: str
    admin: httpx.Client

    def create(self, path: str, obj: dict[str, Any]) -> dict[str, Any]:
        """The object as the server has taken it, its status included."""
        answer = self.admin.post(path, json=obj)
        assert answer.status_code == httpx.codes.CREATED, f"{path}: {answer.text}"
        created: dict[str, Any] = answer.json()
        if "status" not in obj:
            return created
        name = created["metadata"]["name"]
        whole = created | {"status": obj["status"]}
        answer = self.admin.put(f"{path}/{name}/status", json=whole)
        if answer.status_code == httpx.codes.NOT_FOUND:  # a kind without the subresource
            return created
        assert answer.is_success, f"{path}/{name}/status: {answer.text}"
        taken: dict[str, Any] = answer.json()
        return taken

    def token(self, namespace: str, account: str) -> str:
        """A token of a service account, as a pod would have it."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        asked = {"spec": {"expirationSeconds": 3600}}
        return str(self.create(path, asked)["status"]["token"])

    def kubeconfig(self, folder: Path, token: str) -> Path:
        cluster = {"server": self.url, "insecure-skip-tls-verify": True}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "real",
            "clusters": [{"name": "real", "cluster": cluster}],
            "contexts": [{"name": "real", "context": {"cluster": "real", "user": "reader"}}],
            "users": [{"name": "reader", "user": {"token": token}}],
        }
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path


@contextlib.contextmanager
def running_apiserver(folder: Path) -> Iterator[ApiServer]:
    """Both programs, ready, and gone at the end."""
    data, server = _free_port(), _free_port()
    storage = f"http://127.0.0.1:{data}"
    key = folder / "accounts.key"
    key.write_bytes(_signing_key())
    (folder / "tokens.csv").write_text(f"{ADMIN},admin,admin,system:masters\n")
    with (
        _process(folder, "etcd", _etcd_command(folder, storage, _free_port())),
        _process(folder, "apiserver", _apiserver_command(folder, storage, server)) as process,
        httpx.Client(
            base_url=f"https://127.0.0.1:{server}",
            headers={"authorization": f"Bearer {ADMIN}"},
            verify=False,  # noqa: S501 - it makes its certificate itself
            trust_env=False,
            timeout=30,
        ) as admin,
    ):
        _wait_until_ready(admin, process, folder / "apiserver.log")
        yield ApiServer(str(admin.base_url).rstrip("/"), admin)


def _etcd_command(folder: Path, url: str, peers: int) -> list[str]:
    peer = f"http://127.0.0.1:{peers}"
    return [
        etcd(),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
    ]


def _apiserver_command(folder: Path, storage: str, port: int) -> list[str]:
    key = folder / "accounts.key"
    return [
        str(build()),
        f"--etcd-servers={storage}",
        "--service-account-issuer=https://probes.invalid",
        f"--service-account-signing-key-file={key}",
        f"--service-account-key-file={key}",
        f"--cert-dir={folder / 'certificates'}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        "--authorization-mode=RBAC",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--service-cluster-ip-range=10.96.0.0/16",
        # Nothing here makes the account `default`, which this plugin would give every pod.
        "--disable-admission-plugins=ServiceAccount",
    ]


@contextlib.contextmanager
def _process(folder: Path, name: str, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(admin: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        with contextlib.suppress(httpx.TransportError):
            if admin.get("/readyz").is_success:
                return
        time.sleep(0.1)
    raise TimeoutError(log.read_text(errors="replace")[-2000:])


def _signing_key() -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


if __name__ == "__main__":
    try:
        etcd()
        build()
    except subprocess.SubprocessError:
        sys.exit(
            f"test-real: kube-apiserver {VERSION} could not be built; go says why above (is its "
            "module proxy reachable?); run the same command again to go on"
        )
    except (MissingProgramError, BuildError) as error:
        sys.exit(f"test-real: {error}")
