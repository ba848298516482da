"""What LiveKit's answers over HTTP say; pure. Texts as its public source has them from 1.7.2 to
1.13.5.

The authentication stands before all routes there: whatever the path, a bad token is told in these
words.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from probes import clock
from probes.finding import Code, Finding
from probes.transport.http import Answer

OK, SUCCESS = b"OK", b"success"
NO_PERMISSIONS = "no permissions to access the room"
CORS = "access-control-allow-origin"
GATEWAY = (502, 503, 504)
# Of 1.7.2 in plain text; newer servers say the same beside another status.
NO_NODE = (
    "could not find any available nodes",
    "timed out while waiting for signal response",
)
KEYS = (
    "keys.yaml of livekit-server (chart value livekit.keys), and the Secret that the app's key "
    "comes from"
)
REDIS = (
    "livekit-server's Redis: address, TLS, and whether the chart passes them (it expands no ${VAR})"
)
_AHEAD = 5.0  # seconds, beyond which clocks are told apart


def text(answer: Answer) -> str:
    return answer.body.decode("utf-8", "replace").strip()


def explain_root(answer: Answer) -> Finding | None:
    """`GET /` is 200 OK from a node whose word to Redis is fresh; None where it is."""
    if finding := _not_livekit(answer):
        return finding
    if answer.status == 406:
        return Finding(Code.LIVEKIT_NOT_READY, f"{answer}: {_short(answer)}", REDIS)
    if answer.status == 200 and answer.body.strip() == OK:
        return None
    return _other(answer, "200 OK")


def explain_without_token(answer: Answer) -> Finding | None:
    """`GET /rtc/validate` without a token is LiveKit's own refusal, which no page's host gives;
    None where it is.
    """
    if finding := _not_livekit(answer):
        return finding
    if answer.status == 401 and text(answer) == NO_PERMISSIONS:
        if answer.headers.get(CORS):
            return None
        return Finding(
            Code.LIVEKIT_ROUTE_MISSING,
            f"{answer}, without {CORS}: pages cannot read it",
            "what stands before livekit-server and takes its CORS headers away",
        )
    return _other(answer, f"401 {NO_PERMISSIONS!r}")


def explain_newer(answer: Answer) -> Finding | None:
    """`GET /rtc/v1/validate`, known since 1.9.10: SDKs begin there, and fall back to /rtc on 404
    alone.
    """
    if answer.status in (401, 404) and not answer.is_html:
        return None
    return _not_livekit(answer) or Finding(
        Code.LIVEKIT_UPGRADE_BLOCKED,
        f"{answer} where LiveKit's own 401 or 404 was promised: {_short(answer)}",
        "gateway or edge: an unknown path must answer as livekit-server does, so that SDKs "
        "fall back to /rtc",
    )


def explain_token(answer: Answer, whose: str = "the probes'") -> Finding | None:
    """`GET /rtc/validate` with a good token of `whose` key; None where it is taken."""
    if finding := _not_livekit(answer):
        return finding
    if answer.status == 200 and answer.body.strip() == SUCCESS:
        return None
    return explain_refusal(answer, whose) or _other(answer, "200 success")


def explain_refusal(answer: Answer, whose: str) -> Finding | None:
    """Name what LiveKit has against a token; None where it is not LiveKit that speaks."""
    said = text(answer)
    told = f"{answer} to {whose} token: {_short(answer)}"
    match answer.status:
        case 401 if said == NO_PERMISSIONS:
            return Finding(
                Code.LIVEKIT_GRANT_MISSING,
                told,
                f"the grants of {whose} token, or who takes it out on the way",
            )
        case 401 if said.startswith("invalid API key"):
            return Finding(Code.LIVEKIT_KEY_UNKNOWN, told, KEYS)
        case 401 if said.startswith("invalid token"):
            return _against_token(answer, said, told)
        case 401 if said.startswith("invalid authorization"):
            return Finding(
                Code.CONTRACT_BROKEN,
                told,
                f"{whose} token, or what rewrites Authorization on the way",
            )
        case 400 if "identity" in said or "room name" in said:
            return Finding(
                Code.LIVEKIT_GRANT_MISSING, told, f"{whose} token: it names no room, or nobody"
            )
        case 404 if "room does not exist" in said:
            return Finding(
                Code.LIVEKIT_NOT_READY,
                told,
                "room.auto_create is false, and nobody has made the room (contract 7.1)",
            )
        case 503 if "exceeded" in said:
            return Finding(
                Code.LIVEKIT_NOT_READY,
                told,
                "livekit-server: its node is at the limits of limit.* (chart)",
            )
    return None


def _against_token(answer: Answer, said: str, told: str) -> Finding:
    """Between LiveKit's words lies the token itself; what is against it stands behind `error:`."""
    why = said.rpartition("error:")[2].lower()
    told = f"{answer}: invalid token, error:{said.rpartition('error:')[2]}"
    if any(word in why for word in ("expired", "not valid yet", "nbf", "before issued", "iat")):
        return Finding(
            Code.LIVEKIT_CLOCK_SKEW,
            f"{told}{_skew(answer)}",
            "clocks: of LiveKit's node, or of who signs (NTP on the node)",
        )
    return Finding(Code.LIVEKIT_SECRET_MISMATCH, told, KEYS)


def skew(answer: Answer, now: datetime) -> float | None:
    """Seconds by which the answering clock is ahead of `now`; None where it does not say."""
    try:
        return (parsedate_to_datetime(answer.headers.get("date", "")) - now).total_seconds()
    except (TypeError, ValueError):
        return None


