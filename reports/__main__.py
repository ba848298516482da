"""`python -m reports RUN_FOLDER...`: the reports of runs again, finished or killed, and their exit
code.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from probes.finding import EXIT_BAD_INPUT, EXIT_BROKEN, EXIT_HELD, EXIT_UNKNOWN
from reports.model import compare
from reports.model.merge import CannotMerge, merge
from reports.model.run import NoRun, Run, load
from reports.prune import prune
from reports.render import files, markdown, terminal
from reports.render.languages import LANGUAGES, ORIGINAL, words
from reports.render.writing import to_a_reader

RUNS = Path(__file__).parent / "runs"
_WORST_FIRST = (EXIT_BAD_INPUT, EXIT_BROKEN, EXIT_UNKNOWN, EXIT_HELD)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"reports: {message}; say: python -m reports RUN_FOLDER...\n")


def main(arguments: Sequence[str]) -> int:
    """The worst exit code of all runs that were named."""
    said = _parsed(arguments)
    try:
        if said.prune is not None:
            return _prune(said.folders or [RUNS], said.prune)
        folders = (
            [merge(said.folders, said.merge).folder]
            if said.merge
            else said.folders or [newest(RUNS)]
        )
        against = load(said.against) if said.against else None
    except (NoRun, CannotMerge) as error:
        return _complain(f"{error}{_HINT if isinstance(error, NoRun) else ''}")
    except OSError as error:
        return _complain(
            f"{error.filename or ''}: {error.strerror or error}; make it writable or copy it"
        )
    codes = {_report(folder, said, against) for folder in folders}
    return next(code for code in _WORST_FIRST if code in codes)


_HINT = "; name a folder that a run made, like those in reports/runs"


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(
        prog="python -m reports", description="Write the reports of runs anew from their journals."
    )
    parser.add_argument(
        "folders",
        nargs="*",
        type=Path,
        metavar="RUN_FOLDER",
        help="default: the newest in reports/runs",
    )
    parser.add_argument(
        "--strict-verdicts", action="store_true", help="degraded fails the run as broken does"
    )
    parser.add_argument("--lang", choices=LANGUAGES, default=ORIGINAL, help="of what people read")
    parser.add_argument(
        "--markdown", action="store_true", help="print under 2,000 characters of Markdown instead"
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="RUN_FOLDER",
        help="say what has changed since that run, too",
    )
    parser.add_argument(
        "--merge",
        type=Path,
        metavar="FOLDER",
        help="make one run in FOLDER of the shards that are named",
    )
    parser.add_argument(
        "--prune",
        type=_positive,
        metavar="N",
        help="instead: remove runs in the named folder of runs beyond the newest N of each environment; "
        "as many that found something stay besides",
    )
    return parser.parse_args(arguments)


def _positive(said: str) -> int:
    number = int(said)
    if number < 1:
        raise ValueError(said)
    return number


def newest(runs: Path) -> Path:
    """The run that began last; names of runs sort by their time. Raises NoRun."""
    folders = sorted(folder for folder in runs.glob("*") if folder.is_dir())
    if not folders:
        raise NoRun(f"{runs} holds no run")
    return folders[-1]


def _prune(folders: Iterable[Path], keep: int) -> int:
    try:
        for folder in folders:
            for gone in prune(folder, keep):
                print(f"removed {gone}")
    except OSError as error:
        return _complain(
            f"{error.filename}: {error.strerror}; name a folder of runs, like reports/runs"
        )
    return EXIT_HELD


def _report(folder: Path, said: argparse.Namespace, against: Run | None) -> int:
    try:
        run = load(folder)
        past = files.write(run, words(said.lang), strict=said.strict_verdicts)
    except NoRun as error:
        return _complain(f"{error}{_HINT}")
    except OSError as error:
        return _complain(f"{folder}: {error.strerror or error}; make it writable or copy it")
    to_a_reader(lambda: _show(run, said, against, past))
    return run.exit_code(strict=said.strict_verdicts)


def _show(
    run: Run, said: argparse.Namespace, against: Run | None, past: terminal.Histories
) -> None:
    language, strict = words(said.lang), said.strict_verdicts
    changes = compare.lines(compare.compare(run, against), language) if against else ()
    if said.markdown:
        report = (run.folder / files.MARKDOWN).read_text("utf-8")
        sys.stdout.write(markdown.with_changes(report, changes) if against else report)
    else:
        terminal.show(run, sys.stdout, language, past, os.environ, strict=strict)
        sys.stdout.writelines(f"{line}\n" for line in changes)


def _complain(said: str) -> int:
    print(f"reports: {said}", file=sys.stderr)
    return EXIT_BAD_INPUT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
