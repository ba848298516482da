"""What the manifests say to the suite, the suite understands."""

import os
import subprocess
import sys

import pytest

from tests.support.manifests import ROOT, pods


def told(words: list[str]) -> subprocess.CompletedProcess[str]:
    """A container's command as it stands, asking nothing of anybody."""
    words = [
        sys.executable if word == "python" else word.replace("$(PROBES_ENVIRONMENT)", "prod")
        for word in words
    ]
    return subprocess.run(
        words, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("home", [0, 1], ids=["cronjob", "argocd-hook"])
def test_the_run_understands_its_arguments(home: int) -> None:
    """Every option exists, and the scenarios are found."""
    (container,) = list(pods("prod"))[home].spec["containers"]
    said = told([*container["args"], "--collect-only"])
    assert said.returncode == 0, said.stderr
    assert "scenarios/test_edge.py" in said.stdout


def test_the_doctor_understands_its_arguments() -> None:
    """It is a command of ours, and --env is what it takes."""
    (container,) = next(pods("prod")).spec["initContainers"]
    said = told([*container["args"], "--help"])
    assert said.returncode == 0, said.stderr
    assert "--env" in said.stdout
