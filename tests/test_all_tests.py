"""Two parts of the tests, and one exit code."""

import pytest

from tests.support.all_tests import exit_code

OK, FAILED, INTERRUPTED, NONE, KILLED = 0, 1, 2, 5, -9


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([OK, OK], OK),
        ([FAILED, OK], FAILED),
        ([OK, INTERRUPTED], INTERRUPTED),
        ([OK, KILLED], KILLED),
        ([NONE, OK], OK),
        ([OK, NONE], OK),
        ([FAILED, NONE], FAILED),
        ([NONE, NONE], NONE),
    ],
)
def test_it_is_green_where_both_are_and_a_test_was_found(codes: list[int], code: int) -> None:
    """A selection may lie in one of them alone; one that finds nothing is a mistake."""
    assert exit_code(codes) == code
