"""`python -m probes COMMAND`: what one does with probes beside running them."""

import importlib
import sys
from collections.abc import Sequence

from probes.finding import EXIT_BAD_INPUT, EXIT_HELD
from reports.render.writing import any_reader

# Each module has a `main`; the sentence is what --help says of it.
COMMANDS = {
    "doctor": ("probes.doctor.command", "say what a run against an environment would lack"),
    "sign-in": ("probes.doctor.sign_in", "sign in by hand, and have the suite judge the landing"),
    "ask": ("probes.doctor.ask", "ask one URL or one promise again, as a finding's line says"),
    "explain": ("reports.explain", "show the runbook of a finding's code"),
}
HELP = ("-h", "--help", "help")


def main(arguments: Sequence[str]) -> int:
    """The exit code of the command, whose module has a `main` of its own."""
    escape_what_the_terminal_cannot_show()
    command, *rest = arguments or [""]
    if command in HELP:
        print(usage())
        return EXIT_HELD
    if command not in COMMANDS:
        problem = f"{command!r} is not a command" if command else "no command was given"
        print(f"probes: {problem}; use one of: {', '.join(COMMANDS)}", file=sys.stderr)
        return EXIT_BAD_INPUT
    module, _ = COMMANDS[command]
    with any_reader():
        code: int = importlib.import_module(module).main(rest)
    return code


def usage() -> str:
    width = max(map(len, COMMANDS))
    commands = [f"  {name:<{width}}  {purpose}" for name, (_, purpose) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: python -m probes COMMAND [OPTIONS]",
            "",
            *commands,
            "",
            "python -m probes COMMAND --help lists the options of a command.",
            "To run the scenarios: pytest scenarios --env NAME|FILE",
        ]
    )


def escape_what_the_terminal_cannot_show() -> None:
    """A terminal that knows only ASCII gets escapes instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # tests put others in their place
        if reconfigure:
            reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
