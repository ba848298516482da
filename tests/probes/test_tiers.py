"""`--tier quick` leaves out what costs most, and is a whole run all the same."""

from pathlib import Path

import pytest

from tests.conftest import Replica
from tests.support.custom_scenarios import run_own

OF_EACH_KIND = """
import pytest

async def test_a_question():
    "A question is answered."

async def test_a_page(browser):
    "A page is shown."

@pytest.fixture
def sdk_calls():
    return None

async def test_a_call(sdk_calls):
    "Two people talk."

@pytest.mark.lingers
async def test_a_socket():
    "A socket stays open."
"""
ALL = ["a-question", "a-page", "a-call", "a-socket"]


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [((), ALL), (("--tier", "full"), ALL), (("--tier", "quick"), ALL[:1])],
    ids=lambda value: "-".join(value) or "default",
)
def test_a_tier_has_its_scenarios(
    replica: Replica, tmp_path: Path, arguments: tuple[str, ...], asked: list[str]
) -> None:
    """Quick leaves out pages, calls and long waits, and the report says so."""
    run = run_own(replica, tmp_path, OF_EACH_KIND, *arguments)
    assert [each.id.partition("/")[2] for each in run.report.scenarios] == asked
    quick = "quick" in arguments
    assert run.report.tier == ("quick" if quick else "full")
    assert ("tier: quick" in run.output) is quick
