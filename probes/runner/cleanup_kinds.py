"""Where each kind of thing that a run creates is listed afterwards, and how it is removed."""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from probes.auth.users import User
from probes.config.livekit import LiveKit
from probes.livekit import rooms
from probes.livekit.tokens import open_access
from probes.recording.ledger import Entry
from probes.recording.recorder import current
from probes.services import boards, chat, notifications, video, workspaces
from probes.services.storage import Drive
from probes.transport.http import Web


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """One place that keeps things of `kinds`. `remove`: whether the service says that it is gone.

    `follow`: kinds that leave something here without being asked to.
    """

    kinds: tuple[str, ...]
    list_entries: Callable[[], Awaitable[list[Entry]]]
    remove: Callable[[Entry], Awaitable[bool]]
    follow: tuple[str, ...] = ()


def resource_kinds(drive: Drive, creator: User, assignee: User) -> tuple[ResourceKind, ...]:
    """All there are; `creator` made the things, `assignee` was told of some."""
    web = drive.web
    return (
        ResourceKind(
            ("folder", "file"),
            functools.partial(_in_drive, drive),
            functools.partial(_from_drive, drive),
        ),
        ResourceKind(
            ("chat",),
            functools.partial(_chats, web, creator),
            functools.partial(_close, web, creator),
        ),
        ResourceKind(
            ("board",),
            functools.partial(_cards, web, creator),
            functools.partial(_take_off, web, creator),
        ),
        ResourceKind(
            ("workspace",),
            functools.partial(_workspaces, web, creator),
            functools.partial(_delete_workspace, web, creator),
        ),
        # A notice outlives its board, and bears its name.
        ResourceKind(
            ("notice",),
            functools.partial(_notices, web, assignee),
            functools.partial(_dismiss, web, assignee),
            follow=("board",),
        ),
        *_of_calls(web, creator),
    )


def _of_calls(web: Web, creator: User) -> tuple[ResourceKind, ...]:
    """Rooms that the probes made at LiveKit, and calls that they opened in the app."""
    if (promised := web.target.livekit) is None:
        return ()
    return (
        ResourceKind(
            ("room",),
            functools.partial(_rooms, web, promised),
            functools.partial(_dissolve, web, promised),
        ),
        ResourceKind(
            ("call",),
            functools.partial(_calls, web, creator),
            functools.partial(_end, web, creator),
        ),
    )


async def _in_drive(drive: Drive) -> list[Entry]:
    folder = await drive.contents()
    named = [("folder", row) for row in folder.get("children", [])] + [
        ("file", row) for row in folder.get("files", [])
    ]
    return [
        Entry(kind, row.get("originalName") or row.get("name", ""), row["id"])
        for kind, row in named
    ]


async def _from_drive(drive: Drive, entry: Entry) -> bool:
    return await drive.delete_for_good(entry.kind, entry.id)


async def _chats(web: Web, user: User) -> list[Entry]:
    return [Entry("chat", room.name, room.id) for room in await chat.list_chats(web, user)]


async def _close(web: Web, user: User, entry: Entry) -> bool:
    return await chat.delete_chat(web, user, entry.id)


async def _workspaces(web: Web, user: User) -> list[Entry]:
    return [Entry("workspace", own.name, own.id) for own in await workspaces.list_own(web, user)]


async def _delete_workspace(web: Web, user: User, entry: Entry) -> bool:
    return await workspaces.delete(web, user, entry.id)


async def _cards(web: Web, user: User) -> list[Entry]:
    return [Entry("board", card.title, card.id) for card in await boards.list_cards(web, user)]


async def _take_off(web: Web, user: User, entry: Entry) -> bool:
    return await boards.remove(web, user, entry.id)


async def _notices(web: Web, user: User) -> list[Entry]:
    return [
        Entry("notice", notice.name, notice.id)
        for notice in await notifications.list_notices(web, user)
    ]


async def _dismiss(web: Web, user: User, entry: Entry) -> bool:
    return await notifications.dismiss(web, user, entry.id)


async def _rooms(web: Web, promised: LiveKit) -> list[Entry]:
    access = open_access(promised, current().evidence.redactor)
    return [Entry("room", name, name) for name in await rooms.list_rooms(web, promised, access)]


async def _dissolve(web: Web, promised: LiveKit, entry: Entry) -> bool:
    return await rooms.remove(
        web, promised, open_access(promised, current().evidence.redactor), entry.name
    )


async def _calls(web: Web, user: User) -> list[Entry]:
    return [Entry("call", room.name, room.id) for room in await video.list_calls(web, user)]


async def _end(web: Web, user: User, entry: Entry) -> bool:
    return await video.end_call(web, user, entry.id)
