"""Shares of the scenarios and of the environments: nothing twice, nothing forgotten, nothing moved
by another.
"""

import pytest

from probes.finding import BadEnvironment
from probes.runner.sharding import Share, part

NAMES = [f"area-{number % 7}/scenario-{number}[case]" for number in range(400)]


def pod(index: str | None) -> dict[str, str]:
    """The variables of one pod of an indexed Job; of no Job without an index."""
    return {} if index is None else {"JOB_COMPLETION_INDEX": index}


@pytest.mark.parametrize("of", [1, 2, 3, 7, 50])
def test_shares_are_the_whole_and_share_nothing(of: int) -> None:
    """Each scenario is in one share, whatever their number."""
    shares = [Share(number, of) for number in range(1, of + 1)]
    held = [name for share in shares for name in NAMES if share.holds(name)]
    assert sorted(held) == sorted(NAMES)


def test_a_share_is_about_its_part() -> None:
    """With four shares, none has more than half as much again as another's fair part."""
    shares = [Share(number, 4) for number in range(1, 5)]
    sizes = [len(list(filter(share.holds, NAMES))) for share in shares]
    assert max(sizes) < 150
    assert min(sizes) > 50


def test_where_a_scenario_is_does_not_hang_on_the_others() -> None:
    """The split is written down: a change of how it is made would move what history and metrics
    know.
    """
    assert [
        number for number in (1, 2, 3) if Share(number, 3).holds("edge/http-leads-to-https")
    ] == [2]
    assert [
        number for number in (1, 2, 3) if Share(number, 3).holds("storage/a-stranger-sees-nothing")
    ] == [3]


@pytest.mark.parametrize(
    ("environments", "shard", "index", "ours"),
    [
        ("prod", "", None, ("prod", Share(1, 1))),
        ("prod", "2/4", None, ("prod", Share(2, 4))),
        ("prod", "index/4", "0", ("prod", Share(1, 4))),
        ("prod", "index/4", "3", ("prod", Share(4, 4))),
        ("a,b,c", "", "2", ("c", Share(1, 1))),
        ("a, b", "index/2", "1", ("a", Share(2, 2))),
        ("a, b", "index/2", "2", ("b", Share(1, 2))),
        ("a,b", "2/2", "1", ("b", Share(2, 2))),
        ("prod", "2/4", "9", ("prod", Share(2, 4))),
    ],
)
def test_each_pod_has_its_part(
    environments: str, shard: str, index: str | None, ours: tuple[str, Share]
) -> None:
    """Environment by environment, and in each share by share; who names both needs no index."""
    assert part(environments, shard, pod(index)) == ours


@pytest.mark.parametrize(
    ("environments", "shard", "index", "complaint"),
    [
        ("prod", "5/4", None, "--shard 5/4 names a part that is not there; say 1/4 to 4/4"),
        ("prod", "0/4", None, "--shard must be like 2/4, or index/4"),
        ("prod", "two", None, "--shard must be like 2/4, or index/4"),
        ("prod", "1/0", None, "--shard must be like 2/4, or index/4"),
        ("prod", "index/4", None, "JOB_COMPLETION_INDEX is ''; run in an Indexed Job"),
        ("a,b", "", "x", "JOB_COMPLETION_INDEX is 'x'; run in an Indexed Job"),
        (
            "a,b",
            "index/2",
            "4",
            "JOB_COMPLETION_INDEX is 4, but --env and --shard make 4 parts; set completions",
        ),
    ],
)
def test_a_part_that_is_not_there_is_complained_of(
    environments: str, shard: str, index: str | None, complaint: str
) -> None:
    """A pod that would ask nothing, or the wrong thing, says so in one sentence."""
    with pytest.raises(BadEnvironment) as told:
        part(environments, shard, pod(index))
    assert complaint in str(told.value)
