"""`python -m reports RUN_FOLDER...`: the reports of a run again, finished or killed, and its exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from probes.finding import EXIT_BAD_INPUT, EXIT_BROKEN, EXIT_HELD, EXIT_UNKNOWN
from reports import junit, terminal
from reports.run import NoRun, Run, load

_WORST_FIRST = (EXIT_BAD_INPUT, EXIT_BROKEN, EXIT_UNKNOWN, EXIT_HELD)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"reports: {message}; say: python -m reports RUN_FOLDER...\n")


def main(arguments: Sequence[str]) -> int:
    """The worst exit code of all runs that were named."""
    parser = _Parser(prog="python -m reports", description="Write the reports of runs anew from their journals.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="RUN_FOLDER")
    parser.add_argument("--strict-verdicts", action="store_true", help="degraded fails the run as broken does")
    said = parser.parse_args(arguments)
    codes = {_report(folder, strict=said.strict_verdicts) for folder in said.folders}
    return next(code for code in _WORST_FIRST if code in codes)


def _report(folder: Path, *, strict: bool) -> int:
    try:
        run = load(folder)
        junit.write(run, folder / "junit.xml", strict=strict)
        _show(run, strict=strict)
    except NoRun as error:
        print(f"reports: {error}; name a folder that a run made, like those in reports/runs", file=sys.stderr)
    except OSError as error:
        print(f"reports: {folder}: {error.strerror or error}; make it writable or copy it", file=sys.stderr)
    else:
        return run.exit_code(strict=strict)
    return EXIT_BAD_INPUT


def _show(run: Run, *, strict: bool) -> None:
    try:
        terminal.show(run, sys.stdout, strict=strict)
    except BrokenPipeError:  # the reader, `head` for instance, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
