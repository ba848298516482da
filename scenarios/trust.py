"""The doors that a token opens, one typed line each, and the kinds of bad tokens: the table of
token trust.
"""

from collections.abc import Awaitable, Callable

from probes.auth.bad_tokens import KINDS, MISPLACED, Counterfeit
from probes.services.token_checks import OPS, USER, Door
from scenarios.contracts import BOARD, CHAT, NOTI

Bad = Callable[[str, str], Awaitable[Counterfeit]]
At = Callable[[Door], Awaitable[Door]]

STREAM = f"{NOTI}/notifications/stream"
STORAGE = "{storage}/storage/workspaces/{workspace}/usage"

DOORS = (
    USER,
    Door("board", f"{BOARD}/projects/workspace/{{workspace}}"),
    Door("chat", f"{CHAT}/my"),
    Door("noti", f"{NOTI}/notifications/unread-count", scoped=True),
    Door("storage", STORAGE),
    OPS,
    Door("chat-socket", f"{CHAT}/ws/{{room}}", "socket", where="query"),
    Door("board-socket", "/api/svc/board/ws/project/{project}", "socket", where="query"),
    Door("presence-socket", f"{CHAT}/ws/presence", "socket", where="query"),
    Door("noti-stream", STREAM, "stream", where="query"),
    Door("noti-stream-header", STREAM, "stream"),
)

# The stream reads tokens in both places; elsewhere a token in the other one counts for nothing.
CELLS = [(kind, door) for door in DOORS for kind in KINDS] + [
    (MISPLACED, d) for d in DOORS if d.kind != "stream"
]

# What is somebody else's, for who has a good token: (door, who knocks).
OTHERS = (
    (Door("board", f"{BOARD}/projects/workspace/{{workspace}}"), "stranger"),
    (Door("chat", f"{CHAT}/messages/{{room}}"), "stranger"),
    (Door("storage", STORAGE), "stranger"),
    (OPS, "alice"),
    (Door("chat-socket", f"{CHAT}/ws/{{room}}", "socket", where="query"), "stranger"),
)
