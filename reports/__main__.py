"""`python -m reports RUN_FOLDER...`: the reports of runs again, finished or killed, and their exit
code.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from probes.finding import EXIT_BAD_INPUT, EXIT_BROKEN, EXIT_HELD, EXIT_UNKNOWN
from reports.model import compare
from reports.model.history import History
from reports.model.merge import CannotMerge, merge
from reports.model.run import NoRun, Run, load
from reports.prune import prune
from reports.render import files, markdown, terminal
from reports.render.languages import LANGUAGES, ORIGINAL, words
from reports.render.writing import any_reader

RUNS = Path(__file__).parent / "runs"
_WORST_FIRST = (EXIT_BAD_INPUT, EXIT_BROKEN, EXIT_UNKNOWN, EXIT_HELD)
_HINT = "; name a folder that a run made, like those in reports/runs"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"reports: {message}; say: python -m reports RUN_FOLDER...\n")


def main(arguments: Sequence[str]) -> int:
    """The worst exit code of all runs that were named."""
    options = _parse(arguments)
    try:
        if options.prune is not None:
            return _prune(options.folders or [RUNS], options.prune)
        folders = _folders(options)
        against = load(options.against) if options.against else None
    except NoRun as error:
        return _complain(f"{error}{_HINT}")
    except CannotMerge as error:
        return _complain(str(error))
    except OSError as error:
        why = error.strerror or error
        return _complain(f"{error.filename or ''}: {why}; make it writable or copy it")
    codes = {_report(folder, options, against) for folder in folders}
    return next(code for code in _WORST_FIRST if code in codes)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(
        prog="python -m reports", description="Write the reports of runs anew from their journals."
    )
    add = parser.add_argument
    newest_run = "default: the newest in reports/runs"
    add("folders", nargs="*", type=Path, metavar="RUN_FOLDER", help=newest_run)
    add("--strict-verdicts", action="store_true", help="degraded fails the run as broken does")
    add("--lang", choices=LANGUAGES, default=ORIGINAL, help="of what people read")
    listing = "list every promise; -vv: with what was exchanged"
    add("-v", dest="detail", action="count", default=0, help=listing)
    short = "print under 2,000 characters of Markdown instead"
    add("--markdown", action="store_true", help=short)
    changes = "say what has changed since that run, too"
    add("--against", type=Path, metavar="RUN_FOLDER", help=changes)
    shards = "make one run in FOLDER of the shards that are named"
    add("--merge", type=Path, metavar="FOLDER", help=shards)
    removal = (
        "instead: remove runs in the named folder of runs beyond the newest N of each "
        "environment; as many that found something stay besides"
    )
    add("--prune", type=_positive, metavar="N", help=removal)
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, not {text!r}")
    return int(text)


def _folders(options: argparse.Namespace) -> Sequence[Path]:
    """Of the runs to report. Raises NoRun, CannotMerge, OSError."""
    if options.merge:
        return [merge(options.folders, options.merge).folder]
    return options.folders or [newest(RUNS)]


def newest(runs: Path) -> Path:
    """The run that began last; names of runs sort by their time. Raises NoRun."""
    folders = sorted(folder for folder in runs.glob("*") if folder.is_dir())
    if not folders:
        raise NoRun(f"{runs} holds no run")
    return folders[-1]


def _prune(folders: Iterable[Path], keep: int) -> int:
    removed = (gone for folder in folders for gone in prune(folder, keep))
    try:
        with any_reader():
            for gone in removed:
                print(f"removed {gone}")
    except OSError as error:
        why = f"{error.filename}: {error.strerror}"
        return _complain(f"{why}; name a folder of runs, like reports/runs")
    return EXIT_HELD


def _report(folder: Path, options: argparse.Namespace, against: Run | None) -> int:
    strict = options.strict_verdicts
    try:
        run = load(folder)
        history = files.write(run, words(options.lang), strict=strict)
    except NoRun as error:
        return _complain(f"{error}{_HINT}")
    except OSError as error:
        return _complain(f"{folder}: {error.strerror or error}; make it writable or copy it")
    show = _show_markdown if options.markdown else _show
    with any_reader():
        show(run, options, against, history)
    return run.exit_code(strict=strict)


def _show(
    run: Run, options: argparse.Namespace, against: Run | None, history: Mapping[str, History]
) -> None:
    terminal.show(
        run,
        sys.stdout,
        words(options.lang),
        history,
        os.environ,
        strict=options.strict_verdicts,
        detail=options.detail,
    )
    sys.stdout.writelines(f"{line}\n" for line in _changes(run, against, options))


def _show_markdown(
    run: Run, options: argparse.Namespace, against: Run | None, _: Mapping[str, History]
) -> None:
    report = (run.folder / files.MARKDOWN).read_text("utf-8")
    changes = _changes(run, against, options)
    if changes:
        report = markdown.with_changes(report, changes)
    sys.stdout.write(report)


def _changes(run: Run, against: Run | None, options: argparse.Namespace) -> list[str]:
    if against is None:
        return []
    return list(compare.lines(compare.compare(run, against), words(options.lang)))


def _complain(why: str) -> int:
    print(f"reports: {why}", file=sys.stderr)
    return EXIT_BAD_INPUT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
