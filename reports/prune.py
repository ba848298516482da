"""Throw old runs away: of each environment the newest stay, and those that found something stay
longer.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from probes.finding import Verdict
from probes.recording import journal, ledger
from reports.model.verdict_store import Past, recall


def prune(runs: Path, keep: int) -> list[Path]:
    """Remove what `old` names; the folders that are gone. Raises OSError."""
    gone = list(old(runs, keep))
    for folder in gone:
        shutil.rmtree(folder)
    return gone


def old(runs: Path, keep: int) -> Iterator[Path]:
    """Folders of runs beyond the newest `keep` of each environment, and the newest `keep` that were
    not all held.

    Never a run that is alive, or whose ledger names what is still to be swept: the next run needs
    to know. Nor what is no run, or is a link.
    """
    counted: dict[tuple[str, bool], int] = {}
    known = [(past, folder) for folder in _folders(runs) if (past := recall(folder))]
    for past, folder in sorted(known, key=lambda pair: (pair[0].began, pair[1].name), reverse=True):
        kinds = [
            (past.environment, every) for every in (True, False) if every or _told_something(past)
        ]
        for kind in kinds:
            counted[kind] = counted.get(kind, 0) + 1
        if all(counted[kind] > keep for kind in kinds) and not ledger.is_still_needed(folder):
            yield folder


def _folders(runs: Path) -> Iterator[Path]:
    for folder in runs.iterdir():
        if folder.is_dir() and not folder.is_symlink() and (folder / journal.NAME).is_file():
            yield folder


def _told_something(past: Past) -> bool:
    """Something was not held, or not at once; a promise that is skipped tells nothing."""
    silent = (Verdict.HELD, Verdict.SKIPPED)
    return any(verdict not in silent or flaky for verdict, _, flaky in past.promises.values())
