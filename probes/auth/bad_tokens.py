"""Every bad token that a test user can come with, made once a run and known to the redactor before
anybody sees it.
"""

from dataclasses import dataclass, field

from probes.auth import jwks, refresh
from probes.auth.forged_tokens import FORGERIES, hs256_public
from probes.auth.tokens import Tokens
from probes.auth.users import User
from probes.finding import Broken, NotApplicable
from probes.recording.recorder import current
from probes.transport.envelopes import Envelope, expect
from probes.transport.http import Web
from probes.transport.single_flight import SingleFlight

LOGOUT = "/api/svc/auth/api/auth/logout"
VALIDATE = "/api/svc/auth/api/auth/validate"
# What needs more than a good token: time, another purpose, a signing key, an end.
MADE_BY_WEALIST = ("expired", "refresh", "wrong-issuer", "signed-out")
KINDS = (*FORGERIES, "hs256-public", *MADE_BY_WEALIST)
MISPLACED = "misplaced"  # a good token, where a door does not look for one


@dataclass(frozen=True, slots=True)
class BadToken:
    """A bad token, and to compare with: one that another key has signed, and a good one of the
    same user; "" where there is none.
    """

    kind: str
    token: str = field(repr=False)
    foreign: str = field(repr=False)
    good: str = field(default="", repr=False)


class BadTokens:
    """Shared by all cells of the table, so that each cell is one request."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._made: SingleFlight[tuple[str, User], str] = SingleFlight(self._make)

    async def get(self, kind: str, user: User) -> BadToken:
        """What nobody may take for good. Raises Broken, CannotAsk, NotApplicable."""
        token = await self._made.get((kind, user))
        foreign = await self._made.get(("foreign-key", user))
        return BadToken(kind, token, foreign, await user.token())

    async def _make(self, wanted: tuple[str, User]) -> str:
        kind, user = wanted
        match kind:
            case "expired":
                return await user.expired_token()
            case "misplaced":
                return await user.token()
            case "wrong-issuer":
                return user.wrong_issuer_token()
            case "refresh":
                return await _refresh(user)
            case "signed-out":
                return await _signed_out(self._web, user)
        good = await user.token()
        token = FORGERIES[kind](good) if kind in FORGERIES else await self._by_the_public_key(good)
        current().evidence.redactor.remember(token)
        return token

    async def _by_the_public_key(self, good: str) -> str:
        return hs256_public(good, (await jwks.fetch_keys(self._web))[0].public)


async def _refresh(user: User) -> str:
    if token := (await user.tokens()).refresh:
        return token
    raise NotApplicable(
        f"{user.name} has no refresh token here: [identity] gives access tokens only"
    )


async def _signed_out(web: Web, user: User) -> str:
    async with user.session() as session:
        ended = session.tokens
        if session.is_shared:
            # One between two refreshes is nobody's: neither this run's, nor kept for the next.
            ended = await refresh.refresh(web, session)
            await refresh.refresh(web, session)
        await sign_out(web, ended)
        return ended.access


async def sign_out(web: Web, tokens: Tokens) -> None:
    """Sign out as the app does; the refresh token goes along for a service that wants to end it.
    Raises Broken.
    """
    url, both = web.target.hosts.apex + LOGOUT, {"refreshToken": tokens.refresh}
    answer = await web.ask("POST", url, token=tokens.access, json=both)
    expect(answer, Envelope.RAW)


async def is_valid_to_auth(web: Web, token: str) -> bool | None:
    """What auth-service says of the token to services that ask it; None where it says nothing."""
    url = web.target.hosts.api + VALIDATE
    try:
        answer = await web.ask("POST", url, json={"token": token})
    except Broken:
        return None
    match answer.json:
        case {"valid": bool(valid)}:
            return valid
    return None
