"""The places that only the signed-in may enter, and how it is seen that one let somebody in."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from probes.services import notifications, ops
from probes.transport import websocket
from probes.transport.envelopes import Envelope
from probes.transport.http import Answer, Web

Where = Literal["header", "query"]
# What a stream may say that opens (200) and refuses.
REFUSES = re.compile(rb"^event: ?(?:error|unauthorized)|\"error\"", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ProtectedEndpoint:
    """A place that only the signed-in may enter. `{workspace}`, `{storage}`, `{project}` and
    `{room}` are filled in.
    """

    name: str
    path: str
    kind: Literal["http", "socket", "stream"] = "http"
    who: str = "alice"
    where: Where = "header"
    is_scoped: bool = False
    envelope: Envelope = Envelope.GO_ERROR

    def fill(self, web: Web, room: str = "") -> "ProtectedEndpoint":
        target = web.target
        known = {
            "{storage}": target.paths.storage,
            "{workspace}": target.workspace.id,
            "{project}": target.workspace.project,
            "{room}": room,
        }
        path = self.path
        for name, value in known.items():
            path = path.replace(name, value)
        return replace(self, path=path)


OPS = ProtectedEndpoint("ops", ops.ME, who="operator")
USER = ProtectedEndpoint("user", "/api/svc/user/api/users/me")


def is_accepted(endpoint: ProtectedEndpoint, answer: Answer) -> bool:
    """Whether the endpoint let somebody in: an open socket, a stream that says something, data. A
    status alone accuses nobody.
    """
    match endpoint.kind:
        case "socket":
            return answer.status == websocket.SWITCHING
        case "stream":
            is_stream = answer.media_type == notifications.EVENT_STREAM
            return is_stream and bool(answer.body) and not REFUSES.search(answer.body)
    return answer.status < 300 and answer.json is not None and not answer.is_html
