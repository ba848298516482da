"""The outputs that README.md shows: those of real runs, one for each block, in this order."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
COLUMNS = 100
LONGEST = 30  # lines of one block; README is to be read in five minutes
RUNS: tuple[Sequence[str], ...] = ((), ("storage-base-path-mismatch",))
"""The faults of each run whose output README shows."""

BLOCK = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What differs between machines, between runs, and with how busy the machine is.
CERTIFICATE = re.compile(r"--cacert \S+")
MOMENTARY = re.compile(r"^(\d+/\d+ done|suite health:).*\n", re.MULTILINE)
NUMBERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{8}T\d+Z-\w+|v1-\w+|\d+(\.\d+)?")


def arguments(faults: Sequence[str]) -> list[str]:
    """What `make probe FAULT=...` gives to pytest."""
    options = [word for fault in faults for word in ("--fault", fault)]
    return ["-q", "--env", "replica", *options]


def blocks(page: str) -> list[str]:
    return BLOCK.findall(page)


def shape(text: str) -> str:
    """Output without what differs from run to run, on one line: where it wraps depends on how long
    numbers are.
    """
    return NUMBERS.sub("#", " ".join(CERTIFICATE.sub("--cacert ...", text).split()))


def printed(faults: Sequence[str]) -> str:
    """What a first run prints into a pipe of 100 columns, without the paths of this machine."""
    with tempfile.TemporaryDirectory() as runs:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "scenarios", *arguments(faults), "--runs", runs],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": str(COLUMNS)},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        output = run.stdout.replace(runs, "reports/runs")
    return excerpt(CERTIFICATE.sub("--cacert ...", MOMENTARY.sub("", output)))


def excerpt(output: str) -> str:
    """The first lines of `output`; an ellipsis stands for the rest; pure."""
    lines = [line.rstrip() for line in output.strip("\n").splitlines()]
    shown = lines if len(lines) <= LONGEST else [*lines[:LONGEST], "..."]
    return "\n".join(shown) + "\n"


def write_outputs(page: Path) -> None:
    """Put fresh outputs into the blocks of `page`."""
    page.write_text(
        with_outputs(page.read_text("utf-8"), [printed(faults) for faults in RUNS]), "utf-8"
    )


def with_outputs(text: str, outputs: Sequence[str]) -> str:
    """`text` with `outputs` in its blocks, in order; pure."""
    left = iter(outputs)
    return BLOCK.sub(lambda _: f"```text\n{next(left)}```", text)
