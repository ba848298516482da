"""Whether services check tokens at all: every door against every token that nobody may take for good."""

from collections.abc import Awaitable, Callable

import pytest

from probes import chat, trust
from probes.counterfeits import Counterfeit, Counterfeits
from probes.finding import NotApplicable
from probes.identity import Member
from probes.ledger import Ledger
from probes.once import Once
from probes.trust import Door
from probes.web import Web
from scenarios.trust import CELLS, DOORS, OTHERS

pytestmark = pytest.mark.promise(owner="platform", incident="V6 §7, contract 2.5")


Bad = Callable[[str, str], Awaitable[Counterfeit]]
At = Callable[[Door], Awaitable[Door]]


@pytest.fixture(scope="session")
def bad(web: Web, member: Callable[[str], Member]) -> Bad:
    """A bad token of some kind, as somebody of the cast would come with it."""
    made = Counterfeits(web)
    return lambda kind, who: made.get(kind, member(who))


@pytest.fixture(scope="session")
def at(web: Web, alice: Member, ledger: Ledger) -> At:
    """A door in this environment; a chat is one of alice's own, the same for all."""

    async def make(_: str) -> str:
        return (await chat.open_room(web, alice, [alice], ledger)).id

    rooms = Once(make)

    async def fill(door: Door) -> Door:
        return door.filled(web, await rooms.get("alice's") if "{room}" in door.path else "")

    return fill


def _cell(value: Door | str) -> str:
    return value.name if isinstance(value, Door) else value


@pytest.mark.parametrize("door", DOORS, ids=_cell)
async def test_a_good_token_opens_the_door(web: Web, member: Callable[[str], Member], at: At, door: Door) -> None:
    """Who is signed in gets in, at every service, over HTTP, socket and stream."""
    await trust.admits(web, await at(door), await member(door.who).token())


@pytest.mark.parametrize(("door", "kind"), CELLS, ids=_cell)
async def test_a_bad_token_opens_nothing(web: Web, bad: Bad, at: At, door: Door, kind: str) -> None:
    """A token that is forged, expired, signed out, meant for something else, or none, opens no door."""
    if kind == "signed-out" and door.name not in web.target.sign_out.ends_access:
        raise NotApplicable("ends_access in [sign_out] does not name this door")
    await trust.refuses(web, await at(door), await bad(kind, door.who))


@pytest.mark.promise(incident="contract 2.5, 4.2")
@pytest.mark.parametrize(("door", "who"), OTHERS, ids=_cell)
async def test_what_is_anothers_stays_shut(
    web: Web, member: Callable[[str], Member], at: At, door: Door, who: str
) -> None:
    """A good token opens what is its owner's, and is told 403 at what is somebody else's."""
    await trust.shuts(web, await at(door), await member(who).token())
