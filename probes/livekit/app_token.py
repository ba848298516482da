"""What the app hands to a page that joins a call: where to dial, and a token; judged before anybody
dials; pure.

Sources: contract 7.1 (identity, room, 24 h), protocol/auth/claims.go (a grant that is left out is
given).
"""

from dataclasses import dataclass
from typing import Any

import jwt

from probes.config.livekit import LiveKit
from probes.finding import Code, Finding
from probes.livekit.tokens import MEDIA_GRANTS
from probes.services.video import CallTicket

MIN_TOKEN_LIFE_S, MAX_TOKEN_LIFE_S = (
    60.0,
    24 * 3600.0 + 60,
)  # seconds; a rejoin must find the token alive, a thief must not for ever
WHO = "video-service: generateLiveKitToken (room_service.go)"
LIVEKIT_WS_URL = (
    "LIVEKIT_WS_URL of video-service (chart value; V6 §5: it named the apex, which serves pages)"
)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says of itself; nobody has verified it."""

    payload: dict[str, Any]

    @property
    def grants(self) -> dict[str, Any]:
        video = self.payload.get("video")
        return video if isinstance(video, dict) else {}


def read_claims(token: str) -> Claims | None:
    """None where it is no JWT."""
    try:
        return Claims(jwt.decode(token, options={"verify_signature": False}))
    except jwt.InvalidTokenError:
        return None


def explain(ticket: CallTicket, promised: LiveKit, user: str, now: float) -> Finding | None:
    """Name what is wrong with a ticket for `user` at the time `now` (Unix); None where nothing
    is.
    """
    claims = read_claims(ticket.token)
    if claims is None:
        return Finding(Code.CONTRACT_BROKEN, "video-service hands out a token that is no JWT", WHO)
    if finding := _grants(claims, ticket, user) or _life(claims, now):
        return finding
    if ticket.url.rstrip("/") != promised.url.rstrip("/"):
        observed = f"video-service sends the page to {ticket.url}, LiveKit is at {promised.url}"
        return Finding(Code.LIVEKIT_FRONTEND_URL_WRONG, observed, LIVEKIT_WS_URL)
    return None


def _grants(claims: Claims, ticket: CallTicket, user: str) -> Finding | None:
    wanted = {"roomJoin": True, "room": ticket.room}
    lacking = [
        f"{name} is {claims.grants.get(name)!r}"
        for name, value in wanted.items()
        if claims.grants.get(name) != value
    ]
    lacking += [f"{name} is False" for name in MEDIA_GRANTS if claims.grants.get(name) is False]
    if claims.payload.get("sub") != user:
        lacking.append("its identity is not the user's id")
    if not lacking:
        return None
    observed = (
        f"video-service hands out a token for room {ticket.room} of which {', '.join(lacking)}"
    )
    return Finding(Code.LIVEKIT_GRANT_MISSING, observed, WHO)


def _life(claims: Claims, now: float) -> Finding | None:
    ends, begins = (claims.payload.get(name) for name in ("exp", "nbf"))
    if not isinstance(ends, (int, float)):
        return Finding(
            Code.LIVEKIT_TOKEN_LIFE, "video-service hands out a token that never ends", WHO
        )
    if ends - now < MIN_TOKEN_LIFE_S:
        return Finding(
            Code.LIVEKIT_TOKEN_LIFE,
            f"video-service hands out a token that ends in {ends - now:.0f} s",
            WHO,
        )
    hours = (ends - (begins if isinstance(begins, (int, float)) else now)) / 3600
    if hours * 3600 > MAX_TOKEN_LIFE_S:
        observed = f"video-service hands out a token that lives {hours:.0f} hours, 24 are promised"
        return Finding(Code.LIVEKIT_TOKEN_LIFE, observed, WHO)
    return None
