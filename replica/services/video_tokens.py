"""What video-service and LiveKit agree on: a key, and rooms named by their id (contract §7.1).

The service signs tokens by itself; that a room could not be made or ended is written down and
forgotten.
"""

import logging
import time
from typing import Any

import httpx
import jwt

from replica.livekit import TWIRP
from replica.state import ReplicaState

LIFETIME_S = 24 * 3600
ANOTHER_ROOM = "another-room"
TEN_YEARS_S = 10 * 365 * 24 * 3600


def token(state: ReplicaState, room: str, user: str, name: str) -> str:
    """A seat in one room for one user: all that he needs to talk."""
    named = ANOTHER_ROOM if state.is_fault_active("app-token-names-another-room") else room
    grants: dict[str, Any] = {"roomJoin": True, "room": named}
    if state.is_fault_active("app-token-lacks-grant"):
        del grants["roomJoin"]
    life = TEN_YEARS_S if state.is_fault_active("app-token-lives-too-long") else LIFETIME_S
    return _sign(state, grants, life, {"sub": user, "name": name or user})


async def make_room(state: ReplicaState, room: str) -> None:
    await _ask(state, "CreateRoom", {"name": room})


async def end_room(state: ReplicaState, room: str) -> None:
    await _ask(state, "DeleteRoom", {"room": room})


async def _ask(state: ReplicaState, method: str, asked: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {_sign(state, {'roomCreate': True}, 600, {})}"}
    try:
        async with httpx.AsyncClient(
            base_url=f"http://{state.livekit.address}", trust_env=False, timeout=5
        ) as http:
            (await http.post(TWIRP + method, json=asked, headers=headers)).raise_for_status()
    except httpx.HTTPError as error:
        logging.getLogger(__name__).info(
            "LiveKit did not take %s: %s", method, type(error).__name__
        )


def _sign(state: ReplicaState, grants: dict[str, Any], lifetime_s: int, who: dict[str, str]) -> str:
    now = int(time.time())
    key, secret = state.livekit.key, state.livekit.secret
    if state.is_fault_active("app-signs-with-another-key"):
        key, secret = "APIofyesterday", "secret-of-yesterday-thirty-two-chars"
    return jwt.encode(
        {"iss": key, "nbf": now, "exp": now + lifetime_s, "video": grants, **who},
        secret,
        algorithm="HS256",
    )
