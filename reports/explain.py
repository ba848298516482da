"""`python -m probes explain CODE`: what a finding's code means to users, where to look and what to
do.
"""

import argparse
import difflib
import sys
from collections.abc import Sequence
from typing import NoReturn

from probes.finding import EXIT_BAD_INPUT, EXIT_HELD, Code
from reports.render.languages import LANGUAGES, ORIGINAL, Words, words
from reports.render.writing import any_reader


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"explain: {message}; say: python -m probes explain CODE\n")


def main(arguments: Sequence[str]) -> int:
    """Print a code's runbook, or every code with what it means."""
    parser = _Parser(
        prog="python -m probes explain",
        description="Print what a finding's code means and what to do.",
    )
    parser.add_argument(
        "code", nargs="?", default="", metavar="CODE", help="default: all of them, a line each"
    )
    parser.add_argument("--lang", choices=LANGUAGES, default=ORIGINAL)
    options = parser.parse_args(arguments)
    language = words(options.lang)
    text = language.runbook(options.code) if options.code else _all(language)
    if not text:
        return _complain(options.code)
    with any_reader():
        sys.stdout.write(text)
    return EXIT_HELD


def _all(language: Words) -> str:
    column = max(map(len, Code)) + 2
    return "".join(f"{code:<{column}}{meaning(language.runbook(code))}\n" for code in Code)


def meaning(runbook: str) -> str:
    """What a code means to users: the paragraph under the title, on one line."""
    _, _, below = runbook.partition("\n\n")
    return " ".join(below.partition("\n\n")[0].split())


def _complain(code: str) -> int:
    near = difflib.get_close_matches(code, list(Code), 1)
    hint = f"did you mean {near[0]}?" if near else "python -m probes explain lists them all"
    if code in set(Code):
        hint = "run this where the repository with its docs/runbooks is"
    print(f"explain: there is no runbook for {code!r}; {hint}", file=sys.stderr)
    return EXIT_BAD_INPUT
