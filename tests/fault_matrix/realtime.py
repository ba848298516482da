"""Rows of the fault matrix for chat, board, presence, notifications and the life of a token."""

from probes.finding import Code

SIGNING_OUT = "sign_in/signing-out-ends-the-session"
Row = dict[str, str]

KINDS = ("expired", "forged", "foreign", "missing")
PLACES = ("chat", "board", "presence")
GOES_ON = "tokens/a-session-goes-on-after-its-token-expired"
GOOD_ONCE = "tokens/a-refresh-token-is-good-once"
SCRIPTS = {
    script: f"chat/what-one-says-another-hears[{script}]"
    for script in ("latin", "hangul", "emoji", "rtl")
}
BY_REST = "chat/what-is-sent-without-a-socket-is-heard"
IMAGE = "chat/an-image-arrives"
AWAY = "presence/who-has-nothing-open-is-not-shown"
ON_BOARD = "board/who-has-the-board-open-is-shown"
LATER = "chat/what-was-said-is-there-for-who-comes-later"
STRANGER = "chat/a-stranger-is-turned-away"
COMES_AND_GOES = "presence/who-comes-is-shown-and-who-leaves-is-forgotten"
BOARD = "board/a-change-reaches-the-other-member"
ASSIGNED = "notifications/an-assigned-board-notifies-its-assignee"
ON_RETURN = "notifications/what-came-while-away-is-there-on-return"
STAYS_OPEN = "notifications/the-stream-stays-open"

CHAT = (*SCRIPTS.values(), BY_REST, LATER)
PRESENCES = (COMES_AND_GOES, AWAY)
NOTIFICATIONS = (ASSIGNED, ON_RETURN, STAYS_OPEN)


def refused(*places: str, kinds: tuple[str, ...] = KINDS) -> list[str]:
    return [
        f"tokens/a-bad-token-opens-no-socket[{place}-{kind}]" for place in places for kind in kinds
    ]


def opened(*places: str) -> list[str]:
    return [f"tokens/a-good-token-opens-the-socket[{place}]" for place in places]


# Whoever needs a socket, and whoever must be refused one.
NEED_SOCKETS = (*opened(*PLACES), GOES_ON, *CHAT, COMES_AND_GOES, BOARD, ON_BOARD)
REFUSED = (*refused(*PLACES), STRANGER)
ALL = (*NEED_SOCKETS, *REFUSED, GOOD_ONCE, *NOTIFICATIONS, IMAGE, AWAY)
# A chat has to be made by REST before anybody can sit down in it.
NEED_CHATS = (*refused("chat"), *opened("chat"), *CHAT, STRANGER, IMAGE, AWAY)


def all_of(code: Code, *scenarios: str) -> Row:
    return dict.fromkeys(scenarios, code)


# What the faults of edge, gateway and services break here.
ELSEWHERE: dict[str, Row] = {
    "database-unreachable": (
        all_of(Code.SERVICE_UNAVAILABLE, ON_RETURN) | all_of(Code.NOTIFICATION_LOST, ASSIGNED)
    ),
    "certificate-names-other-host": all_of(Code.TLS_INVALID, *ALL),
    "edge-masks-api-errors": all_of(Code.SOCKET_UPGRADE_HTML, STRANGER),
    "edge-serves-html-for-api": (
        all_of(Code.SOCKET_UPGRADE_HTML, *ALL)
        | all_of(Code.EDGE_HTML_FALLBACK, *NEED_CHATS, GOOD_ONCE, *NOTIFICATIONS)
    ),
    "service-hangs": all_of(Code.SERVICE_STALLED, *NOTIFICATIONS),
    "service-has-no-endpoints": all_of(
        Code.SERVICE_UNAVAILABLE,
        *refused("board"),
        *opened("board"),
        BOARD,
        ON_BOARD,
        ASSIGNED,
        ON_RETURN,
    ),
}

