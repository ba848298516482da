"""What the app hands out is judged before anybody dials."""

from typing import Any

import jwt
import pytest

from probes.config.livekit import LiveKit
from probes.finding import Code
from probes.livekit import app_token
from probes.services.video import CallTicket

URL, ROOM, USER, NOW = "wss://livekit.example.org", "r-1", "u-1", 1_000_000.0
PROMISED = LiveKit(URL, "K", "S")
GRANTS = {"roomJoin": True, "room": ROOM}


def ticket(url: str = URL, video: Any = GRANTS, **changed: Any) -> CallTicket:
    said = {
        "iss": "APIx",
        "sub": USER,
        "nbf": NOW,
        "exp": NOW + 24 * 3600,
        "video": video,
    } | changed
    kept = {name: value for name, value in said.items() if value is not None}
    return CallTicket(
        ROOM, url, jwt.encode(kept, "a-secret-of-more-than-32-characters!", algorithm="HS256")
    )


def code(given: CallTicket) -> Code | None:
    finding = app_token.explain(given, PROMISED, USER, NOW)
    return finding.code if finding else None


def test_weAlists_own_ticket_is_good() -> None:  # noqa: N802 - the product's name
    """A day for one room (contract 7.1); a slash at the end of the address changes nothing."""
    assert code(ticket()) is None
    assert code(ticket(f"{URL}/")) is None


@pytest.mark.parametrize(
    "video",
    [
        {},
        None,
        "all",
        {"roomJoin": False, "room": ROOM},
        {"room": ROOM},
        {"roomJoin": True},
        {"roomJoin": True, "room": "another"},
        {**GRANTS, "canPublish": False},
        {**GRANTS, "canSubscribe": False},
        {**GRANTS, "canPublishData": False},
    ],
)
def test_a_grant_that_is_missing_is_told(video: Any) -> None:
    """To join this room and to be part of it; what is left out of the latter is given."""
    assert code(ticket(video=video)) is Code.LIVEKIT_GRANT_MISSING


def test_a_token_for_somebody_else_is_told() -> None:
    """The identity is the user's id, by which the page knows its callers."""
    assert code(ticket(sub="u-2")) is Code.LIVEKIT_GRANT_MISSING


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"exp": None}, "never ends"),
        ({"exp": "never"}, "never ends"),
        ({"exp": NOW + 30}, "ends in 30 s"),
        ({"exp": NOW - 5}, "ends in -5 s"),
        ({"exp": NOW + 87600 * 3600}, "lives 87600 hours"),
        ({"exp": NOW + 87600 * 3600, "nbf": None}, "lives 87600 hours"),
    ],
)
def test_a_life_that_is_too_short_or_too_long_is_told(changed: dict[str, Any], told: str) -> None:
    """A rejoin must find it alive, and a thief must not for ever."""
    finding = app_token.explain(ticket(**changed), PROMISED, USER, NOW)
    assert finding
    assert finding.code is Code.LIVEKIT_TOKEN_LIFE
    assert told in finding.observed


def test_another_address_is_told() -> None:
    """Incident 5: the page was sent to the apex, which serves HTML to everybody."""
    finding = app_token.explain(ticket("wss://example.org/svc/livekit"), PROMISED, USER, NOW)
    assert finding
    assert finding.code is Code.LIVEKIT_FRONTEND_URL_WRONG
    assert "wss://example.org/svc/livekit" in finding.observed


def test_what_is_no_token_is_told() -> None:
    """Whatever stands there."""
    assert code(CallTicket(ROOM, URL, "not-a-jwt")) is Code.CONTRACT_BROKEN
