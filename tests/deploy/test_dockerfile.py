"""The Dockerfile is plain: its linter finds nothing, nothing is built from a tag, and it copies
only what there is.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.support.manifests import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
IGNORE = (ROOT / ".dockerignore").read_text("utf-8")
HADOLINT = Path(sys.executable).with_name("hadolint")


def linted(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(HADOLINT), "-"], input=text, capture_output=True, text=True, check=False
    )


def test_the_linter_finds_nothing() -> None:
    """It looks, and finds what is planted; it is switched off for one rule only, with the reason
    beside it.
    """
    said = linted(DOCKERFILE)
    assert (said.returncode, said.stdout) == (0, "")
    assert "DL3020" in linted(DOCKERFILE.replace("COPY probes probes", "ADD probes probes")).stdout
    assert set(re.findall(r"hadolint ignore=(.*)", DOCKERFILE)) == {"DL3008"}


def test_there_is_no_image_without_a_digest() -> None:
    """Both stages stand on the digest that the builder gives, and none is given for them."""
    assert (
        re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
        == ["docker.io/library/debian:bookworm-slim@${BASE_DIGEST}"] * 2
    )
    assert re.findall(r"^ARG (.+)$", DOCKERFILE, re.MULTILINE) == [
        "BASE_DIGEST",
        "VERSION",
        "REVISION",
    ]


def test_packages_come_from_the_hashed_lock_alone() -> None:
    """The installer is told to take nothing that has no hash, and the lock has what a Secret's
    state needs.
    """
    (install,) = re.findall(r"install --no-cache-dir.*?\n\n", DOCKERFILE, re.DOTALL)
    assert {"--no-deps", "--require-hashes"} <= set(install.split())
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]["kubernetes"]
    assert all(re.search(rf"^{name}==", lock, re.MULTILINE) for name in needed)


def test_what_is_copied_is_sent_and_what_is_sent_is_copied() -> None:
    """.dockerignore lets through exactly what the Dockerfile copies; tests, replica and run folders
    stay at home.
    """
    copied = {
        source
        for line in re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for source in line.split()
    }
    sent = set(re.findall(r"^!(.+)$", IGNORE, re.MULTILINE))
    assert sent == copied
    assert all((ROOT / each).exists() for each in sent)
    assert not {"tests", "replica", "reports/runs"} & sent
