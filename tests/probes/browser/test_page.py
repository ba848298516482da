"""A page in a real browser: what it shows, what it got, what it complains of, and why it could not
be opened.
"""

import asyncio

import pytest

from probes.browser.page import Visit
from probes.finding import Broken, CannotAsk, Code
from probes.recording import journal
from probes.recording.recorder import Recorder
from tests.support.app import App
from tests.support.site import NOWHERE, Said, js, page

DATA = "apex/api/svc/storage/data"
ASKS = "const ask = () => fetch('/api/svc/storage/data').then(reply => reply.text());"


async def hello(visit: Visit) -> None:
    """Wait for the page to say hello; the guard is there to fail, not to pass."""
    async with asyncio.timeout(60):
        await visit.expect_visible(
            visit.page.get_by_text("hello"), Code.PAGE_DRIVE_EMPTY, "no hello", "the page"
        )


async def until(visit: Visit, event: str, address: str, script: str) -> None:
    """Run `script` on the page until its request to `address` has ended so."""
    async with visit.page.expect_event(event, lambda request: request.url.endswith(address)):
        await visit.page.evaluate(script)
    await visit.settle()


async def found(visit: Visit) -> Broken:
    with pytest.raises(Broken) as failure:
        await hello(visit)
    return failure.value


async def test_what_comes_later_is_waited_for(app: App, recorder: Recorder) -> None:
    """The page shows it once its data is there."""
    app.site.says[f"GET {DATA}"] = js({"say": "hello"})
    async with app.open(ASKS + "ask().then(said => show(JSON.parse(said).say))") as visit:
        await hello(visit)
        visit.expect_no_trouble()


async def test_what_never_comes_has_the_name_that_was_given(app: App, recorder: Recorder) -> None:
    """Nothing else was wrong."""
    async with app.open("show('good bye')") as visit:
        visit.page.set_default_timeout(1)
        failure = await found(visit)
    assert (failure.finding.code, failure.finding.observed) == (Code.PAGE_DRIVE_EMPTY, "no hello")
    assert failure.finding.cause == "the page"


async def test_a_thing_may_be_there_and_not_be_seen(app: App, recorder: Recorder) -> None:
    """As the field for files is."""
    hidden = "<p id=x style=display:none>x</p>"
    async with app.open(f"document.body.innerHTML = '<p>y</p>{hidden}'") as visit:
        place = visit.page.locator("#x")
        await visit.expect_visible(
            place, Code.PAGE_DRIVE_EMPTY, "no x", "the page", state="attached"
        )
        visit.page.set_default_timeout(500)
        with pytest.raises(Broken, match="no x"):
            await visit.expect_visible(place, Code.PAGE_DRIVE_EMPTY, "no x", "the page")


@pytest.mark.parametrize(
    ("script", "said", "code", "words"),
    [
        ("ask()", page(), Code.PAGE_RECEIVED_HTML, "data answered 200 text/html"),
        ("ask()", page(404), Code.PAGE_RECEIVED_HTML, "data answered 404 text/html"),
        (
            "ask().then(() => console.error('boom'))",
            page(),
            Code.PAGE_RECEIVED_HTML,
            "answered 200 text/html",
        ),
        (
            "ask().then(r => {throw Error('boom')})",
            NOWHERE,
            Code.ROUTE_BROKEN,
            "data answered 404 text/plain: no route",
        ),
        ("ask()", js({}, 500), Code.SERVICE_UNAVAILABLE, "data answered 500 application/json"),
        ("ask()", js({}, 403), Code.ACCESS_REFUSED, "data answered 403 application/json"),
        (
            "console.error('boom', new RangeError('7'))",
            js({}),
            Code.PAGE_CONSOLE_ERROR,
            "the console says: boom RangeError: 7",
        ),
        ("throw Error('boom')", js({}), Code.PAGE_CONSOLE_ERROR, "the console says: uncaught boom"),
        ("throw Error('1'); ", page(), Code.PAGE_CONSOLE_ERROR, "the console says: uncaught 1"),
    ],
)
async def test_what_troubles_a_page_is_told_at_once(
    app: App, recorder: Recorder, *, script: str, said: Said, code: Code, words: str
) -> None:
    """Before its time is over, and the deepest cause first: HTML for data, a failed call, the
    console.
    """
    app.site.says[f"GET {DATA}"] = said
    async with app.open(ASKS + script) as visit:
        failure = await found(visit)
    assert (failure.finding.code, words in failure.finding.observed) == (code, True), (
        failure.finding
    )
    if code is not Code.PAGE_CONSOLE_ERROR:
        assert recorder.last
        assert (recorder.last.kind, recorder.last.url) == (
            "page",
            app.site.origin("apex") + DATA.removeprefix("apex"),
        )


