"""Two runs side by side: what a person who has just deployed wants to know."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.model.compare import compare, lines
from reports.render.languages import words
from tests.reports.conftest import Written, finding

LOST = finding("upload-lost", "gone", "confirm")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Written, Written]]:
    """The journal of an earlier run, and of the one that is compared with it."""
    both = Written(tmp_path / "before"), Written(tmp_path / "now")
    yield both
    for each in both:
        each.close()


def told(pair: tuple[Written, Written], language: str = "en") -> list[str]:
    before, now = (each.load() for each in pair)
    return list(lines(compare(now, before), words(language)))


def test_each_change_is_told_once_most_important_first(pair: tuple[Written, Written]) -> None:
    """Newly broken, broken otherwise, unanswered, fixed, new, gone; what is as it was is only
    counted.
    """
    before, now = pair
    names = [f"edge/{name}" for name in ("breaks", "stays", "turns", "silent", "mends", "fine")]
    before.started(*names, "edge/gone", run="one").held(names[0], names[3], names[5], "edge/gone")
    before.broken(names[1]).broken(names[2]).broken(names[4]).ended()
    now.started(*names, "edge/new", run="two").broken(names[0], LOST).broken(names[1]).broken(
        names[2], LOST
    )
    now.held(names[4], names[5], "edge/new").ended()
    assert told(pair) == [
        "two against one:",
        "newly broken (1):",
        "  edge/breaks  HELD -> BROKEN  upload-lost",
        "broken in another way (1):",
        "  edge/turns  BROKEN -> BROKEN  edge-html-fallback -> upload-lost",
        "no answer any more (1):",
        "  edge/silent  HELD -> NOT RUN  unknown",
        "fixed (1):",
        "  edge/mends  BROKEN -> HELD  edge-html-fallback",
        "asked only now (1):",
        "  edge/new",
        "asked only before (1):",
        "  edge/gone",
        "broken in both: 2",
    ]


def test_equal_runs_say_so(pair: tuple[Written, Written]) -> None:
    """Nobody has to guess whether an empty list is good news."""
    for each in pair:
        each.started("edge/a").held("edge/a").ended()
    assert told(pair) == ["run-1 against run-1:", "nothing has changed"]
    assert told(pair, "ko")[-1] == "달라진 것이 없습니다"


@pytest.mark.parametrize(
    ("was", "took", "slower"),
    [(0.1, 0.9, False), (1.0, 1.9, False), (1.0, 2.5, True), (2.0, 3.5, False)],
)
def test_slower_is_twice_as_long_and_noticeable(
    pair: tuple[Written, Written], was: float, took: float, slower: bool
) -> None:
    """Tenths of a second are noise, and so is half as much again."""
    for each, duration in zip(pair, (was, took), strict=True):
        each.started("edge/a").became("edge/a", "held", duration=duration).ended()
    assert ("slower (1):" in told(pair)) is slower


def test_what_was_asked_elsewhere_is_said(pair: tuple[Written, Written]) -> None:
    """Another environment and another build may be why."""
    for each, environment, build in zip(pair, ("dev", "prod"), ("v1", "v2"), strict=True):
        each.started("edge/a", environment=environment).write(
            "fact", name="build", value=build
        ).held("edge/a").ended()
    assert told(pair)[1:3] == ["  different environments: dev -> prod", "  build: v1 -> v2"]


def test_a_name_cannot_steer_the_terminal(pair: tuple[Written, Written]) -> None:
    """Escape sequences of a hostile run are shown, not obeyed."""
    before, now = pair
    before.started("edge/\x1b[2J", run="\x1b[2J").write(
        "fact", name="build", value="\x1b[2J"
    ).ended()
    now.started("edge/\x1b[3J").write("fact", name="build", value="\x1b[3J").ended()
    assert not [line for line in told(pair) if not line.isprintable()]
