"""Where nearly every promise of the cluster is broken, the run's requests to it are still few."""

from pathlib import Path

from probes.cluster.budget import REQUESTS_AT_MOST
from probes.finding import Code
from tests.conftest import Replica
from tests.fault_matrix import cluster
from tests.fault_matrix.test_fault_matrix import lying, requests_recorded

# What only the cluster knows, and one of each kind that users meet as well.
FAULTS = (
    *cluster.CLUSTER,
    "gateway-doubles-slash",
    "oauth-filter-runs-late",
    "service-has-no-endpoints",
    "services-trust-unverified-tokens",
    "storage-base-path-mismatch",
)


def test_a_cluster_that_is_all_wrong_is_asked_no_more_than_that(
    replica: Replica, tmp_path: Path
) -> None:
    """Confirmed and diagnosed: every promise is told by its own code, none as unknown."""
    before = replica.requests()["cluster"]
    run = lying(replica, FAULTS, tmp_path, "-k", "cluster")
    told = {name: code for name, code in run.codes.items() if name.startswith("cluster/")}
    rows = [row for fault, row in cluster.CLUSTER_ELSEWHERE.items() if fault in FAULTS]
    expected: dict[str, str] = {}
    for row in (*rows, *cluster.CLUSTER.values()):
        expected |= row
    assert told == expected, run.output
    assert len(told) > 15
    assert Code.UNKNOWN not in told.values()
    assert requests_recorded(run) == replica.requests()["cluster"] - before
    assert requests_recorded(run) <= REQUESTS_AT_MOST
