"""Faults of real time and of the life of a token: what incident 4 and its neighbours rehearse (V6
§4).
"""

from replica.faults.fault import NO_INCIDENT, Fault

TOKENS = (
    Fault(
        "refresh-path-lost-behind-gateway",
        "The gateway sends refresh and logout to /refresh and /logout, which auth-service "
        "does not serve: a redirect to sign in.",
        "8073303f",
    ),
    Fault(
        "gateway-replays-refresh",
        "The gateway repeats a refresh that has rotated the token; the user gets the "
        "second answer, 401 AUTH006.",
        "retries on POST, contract §1.4",
    ),
    Fault(
        "refresh-gives-no-access-token",
        "A refresh answers 200 with a new refresh token, and null for the access token.",
        NO_INCIDENT,
    ),
    Fault(
        "refresh-does-not-rotate",
        "A refresh gives a new access token and leaves the used refresh token good.",
        NO_INCIDENT,
    ),
)

REALTIME = (
    Fault(
        "socket-accepts-expired-token",
        "The chat, board and presence sockets open for an access token that has expired.",
        NO_INCIDENT,
    ),
    Fault(
        "socket-refuses-with-500",
        "A socket that must be refused ends in 500 before the upgrade, whatever the reason.",
        NO_INCIDENT,
    ),
    Fault(
        "gateway-strips-upgrade",
        "The gateway passes a socket's request on without its Upgrade header, and the pod "
        "answers 400.",
        NO_INCIDENT,
    ),
    Fault(
        "edge-answers-html-to-upgrade",
        "On the apex host a request to open a socket gets the app's HTML with status 200.",
        "V6 §1",
    ),
    Fault(
        "upgrade-hangs",
        "A request to open a socket is taken and never answered.",
        NO_INCIDENT,
    ),
    Fault(
        "chat-bus-down",
        "The chat pods have no bus between them: members on different pods do not hear each other.",
        "Redis off, contract §5.5",
    ),
    Fault(
        "chat-delivers-twice",
        "Each chat message is delivered a second time under another id, so that users see "
        "it twice.",
        "double publish",
    ),
    Fault(
        "chat-mangles-text",
        "Whatever is not ASCII arrives as question marks in chat.",
        NO_INCIDENT,
    ),
    Fault(
        "chat-loses-file-url",
        "The chat keeps no fileUrl of an image: its message arrives, and nobody can see it.",
        "5749e107",
    ),
    Fault(
        "presence-outlives-its-pod",
        "A chat pod was killed: whoever was on it stays online for ever.",
        "contract §5.2",
    ),
    Fault(
        "board-shows-nobody-online",
        "The board's list of who is online is always empty.",
        "a2cb0eba",
    ),
    Fault(
        "chat-drops-who-speaks",
        "The chat service fails on each message that comes over a socket, and drops that socket.",
        NO_INCIDENT,
    ),
    Fault(
        "presence-never-forgets",
        "Who has left stays online for everybody.",
        "a2cb0eba",
    ),
    Fault(
        "board-sends-no-events",
        "The board service has no Redis: a change of a board reaches nobody over the socket.",
        "44a028d8",
    ),
    Fault(
        "stream-cut-early",
        "The notification stream is cut after half of its time.",
        "noti WriteTimeout",
    ),
    Fault(
        "notifications-not-sent",
        "The board service cannot reach the notification service: an assigned board "
        "notifies nobody.",
        "f8d2b9c5",
    ),
)

LINGERING = (
    Fault(
        "board-cuts-sockets",
        "One of two board pods ends each socket after a minute.",
        NO_INCIDENT,
    ),
    Fault(
        "board-ignores-pings",
        "The board service does not answer the app's ping.",
        NO_INCIDENT,
    ),
    Fault(
        "chat-goes-deaf",
        "One of two chat pods loses its rooms after a minute: its sockets stay open and hear "
        "nothing more.",
        NO_INCIDENT,
    ),
    Fault(
        "chat-sends-binary",
        "One of two chat pods sends its events in binary frames, which pages cannot parse.",
        NO_INCIDENT,
    ),
    Fault(
        "presence-closes-at-once",
        "One of two chat pods opens presence sockets and closes them at once with 4401.",
        NO_INCIDENT,
    ),
    Fault(
        "presence-ignores-heartbeats",
        "The presence socket does not answer the app's heartbeat.",
        NO_INCIDENT,
    ),
)

REALTIME_PAGES = (
    Fault(
        "page-loses-image-url",
        "The chat page reads no upload URL from chat's answer: the image goes to /undefined, its "
        "message names no file.",
        "contract §3.6",
    ),
    Fault(
        "page-reconnects-with-stale-token",
        "After a drop the page reconnects with the expired token of its storage and "
        "refreshes nothing.",
        "V6 §4",
    ),
    Fault(
        "page-storms-on-reconnect",
        "After a drop the page tries to reconnect without a pause and without an end.",
        "endless attempts",
    ),
    Fault(
        "sockets-race-to-refresh",
        "Each socket refreshes for itself: all but one use a refresh token that is spent, "
        "and log the user out.",
        "contract §3.3",
    ),
    Fault(
        "page-logs-out-on-any-refresh-error",
        "A refresh that fails by network or 503 logs the user out as a refused one does; a lost "
        "network is enough.",
        "contract §3.3",
    ),
    Fault(
        "page-never-reconnects",
        "A socket that was dropped stays closed until the page is loaded again.",
        NO_INCIDENT,
    ),
)
