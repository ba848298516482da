"""The image is built and runs as the cluster runs it, against a replica outside it. Minutes: `make
image-test`.
"""

import json
import os
import time
from collections.abc import Callable, Iterator

import pytest

from probes import __version__
from probes.finding import EXIT_HELD, EXIT_UNKNOWN, Verdict
from reports.model.run import load
from tests.conftest import Replica
from tests.support.image import IMAGE, SUITE, USER, Engine, Share, engine, granted, measured, show

pytestmark = pytest.mark.skipif(
    not os.environ.get("PROBES_IMAGE_TEST"),
    reason="`make image-test` builds the image; it takes minutes and root",
)
BEGINS_WITHIN = 60  # seconds


@pytest.fixture(scope="module")
def podman() -> Iterator[Engine]:
    with engine() as podman:
        yield podman


def until(what: Callable[[], object]) -> None:
    """Wait for what another process does; it has no event for us."""
    deadline = time.monotonic() + BEGINS_WITHIN
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_image_says_what_it_is(podman: Engine) -> None:
    """Version and revision are on it, it starts as nobody with tini as its first process, and
    production is asked.
    """
    (said,) = json.loads(podman("image", "inspect", IMAGE).stdout)
    labels = {
        name.rpartition(".")[2]: value
        for name, value in said["Labels"].items()
        if "opencontainers" in name
    }
    assert (labels["version"], labels["revision"], labels["licenses"]) == (
        __version__,
        "0" * 40,
        "MIT",
    )
    assert said["Config"]["User"] == f"{USER}:{USER}"
    assert said["Config"]["Entrypoint"][0].endswith("/tini")
    assert said["Config"]["Cmd"] == [
        "python",
        "-m",
        "pytest",
        "scenarios",
        "--env",
        "prod",
        "--runs",
        "/runs",
    ]


def test_who_gets_into_it_finds_nothing_to_build_with(podman: Engine) -> None:
    """No pip, no compiler, no package lists, and nothing of the project that a run does not
    need.
    """
    looked = podman(
        "run", "--rm", *podman.locked(granted("limits")), IMAGE, "python", "-c", LOOK
    ).stdout
    assert json.loads(looked) == []


LOOK = """
import importlib.util, json, pathlib, shutil
found = [name for name in ("pip", "replica", "tests") if importlib.util.find_spec(name)]
found += [name for name in ("cc", "gcc", "git", "curl", "npm") if shutil.which(name)]
found += [str(path) for path in pathlib.Path("/var/lib/apt/lists").glob("*")]
print(json.dumps(found))
"""


def test_a_whole_run_holds_with_what_it_asks_for(podman: Engine, started_replica: Replica) -> None:
    """Read-only, without a capability, with the CPU of `requests` and the memory of `limits`; less
    would do.
    """
    show(podman, started_replica.environment)
    run = measured(podman, Share(granted("requests").cpu, granted("limits").memory))
    assert run.code == EXIT_HELD, run.output
    assert run.held <= granted("requests").memory
    report = load(max(podman.runs.glob("*/run.jsonl")).parent)
    assert report.scenarios
    assert {scenario.verdict for scenario in report.scenarios} <= {Verdict.HELD, Verdict.SKIPPED}


def test_a_stopped_container_tells_what_it_knows(podman: Engine, started_replica: Replica) -> None:
    """SIGTERM goes through the first process to the suite, which writes its reports and leaves with
    its own code.
    """
    show(podman, started_replica.environment)
    before = set(podman.runs.glob("*/run.jsonl"))
    container = podman.start(IMAGE, *SUITE)

    def has_asked() -> bool:
        new = set(podman.runs.glob("*/run.jsonl")) - before
        return bool(new) and "exchange" in new.pop().read_text()

    until(has_asked)
    podman("stop", "--time=45", container)
    assert podman("wait", container).stdout.strip() == str(EXIT_UNKNOWN)
    (journal,) = set(podman.runs.glob("*/run.jsonl")) - before
    assert json.loads(journal.read_text().splitlines()[-1])["ended"] == "SIGTERM"
    assert (journal.parent / "junit.xml").exists()


@pytest.mark.parametrize("place", ["/opt/wealist-probes/x", "/usr/x", "/etc/x"])
def test_it_writes_only_where_a_volume_is(podman: Engine, place: str) -> None:
    """What a run changes is gone with its pod: the rest of the file system refuses."""
    words = (*podman.locked(granted("limits")), IMAGE, "python", "-c", f"open({place!r}, 'w')")
    refused = podman("run", "--rm", *words, check=False)
    assert (refused.returncode, "Read-only file system" in refused.stderr) == (1, True), (
        refused.stderr
    )
