"""What LiveKit says of an access token, and whose trouble that is; pure.

The server authenticates before it routes: whatever the path, a bad token is refused in these words.
Texts are those of livekit-server 1.7.2, 1.9.12 and 1.13.5, held to the real ones by tests/real.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from probes import clock
from probes.finding import Code, Finding
from probes.livekit.causes import FULL, KEYS, REDIS
from probes.livekit.http_answers import (
    NO_PERMISSIONS,
    SUCCESS,
    explain_other,
    explain_other_server,
    short,
    text,
)
from probes.transport.http import Answer

PROBES, APP = "the probes' token", "video-service's token"
NO_ROOM = "room does not exist"
UNKNOWN_KEY = "invalid API key: "
# Of 1.7.2 in plain text; newer servers say the same with another status.
NO_NODE = (
    "could not find any available nodes",
    "timed out while waiting for signal response",
)
# What a join gets where room.max_participants are there already (1.7.2 to 1.13.5).
ROOM_FULL = ("room is full", "exceeds max participants", "connection closed by media")
_SKEW_S = 5.0  # from which clocks are told apart
# Of go-jose (up to 1.11 at least) and golang-jwt (1.13.5).
_CLOCK_WORDS = ("expired", "not valid yet", "nbf", "before issued", "iat", "issued in the future")


def explain_token(answer: Answer, whose: str = PROBES) -> Finding | None:
    """`GET /rtc/validate` with a good token; None where it is accepted. `whose`: for the reader."""
    if finding := explain_other_server(answer):
        return finding
    if answer.status == 200 and answer.body.strip() == SUCCESS:
        return None
    return explain_refusal(answer, whose) or explain_other(answer, "200 success")


def is_accepted(answer: Answer) -> bool:
    """Whether the key and the signature are: a missing room is looked for after both."""
    if answer.status == 200:
        return answer.body.strip() == SUCCESS
    return answer.status == 404 and NO_ROOM in text(answer)


def explain_refusal(answer: Answer, whose: str) -> Finding | None:
    """Name what LiveKit has against a token; None where the answer is not about the token."""
    body = text(answer)
    observed = f"{answer} to {whose}: {short(answer)}"
    match answer.status:
        case 401 if body == NO_PERMISSIONS:
            cause = f"{whose} has no grants (claim `video`), or is stripped on the way"
            return Finding(Code.LIVEKIT_GRANT_MISSING, observed, cause)
        case 401 if body == "permissions denied":
            cause = f"the grants of {whose}: roomJoin is missing"
            return Finding(Code.LIVEKIT_GRANT_MISSING, observed, cause)
        case 401 if body.startswith(UNKNOWN_KEY):
            return _unknown_key(answer, whose)
        case 401 if body.startswith("invalid token"):
            return _bad_token(answer, whose)
        case 401 if body.startswith("invalid authorization"):
            cause = f"{whose} is malformed, or a proxy rewrites Authorization"
            return Finding(Code.CONTRACT_BROKEN, observed, cause)
        case 400 if "identity" in body or "room name" in body:
            cause = f"{whose} names no room, or no identity"
            return Finding(Code.LIVEKIT_GRANT_MISSING, observed, cause)
        case 404 if NO_ROOM in body:
            cause = "room.auto_create is false, and nobody has created the room (contract 7.1)"
            return Finding(Code.LIVEKIT_NOT_READY, observed, cause)
        case 503 if "exceeded" in body:
            cause = "livekit-server: its node is at the limits of limit.* (chart)"
            return Finding(Code.LIVEKIT_NOT_READY, observed, cause)
    return None


def _unknown_key(answer: Answer, whose: str) -> Finding:
    """With the id of the key, which is no secret: without it nobody can act."""
    key_id = text(answer).removeprefix(UNKNOWN_KEY)[:60]
    observed = f"{answer} to {whose}: livekit-server does not know {key_id!r}, which signed it"
    return Finding(Code.LIVEKIT_KEY_UNKNOWN, observed, KEYS)


def _bad_token(answer: Answer, whose: str) -> Finding:
    """The refusal repeats the whole token; what is wrong with it follows `error:`."""
    reason = text(answer).rpartition("error:")[2].strip()
    observed = f"{answer} to {whose}: invalid token, error: {reason}"
    if not any(word in reason.lower() for word in _CLOCK_WORDS):
        return Finding(Code.LIVEKIT_SECRET_MISMATCH, observed, KEYS)
    if "exp claim is required" in reason or "exp is required" in reason:
        return Finding(Code.LIVEKIT_TOKEN_LIFE, observed, f"{whose} has no exp")
    cause = f"clocks: of LiveKit's node, or of who signed {whose} (NTP on the node)"
    return Finding(Code.LIVEKIT_CLOCK_SKEW, f"{observed}{_skew(answer)}", cause)


def clock_skew_s(answer: Answer, now: datetime) -> float | None:
    """Seconds by which the answering clock is ahead of `now`; None where it does not say."""
    try:
        return (parsedate_to_datetime(answer.headers.get("date", "")) - now).total_seconds()
    except (TypeError, ValueError):
        return None


def _skew(answer: Answer) -> str:
    seconds = clock_skew_s(answer, datetime.fromtimestamp(clock.now(), UTC))
    if seconds is None or abs(seconds) < _SKEW_S:
        return ""
    return f"; its clock is {abs(seconds):.0f} s {'ahead' if seconds > 0 else 'behind'}"


def explain_open(answer: Answer, kind: str) -> Finding | None:
    """A token that nobody may have is refused in LiveKit's own words; None where it is."""
    if is_accepted(answer) and kind == "random":
        return Finding(
            Code.TOKEN_FORGERY_ACCEPTED,
            f"{answer} to a token that a random secret has signed",
            "livekit-server, or what stands in its place: signatures are not checked",
        )
    if is_accepted(answer):
        return Finding(
            Code.LIVEKIT_DEV_KEYS_ACCEPTED,
            f"{answer} to a token of the key {kind}, which is public",
            "keys.yaml of livekit-server: the development key, or --dev",
        )
    if answer.status == 401 and text(answer).startswith((UNKNOWN_KEY, "invalid token")):
        return None
    return explain_other_server(answer) or explain_other(answer, "401")


