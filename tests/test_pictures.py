"""Reports of real runs, opened as a person opens them, and the pictures of them in the
documents.
"""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.async_api import Browser

from probes.recording.trace_link import VARIABLE
from tests.conftest import ROOT, Replica
from tests.support.pictures import PHONE, PICTURES, RECORDED, WIDE, Recorded, Shot, record, take

PAGE = ROOT / "docs" / "reports.md"
STORAGE = "(a_route_answers_json and storage-usage) or a_file_uploaded_on_the_page"
CAUSE = "storage base path: the service serves /api/storage, the gateway sends /storage"
FIRST_SCREENS = [Shot("wide", size=WIDE), Shot("phone", size=PHONE, scheme="dark")]


def size(picture: Path) -> tuple[int, int]:
    """Width and height in pixels (PNG specification, section 11.2.2: IHDR comes first)."""
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


async def test_a_stranger_can_name_the_cause(
    replica: Replica, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens only report.html of a real run finds cause, broken rung, a line that asks again,
    runbook, screenshot and trace.
    """
    monkeypatch.setenv(VARIABLE, "https://grafana.example.org/trace/{trace}")
    replica.set_faults(["storage-base-path-mismatch"])
    folder = record(
        Recorded("", ()), tmp_path / "runs", "--env", str(replica.environment), "-k", STORAGE
    )
    await take(browser, folder, FIRST_SCREENS, ROOT / ".screenshots" / "storage-base-path-mismatch")
    page = await browser.new_page()
    await page.goto((folder / "report.html").as_uri())
    first = await page.locator(".first").inner_text()
    assert CAUSE in first
    assert "rule: /api/svc/storage/api/storage/" in first
    finding = page.locator(".finding").first
    # Where the ladder ended, and what the cluster says of it.
    assert await finding.locator(".ladder .broke b").all_inner_texts() == ["rule", "cluster"]
    again = await finding.locator(".again pre").inner_text()
    assert again.startswith("python -m probes ask ")
    assert "SERVER_BASE_PATH" in "".join(await page.locator(".runbook").all_text_contents())
    assert await page.locator("img").first.evaluate("image => image.naturalWidth") > 0
    trace = page.locator(".facts a")
    assert (
        await trace.get_attribute("href")
        == f"https://grafana.example.org/trace/{await trace.inner_text()}"
    )
    hrefs = [
        str(await link.get_attribute("href")) for link in await page.locator("a[href^='./']").all()
    ]
    await page.close()
    assert [href for href in hrefs if not (folder / unquote(href)).is_file()] == []
    assert [href for href in hrefs if href.endswith("trace.zip")]


async def test_a_killed_run_says_so_first(
    replica: Replica, browser: Browser, tmp_path: Path
) -> None:
    """`python -m reports` makes its page, which blames nobody and draws what was cut short."""
    killed = Recorded("", (), killed_after=1)
    folder = record(
        killed, tmp_path / "runs", "--env", str(replica.environment), "-k", "edge or page_session"
    )
    await take(browser, folder, FIRST_SCREENS, ROOT / ".screenshots" / "killed")
    page = await browser.new_page()
    await page.goto((folder / "report.html").as_uri())
    assert await page.locator(".warning").inner_text() == "The run was killed."
    assert await page.locator("h1").inner_text() in (await page.title())
    assert await page.locator(".finding.broken").count() == 0
    assert await page.locator(".bar.cut").count() > 0
    await page.close()


def test_the_documents_show_the_pictures_that_are_taken() -> None:
    """Every picture in docs/reports.md is taken by `make pictures`, and none that is taken is
    hidden.
    """
    named = re.findall(r"!\[[^\]]+\]\(pictures/([a-z-]+)\.png\)", PAGE.read_text("utf-8"))
    taken = [shot.name for run in RECORDED for shot in run.shots]
    assert sorted(named) == sorted(taken) == sorted(picture.stem for picture in PICTURES.glob("*"))


@pytest.mark.parametrize(
    "shot", [shot for run in RECORDED for shot in run.shots], ids=lambda shot: shot.name
)
def test_a_picture_is_what_was_taken(shot: Shot) -> None:
    """A first screen has the size of its window; no picture is so big that nobody would open the
    page.
    """
    picture = PICTURES / f"{shot.name}.png"
    assert picture.stat().st_size < 400_000
    assert shot.of or size(picture) == shot.size
