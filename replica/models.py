"""Rows of weAlist's tables, as far as a user can see them through the API."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

NIL_ID = "00000000-0000-0000-0000-000000000000"


def new_id() -> str:
    return str(uuid.uuid4())


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(slots=True, kw_only=True)
class Model:
    """What every row has."""

    id: str = field(default_factory=new_id)
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)


@dataclass(slots=True, kw_only=True)
class UserModel(Model):
    """An account, with the one nickname that all its profiles start from."""

    email: str
    name: str
    image_url: str | None = None


@dataclass(slots=True, kw_only=True)
class WorkspaceModel(Model):
    """A workspace; `members` maps a user's id to OWNER, ADMIN or MEMBER. The API makes public ones
    unless it is told otherwise.
    """

    name: str
    description: str
    owner: str
    members: dict[str, str]
    is_public: bool = True


@dataclass(slots=True, kw_only=True)
class ProjectModel(Model):
    """A board project."""

    workspace: str
    name: str
    description: str
    owner: str


@dataclass(slots=True, kw_only=True)
class BoardModel(Model):
    """One card on a project's board."""

    project: str
    workspace: str
    author: str
    title: str
    content: str
    assignee: str | None
    fields: dict[str, Any]
    participants: list[str]


@dataclass(slots=True, kw_only=True)
class AttachmentModel(Model):
    """Metadata of an object that a board, comment, project or profile shows."""

    entity_type: str
    file_key: str
    file_name: str
    file_size: int
    content_type: str
    uploaded_by: str
    status: str = "TEMP"


@dataclass(slots=True, kw_only=True)
class FolderModel(Model):
    """A folder of a drive; one with `deleted_at` lies in the trash."""

    workspace: str
    parent: str | None
    name: str
    path: str
    color: str | None
    created_by: str
    deleted_at: str | None = None


@dataclass(slots=True, kw_only=True)
class FileModel(Model):
    """A file of a drive: UPLOADING until it is confirmed, then ACTIVE."""

    workspace: str
    folder: str | None
    project: str | None
    name: str
    original_name: str
    key: str
    size: int
    content_type: str
    uploaded_by: str
    status: str = "UPLOADING"
    deleted_at: str | None = None
    other_key: str | None = None  # the object that storage-hands-out-wrong-file gives out instead


@dataclass(slots=True, kw_only=True)
class ChatModel(Model):
    """A conversation; its participants have no roles."""

    workspace: str
    project: str | None
    kind: str
    name: str
    created_by: str
    participants: list[str]
    last_read: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class MessageModel(Model):
    """What was said in a chat."""

    chat: str
    user: str
    content: str
    kind: str
    file: dict[str, Any]
    deleted_at: str | None = None


@dataclass(slots=True, kw_only=True)
class NotificationModel(Model):
    """Something that somebody should know."""

    kind: str
    actor: str
    target: str
    workspace: str
    resource_type: str
    resource: str
    resource_name: str | None
    read_at: str | None = None


@dataclass(slots=True, kw_only=True)
class PortalUserModel(Model):
    """Who may enter the operations portal."""

    email: str
    name: str
    role: str


@dataclass(slots=True, kw_only=True)
class SettingModel(Model):
    """A key and value of the remote configuration."""

    key: str
    value: str
    description: str


@dataclass(slots=True, kw_only=True)
class VideoRoomModel(Model):
    """A call; `people` maps a user's id to when he joined, `left` to when he left for the last
    time.
    """

    workspace: str
    name: str
    creator: str
    size: int
    people: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    ended_at: str | None = None

    @property
    def active(self) -> bool:
        return self.ended_at is None
