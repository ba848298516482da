"""report.html as a person meets it: in a real Chromium, from disk, with no network."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from reports.model.run import Run
from reports.render.html import page as made
from reports.render.languages import words
from tests.reports.conftest import ROOT, SAMPLES, Written, green, intermittent, killed, red
from tests.reports.render.test_html import hostile
from tests.reports.render.test_html_findings import pictured
from tests.reports.render.test_html_promises import past

SCREENSHOTS = ROOT / ".screenshots"  # of the last test run, for whoever wants to see what it saw
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
STANDARD = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
}
CAUSE = "storage base path: the service serves /api/storage, the gateway sends /storage"


@asynccontextmanager
async def opened(browser: Browser, run: Run, text: str = "", **context: Any) -> AsyncIterator[Page]:
    """The page of `run`, from disk; whatever it complains of or asks for fails the test."""
    file = (run.folder / "report.html").resolve()
    file.write_text(text or made(run), "utf-8")
    wanted: dict[str, Any] = {"viewport": WIDE, "color_scheme": "light", "reduced_motion": "reduce"}
    visitor = await browser.new_context(**wanted | context)
    complaints: list[str] = []
    page = await visitor.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: complaints.append(request.url))
    await page.goto(file.as_uri())
    try:
        yield page
    finally:
        await visitor.close()
    assert [said for said in complaints if not said.startswith((file.as_uri(), "data:"))] == []


async def shown(page: Page) -> list[str]:
    """The scenarios whose rows can be seen."""
    return await page.locator(".case:visible td:first-child code").all_inner_texts()


async def keep(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png")


@pytest.mark.parametrize(("viewport", "name"), [(WIDE, "wide"), (PHONE, "phone")])
async def test_the_first_screen_names_the_cause(
    browser: Browser, written: Written, viewport: dict[str, int], name: str
) -> None:
    """Without scrolling: the verdict, the cause, the rung that told it, since when, and what
    taught us.
    """
    run = red(written).load()
    text = made(run, past={s.id: past("held", str(s.verdict)) for s in run.scenarios})
    async with opened(browser, run, text, viewport=viewport) as page:
        await keep(page, f"first-screen-{name}")
        for said in (
            "BROKEN: 2 of 7 promises are broken",
            CAUSE,
            "service: 404 on api",
            "said",
            "V6 section 1",
        ):
            box = await page.locator(".hero").get_by_text(said).first.bounding_box()
            assert box, said
            assert box["y"] + box["height"] <= viewport["height"], said


@pytest.mark.parametrize("sample_name", SAMPLES)
@pytest.mark.parametrize(("scheme", "viewport"), [("light", WIDE), ("dark", PHONE)])
async def test_everybody_can_read_it(
    browser: Browser, written: Written, sample_name: str, scheme: str, viewport: dict[str, int]
) -> None:
    """axe-core finds no violation of WCAG 2.2 A and AA in any run's page, light or dark, wide or
    narrow, all opened.
    """
    run = SAMPLES[sample_name](written).load()
    text = made(
        run,
        past={s.id: past(*["held"] * 6, str(s.verdict), usual=(0.1, 2.0)) for s in run.scenarios},
    )
    async with opened(browser, run, text, viewport=viewport, color_scheme=scheme) as page:
        await page.evaluate(
            "document.querySelectorAll('details').forEach(each => each.open = true)"
        )
        await keep(page, f"{sample_name}-{scheme}")
        results = await Axe().run(page, options=STANDARD)
        assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
async def test_nothing_sticks_out(browser: Browser, written: Written, width: int) -> None:
    """No page is wider than its window, be a path ever so long (WCAG 1.4.10: from 320 pixels
    on).
    """
    written.write("fact", name="build", value="x" * 300)
    run = red(written).load()
    async with opened(browser, run, viewport={"width": width, "height": 800}) as page:
        await page.evaluate(
            "document.querySelectorAll('details').forEach(each => each.open = true)"
        )
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_promises_are_filtered_by_keyboard(browser: Browser, written: Written) -> None:
    """Text, area and verdict narrow the table, one after the other, without a mouse; one key shows
    all again.
    """
    async with opened(browser, red(written).load()) as page:
        everything = await shown(page)
        await page.keyboard.press("/")
        await page.keyboard.type("STORAGE")
        assert await shown(page) == [name for name in everything if name.startswith("storage/")]
        assert await page.locator("output").inner_text() == "2 of 7 shown"
        await page.keyboard.press("Control+a")
        await page.keyboard.press("Delete")
        await page.keyboard.press("Tab")
        await page.keyboard.type("edge")
        assert await shown(page) == [name for name in everything if name.startswith("edge/")]
        await page.keyboard.press("Tab")
        await page.keyboard.type("degraded")
        assert await shown(page) == ["edge/tls"]
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("output")).to_have_text("7 of 7 shown")
        assert await shown(page) == everything


async def test_a_filter_that_fits_nothing_says_so(browser: Browser, written: Written) -> None:
    """An empty table is no answer: it says what to do."""
    async with opened(browser, green(written).load()) as page:
        await page.fill("input[type=search]", "no such promise")
        assert await shown(page) == []
        assert await page.locator(".none").is_visible()


async def test_a_count_shows_its_promises(browser: Browser, written: Written) -> None:
    """Who clicks on "2 broken" sees those two, and not the one whose breach is accepted."""
    async with opened(browser, red(written).load()) as page:
        await page.click(".counts a[data-verdict=broken]")
        assert await page.locator(".counts a[data-verdict=broken] b").inner_text() == "2"
        assert await shown(page) == [
            "storage/a-file-comes-back",
            "storage/folder-contents-are-json[apex]",
        ]


async def test_quiet_cases_unfold(browser: Browser, written: Written) -> None:
    """Many cases that held are folded behind a button that says how many; what broke among them is
    seen.
    """
    names = [f"edge/a-route[{number}]" for number in range(9)]
    run = written.started(*names).held(*names[1:]).broken(names[0]).ended().load()
    async with opened(browser, run) as page:
        assert await shown(page) == [names[0]]
        button = page.get_by_role("button", name="9 cases")
        assert await button.get_attribute("aria-expanded") == "false"
        await button.click()
        assert await shown(page) == names
        assert await button.get_attribute("aria-expanded") == "true"


async def test_a_link_to_a_folded_row_unfolds_it(browser: Browser, written: Written) -> None:
    """A link that somebody was sent leads to the row, whatever the page would have folded."""
    names = [f"edge/a-route[{number}]" for number in range(9)]
    run = written.started(*names).held(*names).ended().load()
    async with opened(browser, run) as page:
        await page.evaluate("location.hash = '#case-edge-a-route-7'")
        await page.locator("#case-edge-a-route-7").wait_for(state="visible")
        assert await shown(page) == names


async def test_without_scripts_all_is_there(browser: Browser, written: Written) -> None:
    """A viewer that runs no script shows every row, and no control that would do nothing."""
    names = [f"edge/a-route[{number}]" for number in range(9)]
    run = written.started(*names).held(*names).ended().load()
    async with opened(browser, run, java_script_enabled=False) as page:
        assert await shown(page) == names
        assert await page.locator("button:visible, form:visible").count() == 0


async def test_without_its_style_it_is_still_a_text(browser: Browser, written: Written) -> None:
    """Jenkins' default policy refuses styles and scripts of pages: then nothing is blown up and the
    order stays.
    """
    run = red(written).load()
    text = re.sub("<(style|script)>.*?</(style|script)>", "", made(run), flags=re.DOTALL)
    async with opened(browser, run, text) as page:
        sizes = [await icon.bounding_box() for icon in await page.locator(".icon:visible").all()]
        assert max(box["width"] for box in sizes if box) <= 16
        words = await page.locator("body").inner_text()
        places = [
            words.index(said)
            for said in ("BROKEN: 2 of 7", CAUSE, "edge-html-fallback", "tls-expiring")
        ]
        assert places == sorted(places)


async def test_hostile_text_does_nothing(browser: Browser, written: Written) -> None:
    """No script of a journal's runs, nothing is asked of anybody, and no rule is called against."""
    async with opened(browser, hostile(written)) as page:
        assert await page.locator("img, iframe, object").count() == 0
        assert (
            "<img src=x onerror=alert(1)>"
            in await page.locator("h1").inner_text()
            + await page.locator("dd.observed").inner_text()
        )


