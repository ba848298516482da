"""`python -m probes sign-in`: a person signs in, once, and the suite judges what comes of it."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from probes.browser import chromium
from probes.finding import EXIT_BAD_INPUT, CannotAsk

SCENARIO = Path(__file__).parents[2] / "scenarios" / "by_hand.py"


def main(arguments: Sequence[str]) -> int:
    """The exit code of a run of this one scenario; 4 where no browser can be shown."""
    parser = argparse.ArgumentParser(
        prog="python -m probes sign-in",
        description="Open the app in a browser, wait for you to sign in, and judge where you land. "
        "What you type at the provider is not recorded.",
    )
    parser.add_argument("--env", required=True, help="as for pytest")
    parser.add_argument("--runs", help="as for pytest")
    options = parser.parse_args(arguments)
    try:
        chromium.find_with_window(os.environ)
    except CannotAsk as error:
        print(f"probes sign-in: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    runs = ["--runs", options.runs] if options.runs else []
    print("A browser opens. Sign in there; then leave it alone until it closes.")
    command = [sys.executable, "-m", "pytest", str(SCENARIO), "--env", options.env, "--no-confirm"]
    return subprocess.call([*command, *runs], env={**os.environ, chromium.BY_HAND: "1"})
