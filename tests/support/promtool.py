"""Prometheus's own tool: PROBES_PROMTOOL, one on the PATH, or that of Debian's package, unpacked
and not installed.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
UNPACKED = ROOT / ".promtool" / "promtool"
MISSING = "no promtool: set PROBES_PROMTOOL, or let apt-get download Debian's package prometheus"


def find() -> Path:
    """Skips the test where there is none to be had."""
    if named := os.environ.get("PROBES_PROMTOOL") or shutil.which("promtool"):
        return Path(named)
    why = "" if UNPACKED.exists() else _unpack()
    if why:
        pytest.skip(f"{MISSING} ({why})")
    return UNPACKED


def _unpack() -> str:
    """Why not; empty when done. Needs no root and starts no service."""
    with tempfile.TemporaryDirectory() as folder:
        for step in (
            ["apt-get", "download", "prometheus"],
            ["sh", "-c", "dpkg-deb -x prometheus_*.deb ."],
        ):
            try:
                subprocess.run(step, cwd=folder, check=True, capture_output=True, timeout=120)
            except (OSError, subprocess.SubprocessError) as error:
                return f"{step[0]}: {type(error).__name__}"
        UNPACKED.parent.mkdir(exist_ok=True)
        fresh = UNPACKED.with_name(f"promtool.{os.getpid()}")
        shutil.copy2(Path(folder) / "usr/bin/promtool", fresh)
        fresh.replace(UNPACKED)
    return ""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [find(), *words], capture_output=True, text=True, check=False, timeout=120
    )