async def test_the_policy_lets_no_other_script_run(browser: Browser, written: Written) -> None:
    """Should an escape ever fail, the page's own policy stops what came through it."""
    run = green(written).load()
    text = made(run).replace("</main>", "<script>document.title = 'taken'</script></main>")
    with pytest.raises(AssertionError, match="Content Security Policy"):
        async with opened(browser, run, text) as page:
            title = await page.title()
    assert title != "taken"


async def test_the_picture_of_a_broken_page_is_seen(browser: Browser, written: Written) -> None:
    """The screenshot is drawn from within the page, and says in words what it shows."""
    blank = await browser.new_page()
    whole = await blank.screenshot()
    await blank.close()
    async with opened(browser, pictured(written, "artifacts/page.png", whole)) as page:
        picture = page.get_by_role("img", name="What the browser showed when storage/a-file")
        await picture.scroll_into_view_if_needed()
        assert await picture.evaluate("image => image.naturalWidth") > 0


async def test_paper_has_the_runbooks(browser: Browser, written: Written) -> None:
    """What is folded away on a screen is printed: paper cannot be clicked; afterwards the screen is
    as it was.
    """
    async with opened(browser, red(written).load()) as page:
        closed = page.locator(".runbook:not([open])")
        before = await closed.count()
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert (before > 0, await closed.count()) == (True, 0)
        await page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert await closed.count() == before


@pytest.mark.parametrize(
    ("write", "rungs"), [(red, ["held", "broke"]), (killed, []), (intermittent, [])]
)
async def test_the_ladder_is_drawn(
    browser: Browser, written: Written, write: Callable[[Written], Written], rungs: list[str]
) -> None:
    """Each rung that was climbed is drawn, the broken one otherwise than those that held, and it
    says so in words.
    """
    async with opened(browser, write(written).load()) as page:
        drawn = page.locator(".finding").first.locator(".ladder li")
        assert [await rung.get_attribute("class") for rung in await drawn.all()] == rungs
        if rungs:
            assert "BROKE" in await drawn.last.inner_text()
            paths = [await rung.locator("path").get_attribute("d") for rung in await drawn.all()]
            assert paths[0] != paths[-1]


async def test_the_page_speaks_korean(browser: Browser, written: Written) -> None:
    """The language of the page is told to those who have it read to them, and its headings are in
    it.
    """
    run = red(written).load()
    async with opened(browser, run, made(run, words("ko"))) as page:
        await keep(page, "korean")
        assert await page.locator("html").get_attribute("lang") == "ko"
        assert re.search("[가-힣]", await page.locator("#findings-head").inner_text())


def test_pictures_of_this_run_are_kept() -> None:
    """Whoever runs the tests can look at what they saw; nothing of it is committed."""
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert f"/{SCREENSHOTS.relative_to(Path(ROOT))}/" in ignored
