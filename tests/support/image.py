"""The suite's image, built and run as the cluster would: `python -m tests.support.image` measures a
run in it.

Podman's builder is buildah's, here with chroot isolation. The base stands for debian:bookworm-slim,
which a machine may not be able to pull: debootstrap makes it of the same packages. What the
measuring finds goes into docs/performance.md.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from probes import __version__
from probes.runner.target_process import Started
from reports.model.run import load
from tests.support.bench import PAGE
from tests.support.manifests import ROOT, pods

BASE, IMAGE = "docker.io/library/debian:bookworm-slim", "localhost/wealist-probes:test"
TOOLS = ("podman", "runc", "debootstrap")
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")  # with Debian's security updates
TRUSTED = Path(
    "/usr/local/share/ca-certificates"
)  # authorities that this machine trusts beside Debian's
BEGIN, END = "<!-- container -->", "<!-- /container -->"
USER = 10001
MIB, GIB = 2**20, 2**30
# Where a container finds its own cgroup: version 2, then 1. Spent and peak count from its start.
STAT = "/sys/fs/cgroup/memory.stat /sys/fs/cgroup/memory/memory.stat"
PEAK = "/sys/fs/cgroup/memory.peak /sys/fs/cgroup/memory/memory.max_usage_in_bytes"
SPENT = "/sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpuacct/cpuacct.usage"
# Runs the rest of its words, and leaves what that took beside the reports.
METER = f"""
(while sleep 0.2; do cat {STAT}; done >/runs/stat 2>&-) &
"$@"; code=$?; kill $!
cat {PEAK} >/runs/peak 2>&-; cat {SPENT} >/runs/spent 2>&-
exit $code
"""


def quantity(said: str) -> float:
    """Kubernetes' way to write a number: 500m, 2, 768Mi, 1Gi."""
    number, unit = re.fullmatch(r"([\d.]+)(m|Mi|Gi)?", said).groups()  # type: ignore[union-attr]
    return float(number) * {"m": 0.001, "Mi": MIB, "Gi": GIB, None: 1}[unit]


@dataclass(frozen=True, slots=True)
class Share:
    """What a container may use: CPUs, and bytes of memory."""

    cpu: float
    memory: float


def granted(kind: str) -> Share:
    """The `requests` or the `limits` of the container that probes."""
    (container,) = next(pods("prod")).spec["containers"]
    said = container["resources"][kind]
    return Share(quantity(said["cpu"]), quantity(said["memory"]))


