"""What one run leaves for the next is whole, ours alone, and never overwritten by somebody who
knows less.
"""

import asyncio
import stat
from pathlib import Path

import pytest

from probes.finding import CannotAsk
from probes.state.store import FileState, open_state, with_store_of_environ


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state.json"


def drafts(path: Path) -> list[str]:
    return [left.name for left in path.parent.iterdir() if left.name.startswith(".")]


async def test_what_is_kept_is_there_for_the_next(path: Path) -> None:
    """In a file that only we can read, in a folder that only we can enter."""
    assert await FileState(path, 5).swap("alice", {}, {"refresh": "r1"})
    assert await FileState(path, 5).swap("bob", {}, {"refresh": "r2"})
    assert await FileState(path, 5).read("alice") == {"refresh": "r1"}
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert drafts(path) == []


def mode(path: Path) -> int | None:
    """Who may do what there; None where there is nothing."""
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else None


def spoil(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content, "utf-8", "surrogateescape")


async def test_a_link_leads_to_the_one_file(path: Path, tmp_path: Path) -> None:
    """Two environments that name it differently keep each other out, and lose nothing."""
    link = tmp_path / "link.json"
    link.symlink_to(path)
    assert await FileState(link, 5).swap("alice", {}, {"refresh": "r1"})
    assert link.is_symlink()
    assert await FileState(path, 5).read("alice") == {"refresh": "r1"}
    async with FileState(path, 5).turn("alice"):
        with pytest.raises(CannotAsk, match="another run has kept"):
            async with FileState(link, 0.01).turn("alice"):
                pass


async def test_nobody_is_known_at_first(path: Path) -> None:
    """A missing file is an empty one, and reading makes none."""
    assert await FileState(path, 5).read("alice") == {}
    assert mode(path.parent) is None


async def test_who_knows_less_writes_nothing(path: Path) -> None:
    """Another run has kept something newer meanwhile; it stands."""
    state = FileState(path, 5)
    await state.swap("alice", {}, {"refresh": "r2"})
    assert not await state.swap("alice", {"refresh": "r1"}, {"refresh": "r1b"})
    assert await state.read("alice") == {"refresh": "r2"}


async def test_only_one_has_a_turn_for_a_member(path: Path) -> None:
    """Another store on the same file waits; another member's turn does not."""
    one, two, order = FileState(path, 20), FileState(path, 20), []

    async def second() -> None:
        async with two.turn("alice"):
            order.append("two")

    async with one.turn("alice"):
        waiting = asyncio.create_task(second())
        async with two.turn("bob"):
            order.append("bob")
        await one.swap("alice", {}, {"refresh": "r"})
        order.append("one")
    await waiting
    assert order == ["bob", "one", "two"]


async def test_a_turn_that_never_ends_is_named(path: Path) -> None:
    """Whoever waits in vain learns for what."""
    async with FileState(path, 5).turn("alice"):
        with pytest.raises(
            CannotAsk, match=r"another run has kept state\.json\.alice\.lock for 0\.05 s"
        ):
            async with FileState(path, 0.05).turn("alice"):
                pass


DEEP = pytest.param("[" * 99_999, id="deep")


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"alice": 3}', "\udcff", DEEP])
async def test_a_spoiled_file_gets_a_sentence(path: Path, content: str) -> None:
    """It is not taken for an empty one, which would forget every token in it."""
    spoil(path, content)
    with pytest.raises(CannotAsk, match=r"cannot be read .*; correct or remove it"):
        await FileState(path, 5).read("alice")
    with pytest.raises(CannotAsk, match="cannot be read"):
        await FileState(path, 5).swap("alice", {}, {"refresh": "r"})


async def test_a_place_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    """Before any token is spent."""
    spoil(tmp_path / "folder" / "file", "")
    state = FileState(tmp_path / "folder" / "file" / "state.json", 5)
    with pytest.raises(CannotAsk, match="name another in state of"):
        async with state.turn("alice"):
            pass


async def test_a_failed_write_leaves_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no draft beside it."""
    state = FileState(path, 5)
    await state.swap("alice", {}, {"refresh": "r1"})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CannotAsk, match="No space left on device"):
        await state.swap("alice", {"refresh": "r1"}, {"refresh": "r2"})
    assert await state.read("alice") == {"refresh": "r1"}
    assert drafts(path) == []


def test_an_environment_may_have_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is home in one that has."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_state("", 5) is None
    state = open_state("file:~/state.json", 5)
    assert isinstance(state, FileState)
    assert state._path == tmp_path / "state.json"


def test_where_the_suite_runs_says_where_its_state_is() -> None:
    """PROBES_STATE outdoes what the environment file names, and an empty one names nothing."""
    said = {"way": "refresh-token", "state": "file:~/state.json"}
    assert with_store_of_environ(said, {"PROBES_STATE": "secret:here/state"}) == {
        "way": "refresh-token",
        "state": "secret:here/state",
    }
    assert with_store_of_environ({}, {"PROBES_STATE": "secret:here/state"}) == {
        "state": "secret:here/state"
    }
    assert with_store_of_environ(said, {"PROBES_STATE": ""}) == said
