"""Media behind walls that really drop packets, not a stand-in that says so."""

import subprocess
import sys
from pathlib import Path

import pytest

from probes.finding import Code
from reports.model.run import load
from tests.conftest import ROOT, RUN_ENDS_WITHIN
from tests.support import firewall_runs

DOORS, MEETING = "livekit/media-lets-callers-in", "calls/two-people-find-to-each-other"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a run behind each wall."""
    if reason := firewall_runs.possible():
        pytest.skip(f"no packets can be dropped here: {reason}")
    folder = tmp_path_factory.mktemp("walls")
    command = [
        "unshare",
        "-rn",
        sys.executable,
        "-m",
        "tests.support.firewall_runs",
        str(folder),
        *firewall_runs.WALLS,
    ]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=3 * RUN_ENDS_WITHIN, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.mark.parametrize(
    ("wall", "told"),
    [
        ("udp", {DOORS: Code.LIVEKIT_UDP_BLOCKED}),
        ("uncalled", {DOORS: Code.LIVEKIT_MASKED, MEETING: Code.LIVEKIT_MASKED}),
        ("all", {DOORS: Code.LIVEKIT_UNREACHABLE, MEETING: Code.LIVEKIT_UNREACHABLE}),
    ],
)
def test_each_wall_has_its_name(behind: Path, wall: str, told: dict[str, Code]) -> None:
    """UDP alone, all that was not called first, or everything: the finding is the one that the
    fault has, too.
    """
    (journal,) = (behind / wall).glob("*/run.jsonl")
    assert {
        each.id: each.finding.code for each in load(journal.parent).scenarios if each.finding
    } == told
