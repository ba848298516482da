"""The journal takes any text, survives a kill, and says what its schema says."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from probes.recording import journal
from probes.recording.journal import Journal, read

SCHEMA = json.loads((Path(journal.__file__).parent / "journal.schema.json").read_text())
VALID = jsonschema.Draft202012Validator(SCHEMA)
OF = {"scenario": "storage/a-file-comes-back[apex]", "attempt": 1}
FINDING = {
    "code": "upload-lost",
    "observed": "404",
    "cause": "confirm",
    "runbook": "docs/runbooks/upload-lost.md",
    "reproduce_command": "curl -sS",
    "rungs": [{"name": "dns", "held": True, "detail": "127.0.0.1"}],
}
EXPECTED = dict.fromkeys(
    ("scenario", "title", "file", "classname", "name", "owner", "area", "incident"), "x"
)
RUN = dict.fromkeys(("run", "version", "environment", "apex", "trace"), "x")
EXCHANGE = {
    "kind": "http",
    "method": "GET",
    "url": "https://h/",
    "status": 200,
    "duration": 0.1,
    "error": None,
}
EVENTS: dict[str, dict[str, Any]] = {
    "run-started": {**RUN, "deadline": 60.0, "expected": [{**EXPECTED, "line": 7}]},
    "fact": {"name": "build", "value": "1"},
    "self-health": {
        "loop_delay_s": 0.25,
        "late_share": 0.0,
        "cpu_share": 0.9,
        "waited_share": 0.1,
        "throttled_share": 0.0,
        "pressure_share": 0.5,
        "memory_share": 0.3,
        "descriptors_share": 0.05,
    },
    "attempt-started": OF,
    "exchange": {
        **OF,
        **EXCHANGE,
        "request": {"headers": {}, "body": ""},
        "span": "00f067aa0ba902b7",
    },
    "note": {"scenario": None, "attempt": 0, "text": "swept"},
    "artifact": {**OF, "name": "trace", "path": "a.zip"},
    "attempt-finished": {**OF, "verdict": "broken", "duration": 1, "finding": FINDING},
    "scenario-finished": {
        "scenario": OF["scenario"],
        "verdict": "held",
        "duration": 1.5,
        "attempts": 2,
        "finding": None,
        "accepted": {"why": "known", "until": "2026-12-01"},
        "reason": "",
    },
    "previous-run": {
        "gate": True,
        "ran": 1.0,
        "failures": {"edge/x": {"code": "upload-lost", "since": 1.0, "runs": 2, "held": 0.5}},
        "notified": {"edge/x": "upload-lost"},
        "problem": "",
    },
    "spans": {"kept": 3, "exported": 0, "lost": 3, "reason": "refused"},
    "run-finished": {"ended": "completed", "duration": 9.0},
}


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., list[journal.Event]]:
    """Write one event in a folder yet to be made, and read it back."""

    def write(event: str, **fields: Any) -> list[journal.Event]:
        opened = Journal(tmp_path / "runs" / "1")
        opened.write(event, **fields)
        opened.close()
        return list(read(tmp_path / "runs" / "1"))

    return write


def test_every_event_of_the_schema_has_an_example_here() -> None:
    """A new kind of event is tested or this fails."""
    assert [kind["properties"]["event"]["const"] for kind in SCHEMA["oneOf"]] == list(EVENTS)


@pytest.mark.parametrize("event", EVENTS)
def test_what_is_written_is_valid_and_comes_back(
    event: str, book: Callable[..., list[journal.Event]]
) -> None:
    """As it was, with its kind and its time."""
    (written,) = book(event, **EVENTS[event])
    VALID.validate(written)
    assert {"event": event, "at": written["at"], **EVENTS[event]} == written


@pytest.mark.parametrize("event", EVENTS)
def test_the_schema_refuses_what_is_missing_or_unheard_of(event: str) -> None:
    """Reports rely on each field, and a field that no schema names is a secret waiting to be
    read.
    """
    whole = {"event": event, "at": 1.0, **EVENTS[event]}
    assert VALID.is_valid(whole)
    assert not VALID.is_valid({**whole, "surprise": 1})
    needed = whole.keys() - {"request", "response"}
    lacking = [without(whole, gone) for gone in needed]
    assert [part for part in lacking if VALID.is_valid(part)] == []


def without(whole: dict[str, Any], gone: str) -> dict[str, Any]:
    return {name: value for name, value in whole.items() if name != gone}


@pytest.mark.parametrize("verdict", ["not-run", "green"])
def test_the_schema_knows_which_verdicts_can_be_reached(verdict: str) -> None:
    """Not run is what a reader concludes; nobody writes it."""
    event = {"event": "attempt-finished", "at": 1, **EVENTS["attempt-finished"], "verdict": verdict}
    assert not VALID.is_valid(event)


@pytest.mark.parametrize(
    "text",
    [
        "two\nlines\r\n",
        "\u2028 and \u2029 and \x85 end lines elsewhere",
        "\0\x1b[31m",
        "한글 😀",
        "lone \ud800 and \udfff",
        "",
    ],
)
def test_any_text_comes_back_as_it_was(text: str, book: Callable[..., list[journal.Event]]) -> None:
    """Bodies hold what they hold; a line of ours ends at a newline and nowhere else."""
    (written,) = book("note", scenario=None, attempt=0, text=text)
    assert written["text"] == text


@pytest.mark.parametrize(
    "torn", ['{"event": "no', '{"event": "note", "text": "한'.encode()[:-1], b"\xff\0"]
)
def test_a_torn_last_line_is_passed_over(
    torn: str | bytes, book: Callable[..., list[journal.Event]], tmp_path: Path
) -> None:
    """A machine that loses power may tear a line, even inside a character; what came before still
    counts.
    """
    whole = book("fact", name="a", value="b")
    path = tmp_path / "runs" / "1" / journal.NAME
    path.write_bytes(path.read_bytes() + (torn if isinstance(torn, bytes) else torn.encode()))
    assert list(read(path.parent)) == whole


def test_a_second_opening_appends(tmp_path: Path) -> None:
    """What was written is never written over."""
    for value in ("first", "second"):
        opened = Journal(tmp_path)
        opened.write("fact", name="a", value=value)
        opened.close()
    assert [event["value"] for event in read(tmp_path)] == ["first", "second"]


def test_a_kill_loses_nothing(tmp_path: Path) -> None:
    """Each event is on its way to the disk before the next thing happens."""
    script = (
        "import os, pathlib, signal, sys; from probes.recording.journal import Journal\n"
        "journal = Journal(pathlib.Path(sys.argv[1])); journal.write('fact', name='a', "
        "value='b' * 100_000)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(journal.__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=root, check=False)
    assert killed.returncode < 0
    assert [len(event["value"]) for event in read(tmp_path)] == [100_000]


def test_a_disk_that_is_full_costs_no_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written is kept, in order, and what the disk said is known."""
    journal = Journal(tmp_path)
    journal.write("note", text="written")

    def full(_: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(journal, "_append", full)
    journal.write("note", text="one")
    monkeypatch.undo()
    journal.write("note", text="two")
    assert [event["text"] for event in journal.events()] == ["written", "one", "two"]
    assert [event["text"] for event in read(tmp_path)] == ["written"]
    assert journal.trouble == "could not be written (No space left on device)"
    journal.close()


def test_a_folder_that_vanishes_costs_no_event(tmp_path: Path) -> None:
    """The journal still knows what it was told."""
    journal = Journal(tmp_path / "run")
    journal.write("note", text="before")
    shutil.rmtree(tmp_path / "run")
    journal.write("note", text="after")
    assert [event["text"] for event in journal.events()] == ["before", "after"]
    journal.close()
