"""All tests but those of many whole runs: at first those that may share the machine, a process for
each of its processors; then, one at a time, those that want it for themselves
(tests/support/marks.py).

Run `python -m tests.support.all_tests ARGUMENTS`, as `make test` does; the arguments are pytest's.
"""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

TESTS = (sys.executable, "-m", "pytest", "tests", "-W", "error")
SHARING = ("-m", "not serial and not runs", "--dist", "loadscope")
ALONE = ("-m", "serial and not runs")
GREEN = frozenset({pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED})


def run(arguments: Sequence[str]) -> int:
    """Both parts, the second also where the first is red; pytest's exit code of all."""
    processes = ("-n", str(len(os.sched_getaffinity(0))))
    codes = [_run_part(*SHARING, *processes, *arguments), _run_part(*ALONE, *arguments)]
    return exit_code(codes)


def exit_code(codes: Sequence[int]) -> int:
    """The worst of both; that no test was found is worth a word only where it is so of both."""
    red = [code for code in codes if code not in GREEN]
    return max(red, default=min(codes))


def _run_part(*arguments: str) -> int:
    return subprocess.run((*TESTS, *arguments), check=False).returncode


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
