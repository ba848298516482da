"""Rows of the fault matrix for calls: the ladder, the app's own way, and two people who talk."""

from collections.abc import Iterable

from probes.finding import Code

Row = dict[str, str]

JOINED = "livekit/a-call-can-be-joined"
BY_THE_APP = "livekit/a-call-opened-in-the-app-can-be-joined"
VERSION = "livekit/the-server-is-the-promised-one"
ADDRESSES = "livekit/media-is-at-its-nodes"
DOORS = "livekit/media-lets-callers-in"
RELAY = "livekit/a-relay-is-lent"
INSIDE = "livekit/its-inside-stays-hidden"
MEETING = "calls/two-people-find-to-each-other"
DATA = "calls/what-one-sends-the-other-gets"
SOUND = "calls/what-one-says-the-other-hears"
WITHOUT_UDP = "calls/a-call-goes-on-without-udp"
ON_THE_PAGE = "calls/who-joins-on-the-page-hears-the-other"

PUBLIC = ("livekit-dev", "chart", "compose")
TALKS = (MEETING, DATA, SOUND, WITHOUT_UDP, ON_THE_PAGE)
# Whoever needs the probes' own join.
SEATED = (JOINED, VERSION, ADDRESSES, DOORS, *TALKS)


def strangers(*kinds: str) -> list[str]:
    return [f"livekit/a-key-that-anybody-has-opens-no-call[{kind}]" for kind in kinds]


# All that nobody can judge where somebody else answers in LiveKit's place.
HOST = (*SEATED, BY_THE_APP, *strangers(*PUBLIC, "random"))


def all_of(code: Code, *scenarios: str | Iterable[str]) -> Row:
    named = (name for each in scenarios for name in ([each] if isinstance(each, str) else each))
    return dict.fromkeys(named, code)


# Two participants connect by hole punching; forced to TCP, one finds no open port.
MASKED = all_of(Code.LIVEKIT_MASKED, MEETING) | all_of(
    Code.LIVEKIT_TCP_FALLBACK_MISSING, WITHOUT_UDP
)
# Whoever notices a wrong address names that, and none of its consequences.
AT_ADDRESSES = (ADDRESSES, DOORS, MEETING, WITHOUT_UDP, ON_THE_PAGE)

LIVEKIT: dict[str, Row] = {
    "app-hands-out-wrong-livekit-url": all_of(
        Code.LIVEKIT_FRONTEND_URL_WRONG, BY_THE_APP, ON_THE_PAGE
    ),
    "app-signs-with-another-key": all_of(Code.LIVEKIT_APP_KEY_MISMATCH, BY_THE_APP, ON_THE_PAGE),
    "app-token-lacks-grant": all_of(Code.LIVEKIT_GRANT_MISSING, BY_THE_APP, ON_THE_PAGE),
    "app-token-lives-too-long": all_of(Code.LIVEKIT_TOKEN_LIFE, BY_THE_APP),
    "app-token-names-another-room": all_of(Code.LIVEKIT_GRANT_MISSING, BY_THE_APP, ON_THE_PAGE),
    "livekit-accepts-dev-keys": all_of(Code.LIVEKIT_DEV_KEYS_ACCEPTED, strangers("livekit-dev")),
    "livekit-clock-runs-ahead": all_of(Code.LIVEKIT_CLOCK_SKEW, SEATED),
    "livekit-gateway-strips-upgrade": all_of(Code.LIVEKIT_UPGRADE_BLOCKED, SEATED, BY_THE_APP),
    "livekit-has-no-pods": all_of(Code.LIVEKIT_UPSTREAM_ABSENT, HOST)
    | all_of(Code.SERVICE_UNAVAILABLE, "edge/every-connection-is-served[livekit]")
    | all_of(Code.UNKNOWN, INSIDE),
    "livekit-host-serves-html": all_of(Code.LIVEKIT_EDGE_HTML, HOST),
    "livekit-ignores-signatures": all_of(Code.TOKEN_FORGERY_ACCEPTED, strangers("random")),
    "livekit-is-another-version": all_of(Code.LIVEKIT_VERSION_DRIFT, VERSION),
    "livekit-join-hangs": all_of(Code.LIVEKIT_JOIN_TIMEOUT, SEATED, BY_THE_APP),
    "livekit-key-is-unknown": all_of(Code.LIVEKIT_KEY_UNKNOWN, SEATED, BY_THE_APP),
    "livekit-loses-redis": all_of(Code.LIVEKIT_NOT_READY, SEATED, BY_THE_APP),
    "livekit-route-is-missing": all_of(Code.LIVEKIT_ROUTE_MISSING, HOST),
    "livekit-secret-differs": all_of(Code.LIVEKIT_SECRET_MISMATCH, SEATED, BY_THE_APP),
    "livekit-shows-debug": all_of(Code.LIVEKIT_DEBUG_EXPOSED, INSIDE),
    # Media. A browser, unlike the SDK, takes no address from the server's own checks: what is
    # masked for one is closed
    # for the other.
    "livekit-advertises-nat-gateway": all_of(Code.LIVEKIT_ADDRESS_WRONG, AT_ADDRESSES),
    "livekit-advertises-private-address": all_of(Code.LIVEKIT_ADDRESS_PRIVATE, AT_ADDRESSES),
    "livekit-drops-calls": all_of(Code.LIVEKIT_CALL_DROPPED, DATA, SOUND, WITHOUT_UDP),
    "livekit-drops-data": all_of(Code.LIVEKIT_DATA_LOST, DATA),
    "livekit-drops-media": all_of(Code.LIVEKIT_MEDIA_LOST, SOUND, ON_THE_PAGE),
    "livekit-dtls-fails": all_of(Code.LIVEKIT_DTLS_FAILED, TALKS),
    "livekit-firewall-is-stateful": (
        all_of(Code.LIVEKIT_MASKED, DOORS) | MASKED | all_of(Code.LIVEKIT_UNREACHABLE, ON_THE_PAGE)
    ),
    "livekit-loses-packets": all_of(Code.LIVEKIT_MEDIA_POOR, SOUND),
    "livekit-offers-no-tcp": all_of(Code.LIVEKIT_TCP_FALLBACK_MISSING, ADDRESSES, WITHOUT_UDP),
    "livekit-ports-are-closed": all_of(Code.LIVEKIT_UNREACHABLE, DOORS, TALKS),
    "livekit-turn-refuses": all_of(Code.LIVEKIT_TURN_REFUSED, RELAY),
    "livekit-udp-is-blocked": all_of(Code.LIVEKIT_UDP_BLOCKED, DOORS),
}

