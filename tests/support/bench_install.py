"""Installs by name what `make bench` compares the suite with, into .bench/, which nothing else
reads. `python -m tests.support.bench_install` does it beforehand: Go's compilers take minutes.
"""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".bench"
NPM = FOLDER / "npm"
BIN = FOLDER / "bin"
PACKAGES = ("@playwright/test@1.65.1", "@elastic/synthetics@1.26.3")
GO = {
    "blackbox_exporter": ("github.com/prometheus/blackbox_exporter", "v0.27.0"),
    "k6": ("go.k6.io/k6", "v1.8.1"),
}
TIMEOUT_S = 900.0  # of one installation


def install() -> Mapping[str, str]:
    """Why each peer is not there, by name; "" where it is."""
    wrong = {"npm": _once(NPM / "node_modules" / "ready", _install_npm)}
    for name in GO:
        wrong[name] = _once(BIN / name, partial(_install_go, name))
    found = shutil.which("hurl")
    wrong["hurl"] = "" if found else "no hurl here; its build needs libxml2's and libcurl's headers"
    return wrong


def versions() -> list[str]:
    """Of the peers, as they are installed by."""
    pairs = [package.rpartition("@") for package in PACKAGES]
    return [
        *(f"{name} {version}" for name, _, version in pairs),
        *(f"{name} {version}" for name, (_, version) in GO.items()),
    ]


def _once(proof: Path, put: Callable[[], str]) -> str:
    return "" if proof.exists() else put()


def _install_npm() -> str:
    if not shutil.which("npm"):
        return "npm is missing"
    NPM.mkdir(parents=True, exist_ok=True)
    words = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    wrong = _run([*words, *PACKAGES], NPM)
    if not wrong:
        (NPM / "node_modules" / "ready").touch()
    return wrong


def _install_go(name: str) -> str:
    """Build the version that is named: to look for the newest, a proxy must list them all."""
    if not shutil.which("go"):
        return "go is missing"
    path, version = GO[name]
    folder = FOLDER / "go" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text(f"module peer\n\ngo 1.24\n\nrequire {path} {version}\n", "utf-8")
    return _run(["go", "build", "-mod=mod", "-o", str(BIN / name), path], folder)


def _run(words: list[str], folder: Path) -> str:
    try:
        ended = subprocess.run(
            words, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{words[0]} did not end well: {type(error).__name__}"
    if ended.returncode == 0:
        return ""
    last_line = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
    return f"{words[0]} failed: {last_line[:120]}"


def main() -> int:
    for name, wrong in install().items():
        print(f"{name}: {wrong or 'installed'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
