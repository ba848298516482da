"""Writing for readers who come too early, leave too early, or know few letters."""

import os
import sys
from collections.abc import Callable
from pathlib import Path


def replace(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all: who reads meanwhile gets the one before. Raises
    OSError.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, "utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def to_any_reader(show: Callable[[], object]) -> None:
    """Write to stdout by `show`; a reader who leaves early, `head` for instance, is no error, and
    what the encoding of stdout does not have is written as its escape.
    """
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")
    try:
        show()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
