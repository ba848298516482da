"""The life of a token: what opens a socket, what does not, and how a session goes on when its token
has expired.
"""

from collections.abc import Awaitable, Callable

import pytest

from probes.auth import refresh, tokens
from probes.auth.users import User
from probes.finding import Code, Finding
from probes.recording.ledger import Ledger
from probes.services import boards, chat, presence
from probes.transport import websocket
from probes.transport.http import Web

pytestmark = pytest.mark.promise(owner="auth", incident="V6 §4")

Place = Callable[[Web, User, Ledger], Awaitable[str]]


async def _chat(web: Web, alice: User, ledger: Ledger) -> str:
    return (await chat.create_chat(web, alice, [alice], ledger)).socket


async def _board(web: Web, _alice: User, _ledger: Ledger) -> str:
    return boards.socket(web)


async def _presence(_web: Web, _alice: User, _ledger: Ledger) -> str:
    return presence.SOCKET


PLACES: dict[str, Place] = {"chat": _chat, "board": _board, "presence": _presence}
EXPIRED = Finding(
    Code.SOCKET_ACCEPTS_EXPIRED,
    "a socket opened for an access token that has expired",
    "the service's token check at the upgrade (SmartValidator, contract 2.5)",
)
UNSIGNED = Finding(
    Code.STRANGER_ADMITTED,
    "a socket opened for a token that weAlist never signed, or for none",
    "the service's token check at the upgrade: signatures are not verified (contract 2.5)",
)


async def _token(kind: str, alice: User) -> str:
    match kind:
        case "expired":
            return await alice.expired_token()
        case "forged":
            return tokens.change_subject(await alice.token())
        case "foreign":
            return tokens.sign_with_another_key(await alice.token())
    return ""


@pytest.mark.parametrize("kind", ["expired", "forged", "foreign", "missing"])
@pytest.mark.parametrize("place", PLACES)
async def test_a_bad_token_opens_no_socket(
    web: Web, alice: User, ledger: Ledger, place: str, kind: str
) -> None:
    """Who comes with an expired, forged or foreign token, or with none, is told so before a socket
    opens.
    """
    path = await PLACES[place](web, alice, ledger)
    accepted = EXPIRED if kind == "expired" else UNSIGNED
    await websocket.expect_refusal(web, path, await _token(kind, alice), accepted)


@pytest.mark.parametrize("place", PLACES)
async def test_a_good_token_opens_the_socket(
    web: Web, alice: User, ledger: Ledger, place: str
) -> None:
    """A member who is signed in gets a socket."""
    async with websocket.open_socket(
        web, await PLACES[place](web, alice, ledger), await alice.token()
    ):
        pass


@pytest.mark.promise(incident="V6 §4, 8073303f")
async def test_a_session_goes_on_after_its_token_expired(web: Web, alice: User) -> None:
    """When the access token has expired, a refresh gives a new one, and with that the socket opens
    again.
    """
    async with alice.session() as session:
        await websocket.expect_refusal(web, presence.SOCKET, await alice.expired_token(), EXPIRED)
        renewed = await refresh.refresh(web, session)
        async with websocket.open_socket(web, presence.SOCKET, renewed.access):
            pass


@pytest.mark.promise(incident="contract 2.3")
async def test_a_refresh_token_is_good_once(web: Web, stranger: User) -> None:
    """A refresh token that was used gives nothing to whoever has copied it, and its successor goes
    on.
    """
    # Two refreshes of one member in one second give the same pair (contract 2.2); nobody else
    # refreshes the stranger.
    async with stranger.session() as session:
        used = session.tokens
        await refresh.refresh(web, session)
        await refresh.expect_refusal(web, used)
        await refresh.refresh(web, session)
