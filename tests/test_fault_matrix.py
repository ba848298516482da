"""Every fault breaks exactly the promises that it must, each under its right name, and all others hold."""

from collections import Counter

import pytest

from replica.faults import FAULTS
from tests.conftest import Ended, Probe, Replica
from tests.fault_matrix import MATRIX, SUSPECTS


@pytest.mark.parametrize("fault", [None, *sorted(FAULTS)], ids=str)
def test_a_fault_breaks_what_it_must_and_nothing_else(fault: str | None, replica: Replica, probe: Probe) -> None:
    """With the fault in force, the whole run ends as the table says: nothing missed, nothing extra, right name."""
    replica.lie([fault] if fault else [])
    run = probe("--env", str(replica.environment))  # confirmed, as users run it: a busy machine is not a fault
    assert run.codes == (MATRIX[fault] if fault else {}), run.output
    assert strangers(run, fault) == set(), run.output


def strangers(run: Ended, fault: str | None) -> set[str]:
    """Suspects that do not name what the fault has broken."""
    if fault is None:
        return set()
    ((code, _),) = Counter(MATRIX[fault].values()).most_common(1)
    found = [s.finding for s in run.report.scenarios if s.finding and s.finding.code == code]
    return {finding.suspect for finding in found if SUSPECTS[fault] not in finding.suspect}


def test_the_table_knows_every_fault() -> None:
    """A fault without a row, or a row without a fault, proves nothing."""
    assert set(MATRIX) == set(SUSPECTS) == set(FAULTS)
