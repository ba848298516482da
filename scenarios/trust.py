"""The endpoints that a token opens, one typed line each, and the kinds of bad tokens: the table of
token trust.
"""

from collections.abc import Awaitable, Callable

from probes.auth.bad_tokens import KINDS, MISPLACED, BadToken
from probes.services.protected_endpoints import OPS, USER, ProtectedEndpoint
from scenarios.contracts import BOARD, CHAT, NOTI

Bad = Callable[[str, str], Awaitable[BadToken]]
At = Callable[[ProtectedEndpoint], Awaitable[ProtectedEndpoint]]

STREAM = f"{NOTI}/notifications/stream"
STORAGE = "{storage}/storage/workspaces/{workspace}/usage"

PROTECTED = (
    USER,
    ProtectedEndpoint("board", f"{BOARD}/projects/workspace/{{workspace}}"),
    ProtectedEndpoint("chat", f"{CHAT}/my"),
    ProtectedEndpoint("noti", f"{NOTI}/notifications/unread-count", is_scoped=True),
    ProtectedEndpoint("storage", STORAGE),
    OPS,
    ProtectedEndpoint("chat-socket", f"{CHAT}/ws/{{room}}", "socket", where="query"),
    ProtectedEndpoint(
        "board-socket", "/api/svc/board/ws/project/{project}", "socket", where="query"
    ),
    ProtectedEndpoint("presence-socket", f"{CHAT}/ws/presence", "socket", where="query"),
    ProtectedEndpoint("noti-stream", STREAM, "stream", where="query"),
    ProtectedEndpoint("noti-stream-header", STREAM, "stream"),
)

# The stream reads tokens in both places; elsewhere a token in the other one counts for nothing.
CELLS = [(kind, endpoint) for endpoint in PROTECTED for kind in KINDS] + [
    (MISPLACED, d) for d in PROTECTED if d.kind != "stream"
]

# What is somebody else's, for who has a good token: (endpoint, who knocks).
OTHERS = (
    (ProtectedEndpoint("board", f"{BOARD}/projects/workspace/{{workspace}}"), "stranger"),
    (ProtectedEndpoint("chat", f"{CHAT}/messages/{{room}}"), "stranger"),
    (ProtectedEndpoint("storage", STORAGE), "stranger"),
    (OPS, "alice"),
    (ProtectedEndpoint("chat-socket", f"{CHAT}/ws/{{room}}", "socket", where="query"), "stranger"),
)
