"""What is done to a page that stays open arrives there, and what it does is counted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from probes.auth.refresh import REFRESH
from probes.auth.tokens import OwnSession, Tokens
from probes.auth.users import User
from probes.browser.browser import Browser
from probes.browser.session import SIGN_IN, PageSession, open_session
from probes.browser.session_traffic import REFUSAL
from probes.config.environment import Target
from probes.config.timeouts import Realtime
from probes.finding import Broken, CannotAsk, Code, NotApplicable
from probes.recording.recorder import Recorder
from tests.support.planted import token
from tests.support.site import Said, Site, js

SIGNED_IN = Tokens(token(subject="first"), "refresh-1", "u-1")
EXPIRED = token(subject="expired")
AFTER = Tokens(token(subject="second"), token(subject="second-refresh"), "u-1")
CALL = "/api/svc/user/api/workspaces/all"
LOGIN = f"<!doctype html><meta charset=utf-8><button>{SIGN_IN}</button>".encode()
APP = f"""<!doctype html><script>
const signed = () => ({{authorization: localStorage.accessToken}});
const ask = (method, path) => fetch(path, {{method, headers: signed()}})
    .then(async answer => [answer.status, await answer.text()], () => [0, ""]);
async function refresh() {{
    const [status, text] = await ask("POST", "{REFRESH}");
    const pairs = status === 200 ? Object.entries(JSON.parse(text)) : [];
    for (const [key, value] of pairs) localStorage.setItem(key, value);
    return [status, text];
}}
function logOut(...names) {{
    names.forEach(name => localStorage.removeItem(name));
    location.href = "/";
}}
</script>""".encode()


@dataclass
class Somebody:
    """A member with one session; what follows it is kept here."""

    kept: list[Tokens] = field(default_factory=list)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[OwnSession]:
        async def keep(tokens: Tokens) -> None:
            self.kept.append(tokens)

        yield OwnSession(SIGNED_IN, keep)


@pytest.fixture
def app(site: Site) -> Site:
    """A page of our own, and the API that it asks."""
    pair = {"accessToken": AFTER.access, "refreshToken": AFTER.refresh, "userId": AFTER.user_id}
    site.says = {
        "GET apex/app": Said(200, APP, "text/html"),
        "GET apex/": Said(200, LOGIN, "text/html"),
        f"POST apex{REFRESH}": js(pair),
        f"GET apex{CALL}": js([]),
    }
    return site


@pytest.fixture
async def browser(app: Site, target: Target, recorder: Recorder) -> AsyncIterator[Browser]:
    launched = Browser(replace(target, realtime=Realtime(reconnect_seconds=20, pause_seconds=0.01)))
    yield launched
    await launched.close()


@asynccontextmanager
async def staying(browser: Browser, somebody: Somebody | None = None) -> AsyncIterator[PageSession]:
    async with open_session(browser, cast("User", somebody or Somebody()), "/app") as open_page:
        yield open_page


async def test_refreshes_fail_as_they_are_told_to_and_then_work(
    app: Site, browser: Browser
) -> None:
    """First Envoy's 503, then no answer, then the service itself; only the last reaches it."""
    async with staying(browser) as page:
        await page.fail_refreshes("unavailable", "network")
        said = [await page.page.evaluate("refresh()") for _ in range(3)]
        assert [status for status, _ in said] == [503, 0, 200]
        assert said[0][1] == "no healthy upstream"
        assert page.observation.refreshes == 3
    assert [asked.path for asked in app.asked].count(REFRESH) == 1


async def test_a_refused_refresh_is_refused_every_time(app: Site, browser: Browser) -> None:
    """In auth-service's own words, which the page must understand; the refresh token stays
    unused.
    """
    async with staying(browser) as page:
        await page.refuse_refreshes()
        said = [
            await page.page.evaluate("ask('POST', arguments)".replace("arguments", repr(REFRESH)))
        ]
        said.append(await page.page.evaluate("refresh()"))
        assert [status for status, _ in said] == [401, 401]
        assert REFUSAL["code"] in said[0][1]
    assert REFRESH not in [asked.path for asked in app.asked]


async def test_what_a_page_refreshed_is_kept(app: Site, browser: Browser) -> None:
    """Else the next run would come with a refresh token that is spent."""
    somebody = Somebody()
    async with staying(browser, somebody) as page:
        assert (await page.page.evaluate("refresh()"))[0] == 200
    assert somebody.kept == [AFTER]


async def test_a_page_that_refreshed_nothing_leaves_the_session_as_it_was(browser: Browser) -> None:
    """An expired token in its storage is ours, and nothing to keep."""
    somebody = Somebody()
    async with staying(browser, somebody) as page:
        await page.expire(EXPIRED)
        assert await page.page.evaluate("localStorage.accessToken") == EXPIRED
    assert somebody.kept == []


async def test_tokens_from_before_are_stale(browser: Browser) -> None:
    """A socket must carry neither the expired token nor the one that it stands for."""
    async with staying(browser) as page:
        await page.expire(EXPIRED)
        assert page.observation.stale == {EXPIRED, SIGNED_IN.access}


async def test_one_logout_without_a_trace_is_as_promised(browser: Browser) -> None:
    """Refused once, led to the login page once, both tokens gone."""
    async with staying(browser) as page:
        await page.refuse_refreshes()
        await page.expire(EXPIRED)
        await page.page.evaluate("refresh().then(() => logOut('accessToken', 'refreshToken'))")
        await page.expect_one_logout()