@dataclass(frozen=True, slots=True)
class Engine:
    """Podman with a storage of its own, which is gone afterwards."""

    folder: Path

    def __call__(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one command of it. Raises CalledProcessError, with what it said."""
        storage = [
            f"--root={self.folder}/storage",
            f"--runroot={self.folder}/run",
            "--cgroup-manager=cgroupfs",
        ]
        command = ["podman", *storage, "--runtime=runc", "--events-backend=none", *words]
        environ = {**os.environ, "CONTAINERS_CONF": str(self.folder / "containers.conf")}
        ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if check and ended.returncode:
            print(ended.stdout[-4000:], ended.stderr[-4000:])
            ended.check_returncode()
        return ended

    def start(self, *words: str) -> str:
        """A container under way, as the cluster would start it but for its network; its id."""
        return self("run", "--detach", *self.locked(granted("limits")), *words).stdout.strip()

    def locked(self, share: Share) -> list[str]:
        """What deploy/base/pod.yaml says of the pod, in Podman's words."""
        return [
            *(
                "--network=host",
                "--read-only",
                "--tmpfs=/tmp:rw,mode=1777,size=512m",
                "--cap-drop=ALL",
            ),
            *(
                "--security-opt=no-new-privileges",
                f"--memory={share.memory:.0f}",
                f"--cpus={share.cpu}",
            ),
            *(f"--volume={self.runs}:/runs", f"--volume={self.folder}/target:/target:ro"),
        ]

    @property
    def runs(self) -> Path:
        return self.folder / "runs"


@contextmanager
def engine() -> Iterator[Engine]:
    """An engine with the image in it; minutes go by before there is one."""
    folder = Path(tempfile.mkdtemp(prefix="probes-image-"))
    podman = Engine(folder)
    try:
        (folder / "containers.conf").write_text(_limits())
        (folder / "target").mkdir()
        (folder / "runs").mkdir()
        os.chown(folder / "runs", USER, USER)
        _build(podman, _base(podman))
        yield podman
    finally:
        podman("rm", "--all", "--force", "--time=1", check=False)
        podman("rmi", "--all", "--force", check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _limits() -> str:
    """Podman raises limits, which a machine may forbid: as many files as we may have, and some
    processes.
    """
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return (
        f"[containers]\ndefault_ulimits="
        f"{json.dumps([f'nofile={files}:{files}', 'nproc=4096:4096'])}\n"
    )


def _base(podman: Engine) -> str:
    """Debian as it is today, with this machine's sources and authorities; its digest."""
    root = podman.folder / "rootfs"
    subprocess.run(
        ["debootstrap", "--variant=minbase", "bookworm", root],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    if SOURCES.exists():  # a machine that has its packages from elsewhere leaves debootstrap's
        shutil.copy(SOURCES, root / SOURCES.relative_to("/"))
        (root / "etc/apt/sources.list").write_text("")
    if TRUSTED.is_dir():
        shutil.copytree(TRUSTED, root / TRUSTED.relative_to("/"), dirs_exist_ok=True)
    packed = podman.folder / "rootfs.tar"
    subprocess.run(["tar", "-C", root, "-cf", packed, "."], check=True)
    podman("import", "--quiet", str(packed), BASE)
    packed.unlink()
    shutil.rmtree(root)
    return podman("image", "inspect", "--format={{.Digest}}", BASE).stdout.strip()


def _build(podman: Engine, digest: str) -> None:
    said = {"BASE_DIGEST": digest, "VERSION": __version__, "REVISION": "0" * 40}
    arguments = [f"--build-arg={name}={value}" for name, value in said.items()]
    podman("build", "--isolation=chroot", "--pull=never", *arguments, f"--tag={IMAGE}", str(ROOT))


def show(podman: Engine, environment: Path) -> None:
    """Let containers see a replica's environment at /target: the file itself, and the files that it
    names.
    """
    text = environment.read_text("utf-8")
    for named in filter(os.path.isfile, set(re.findall(r'"(/[^"]+)"', text))):
        copy = podman.folder / "target" / Path(named).name
        copy.write_bytes(Path(named).read_bytes())
        copy.chmod(0o444)
        text = text.replace(named, f"/target/{copy.name}")
    (podman.folder / "target" / "environment.toml").write_text(text, "utf-8")


SUITE = (
    "python",
    "-m",
    "pytest",
    "scenarios",
    "-q",
    "--env",
    "/target/environment.toml",
    "--runs",
    "/runs",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A whole run in a container: how it ended, and what that took; seconds, and bytes at the peak.

    `held` cannot be given back; `used` has the file cache in it too, which is, before anybody is
    killed.
    """

    code: int
    output: str
    wall: float
    cpu: float
    held: float
    used: float


def measured(podman: Engine, share: Share) -> Measured:
    """The whole suite in a container that has `share` and no more."""
    words = (*podman.locked(share), "--entrypoint=/bin/sh", IMAGE, "-c", METER, "meter", *SUITE)
    ended = podman("run", "--rm", *words, check=False)
    spent = (podman.runs / "spent").read_text().split()
    cpu = float(spent[1]) / 1e6 if spent[0] == "usage_usec" else float(spent[0]) / 1e9
    wall = load(max(podman.runs.glob("*/run.jsonl")).parent).duration_s
    kept, used = (
        held((podman.runs / "stat").read_text()),
        float((podman.runs / "peak").read_text().split()[0]),
    )
    return Measured(ended.returncode, ended.stdout, wall, cpu, kept, used)


def held(samples: str) -> int:
    """What processes hold of their own or share, at the peak; the names are cgroup version 2's or
    1's.
    """
    own, shared = (
        map(int, re.findall(rf"^(?:{name}) (\d+)$", samples, re.MULTILINE))
        for name in ("anon|total_rss", "shmem|total_shmem")
    )
    return max(map(sum, zip(own, shared, strict=False)))


def size(podman: Engine) -> int:
    """Of the image, unpacked, in bytes."""
    return int(podman("image", "inspect", "--format={{.Size}}", IMAGE).stdout)


def main() -> int:
    started = Started(["python", "-m", "replica"], [])
    try:
        with engine() as podman:
            show(podman, started.wait())
            share = Share(granted("requests").cpu, granted("limits").memory)
            run, big = measured(podman, share), size(podman)
    finally:
        started.stop()
    print(run.output)
    if run.code == 0:
        page = PAGE.read_text("utf-8")
        PAGE.write_text(
            f"{page.partition(BEGIN)[0]}{BEGIN}\n{table(run, share, big)}\n{END}"
            f"{page.partition(END)[2]}"
        )
    return run.code


def table(run: Measured, share: Share, big: int) -> str:
    rows = {
        "image, unpacked": f"{big / 1e6:.0f} MB",
        "CPUs that the container had": f"{share.cpu:g}",
        "whole run": f"{run.wall:.1f} s",
        "CPU": f"{run.cpu:.1f} s",
        "memory held at the peak": f"{run.held / MIB:.0f} MiB",
        "memory with the file cache": f"{run.used / MIB:.0f} MiB",
    }
    return "\n".join(
        [
            "| in the container | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in rows.items()),
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
