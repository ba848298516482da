"""Signing in and out, and the life of a token in the pages."""

import re
from urllib.parse import urlencode

from playwright.async_api import Browser, expect

from tests.support.page_visits import (
    ERROR_BOX,
    SIGN_IN,
    Place,
    Visitor,
    put_file,
    refusing,
    tokens_of,
    visitor,
)


async def test_nobody_is_asked_to_sign_in(browser: Browser, place: Place) -> None:
    """Without tokens every address is the login page; half a set is cleared."""
    found = await visitor(browser, place, {"userId": "x"})
    await found.drive()
    await expect(found.page.get_by_role("button", name=SIGN_IN)).to_be_visible()
    await found.sees("Google 계정으로 로그인하고 워크스페이스를 시작하세요.")
    assert await found.stored("userId") is None
    await found.page.close()


async def test_the_landing_keeps_what_google_brought(browser: Browser, place: Place) -> None:
    """And goes on to the dashboard; with half of it, it says so."""
    found = await visitor(browser, place, {})
    await found.goes("/oauth/callback?accessToken=x")
    await expect(
        found.page.get_by_text("오류 발생: 로그인 정보를 확인할 수 없습니다")
    ).to_be_visible()
    given = tokens_of(place)
    await found.goes(f"/oauth/callback?{urlencode(given)}")
    await expect(found.page.get_by_role("heading", name="My Dashboard")).to_be_visible()
    assert [await found.stored(key) for key in given] == list(given.values())
    assert found.page.url == f"{place.url}/dashboard"
    await found.page.close()


async def test_the_dashboard_leads_to_the_drive(alice: Visitor) -> None:
    """List, search, workspace with its projects, drive: no complaint on the way, the build id
    below.
    """
    await alice.goes("/")
    await alice.page.get_by_placeholder("워크스페이스 검색...").fill("Pro")
    await alice.page.get_by_role("button", name="Probes").click()
    await alice.sees("Plan")
    await alice.page.get_by_title("드라이브").click()
    await alice.sees("내 드라이브")
    assert re.search(
        r"Oranges 2025-2026 • v\d+-[0-9a-f]{7}$", await alice.page.locator("footer").inner_text()
    )
    assert alice.complaints == []


async def test_a_workspace_is_made_on_the_dashboard(alice: Visitor) -> None:
    """It shows at once."""
    await alice.goes("/dashboard")
    await alice.page.get_by_placeholder("워크스페이스 이름").fill("Second")
    await alice.page.get_by_role("button", name="워크스페이스 만들기").click()
    await alice.sees("Second")


async def test_logging_out_forgets_everything(alice: Visitor) -> None:
    """The user's id too, and the token is no longer good for auth-service."""
    await alice.goes("/dashboard")
    await alice.page.get_by_title("로그아웃").click()
    await expect(alice.page.get_by_role("button", name=SIGN_IN)).to_be_visible()
    assert [await alice.stored(key) for key in ("accessToken", "refreshToken", "userId")] == [
        None
    ] * 3
    assert alice.place.state.blacklist


async def test_one_refresh_serves_all_calls(browser: Browser, place: Place) -> None:
    """With an expired access token the page refreshes once, tries again, and keeps the new pair."""
    old = tokens_of(place, seconds=-1)
    found = await visitor(browser, place, old)
    put_file(place.state, "a.txt")
    await found.drive()
    await found.sees("a.txt")
    await expect(found.page.get_by_text("15GB 사용 중")).to_be_visible()
    assert place.asked_for("/api/auth/refresh") == 1
    assert await found.stored("accessToken") != old["accessToken"]
    await found.page.close()


async def test_a_refused_refresh_signs_out(browser: Browser, place: Place) -> None:
    """To the login page, with the tokens gone."""
    given = tokens_of(place, seconds=-1)
    place.state.blacklist.add(given["refreshToken"])
    found = await visitor(browser, place, given)
    await found.drive()
    await expect(found.page.get_by_role("button", name=SIGN_IN)).to_be_visible()
    assert await found.stored("refreshToken") is None
    await found.page.close()


async def test_a_refresh_that_cannot_be_asked_signs_nobody_out(
    browser: Browser, place: Place
) -> None:
    """503 says nothing about the session: an error, and the tokens stay."""
    place.apps["auth"] = refusing(503)
    found = await visitor(browser, place, tokens_of(place, seconds=-1))
    await found.drive()
    await expect(found.page.get_by_role("alert")).to_contain_text(ERROR_BOX)
    assert await found.stored("refreshToken")
    await found.page.close()
