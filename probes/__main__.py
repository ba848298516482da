"""`python -m probes COMMAND`: what one does with probes beside running them."""

import importlib
import sys
from collections.abc import Sequence

from probes.finding import EXIT_BAD_INPUT

COMMANDS = {"doctor": "probes.doctor.command", "explain": "reports.explain"}


def main(arguments: Sequence[str]) -> int:
    """The exit code of the command, whose module has a `main` of its own."""
    command, *rest = arguments or [""]
    if command not in COMMANDS:
        print(
            f"probes: {command or 'nothing'!r} is no command; say one of: {', '.join(COMMANDS)}",
            file=sys.stderr,
        )
        return EXIT_BAD_INPUT
    code: int = importlib.import_module(COMMANDS[command]).main(rest)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
