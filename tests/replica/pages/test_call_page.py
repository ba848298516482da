"""The side with a workspace's calls, in two real browsers' pages, by LiveKit's own library."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from replica.models import VideoRoomModel
from replica.state import add
from tests.support.browser import launched
from tests.support.page_visits import Place, Visitor, refusing, tokens_of, visitor
from tests.support.sfu import RunningStandIn

FAKE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
# Whether any of a tenth of a second of what the page plays is not silent; asked again and again.
LOUD = """() => new Promise(async (resolve) => {
  const element = document.querySelector(".sound audio");
  if (!element) return resolve(false);
  const context = new AudioContext();
  const heard = context.createAnalyser();
  context.createMediaStreamSource(element.srcObject).connect(heard);
  const sound = new Float32Array(heard.fftSize);
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((next) => setTimeout(next, 50));
    heard.getFloatTimeDomainData(sound);
    if (sound.some((value) => Math.abs(value) > 0.01)) break;
  }
  await context.close();
  resolve(sound.some((value) => Math.abs(value) > 0.01));
})"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One with a microphone that beeps."""
    async with launched(*FAKE) as browser:
        yield browser


@pytest.fixture
def place(place: Place, sfu: RunningStandIn) -> Place:
    place.state.livekit = sfu.livekit
    return place


async def opens(page: Page) -> None:
    await page.get_by_title("영상통화", exact=True).click()


async def begins(page: Page, name: str) -> None:
    """A call of that name, in which one is."""
    await opens(page)
    await page.get_by_role("button", name="새 통화방 만들기").click()
    await page.get_by_placeholder("예: 팀 미팅").fill(name)
    await page.get_by_role("button", name="만들기", exact=True).click()
    await expect(page.get_by_text("연결됨")).to_be_visible()


async def test_what_alice_says_bob_hears(browser: Browser, alice: Visitor) -> None:
    """And when she hangs up, who made the call, it is over for him too."""
    bob = await visitor(browser, alice.place, tokens_of(alice.place, "bob"))
    for who in (alice, bob):
        await who.home()
    await begins(alice.page, "Standup")
    await opens(bob.page)
    await bob.page.get_by_role("button", name="Standup (1명)").click()
    await expect(bob.page.locator(".people li")).to_have_count(2)
    await bob.page.wait_for_function(LOUD)
    await alice.page.get_by_title("통화 종료").click()
    await alice.sees("활성화된 통화방이 없습니다")
    await bob.sees("통화가 종료되었습니다.")
    await bob.page.get_by_role("button", name="나가기").click()
    await bob.page.get_by_role("button", name="히스토리").click()
    await bob.sees("Standup")
    await bob.page.close()


async def test_a_call_that_cannot_be_joined_says_so(alice: Visitor) -> None:
    """With a way out of it."""
    state = alice.place.state
    add(
        state.video_rooms,
        VideoRoomModel(
            workspace=state.home.id, name="Dead", creator=state.test_users["bob"].id, size=10
        ),
    )
    await alice.home()
    await opens(alice.page)
    alice.place.apps["video"], service = refusing(500), alice.place.apps["video"]
    await alice.page.get_by_role("button", name="Dead (0명)").click()
    await expect(alice.page.get_by_role("heading", name="연결 오류")).to_be_visible()
    await alice.sees("연결을 복구할 수 없습니다. 다시 참가해주세요.")
    alice.place.apps["video"] = service
    await alice.page.get_by_role("button", name="나가기").click()
    await expect(alice.page.get_by_role("button", name="Dead (0명)")).to_be_visible()