ROUTER = "history.replaceState(null, '', '/'); dispatchEvent(new PopStateEvent('popstate'));"


@pytest.mark.parametrize("times", [1, 2])
async def test_a_move_within_the_document_is_no_second_logout(browser: Browser, times: int) -> None:
    """React Router shows the login page before the document that was asked for comes."""
    async with staying(browser) as page:
        await page.refuse_refreshes()
        await page.expire(EXPIRED)
        leave = f"{ROUTER * times} logOut('accessToken', 'refreshToken')"
        await page.page.evaluate(f"refresh().then(() => {{ {leave} }})")
        await page.expect_one_logout()


async def test_calls_that_no_service_refuses_share_no_refresh(app: Site, browser: Browser) -> None:
    """Services that only parse refuse nothing: then nothing is known of a shared refresh."""
    async with staying(browser) as page:
        page.realtime = replace(page.realtime, reconnect_seconds=0.2)
        await page.expire(EXPIRED)
        await page.page.evaluate(f"ask('GET', '{CALL}')")
        with pytest.raises(NotApplicable, match="0 of the page's calls were refused"):
            await page.expect_calls_repeated(together=2)


async def test_a_page_that_calls_nothing_proves_nothing(browser: Browser) -> None:
    """It may be slow: that no service refuses a token is not known then."""
    async with staying(browser) as page:
        page.realtime = replace(page.realtime, reconnect_seconds=0.2)
        await page.expire(EXPIRED)
        await page.page.evaluate("document.body.append('Workspaces')")
        with pytest.raises(CannotAsk, match="made no call in its time"):
            await page.expect_calls_repeated(together=2)


EAGER = f"""
    const known = localStorage.accessToken;
    document.body.innerHTML = "<button>Trash</button>";
    document.querySelector("button").onclick = () => ["?files", "?folders"].map(
        what => ask("GET", "{CALL}" + what)
    );
    const timer = setInterval(() => {{
        if (localStorage.accessToken === known) return;
        clearInterval(timer);
        refresh();
    }}, 1);
"""


async def test_what_is_clicked_comes_before_what_the_page_does_by_itself(
    app: Site, browser: Browser
) -> None:
    """A page that renews an expired token within a millisecond still makes its calls with it."""
    async with staying(browser) as page:
        await page.page.evaluate(f"() => {{ {EAGER} }}")
        await page.expire(EXPIRED, then_click=page.page.get_by_role("button"))
        await page.visit.wait_until(lambda: page.observation.refreshes > 0, 5.0)
        await page.visit.settle()
    said = [asked.headers["authorization"] for asked in app.asked if CALL in asked.path]
    assert said == [EXPIRED, EXPIRED]


async def test_a_logout_that_keeps_a_token_is_named(browser: Browser) -> None:
    """Whoever sits down next would be signed in."""
    async with staying(browser) as page:
        await page.refuse_refreshes()
        await page.expire(EXPIRED)
        await page.page.evaluate("refresh().then(() => logOut('accessToken'))")
        with pytest.raises(Broken) as caught:
            await page.expect_one_logout()
        assert caught.value.finding.code is Code.PAGE_NOT_RECOVERED
        assert "still keeps refreshToken" in caught.value.finding.observed


async def test_a_call_that_is_repeated_after_one_refresh_is_as_promised(
    app: Site, browser: Browser
) -> None:
    """401, refresh, 200."""
    async with staying(browser) as page:
        await page.expire(EXPIRED)
        app.says[f"GET apex{CALL}"] = js({}, 401)
        assert (await page.page.evaluate(f"ask('GET', '{CALL}')"))[0] == 401
        app.says[f"GET apex{CALL}"] = js([])
        await page.page.evaluate(f"refresh().then(() => ask('GET', '{CALL}'))")
        await page.expect_calls_repeated()


async def test_a_service_that_takes_an_expired_token_is_named(app: Site, browser: Browser) -> None:
    """Nothing was refused, so nothing was proved but this."""
    async with staying(browser) as page:
        page.realtime = replace(page.realtime, reconnect_seconds=0.2)
        await page.expire(EXPIRED)
        await page.page.evaluate(f"ask('GET', '{CALL}')")
        with pytest.raises(Broken) as caught:
            await page.expect_calls_repeated()
        assert caught.value.finding.code is Code.STRANGER_ADMITTED


async def test_a_page_without_sockets_does_not_come_back(browser: Browser) -> None:
    """Silence is named once its time is over."""
    async with staying(browser) as page:
        page.realtime = replace(page.realtime, reconnect_seconds=0.2)
        with pytest.raises(Broken) as caught:
            await page.expect_recovered("chat")
        assert caught.value.finding.code is Code.PAGE_NOT_RECOVERED


async def test_a_page_without_a_network_gets_nothing(browser: Browser) -> None:
    """For as long as it is said, and not longer."""
    async with staying(browser) as page:
        away = asyncio.ensure_future(page.lose_network(1))
        while not await page.page.evaluate("!navigator.onLine"):
            pass
        assert (await page.page.evaluate(f"ask('GET', '{CALL}')"))[0] == 0
        await away
        assert (await page.page.evaluate(f"ask('GET', '{CALL}')"))[0] == 200
