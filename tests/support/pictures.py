"""The pictures in docs/pictures, taken of runs that the suite makes for them: `python -m
tests.support.pictures`.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, async_playwright

from probes.browser.chromium import find
from tests.conftest import ROOT, begin, ended

PICTURES = ROOT / "docs" / "pictures"
WIDE, PHONE = (1200, 820), (390, 844)
TALL = (1200, 2400)  # so that nothing of an element is behind the bar that stays in view
_FINISHED = re.compile(r"\s*\d+/\d+ ")  # a line that -v prints of a scenario


@dataclass(frozen=True, slots=True)
class Shot:
    """What is seen of a report: its first screen, or the element that `of` selects."""

    name: str
    of: str = ""
    size: tuple[int, int] = WIDE
    scheme: Literal["dark", "light"] = "light"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run to be made: with a fault or none, and killed after so many scenarios where
    `killed_after` is not 0.
    """

    fault: str
    shots: tuple[Shot, ...]
    killed_after: int = 0


RECORDED = (
    Recorded("", (Shot("green", scheme="dark"),)),
    Recorded(
        "storage-presigns-with-dev-credentials", (Shot("storage-presigns-with-dev-credentials"),)
    ),
    Recorded("page-reconnects-with-stale-token", (Shot("page-reconnects-with-stale-token"),)),
    Recorded(
        "storage-base-path-mismatch",
        (
            Shot("storage-base-path-mismatch"),
            Shot("finding", ".finding", TALL),
            Shot("timeline", "#timeline", TALL),
            Shot("phone", size=PHONE, scheme="dark"),
        ),
    ),
    Recorded("", (Shot("killed"),), killed_after=120),
)


def record(run: Recorded, runs: Path, *arguments: str) -> Path:
    """The folder of a new run in `runs`, with its report."""
    faults = ("--fault", run.fault) if run.fault else ()
    listing = ("-v",) if run.killed_after else ()
    process = begin(runs, *faults, *listing, *arguments)
    if run.killed_after:
        _kill_after(process, run.killed_after)
    folder = ended(process, runs).folder
    assert folder, "no run was made; python -m pytest scenarios says why"
    if run.killed_after:
        again = [sys.executable, "-m", "reports", str(folder)]
        subprocess.run(again, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    return folder


def _kill_after(process: subprocess.Popen[str], scenarios: int) -> None:
    assert process.stdout
    finished = 0
    for line in process.stdout:
        finished += bool(_FINISHED.match(line))
        if finished >= scenarios:
            process.kill()
            return


async def take(chromium: Browser, folder: Path, shots: Sequence[Shot], into: Path) -> None:
    """Picture each shot of the report in `folder`; Playwright makes the folder `into`."""
    for shot in shots:
        width, height = shot.size
        page = await chromium.new_page(
            viewport={"width": width, "height": height},
            color_scheme=shot.scheme,
            reduced_motion="reduce",
        )
        await page.goto((folder / "report.html").resolve().as_uri())
        target = page.locator(shot.of).first if shot.of else page
        await target.screenshot(path=into / f"{shot.name}.png")
        await page.close()


def made(runs: Path, *arguments: str) -> Iterator[tuple[Recorded, Path]]:
    """All runs one after another in one folder, so that the later ones have a history."""
    for run in RECORDED:
        yield run, record(run, runs, *arguments)


async def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folders = list(made(Path(scratch)))
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=str(find()))
            for run, folder in folders:
                await take(chromium, folder, run.shots, PICTURES)
            await chromium.close()


if __name__ == "__main__":
    asyncio.run(main())