async def test_trouble_may_be_beside_the_point(app: App, recorder: Recorder) -> None:
    """A page that shows it all the same is looked at; its trouble is told when it is asked for."""
    app.site.says[f"GET {DATA}"] = page()
    async with app.open(ASKS) as visit:
        await until(visit, "requestfinished", "/data", "ask().then(() => show('hello'))")
        assert visit.trouble.is_set()
        await hello(visit)
        with pytest.raises(Broken, match="page-received-html"):
            visit.expect_no_trouble()


LOGGED = {
    "a list that could not be read": "console.error('getBoards error:', 7)",
    "a call that was cut off": "console.error('chats:', new TypeError('Failed to fetch'))",
}


@pytest.mark.parametrize("script", LOGGED.values(), ids=LOGGED.keys())
async def test_what_an_app_logs_accuses_nobody_of_a_text_that_differs(
    app: App, recorder: Recorder, script: str
) -> None:
    """The placeholder of an older build differs, and the app logs an error of its own besides."""
    async with app.open(f"show('another text'); {script}") as visit:
        visit.page.set_default_timeout(500)
        with pytest.raises(CannotAsk, match=r"did not find a field .*the page logged"):
            await visit.find(visit.page.get_by_placeholder("hello"), "a field")


async def test_a_page_that_throws_is_broken_whatever_is_looked_for(
    app: App, recorder: Recorder
) -> None:
    """Then the field is not missing for its text."""
    async with app.open("show('hm'); console.error(new TypeError('x is undefined'))") as visit:
        with pytest.raises(Broken, match="page-console-error"):
            await visit.find(visit.page.get_by_placeholder("hello"), "a field")


async def test_a_warning_is_no_complaint(app: App, recorder: Recorder) -> None:
    """Nor is a word."""
    async with app.open("console.warn('hm'); console.log('so'); show('hello')") as visit:
        await hello(visit)
        visit.expect_no_trouble()
        assert visit.complaints == []


async def test_a_redirect_of_a_call_is_the_gateways(app: App, recorder: Recorder) -> None:
    """Its body is a page for people, and no HTML for data; that the reply after it is good does not
    mend it.
    """
    app.site.says[f"GET {DATA}"] = Said(
        307, b"<html>moved", "text/html", {"location": "/api/there"}
    )
    app.site.says["GET apex/api/there"] = js({})
    async with app.open(ASKS) as visit:
        await until(visit, "requestfinished", "/api/there", "ask()")
        assert [reply.answer.status for reply in visit.api_replies] == [307, 200]
        with pytest.raises(Broken, match=r"route-broken: .* a redirect to /api/there"):
            visit.expect_no_trouble()


async def test_replies_of_others_are_their_own(app: App, recorder: Recorder) -> None:
    """A page may get HTML and errors from elsewhere; what is judged is its own API."""
    allowed = {"access-control-allow-origin": "*"}
    app.site.says["GET api/api/other"] = Said(500, b"<html>", "text/html", allowed)
    app.site.says["GET apex/page"] = page()
    async with app.open() as visit:
        await until(
            visit,
            "requestfinished",
            "/other",
            f"fetch('{app.site.origin('api')}/api/other').then(r => r.text())",
        )
        await until(visit, "requestfinished", "/page", "fetch('/page').then(r => r.text())")
        assert [reply.answer.status for reply in visit.replies[-2:]] == [500, 200]
        assert visit.api_replies == []


async def test_a_request_that_failed_says_how(app: App, recorder: Recorder) -> None:
    """Status 0, and the browser's own word for it; the journal has it too."""
    async with app.open() as visit:
        await until(visit, "requestfailed", ":1/x", "fetch('http://127.0.0.1:1/x').catch(() => 0)")
        reply = visit.replies[-1]
    assert (reply.answer.status, reply.failure[:9]) == (0, "net::ERR_")
    [event] = [
        e for e in journal.read(recorder.evidence.folder) if e.get("url", "").endswith(":1/x")
    ]
    assert (event["status"], event["error"]) == (None, reply.failure)


