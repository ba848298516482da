"""What is kept of a run, in its folder and elsewhere: small, whole, and no danger when it cannot be
read.
"""

import base64
import json
import random
import zlib
from pathlib import Path

import pytest

from probes.finding import Verdict
from reports.model import verdict_store as pasts
from reports.model.verdict_store import (
    BROUGHT,
    MAX_CHARS,
    NAME,
    Past,
    keep,
    pack,
    read_history,
    recall,
    unpack,
    write_history,
)
from tests.reports.conftest import Written, intermittent, red

ODD = ["", "[]", "{", '{"run": 1}', '{"promises": {"a": ["odd", 1, 2]}}', "null", "eJw=", "7"]


def many(runs: int, scenarios: int = 368) -> list[Past]:
    """So many runs of so many promises, with durations as they are: no two the same."""
    chance, verdicts = random.Random(1), list(Verdict)
    names = [
        f"area-{number % 18}/a-promise-of-common-length-to-users[{number}]"
        for number in range(scenarios)
    ]

    def one(number: int) -> Past:
        ended = {name: (chance.choice(verdicts), round(chance.random() * 9, 2)) for name in names}
        name = f"20261123T0314{number:02}Z-a10b8f"
        return Past(name, "prod", 1_790_000_000.0 + number, ended)

    return list(map(one, range(runs)))


@pytest.mark.parametrize("make", [red, intermittent])
def test_a_digest_says_what_the_journal_says(written: Written, make: object) -> None:
    """Later runs may read the small file instead of the large one."""
    assert callable(make)
    make(written)
    from_journal = recall(written.folder)
    keep(written.load())
    assert (written.folder / NAME).stat().st_size < 1000
    assert recall(written.folder) == from_journal


def test_what_0_1_kept_is_read(tmp_path: Path) -> None:
    """Its third value, and its capital letter in the state store, said that only a rerun held."""
    promises = {"edge/a": ["held", 5.5, True]}
    kept = {"run": "old", "environment": "prod", "began": 1.0, "promises": promises}
    (tmp_path / NAME).write_text(json.dumps(kept))
    past = Past("old", "prod", 1.0, {"edge/a": (Verdict.HELD, 5.5)})
    assert recall(tmp_path) == past
    packed = json.dumps([["edge/a"], [["old", "prod", 1.0, "H", [5.5]]]]).encode()
    assert unpack(base64.b64encode(zlib.compress(packed)).decode()) == [past]


@pytest.mark.parametrize("odd", ODD)
def test_a_digest_that_cannot_be_read_is_passed_over(written: Written, odd: str) -> None:
    """The journal knows it too."""
    red(written)
    (written.folder / NAME).write_text(odd)
    past = recall(written.folder)
    assert past
    assert past.promises["edge/lost"][0] is Verdict.NOT_RUN


def test_a_folder_without_a_run_has_no_digest(tmp_path: Path) -> None:
    """Neither a file nor a journal, nothing to remember."""
    assert recall(tmp_path) is None


def test_what_is_packed_comes_back() -> None:
    """Every verdict and duration of every run, also where runs did not ask the same."""
    kept = many(5, scenarios=20)
    kept[2].promises.pop(min(kept[2].promises))
    kept[3].promises["edge/new"] = (Verdict.HELD, 0.25)
    assert unpack(pack(kept)) == kept
    assert unpack(pack([])) == []


def test_a_whole_history_fits_beside_the_tokens() -> None:
    """Thirty runs of the whole suite take a tenth of a Secret, and no history ever takes more than
    its share.
    """
    text = pack(many(30))
    assert len(text) < 100_000
    assert text.isascii()
    assert text.isprintable()


def test_what_is_too_large_loses_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest runs say most."""
    kept = many(9, scenarios=50)
    monkeypatch.setattr(pasts, "MAX_CHARS", len(pack(kept)) - 1)
    left = unpack(pack(kept))
    assert 0 < len(left) < 9
    assert left == kept[-len(left) :]
    assert MAX_CHARS < 1_000_000 / 4


@pytest.mark.parametrize("odd", ODD)
def test_what_cannot_be_unpacked_is_nothing(odd: str, tmp_path: Path) -> None:
    """A store that somebody has edited costs the history, not the run."""
    assert unpack(odd) == []
    (tmp_path / BROUGHT).write_text(odd)
    assert read_history(tmp_path) == []


def test_what_was_brought_is_found(tmp_path: Path) -> None:
    """In the run's own folder, and nowhere else."""
    kept = many(2, scenarios=3)
    write_history(tmp_path, kept)
    assert read_history(tmp_path) == kept
    assert read_history(tmp_path / "nowhere") == []


def test_a_digest_is_json_that_others_can_read(written: Written) -> None:
    """Verdicts by their names, and seconds."""
    intermittent(written)
    keep(written.load())
    told = json.loads((written.folder / NAME).read_text("utf-8"))
    assert told["promises"]["edge/the-app-shell-loads"] == ["degraded", 5.5]
