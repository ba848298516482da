"""Every fault breaks exactly the promises that it must, each under its right name, and all others hold."""

import pytest

from replica.faults import FAULTS
from tests.conftest import Probe, Replica
from tests.fault_matrix import MATRIX


@pytest.mark.parametrize("fault", [None, *sorted(FAULTS)], ids=str)
def test_a_fault_breaks_what_it_must_and_nothing_else(fault: str | None, replica: Replica, probe: Probe) -> None:
    """With the fault in force, the whole run ends as the table says: nothing missed, nothing extra, right name."""
    replica.lie([fault] if fault else [])
    run = probe("--env", str(replica.environment), "--no-confirm")
    assert run.codes == (MATRIX[fault] if fault else {}), run.output


def test_the_table_knows_every_fault() -> None:
    """A fault without a row, or a row without a fault, proves nothing."""
    assert set(MATRIX) == set(FAULTS)
