"""Requests and limits follow from what a run in the container was measured to take:
docs/performance.md says both.
"""

import re

import pytest

from tests.support.bench import PAGE
from tests.support.image import BEGIN, END, GIB, MIB, Share, granted, held, quantity
from tests.support.manifests import ENVIRONMENTS, pods

DOCUMENT = PAGE.read_text("utf-8")
BLOCK = DOCUMENT.partition(BEGIN)[2].partition(END)[0]
MEASURED = dict(re.findall(r"^\| ([^|]+) \| ([\d.]+) ?\w* \|$", BLOCK, re.MULTILINE))
SAID = dict(re.findall(r"^\| `((?:requests|limits)\.\w+)` \| (\w+) \|", DOCUMENT, re.MULTILINE))


def test_the_document_says_what_the_manifest_says() -> None:
    """Who reads docs/performance.md reads what the cluster gives."""
    for kind in ("requests", "limits"):
        assert Share(quantity(SAID[f"{kind}.cpu"]), quantity(SAID[f"{kind}.memory"])) == granted(
            kind
        )


def test_requests_and_limits_follow_from_what_was_measured() -> None:
    """A run fits into its request with a tenth to spare, into its limit with four, and wastes no
    half of it.
    """
    peak = float(MEASURED["memory held at the peak"]) * MIB
    assert 1.1 * peak <= granted("requests").memory <= 2 * peak
    assert granted("limits").memory >= max(1.4 * peak, granted("requests").memory)
    assert (
        float(MEASURED["CPUs that the container had"])
        <= granted("requests").cpu
        <= granted("limits").cpu
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_container_has_the_same(environment: str) -> None:
    """The init container makes the pod no larger than the run does."""
    asked = [container["resources"] for pod in pods(environment) for container in pod.containers]
    assert all(each == asked[0] for each in asked)


@pytest.mark.parametrize(
    ("said", "value"), [("500m", 0.5), ("2", 2), ("768Mi", 768 * MIB), ("1Gi", GIB), ("1.5", 1.5)]
)
def test_a_quantity_is_read_as_kubernetes_reads_it(said: str, value: float) -> None:
    """Thousandths of a CPU and powers of two of memory."""
    assert quantity(said) == value


@pytest.mark.parametrize("names", [("anon", "shmem"), ("total_rss", "total_shmem")])
def test_what_is_held_is_the_peak_of_the_sum(names: tuple[str, str]) -> None:
    """Both versions of cgroups are understood; the file cache does not count, nor do two peaks at
    different times.
    """
    own, shared = names
    samples = [
        f"{own} {a}\nfile 900\ninactive_{own} 9000\n{shared} {b}\n"
        for a, b in ((10, 1), (7, 6), (12, 0))
    ]
    assert held("".join(samples)) == 13
