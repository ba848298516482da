"""Presence: who is online is shown, and who has left is not."""

import pytest

from probes.auth.users import User
from probes.services import presence
from probes.transport.http import Web

pytestmark = pytest.mark.promise(owner="chat", incident="a2cb0eba")


async def test_who_comes_is_shown_and_who_leaves_is_forgotten(
    web: Web, alice: User, stranger: User
) -> None:
    """Somebody who opens the app is shown as online, and no more once the app is closed."""
    # Nobody else in a run has the app open as the stranger, so that this leaving is the last.
    async with presence.open_app(web, stranger):
        await presence.expect_shown(web, alice, stranger, online=True)
    await presence.expect_shown(web, alice, stranger, online=False)


@pytest.mark.alone
@pytest.mark.lingers
async def test_who_has_nothing_open_is_not_shown(
    web: Web, alice: User, bob: User, stranger: User
) -> None:
    """Nobody is shown as online who has nothing open, whatever became of the server they were
    on.
    """
    await presence.expect_away(web, alice, [alice, bob, stranger])
