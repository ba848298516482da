"""The test users, and what each of them has: roles, not clients."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import pytest

from probes.auth.bad_tokens import BadTokens
from probes.auth.users import User
from probes.browser import chat as page_chat
from probes.browser import session
from probes.browser.browser import Browser
from probes.browser.session import PageSession
from probes.config.environment import Presign, Target
from probes.livekit.opener import OpenCalls, calls_opener
from probes.livekit.sdk.call import SdkCalls
from probes.recording.ledger import Ledger
from probes.services import chat
from probes.services.chat import Chat
from probes.services.protected_endpoints import ProtectedEndpoint
from probes.services.storage import Drive
from probes.transport.http import Web
from probes.transport.single_flight import SingleFlight
from scenarios.trust import At, Bad

ChatPage = AbstractAsyncContextManager[tuple[PageSession, Chat]]


@pytest.fixture(scope="session")
def alice(user: Callable[[str], User]) -> User:
    """A member of the workspace."""
    return user("alice")


@pytest.fixture(scope="session")
def bob(user: Callable[[str], User]) -> User:
    """Another member of the workspace."""
    return user("bob")


@pytest.fixture(scope="session")
def stranger(user: Callable[[str], User]) -> User:
    """Somebody with an account, and no part in the workspace."""
    return user("stranger")


@pytest.fixture(scope="session")
def operator(user: Callable[[str], User]) -> User:
    """Somebody whom the operations portal knows."""
    return user("operator")


@pytest.fixture(scope="session")
def promised_presign(target: Target) -> Presign:
    """What the environment promises of a presigned URL."""
    return target.presign or Presign("", "", "", "")


@pytest.fixture(scope="session")
def drive(drive_of: Callable[[str], Drive]) -> Drive:
    """The workspace's drive, as alice has it through the apex."""
    return drive_of("alice")


@pytest.fixture(scope="session")
def drive_of_a_stranger(drive_of: Callable[[str], Drive]) -> Drive:
    return drive_of("stranger")


@pytest.fixture(scope="session")
def bad(web: Web, user: Callable[[str], User]) -> Bad:
    """A bad token of some kind, as one of the test users would come with it."""
    made = BadTokens(web)
    return lambda kind, who: made.get(kind, user(who))


@pytest.fixture(scope="session")
def at(web: Web, alice: User, ledger: Ledger) -> At:
    """A endpoint in this environment; a chat is one of alice's own, the same for all."""

    async def make(_: str) -> str:
        return (await chat.create_chat(web, alice, [alice], ledger)).id

    rooms = SingleFlight(make)

    async def fill(endpoint: ProtectedEndpoint) -> ProtectedEndpoint:
        room = await rooms.get("alice's") if "{room}" in endpoint.path else ""
        return endpoint.fill(web, room)

    return fill


@asynccontextmanager
async def _open_chat_page(
    browser: Browser, web: Web, alice: User, bob: User, ledger: Ledger
) -> AsyncIterator[tuple[PageSession, Chat]]:
    room = await chat.create_chat(web, alice, [bob], ledger)
    async with session.open_session(
        browser, alice, page_chat.path(web.target.workspace.id)
    ) as stay:
        await page_chat.open_chat(stay, room.name)
        yield stay, room


@pytest.fixture(scope="session")
def at_a_chat(
    browser: Browser, web: Web, alice: User, bob: User, ledger: Ledger
) -> Callable[[], ChatPage]:
    """Alice at a chat with bob, on a page of her own for as long as the block lasts."""
    return partial(_open_chat_page, browser, web, alice, bob, ledger)


@pytest.fixture(scope="session")
def calls(web: Web, ledger: Ledger) -> OpenCalls:
    """LiveKit's calls, opened once for all scenarios."""
    return calls_opener(web, ledger)


@pytest.fixture(scope="session")
def sdk_calls(web: Web, calls: OpenCalls) -> SdkCalls:
    """What two people say to each other in a call that all scenarios listen to."""
    return SdkCalls(web, calls)
