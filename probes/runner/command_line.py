"""The options that a run adds to pytest's, and what of pytest's and of the process's environment it
cannot work with.
"""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from probes.finding import CannotAsk
from probes.runner.options import PageTraces, Tier
from reports.render import languages

ROOT = Path(__file__).parents[2]
OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--env",
        {
            "default": "replica",
            "metavar": "NAME|FILE",
            "help": "a name in environments/ (default: replica) or a path to a TOML file",
        },
    ),
    (
        "--shard",
        {
            "default": "",
            "metavar": "I/N",
            "help": "one of N shares of the scenarios; index/N in a pod",
        },
    ),
    (
        "--tier",
        {
            "choices": get_args(Tier),
            "default": "full",
            "help": "quick: only scenarios without pages, calls and sockets that are held open",
        },
    ),
    (
        "--gate",
        {
            "action": "store_true",
            "help": "after a deploy: ignore failures that were already failing before it",
        },
    ),
    (
        "--settle",
        {
            "default": "0",
            "metavar": "90s",
            "help": "stabilization window: ask again what does not hold, for that long",
        },
    ),
    (
        "--fault",
        {
            "action": "append",
            "default": [],
            "metavar": "NAME",
            "help": "start the replica with this fault",
        },
    ),
    (
        "--probe-concurrency",
        {
            "type": int,
            "default": 0,
            "metavar": "N",
            "help": "scenarios at once (default: all)",
        },
    ),
    (
        "--no-confirm",
        {"action": "store_true", "help": "no confirming rerun of a scenario that broke"},
    ),
    (
        "--page-traces",
        {
            "choices": get_args(PageTraces),
            "default": "rerun",
            "help": "traces of pages that broke: of the rerun (default), always, or never",
        },
    ),
    (
        "--strict-verdicts",
        {"action": "store_true", "help": "degraded fails the run as broken does"},
    ),
    (
        "--lang",
        {
            "choices": languages.LANGUAGES,
            "default": languages.ORIGINAL,
            "help": "language of what people read",
        },
    ),
    (
        "--runs",
        {
            "type": Path,
            "default": ROOT / "reports" / "runs",
            "metavar": "FOLDER",
            "help": "where run folders are made",
        },
    ),
)
# As pytest-xdist has it; where that is not installed it is here to be refused with a sentence.
PROCESSES = (("-n", "--numprocesses"), {"default": None, "help": argparse.SUPPRESS})
# The SDK reads these as numbers and fails with a traceback otherwise (OpenTelemetry specification,
# environment variable specification).
_OTEL_NUMBER = re.compile(r"OTEL_\w+_(LIMIT|TIMEOUT|DELAY|SIZE|INTERVAL)")


def expect_one_process(option: Any) -> None:
    """Raises CannotAsk where pytest-xdist is to distribute the scenarios; `option`: pytest's."""
    processes = getattr(option, "numprocesses", None)
    is_distributed = getattr(option, "dist", "no") != "no" or getattr(option, "tx", None)
    if processes not in (None, 0, "0") or is_distributed:
        raise CannotAsk(
            "-n of pytest-xdist does not work here: all scenarios already run at once on one event "
            "loop; leave it out, or split the scenarios with --shard"
        )


def expect_otel_numbers(environ: Mapping[str, str]) -> None:
    """Raises CannotAsk for a limit or timeout of OpenTelemetry that is no number."""
    for name, value in sorted(environ.items()):
        if _OTEL_NUMBER.fullmatch(name) and value.strip() and not value.strip().isdecimal():
            raise CannotAsk(f"{name} must be a whole number, not {value!r}; correct it or unset it")
