"""Throw old runs away: of each environment the newest stay, and those that found something stay
longer.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from probes.recording import journal, ledger
from reports.model.verdict_store import Summary, recall_summary


def prune(runs: Path, keep: int) -> Iterator[Path]:
    """Remove what `old` names, and yield each folder that is gone. Raises OSError."""
    for folder in list(old(runs, keep)):
        shutil.rmtree(folder)
        yield folder


def old(runs: Path, keep: int) -> Iterator[Path]:
    """Folders of runs beyond the newest `keep` of each environment, and the newest `keep` that were
    not all held.

    Never a run that is alive, or whose ledger names what is still to be cleaned up: the next run
    needs to know. Nor what is no run, or is a link.
    """
    counted: Counter[tuple[str, str]] = Counter()
    for summary, folder in _newest_first(runs):
        kinds = [(summary.environment, "any")]
        if not summary.is_quiet:
            kinds.append((summary.environment, "found something"))
        counted.update(kinds)
        if all(counted[kind] > keep for kind in kinds) and not ledger.is_still_needed(folder):
            yield folder


def _newest_first(runs: Path) -> list[tuple[Summary, Path]]:
    summaries = ((recall_summary(folder), folder) for folder in _folders(runs))
    known = [(summary, folder) for summary, folder in summaries if summary]
    return sorted(known, key=lambda pair: (pair[0].began, pair[1].name), reverse=True)


def _folders(runs: Path) -> Iterator[Path]:
    for folder in runs.iterdir():
        if folder.is_dir() and not folder.is_symlink() and (folder / journal.NAME).is_file():
            yield folder
