"""What runs leave for one another in the state store, whoever else is at it."""

import asyncio
import json
from pathlib import Path

import pytest

from probes.finding import CannotAsk
from probes.state import update
from probes.state.store import Entry, FileState
from probes.state.update import exchange


async def test_a_run_finds_what_the_one_before_has_left(tmp_path: Path) -> None:
    """Nothing at first, then what was made of it; tokens beside it are left alone."""
    where = f"file:{tmp_path / 'state.json'}"
    (tmp_path / "state.json").write_text(json.dumps({"alice": {"refresh": "kept"}}))
    assert await exchange(where, lambda text: text + "a") == ""
    assert await exchange(where, lambda text: text + "b") == "a"
    said = json.loads((tmp_path / "state.json").read_text())
    assert said == {"alice": {"refresh": "kept"}, "history": {"runs": "ab"}}


async def test_runs_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each adds itself to what the others have left meanwhile."""
    where = f"file:{tmp_path / 'state.json'}"
    async with asyncio.TaskGroup() as tasks:
        for number in range(8):
            tasks.create_task(exchange(where, str(number).__add__))
    assert sorted(await exchange(where, str)) == list("01234567")


async def test_where_no_store_is_named_nothing_is_kept() -> None:
    """An environment without state has its folders only."""
    assert await exchange("", lambda text: text + "a") == ""


async def test_a_store_that_others_keep_changing_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with a sentence, not never."""

    async def lost(*_: object) -> bool:
        return False

    monkeypatch.setattr(FileState, "swap", lost)
    with pytest.raises(CannotAsk, match="run fewer at once"):
        await exchange(f"file:{tmp_path / 'state.json'}", str)


async def test_a_store_that_hangs_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs its deadline and a sentence that says what to look at."""

    async def hangs(*_: object) -> Entry:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(update, "TIMEOUT_S", 0.01)
    monkeypatch.setattr(FileState, "read", hangs)
    with pytest.raises(CannotAsk, match="is it to be reached"):
        await exchange(f"file:{tmp_path / 'state.json'}", str)


async def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """In words, for the note that the journal gets."""
    (tmp_path / "state.json").write_text("no JSON")
    with pytest.raises(CannotAsk, match="cannot be read"):
        await exchange(f"file:{tmp_path / 'state.json'}", str)
