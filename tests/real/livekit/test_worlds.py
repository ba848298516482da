"""What holds the real servers to a verdict can fail."""

import pytest

from tests.support.livekit_verdicts import HELD, SKIPPED, Verdict
from tests.support.livekit_worlds import ByVersion, expect_codes, expect_held

GOOD = {"joinable": Verdict(HELD), "data": Verdict(HELD)}
LOST = {"joinable": Verdict(HELD), "data": Verdict("livekit-data-lost", "none came", "forwarding")}


class Asked:
    """Gives these verdicts one after the other, on the newest of two versions."""

    def __init__(self, *verdicts: dict[str, Verdict]) -> None:
        self._verdicts = iter(verdicts)

    async def __call__(self) -> ByVersion:
        return {"1.7.2": GOOD, "1.13.5": next(self._verdicts)}


async def test_what_is_seen_twice_counts() -> None:
    """Once may be a machine that was busy; the version is named."""
    await expect_held(Asked(LOST, GOOD))
    with pytest.raises(AssertionError, match=r"1\.13\.5"):
        await expect_held(Asked(LOST, LOST))
    with pytest.raises(AssertionError, match=r"1\.13\.5"):
        await expect_held(Asked(*[dict.fromkeys(GOOD, Verdict(SKIPPED))] * 2))


@pytest.mark.parametrize(
    ("codes", "cause"),
    [
        ({}, "forwarding"),
        ({"data": "livekit-media-lost"}, "forwarding"),
        ({"data": "livekit-data-lost"}, "DTLS"),
    ],
)
async def test_another_code_or_cause_fails(codes: dict[str, str], cause: str) -> None:
    """On one version of several, too."""
    with pytest.raises(AssertionError, match="was expected"):
        await expect_codes(Asked(LOST, LOST), codes, cause)