# What the faults of edge and page break here.
LIVEKIT_ELSEWHERE: dict[str, Row] = {
    "certificate-names-other-host": all_of(Code.TLS_INVALID, BY_THE_APP, ON_THE_PAGE),
    "edge-forgets-deep-links": all_of(Code.ASSET_BROKEN, ON_THE_PAGE),
    "edge-serves-html-for-api": all_of(Code.EDGE_HTML_FALLBACK, BY_THE_APP, ON_THE_PAGE),
    "site-loses-asset": all_of(Code.PAGE_CONSOLE_ERROR, ON_THE_PAGE),
}

LIVEKIT_CAUSES: dict[str, str] = {
    "app-hands-out-wrong-livekit-url": "LIVEKIT_WS_URL",
    "app-signs-with-another-key": "of video-service",
    "app-token-lacks-grant": "generateLiveKitToken",
    "app-token-lives-too-long": "generateLiveKitToken",
    "app-token-names-another-room": "generateLiveKitToken",
    "livekit-accepts-dev-keys": "keys.yaml",
    "livekit-advertises-nat-gateway": "NAT gateway",
    "livekit-advertises-private-address": "node_ip",
    "livekit-clock-runs-ahead": "clocks",
    "livekit-drops-calls": "a pod that ended",
    "livekit-drops-data": "forwarding",
    "livekit-drops-media": "livekit-server: forwarding",
    "livekit-dtls-fails": "DTLS",
    "livekit-firewall-is-stateful": "security group",
    "livekit-gateway-strips-upgrade": "Upgrade header",
    "livekit-has-no-pods": "pods",
    "livekit-host-serves-html": "leads to pages",
    "livekit-ignores-signatures": "signatures are not checked",
    "livekit-is-another-version": "image of livekit-server",
    "livekit-join-hangs": "livekit-server",
    "livekit-loses-packets": "the path",
    "livekit-key-is-unknown": "keys.yaml",
    "livekit-loses-redis": "Redis",
    "livekit-offers-no-tcp": "rtc.tcp_port",
    "livekit-ports-are-closed": "security group",
    "livekit-route-is-missing": "HTTPRoute",
    "livekit-secret-differs": "keys.yaml",
    "livekit-shows-debug": "development",
    "livekit-turn-refuses": "turn",
    "livekit-udp-is-blocked": "UDP",
}
