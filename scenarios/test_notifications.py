"""Notifications: who is given something to do learns of it, at once or on coming back."""

import pytest

from probes.auth.users import User
from probes.recording.ledger import Ledger
from probes.services import boards, notifications
from probes.transport.http import Web

pytestmark = pytest.mark.promise(owner="noti", incident="f8d2b9c5")


async def test_an_assigned_board_notifies_its_assignee(
    web: Web, alice: User, bob: User, ledger: Ledger
) -> None:
    """A member who is assigned a board is told at once, once, without asking."""
    notices = await notifications.expect_notified(
        web, bob, lambda: boards.create(web, alice, ledger, assignee=bob)
    )
    for notice in notices:
        await notifications.dismiss(web, bob, notice.id)


@pytest.mark.promise(incident="76f1719a, 9606eb9e")
async def test_what_came_while_away_is_there_on_return(
    web: Web, alice: User, bob: User, ledger: Ledger
) -> None:
    """A notification that came while the connection was down is in the list after it is back."""
    async with notifications.connected_stream(web, bob):
        pass
    card = await boards.create(web, alice, ledger, assignee=bob)
    async with notifications.connected_stream(web, bob):
        notice = await notifications.expect_listed(web, bob, card)
    await notifications.dismiss(web, bob, notice.id)


@pytest.mark.promise(incident="contract 5.4")
async def test_the_stream_stays_open(web: Web, bob: User) -> None:
    """The stream of notifications lives as long as this environment says, so that nothing falls
    into a gap.
    """
    async with notifications.connected_stream(web, bob) as listening:
        await listening.expect_open_for(web.target.realtime.stream_seconds)
