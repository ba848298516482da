"""Rows of the fault matrix for what is somebody else's: foreign data, and things told twice."""

from probes.finding import Code
from tests.fault_matrix.pages import AT_A_CHAT
from tests.fault_matrix.realtime import ASSIGNED, CHAT, IMAGE, LATER, ON_RETURN, STAYS_OPEN
from tests.fault_matrix.trust import DATA, PORTAL, PORTAL_LANDING, SENT_BACK, all_of, good

Row = dict[str, str]

WHO = "workspace/everybody-is-told-who-they-are"
PROFILES = (WHO, "workspace/a-changed-profile-is-kept", "workspace/a-profile-image-is-kept")


def both(name: str) -> list[str]:
    return [f"edge/a-route-answers-json[{name}-{host}]" for host in ("apex", "api")]


IDENTITY: dict[str, Row] = {
    "profile-is-another-members": all_of(Code.FOREIGN_DATA, both("user-profile"), PROFILES),
    "board-shows-another-project": all_of(Code.FOREIGN_DATA, both("board-settings")),
    "storage-lists-another-workspace": all_of(Code.FOREIGN_DATA, both("storage-files")),
    "chat-says-it-is-down": all_of(Code.SERVICE_UNAVAILABLE, both("chat-health")),
    "chat-reaches-other-rooms": all_of(Code.FOREIGN_DATA, CHAT),
    # A page that opens a chat asks for its history.
    "chat-history-mixes-rooms": all_of(Code.FOREIGN_DATA, LATER, IMAGE, AT_A_CHAT),
    "notifications-reach-others": all_of(Code.FOREIGN_DATA, ASSIGNED, STAYS_OPEN),
    "notifications-come-thrice": all_of(Code.NOTIFICATION_DUPLICATED, ASSIGNED, ON_RETURN),
    "ops-takes-one-for-another": all_of(
        Code.FOREIGN_DATA, SENT_BACK, PORTAL, PORTAL_LANDING, DATA, good("ops")
    ),
}

# What the faults of edge and services break here.
IDENTITY_ELSEWHERE: dict[str, Row] = {
    "certificate-names-other-host": {WHO: Code.TLS_INVALID},
    "edge-serves-html-for-api": {WHO: Code.EDGE_HTML_FALLBACK},
}

IDENTITY_CAUSES: dict[str, str] = {
    "profile-is-another-members": "user-service: it reads the row of another",
    "board-shows-another-project": "board-service: it reads the row of another",
    "storage-lists-another-workspace": "storage-service: it reads the row of another",
    "chat-says-it-is-down": "one of its own checks fails",
    "chat-reaches-other-rooms": "chat-service: whom it sends",
    "chat-history-mixes-rooms": "chat-service: it reads the row of another",
    "notifications-reach-others": "noti-service: whom it sends a notification to",
    "notifications-come-thrice": "more than once",
    "ops-takes-one-for-another": "ops-service: it reads the row of another",
}
