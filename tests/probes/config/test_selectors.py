"""What a name covers."""

import pytest

from probes.config.selectors import area, covers


@pytest.mark.parametrize(
    ("name", "scenario", "whether"),
    [
        ("edge", "edge/x[a]", True),
        ("edge/x", "edge/x[a]", True),
        ("edge/x[a]", "edge/x[a]", True),
        ("edge/x[*]", "edge/x[a]", True),
        ("edge/*", "edge/x[a]", True),
        ("edge/x[b]", "edge/x[a]", False),
        ("edg", "edge/x[a]", False),
        ("edge/x[[]a]", "edge/x[a]", False),
        ("edge/?[a]", "edge/x[a]", False),
    ],
)
def test_a_star_alone_stands_for_others(name: str, scenario: str, whether: bool) -> None:
    """A case, its family, its area; brackets and question marks are letters of a name."""
    assert covers(name, scenario) is whether


def test_an_area_is_what_stands_before_the_slash() -> None:
    """For instance storage, whose scenarios are in test_storage.py."""
    assert area("storage/a-file-comes-back[apex]") == "storage"
