"""Faults that give a user what is somebody else's: the shape is right, the content is not."""

from replica.faults.fault import NO_INCIDENT, Fault

IDENTITY = (
    Fault(
        "profile-is-another-members",
        "User-service reads the profile of another member of the workspace.",
        NO_INCIDENT,
    ),
    Fault(
        "board-shows-another-project",
        "Board-service answers a project's settings with those of another project.",
        NO_INCIDENT,
    ),
    Fault(
        "storage-lists-another-workspace",
        "The storage service lists the files of another workspace.",
        NO_INCIDENT,
    ),
    Fault(
        "chat-reaches-other-rooms",
        "Chat sends what is said in one chat to the open sockets of another.",
        NO_INCIDENT,
    ),
    Fault(
        "chat-history-mixes-rooms",
        "A chat's history holds a message of another chat.",
        NO_INCIDENT,
    ),
    Fault(
        "notifications-reach-others",
        "The notification stream begins with what another user is told.",
        NO_INCIDENT,
    ),
    Fault(
        "notifications-come-thrice",
        "The notification service stores and sends each notification three times.",
        NO_INCIDENT,
    ),
    Fault(
        "ops-takes-one-for-another",
        "Ops-service tells a portal user that they are another one, whom the dashboard greets.",
        NO_INCIDENT,
    ),
)
