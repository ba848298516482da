"""A restart counts once: for the first run that comes after it."""

from datetime import timedelta
from pathlib import Path

import pytest

from probes.cluster.facts import Facts
from probes.cluster.restarts import choose_window, find_restarts, window
from probes.finding import Verdict
from probes.recording.recorder import Recorder
from probes.state import last_run
from tests.support.cluster_objects import AN_HOUR, NOW, pod

A_DAY_AGO = (NOW - 24 * AN_HOUR).timestamp()


@pytest.mark.parametrize(
    ("last_end", "minutes", "is_told"),
    [
        (0.0, 5, True),
        (0.0, 30, False),
        (A_DAY_AGO, 30, True),
        (A_DAY_AGO, 25 * 60, False),
        ((NOW - timedelta(minutes=3)).timestamp(), 5, False),
        ((NOW - timedelta(minutes=3)).timestamp(), 3.5, True),
        ((NOW + AN_HOUR).timestamp(), 5, True),
    ],
)
def test_a_restart_since_the_last_run_degrades(
    last_end: float, minutes: float, *, is_told: bool
) -> None:
    """Also one that came while that run was at its end; an end that is still to come is none."""
    ended = pod(restarted_at=NOW - timedelta(minutes=minutes), end_reason="OOMKilled")
    found = find_restarts(Facts(pods=(ended,)), choose_window(last_end, NOW), "weal")
    assert bool(found) is is_told
    assert found is None or found.verdict is Verdict.DEGRADED


async def test_the_last_run_is_the_one_in_the_state_store(
    tmp_path: Path, recorder: Recorder
) -> None:
    """And the first run says that it looks at a fixed time."""
    store = f"file:{tmp_path / 'state.json'}"
    first = await window(store, NOW)
    assert first.words == "in the last 15 minutes, as no earlier run is known"
    await last_run.swap_last_run(store, {}, gate=False, is_gone=lambda _: False, whole=True)
    assert await last_run.last_end_at(store) > NOW.timestamp()
    assert (await window("", NOW)) == first
    recorder.evidence.journal.close()
    journal = (recorder.evidence.folder / "run.jsonl").read_text()
    assert "as no earlier run is known" in journal


async def test_a_store_that_cannot_be_read_knows_no_run(tmp_path: Path) -> None:
    """What is wrong with the suite's own store is no word about a pod."""
    path = tmp_path / "state.json"
    path.write_text("no JSON")
    assert await last_run.last_end_at(f"file:{path}") == 0.0
