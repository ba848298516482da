"""A report exists whole or not at all: whoever reads while it is written gets the one before."""

import os
from pathlib import Path


def replace(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all. Raises OSError."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, "utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