def _skew(answer: Answer) -> str:
    seconds = skew(answer, datetime.fromtimestamp(clock.now(), UTC))
    if seconds is None or abs(seconds) < _AHEAD:
        return ""
    return f"; its clock is {abs(seconds):.0f} s {'bypass_limit' if seconds > 0 else 'behind'}"


def explain_rooms(answer: Answer) -> Finding:
    """What ListRooms says where it lists none: it reads Redis, which a join needs too."""
    if finding := _not_livekit(answer) or explain_refusal(answer, "the probes'"):
        return finding
    match answer.json:
        case {"msg": str(said)} if answer.status == 401:
            return Finding(
                Code.LIVEKIT_GRANT_MISSING, f"{answer}: {said}", "the probes' token: roomList"
            )
        case {"msg": str(said)} if answer.status >= 500:
            return Finding(Code.LIVEKIT_NOT_READY, f"{answer}: {said}", REDIS)
    return _other(answer, "a list of rooms")


def explain_upgrade(answer: Answer, whose: str = "the probes'") -> Finding:
    """Why no socket opened for a token that `/rtc/validate` has taken."""
    told = f"{answer} where a socket was to open: {_short(answer)}"
    if answer.is_html or answer.status in (200, 400, 404, 426):
        return Finding(
            Code.LIVEKIT_UPGRADE_BLOCKED,
            told,
            "gateway or edge: the Upgrade header does not reach livekit-server",
        )
    if finding := explain_refusal(answer, whose):
        return finding
    if answer.status >= 500 and any(words in text(answer) for words in NO_NODE):
        return Finding(Code.LIVEKIT_JOIN_TIMEOUT, told, REDIS)
    if finding := _not_livekit(answer):
        return finding
    return Finding(
        Code.LIVEKIT_JOIN_TIMEOUT,
        told,
        "livekit-server: signalling between its nodes, which is Redis",
    )


def explain_open(answer: Answer, kind: str) -> Finding | None:
    """A token that nobody may have is refused in LiveKit's own words; None where it is."""
    if answer.status == 200 and answer.body.strip() == SUCCESS:
        if kind == "random":
            return Finding(
                Code.TOKEN_FORGERY_ACCEPTED,
                f"{answer} to a token that a random secret has signed",
                "livekit-server, or what stands in its place: signatures are not checked",
            )
        return Finding(
            Code.LIVEKIT_DEV_KEYS_ACCEPTED,
            f"{answer} to a token of the key {kind}, which is public",
            "keys.yaml of livekit-server: the development key, or --dev",
        )
    if answer.status == 401 and text(answer).startswith(("invalid API key", "invalid token")):
        return None
    return _not_livekit(answer) or _other(answer, "401")


def explain_debug(answer: Answer) -> Finding | None:
    """What is for developers is not there for the public; None where it is not."""
    if answer.status != 200 or answer.is_html:
        return None
    return Finding(
        Code.LIVEKIT_DEBUG_EXPOSED,
        f"{answer} to anybody",
        "livekit-server runs with development: true, or --dev",
    )


def explain_no_answer(finding: Finding) -> Finding:
    """What HTTP calls a stalled or broken answer, in a call's words; a name or a certificate keeps
    its own.
    """
    if finding.code not in (Code.SERVICE_STALLED, Code.SERVICE_UNAVAILABLE):
        return finding
    return Finding(
        Code.LIVEKIT_NOT_READY, finding.observed.replace("edge at", "livekit-server at"), REDIS
    )


def _not_livekit(answer: Answer) -> Finding | None:
    """The edge spoke in its place."""
    marks = ", ".join(
        f"{name}: {answer.headers[name]}" for name in ("server", "via") if name in answer.headers
    )
    told = f"{answer} ({marks or 'no server named'})"
    if answer.is_html:
        return Finding(
            Code.LIVEKIT_EDGE_HTML,
            told,
            "DNS or gateway: the host leads to pages (S3, CloudFront), not to LiveKit",
        )
    if answer.status in GATEWAY and "exceeded" not in text(answer):
        return Finding(
            Code.LIVEKIT_UPSTREAM_ABSENT,
            f"{told}: {_short(answer)}",
            "livekit-server's pods: none is ready (CrashLoopBackOff, V6 §6), or the "
            "Service selects none",
        )
    if 300 <= answer.status < 400:
        location = answer.headers.get("location", "nowhere")
        return Finding(
            Code.LIVEKIT_ROUTE_MISSING,
            f"{told}, a redirect to {location}",
            "HTTPRoute of LiveKit's host",
        )
    return None


def _other(answer: Answer, wanted: str) -> Finding:
    told = f"{answer} where {wanted} was promised: {_short(answer) or 'no word'}"
    if answer.status == 404 and not answer.body:
        return Finding(
            Code.LIVEKIT_ROUTE_MISSING,
            told,
            "HTTPRoute of LiveKit's host: the gateway has none (Envoy's 404)",
        )
    if answer.status < 500:
        return Finding(
            Code.LIVEKIT_ROUTE_MISSING, told, "HTTPRoute of LiveKit's host: another service answers"
        )
    return Finding(Code.LIVEKIT_NOT_READY, told, "livekit-server: its log says more")


def _short(answer: Answer) -> str:
    """The first words of a body, less a token that it echoes."""
    said = text(answer)
    return (
        f"invalid token,{said.rpartition('error')[2]}"
        if said.startswith("invalid token")
        else said[:120]
    )
