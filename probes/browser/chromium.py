"""Find the Chromium that scenarios drive, or install one: `python -m probes.browser.chromium`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from probes.finding import EXIT_BAD_INPUT, CannotAsk

# The real binary first: Debian's wrapper in /usr/bin does not exec, so a kill would reach only the
# shell.
INSTALLED = (
    "/usr/lib/chromium/chromium-headless-shell",
    "/usr/bin/chromium-headless-shell",
    "/usr/bin/chromium",
    "/usr/bin/google-chrome",
)
WITH_WINDOW = ("/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser")
# `python -m probes sign-in` sets it: a person is to see the browser, and to type into it.
BY_HAND = "PROBES_SIGN_IN_BY_HAND"
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
ADVICE = (
    "install Debian's chromium-headless-shell, or set PROBES_CHROMIUM to the path of a Chromium"
)


def find(environ: Mapping[str, str] = os.environ) -> Path:
    """The executable that PROBES_CHROMIUM names, else an installed one, else Playwright's. Raises
    CannotAsk.
    """
    if named := environ.get("PROBES_CHROMIUM"):
        if os.access(named, os.X_OK) and Path(named).is_file():
            return Path(named)
        raise CannotAsk(
            f"PROBES_CHROMIUM names {named}, which is no executable file; correct it or unset it"
        )
    for candidate in INSTALLED:
        if Path(candidate).exists():
            return Path(candidate)
    for shell in sorted(_downloads(environ).glob("chromium*/**/*headless[_-]shell"), reverse=True):
        if os.access(shell, os.X_OK):
            return shell
    raise CannotAsk(f"no Chromium was found; {ADVICE}")


def find_with_window(environ: Mapping[str, str] = os.environ) -> Path:
    """The executable of a Chromium that a person can see. Raises CannotAsk."""
    if not any(environ.get(name) for name in DISPLAYS):
        raise CannotAsk("there is no display to open a browser on; run this on a desktop")
    named = environ.get("PROBES_CHROMIUM", "")
    candidates = (named,) if named and "headless" not in named else WITH_WINDOW
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return Path(candidate)
    raise CannotAsk(
        "no Chromium with a window was found; install Debian's chromium, or set PROBES_CHROMIUM to "
        "the path of one"
    )


def _downloads(environ: Mapping[str, str]) -> Path:
    # A user without a name has no home, and Path.home() raises.
    home = Path(environ.get("HOME") or os.environ.get("HOME") or "/")
    return Path(environ.get("PLAYWRIGHT_BROWSERS_PATH") or home / ".cache" / "ms-playwright")


def install() -> Path:
    """Playwright's own download where the internet is open, apt where it is not and we may. Raises
    CannotAsk.
    """
    ways = [[sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        ways += [
            ["apt-get", "update"],
            ["apt-get", "install", "-y", "--no-install-recommends", "chromium-headless-shell"],
        ]
    for way in ways:
        print(f"setup: no Chromium yet, trying {' '.join(way[-4:])}", file=sys.stderr)
        done = subprocess.run(way, capture_output=True, text=True, check=False)
        try:
            return find()
        except CannotAsk:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["nothing was said"]
    raise CannotAsk(f"no Chromium could be installed ({last[0]}); {ADVICE}")


def main() -> int:
    """Print nothing when all is well; one sentence and exit code 4 when it is not."""
    try:
        find()
    except CannotAsk as missing:
        if os.environ.get("PROBES_CHROMIUM"):
            print(f"setup: {missing}", file=sys.stderr)
            return EXIT_BAD_INPUT
        try:
            print(f"setup: using {install()}", file=sys.stderr)
        except CannotAsk as failed:
            print(f"setup: {failed}", file=sys.stderr)
            return EXIT_BAD_INPUT
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
