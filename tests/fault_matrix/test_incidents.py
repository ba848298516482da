"""The seven incidents of V6, each by the faults that rehearse it: with [cluster] the first sentence
about such a fault names the fact that proves its cause.
"""

from pathlib import Path

import pytest

from reports.model import causes
from tests.conftest import Replica, begin, ended
from tests.fault_matrix.groups import area
from tests.fault_matrix.rows import MATRIX

INCIDENTS: dict[str, tuple[str, ...]] = {
    "V6 §1": ("storage-base-path-mismatch",),
    "V6 §2": ("gateway-doubles-slash",),
    "V6 §3": ("storage-presigns-with-dev-credentials", "storage-presigns-for-localhost"),
    "V6 §4": ("page-reconnects-with-stale-token",),
    "V6 §5": (
        "project-forbids-chart-source",
        "livekit-keys-file-malformed",
        "livekit-config-keeps-placeholder",
        "livekit-has-no-pods",
    ),
    "V6 §6": ("cluster-keeps-two-of-each",),
    "V6 §7": ("oauth-filter-runs-late", "ops-parses-without-verifying"),
}
PROVEN = [fault for faults in INCIDENTS.values() for fault in faults]


@pytest.mark.parametrize("fault", PROVEN)
def test_the_cause_that_is_told_first_is_proven(
    replica: Replica, tmp_path: Path, fault: str
) -> None:
    """What outranks a likely cause is a fact of the cluster, or what the browser itself saw."""
    first, *others = sorted({f"scenarios/test_{area(name)}.py" for name in MATRIX[fault]})
    arguments = [*others, "--env", str(replica.environment), "--no-confirm"]
    replica.set_faults([fault])
    run = ended(begin(tmp_path, *arguments, scenarios=first), tmp_path)
    broken = [each for each in run.report.scenarios if each.finding]
    assert broken, run.output
    assert "; proven: " in causes.group(broken)[0].cause, run.output