def explain_rooms(answer: Answer) -> Finding:
    """What RoomService says where it does not do what is asked: it needs Redis, as a join does."""
    match answer.json:
        case {"code": str(), "msg": str(message)} if answer.status == 401:
            cause = f"{PROBES}: the grant roomList or roomCreate"
            return Finding(Code.LIVEKIT_GRANT_MISSING, f"{answer}: {message}", cause)
        case {"code": str(), "msg": str(message)} if answer.status >= 500:
            return Finding(Code.LIVEKIT_NOT_READY, f"{answer}: {message}", REDIS)
    if finding := explain_other_server(answer) or explain_refusal(answer, PROBES):
        return finding
    return explain_other(answer, "an answer of RoomService")


def explain_upgrade(answer: Answer, whose: str = PROBES) -> Finding:
    """Why no socket opened for a token that `/rtc/validate` has accepted."""
    observed = f"{answer} instead of opening a socket: {short(answer)}"
    if answer.is_html or answer.status in (200, 400, 404, 426):
        cause = "gateway or edge: the Upgrade header does not reach livekit-server"
        return Finding(Code.LIVEKIT_UPGRADE_BLOCKED, observed, cause)
    if finding := explain_refusal(answer, whose):
        return finding
    if answer.status >= 500 and any(words in text(answer) for words in ROOM_FULL):
        return Finding(Code.LIVEKIT_NOT_READY, observed, FULL)
    if answer.status >= 500 and any(words in text(answer) for words in NO_NODE):
        return Finding(Code.LIVEKIT_JOIN_TIMEOUT, observed, REDIS)
    if finding := explain_other_server(answer):
        return finding
    cause = "livekit-server: signalling between its nodes, which is Redis"
    return Finding(Code.LIVEKIT_JOIN_TIMEOUT, observed, cause)