REALTIME: dict[str, Row] = {
    "board-sends-no-events": all_of(Code.BOARD_EVENT_LOST, BOARD),
    "chat-bus-down": all_of(Code.CHAT_NOT_DELIVERED, *SCRIPTS.values(), BY_REST),
    "redis-unreachable": (
        all_of(Code.CHAT_NOT_DELIVERED, *SCRIPTS.values(), BY_REST)
        | all_of(Code.SERVICE_UNAVAILABLE, "edge/redis-is-there-for-those-who-need-it[chat]")
    ),
    "chat-delivers-twice": all_of(Code.CHAT_DUPLICATED, *CHAT),
    "chat-drops-who-speaks": all_of(Code.SOCKET_DROPPED, *SCRIPTS.values(), LATER),
    "chat-mangles-text": all_of(
        Code.CHAT_ALTERED, *(scenario for scenario in CHAT if scenario != SCRIPTS["latin"])
    ),
    "edge-answers-html-to-upgrade": all_of(Code.SOCKET_UPGRADE_HTML, *NEED_SOCKETS, *REFUSED),
    "gateway-replays-refresh": all_of(Code.REFRESH_REPLAYED, GOES_ON, GOOD_ONCE),
    "gateway-strips-upgrade": all_of(Code.SOCKET_UPGRADE_REFUSED, *NEED_SOCKETS),
    "notifications-not-sent": all_of(Code.NOTIFICATION_LOST, ASSIGNED, ON_RETURN),
    "presence-never-forgets": all_of(Code.PRESENCE_STALE, *PRESENCES),
    "presence-outlives-its-pod": all_of(Code.PRESENCE_STALE, AWAY),
    "board-shows-nobody-online": all_of(Code.PRESENCE_STALE, ON_BOARD),
    "chat-loses-file-url": all_of(Code.CHAT_ALTERED, IMAGE),
    "refresh-gives-no-access-token": all_of(Code.CONTRACT_BROKEN, GOES_ON, GOOD_ONCE, SIGNING_OUT),
    "refresh-does-not-rotate": all_of(Code.REFRESH_NOT_ROTATED, GOES_ON, GOOD_ONCE, SIGNING_OUT),
    "refresh-path-lost-behind-gateway": (
        all_of(Code.REFRESH_UNAVAILABLE, GOES_ON, GOOD_ONCE)
        | all_of(Code.UNKNOWN, "exposure/what-is-private-stays-closed[stack-traces-auth]")
    ),
    "socket-accepts-expired-token": all_of(
        Code.SOCKET_ACCEPTS_EXPIRED, *refused(*PLACES, kinds=("expired",)), GOES_ON
    ),
    "socket-refuses-with-500": all_of(Code.SOCKET_REFUSAL_UNCLEAR, *REFUSED, GOES_ON),
    "stream-cut-early": all_of(Code.STREAM_CUT, STAYS_OPEN),
    "upgrade-hangs": all_of(Code.SOCKET_UPGRADE_STALLED, *NEED_SOCKETS, *REFUSED),
}

REALTIME_CAUSES: dict[str, str] = {
    "board-sends-no-events": "board-service: its Redis channel",
    "chat-bus-down": "chat's bus",
    "database-unreachable": "database unreachable, as the service's own readiness says",
    "redis-unreachable": "redis unreachable, as the service's own readiness says",
    "chat-delivers-twice": "published twice",
    "chat-drops-who-speaks": "chat-service: a restart",
    "chat-mangles-text": "encoding",
    "edge-answers-html-to-upgrade": "edge",
    "gateway-replays-refresh": "retries",
    "gateway-strips-upgrade": "Upgrade header",
    "notifications-not-sent": "NOTI_SERVICE_URL",
    "presence-never-forgets": "a2cb0eba",
    "presence-outlives-its-pod": "whose pod died",
    "board-shows-nobody-online": "online:project:*",
    "chat-loses-file-url": "did not keep its fileUrl",
    "refresh-gives-no-access-token": "auth-service",
    "refresh-does-not-rotate": "auth-service",
    "refresh-path-lost-behind-gateway": "8073303f",
    "socket-accepts-expired-token": "service",
    "socket-refuses-with-500": "how it tells a bad token",
    "stream-cut-early": "WriteTimeout",
    "upgrade-hangs": "gateway",
}
