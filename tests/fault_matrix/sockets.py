"""Rows of the fault matrix for sockets and streams that are lived in."""

from probes.finding import Code
from tests.fault_matrix.realtime import ASSIGNED, BY_REST, SCRIPTS, STAYS_OPEN, all_of

Row = dict[str, str]

STAYS = {
    kind: f"sockets/what-is-open-stays-open[{kind}]"
    for kind in ("chat", "board", "presence", "stream")
}
OF_SOCKETS = tuple(name for kind, name in STAYS.items() if kind != "stream")

SOCKETS: dict[str, Row] = {
    "board-cuts-sockets": {STAYS["board"]: Code.SOCKET_DROPPED},
    "board-ignores-pings": {STAYS["board"]: Code.SOCKET_HALF_OPEN},
    "chat-goes-deaf": {STAYS["chat"]: Code.CHAT_NOT_DELIVERED},
    "chat-sends-binary": all_of(Code.CONTRACT_BROKEN, *SCRIPTS.values(), BY_REST, STAYS["chat"]),
    "gateway-buffers-stream": all_of(Code.STREAM_CUT, STAYS["stream"], STAYS_OPEN, ASSIGNED),
    "presence-closes-at-once": {STAYS["presence"]: Code.SOCKET_DROPPED},
    "presence-ignores-heartbeats": {STAYS["presence"]: Code.SOCKET_HALF_OPEN},
}

# What other faults break here.
SOCKETS_ELSEWHERE: dict[str, Row] = {
    "certificate-names-other-host": all_of(Code.TLS_INVALID, *STAYS.values()),
    "edge-serves-html-for-api": (
        all_of(Code.SOCKET_UPGRADE_HTML, *OF_SOCKETS)
        | all_of(Code.EDGE_HTML_FALLBACK, STAYS["chat"], STAYS["stream"])
    ),
    "edge-answers-html-to-upgrade": all_of(Code.SOCKET_UPGRADE_HTML, *OF_SOCKETS),
    "gateway-strips-upgrade": all_of(Code.SOCKET_UPGRADE_REFUSED, *OF_SOCKETS),
    "upgrade-hangs": all_of(Code.SOCKET_UPGRADE_STALLED, *OF_SOCKETS),
    "service-hangs": {STAYS["stream"]: Code.SERVICE_STALLED},
    "service-has-no-endpoints": all_of(Code.SERVICE_UNAVAILABLE, STAYS["board"], STAYS["stream"]),
    "board-sends-no-events": {STAYS["board"]: Code.BOARD_EVENT_LOST},
    "database-unreachable": {STAYS["stream"]: Code.NOTIFICATION_LOST},
    "redis-unreachable": {STAYS["chat"]: Code.CHAT_NOT_DELIVERED},
    "chat-bus-down": {STAYS["chat"]: Code.CHAT_NOT_DELIVERED},
    "chat-reaches-other-rooms": {STAYS["chat"]: Code.FOREIGN_DATA},
    "notifications-reach-others": {STAYS["stream"]: Code.FOREIGN_DATA},
    "notifications-come-thrice": {STAYS["stream"]: Code.NOTIFICATION_DUPLICATED},
    "notifications-not-sent": {STAYS["stream"]: Code.NOTIFICATION_LOST},
    "stream-cut-early": {STAYS["stream"]: Code.STREAM_CUT},
}

SOCKETS_CAUSES: dict[str, str] = {
    "board-cuts-sockets": "board-service: a restart",
    "board-ignores-pings": "board-service hangs",
    "chat-goes-deaf": "chat's bus",
    "chat-sends-binary": "chat-service",
    "gateway-buffers-stream": "response buffering",
    "presence-closes-at-once": "chat-service: a restart",
    "presence-ignores-heartbeats": "chat-service hangs",
}
