"""The ledger knows what a run has left behind, however the run ended."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probes.recording import journal, ledger
from probes.recording.ledger import Entry, Ledger, is_left_over, mark_cleaned_up

ROOT = Path(ledger.__file__).parents[2]
RUN, DEAD = "20260102T030405Z-abc123", "20260101T000000Z-000001"
APEX = "https://wealist.co.kr"


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Ledger]:
    mine = Ledger(tmp_path / RUN)
    yield mine
    mine.close()


def dead(runs: Path, apex: str = APEX) -> Ledger:
    """The ledger of another run, which will be dead once it is closed."""
    journaling = journal.Journal(runs / DEAD)
    journaling.write("run-started", apex=apex)
    journaling.close()
    return Ledger(runs / DEAD)


def test_an_entry_is_there_before_what_it_names(mine: Ledger) -> None:
    """Under a name that no other run and no other entry has, and that tells its run."""
    assert mine.kinds == set()
    first, second = mine.enter("file", "a.txt"), mine.enter("folder", "a.txt")
    assert (first, second) == (f"probe-{RUN}-1-a.txt", f"probe-{RUN}-2-a.txt")
    assert mine.open_entries == [Entry("file", first), Entry("folder", second)]
    assert mine.kinds == {"file", "folder"}


def test_an_entry_gets_its_id_and_goes_when_it_is_removed(mine: Ledger) -> None:
    """A run that has removed all was used all the same."""
    name = mine.enter("file", "a.txt")
    mine.identify(name, "f-1")
    assert mine.open_entries == [Entry("file", name, "f-1")]
    mine.mark_removed(name)
    mine.mark_removed(name)
    assert (mine.open_entries, mine.kinds) == ([], {"file"})


def test_what_a_dead_run_left_is_found(tmp_path: Path, mine: Ledger) -> None:
    """With the last that is known of it, and in the order in which it was made."""
    theirs = dead(tmp_path)
    names = [theirs.enter("file", label) for label in "abc"]
    theirs.identify(names[2], "f-3")
    theirs.mark_removed(names[1])
    theirs.close()
    left = [Entry("file", names[0]), Entry("file", names[2], "f-3")]
    assert list(mine.leftovers(APEX)) == [(tmp_path / DEAD / ledger.NAME, left)]


def test_what_is_swept_is_not_found_again(tmp_path: Path, mine: Ledger) -> None:
    """What could not be swept is."""
    theirs = dead(tmp_path)
    first, second = theirs.enter("file", "a"), theirs.enter("file", "b")
    theirs.close()
    mark_cleaned_up(tmp_path / DEAD / ledger.NAME, Entry("file", first))
    assert [entries for _, entries in mine.leftovers(APEX)] == [[Entry("file", second)]]
    mark_cleaned_up(tmp_path / DEAD / ledger.NAME, Entry("file", second))
    assert list(mine.leftovers(APEX)) == []


def test_a_run_that_is_alive_has_left_nothing(tmp_path: Path, mine: Ledger) -> None:
    """Neither another nor this one; the lock on the file tells."""
    theirs = dead(tmp_path)
    theirs.enter("file", "a")
    mine.enter("file", "b")
    assert list(mine.leftovers(APEX)) == []
    theirs.close()
    assert len(list(mine.leftovers(APEX))) == 1


def test_a_run_elsewhere_left_nothing_here(tmp_path: Path, mine: Ledger) -> None:
    """What another environment holds must not be forgotten because this one has never heard of
    it.
    """
    theirs = dead(tmp_path, "https://dev.wealist.co.kr")
    theirs.enter("file", "a")
    theirs.close()
    assert list(mine.leftovers(APEX)) == []
    (tmp_path / DEAD / journal.NAME).unlink()
    assert list(mine.leftovers(APEX)) == []


def test_entries_survive_a_kill(tmp_path: Path, mine: Ledger) -> None:
    """SIGKILL, in the middle of things: entered means written, and the lock goes with the
    process.
    """
    dead(tmp_path).close()
    program = """
import sys, pathlib
from probes.recording.ledger import Ledger
ledger = Ledger(pathlib.Path(sys.argv[1]))
ledger.identify(ledger.enter("file", "a.txt"), "f-1")
ledger.enter("folder", "b")
print("entered", flush=True)
sys.stdin.read()
"""
    words = [sys.executable, "-c", program, str(tmp_path / DEAD)]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"entered\n"
        assert list(mine.leftovers(APEX)) == [], "it is alive"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    [(_, left)] = mine.leftovers(APEX)
    assert left == [
        Entry("file", f"probe-{DEAD}-1-a.txt", "f-1"),
        Entry("folder", f"probe-{DEAD}-2-b"),
    ]


def test_a_torn_line_costs_no_other(tmp_path: Path, mine: Ledger) -> None:
    """A full disk may cut the last one."""
    theirs = dead(tmp_path)
    name = theirs.enter("file", "a")
    theirs.close()
    with (tmp_path / DEAD / ledger.NAME).open("a") as file:
        file.write('{"kind": "file", "na')
    assert [entries for _, entries in mine.leftovers(APEX)] == [[Entry("file", name)]]


NOW = datetime(2026, 1, 2, 3, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("probe-20260102T030405Z-abc123-1-a.txt", False),
        ("probe-20260102T030404Z-abc123-1-a.txt", True),
        ("probe-20260102T031405Z-abc123-1-a.txt", False),
        ("probe-20251231T235959Z-abc123-12-folder", True),
        ("probe-20251331T235959Z-abc123-1-a", False),
        ("my probe-20251231T235959Z-abc123-1-a", False),
        ("probe-20251231T235959Z-abc12-1-a", False),
        ("probe-report.pdf", False),
    ],
)
def test_a_name_tells_whether_its_run_can_be_alive(name: str, left: bool) -> None:
    """And whether it is one of ours at all: nothing else may ever be swept."""
    assert is_left_over(name, timedelta(minutes=10), NOW) is left


def test_a_run_owes_while_it_is_alive_and_until_it_is_swept(mine: Ledger, tmp_path: Path) -> None:
    """Whoever throws folders away keeps those; one whose ledger is settled, or that has none, owes
    nothing.
    """
    other = dead(tmp_path)
    name = other.enter("file", "a.txt")
    assert ledger.is_still_needed(tmp_path / RUN)
    assert ledger.is_still_needed(tmp_path / DEAD)
    other.close()
    assert ledger.is_still_needed(tmp_path / DEAD)
    mark_cleaned_up(tmp_path / DEAD / ledger.NAME, Entry("file", name))
    assert not ledger.is_still_needed(tmp_path / DEAD)
    assert not ledger.is_still_needed(tmp_path / "nothing")
