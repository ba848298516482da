"""Sockets and streams that are lived in: a user who sits there for a while loses nothing."""

from collections.abc import Awaitable, Callable

import pytest

from probes.auth.users import User
from probes.recording.ledger import Ledger
from probes.services import lingering
from probes.transport.http import Web

Stay = Callable[[Web, User, User, Ledger], Awaitable[None]]

STAYS: dict[str, Stay] = {
    "chat": lingering.stay_in_chat,
    "board": lingering.stay_on_board,
    "presence": lingering.stay_present,
    "stream": lingering.stay_notified,
}


@pytest.mark.promise(owner="platform", incident="contract 5.2, 5.3, 5.4")
@pytest.mark.lingers
@pytest.mark.parametrize("kind", STAYS)
async def test_what_is_open_stays_open(
    web: Web, alice: User, bob: User, ledger: Ledger, kind: str
) -> None:
    """Who has the app open for more than a minute is still connected, and still told what
    happens.
    """
    await STAYS[kind](web, bob, alice, ledger)