async def test_an_answer_that_nobody_reads_is_an_answer(app: App, recorder: Recorder) -> None:
    """The browser calls it aborted."""
    app.site.says[f"GET {DATA}"] = Said(201, b"x" * 32_000_000, "text/plain")
    script = "const c = new AbortController(); fetch('/api/svc/storage/data', {signal: c.signal})"
    async with app.open() as visit:
        await until(visit, "requestfailed", "/data", script + ".then(() => c.abort())")
        [reply] = visit.api_replies
    assert (reply.answer.status, reply.failure) == (201, "")


async def test_what_a_page_asked_and_got_is_evidence(app: App, recorder: Recorder) -> None:
    """With its body, redacted."""
    app.site.says["POST " + DATA] = js({"token": "hunT3r", "name": "x"})
    script = (
        "fetch('/api/svc/storage/data', {method: 'POST', body: JSON.stringify({password: "
        "'hunT3r', n: 1})})"
    )
    async with app.open() as visit:
        await until(visit, "requestfinished", "/data", script + ".then(r => r.text())")
    text = (recorder.evidence.folder / journal.NAME).read_text()
    [event] = [e for e in journal.read(recorder.evidence.folder) if e.get("method") == "POST"]
    assert (event["kind"], event["status"], event["scenario"]) == ("page", 200, recorder.scenario)
    assert '"n": 1' in event["request"]["body"]
    assert '"name": "x"' in event["response"]["body"]
    assert "hunT3r" not in text
    assert event["duration"] > 0


async def test_an_upload_under_way_is_waited_for(app: App, recorder: Recorder) -> None:
    """The page may be happy before the answer is there."""
    app.site.says["PUT apex/x"] = Said(204)
    async with app.open() as visit:
        await visit.page.evaluate("fetch('/x', {method: 'PUT', body: '1'}); 0")
        await visit.settle()
        assert [put.answer.status for put in visit.puts()] == [204]


async def test_a_page_that_is_an_error_is_no_page(app: App, recorder: Recorder) -> None:
    """Whatever it shows."""
    app.site.says["GET apex/gone"] = page(503)
    with pytest.raises(Broken) as failure:
        async with app.browser.visit("/gone"):
            pass
    assert failure.value.finding.code is Code.ASSET_BROKEN
    assert failure.value.finding.observed == (
        "GET apex.localhost/gone answered 503 text/html for a page of the app"
    )


async def test_what_the_probe_cannot_find_breaks_nothing(app: App, recorder: Recorder) -> None:
    """A button under another text, a field under another placeholder: the product may change
    them.
    """
    async with app.open("show('good bye')") as visit:
        visit.page.set_default_timeout(300)
        with pytest.raises(CannotAsk, match="the probe did not find a button on /: "):
            await visit.find(visit.page.get_by_role("button"), "a button")


async def test_a_blank_page_is_the_pages_own_fault(app: App, recorder: Recorder) -> None:
    """There nothing was changed: nothing is shown at all."""
    async with app.open("document.body.innerHTML = '<div id=root></div>'") as visit:
        visit.page.set_default_timeout(300)
        with pytest.raises(Broken, match="asset-broken: / is blank"):
            await visit.find(visit.page.get_by_role("button"), "a button")


async def test_a_request_that_the_page_withdrew_is_no_failure(app: App, recorder: Recorder) -> None:
    """It has gone on, and did not wait for the answer."""
    script = "const c = new AbortController(); window.ask = () => {"
    script += "fetch('/api/svc/storage/data', {signal: c.signal}).catch(() => 0); c.abort() }"
    async with app.open(script) as visit:
        await until(visit, "requestfailed", "/data", "ask()")
        [reply] = visit.api_replies
        assert reply.is_withdrawn
        visit.expect_no_trouble()


async def test_the_probes_own_offline_is_no_failure(app: App, recorder: Recorder) -> None:
    """Neither the request that it stopped nor the console's word about it."""
    async with app.open(ASKS) as visit:
        await visit.page.context.set_offline(True)
        await until(visit, "requestfailed", "/data", "ask().catch(() => 0)")
        [reply] = visit.api_replies
        assert reply.is_withdrawn
        assert not reply.is_aborted
        visit.expect_no_trouble()
