"""A report as a terminal or a log shows it."""

import io

from reports.model.run import Run
from reports.render import terminal


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(
    run: Run, stream: io.StringIO | None = None, *, strict: bool = False, detail: int = 0
) -> str:
    """The text that is written at the end of `run`."""
    stream = stream or io.StringIO()
    terminal.show(run, stream, strict=strict, detail=detail)
    return stream.getvalue()


def uncoloured(text: str) -> str:
    """`text` without escape sequences."""
    head, *parts = text.split("\x1b[")
    return head + "".join(part.partition("m")[2] for part in parts)
