"""The board: what one member does there, others see without asking."""

import pytest

from probes.auth.users import User
from probes.recording.ledger import Ledger
from probes.services import boards
from probes.transport.http import Web

pytestmark = pytest.mark.promise(owner="board", incident="44a028d8, contract 5.3")


async def test_a_change_reaches_the_other_member(
    web: Web, alice: User, bob: User, ledger: Ledger
) -> None:
    """What one member makes, changes and removes on the board, another who has it open sees at
    once.
    """
    # Bob is looked for on the board below, and a socket of his that closes would hide him there.
    async with boards.watch(web, alice) as watching:
        card = await boards.create(web, bob, ledger)
        await watching.expect_event("BOARD_CREATED", card)
        await boards.rename(web, bob, card)
        await watching.expect_event("BOARD_UPDATED", card)
        await boards.remove(web, bob, card.id)
        await watching.expect_event("BOARD_DELETED", card)
        ledger.mark_removed(card.title)


@pytest.mark.promise(incident="a2cb0eba, 08d2badc")
async def test_who_has_the_board_open_is_shown(web: Web, alice: User, bob: User) -> None:
    """A member sees who else has the board open."""
    async with boards.watch(web, bob):
        await boards.expect_shown(web, alice, bob)
