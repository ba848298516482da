"""What the services of one replica share: people, their things, the signing key, and the faults
that are on.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from replica.faults import FAULTS
from replica.google import Google
from replica.live_connections import LiveConnections
from replica.livekit import LiveKit
from replica.models import (
    NIL_ID,
    AttachmentModel,
    BoardModel,
    ChatModel,
    FileModel,
    FolderModel,
    MessageModel,
    Model,
    NotificationModel,
    PortalUserModel,
    ProjectModel,
    SettingModel,
    UserModel,
    VideoRoomModel,
    WorkspaceModel,
)
from replica.s3_objects import BucketObjects, Objects
from replica.service_settings import BucketSettings, PublicHosts
from replica.signing_key import SigningKey

AnyModel = TypeVar("AnyModel", bound=Model)
Table = dict[str, AnyModel]

# Pings, cuts, pauses and back-offs of weAlist last this part of their time here: tests wait for
# them.
SCALE = 0.1

TEST_USERS = {"alice": "앨리스", "bob": "Bob", "stranger": "Stranger", "operator": "Operator"}
# User-service seeds it at every start (7719d74f); the test token endpoint falls back to it.
SYSTEM_USER = "00000000-0000-0000-0000-000000000001"


# Until a replica says where it is.
NO_GOOGLE = Google("https://accounts.google.invalid", Path("google.sock"))
NO_LIVEKIT = LiveKit("wss://livekit.invalid", 7880, 7881)


@dataclass(slots=True)
class SignInSession:
    """What auth-service's session keeps of a sign-in: the state that went to Google, empty where
    none is under way, and the redirect_uri that was asked for, empty where none was.
    """

    state: str = field(default="", repr=False)
    redirect_uri: str = ""


def email_for(who: str) -> str:
    return f"{who}@probes.invalid"


@dataclass(slots=True)
class ReplicaState:
    """One replica's state, in memory; a new one knows nothing of the last."""

    hosts: PublicHosts
    bucket: BucketSettings
    objects: Objects
    key: SigningKey
    google: Google = NO_GOOGLE
    livekit: LiveKit = NO_LIVEKIT
    production: bool = False
    faults: set[str] = field(default_factory=set)
    access_seconds: float = 30 * 60
    refresh_seconds: float = 7 * 24 * 3600
    scale: float = SCALE
    internal_key: str = "replica-internal-key"

    users: Table[UserModel] = field(default_factory=dict)
    workspaces: Table[WorkspaceModel] = field(default_factory=dict)
    projects: Table[ProjectModel] = field(default_factory=dict)
    boards: Table[BoardModel] = field(default_factory=dict)
    attachments: Table[AttachmentModel] = field(default_factory=dict)
    folders: Table[FolderModel] = field(default_factory=dict)
    files: Table[FileModel] = field(default_factory=dict)
    chats: Table[ChatModel] = field(default_factory=dict)
    messages: Table[MessageModel] = field(default_factory=dict)
    notifications: Table[NotificationModel] = field(default_factory=dict)
    video_rooms: Table[VideoRoomModel] = field(default_factory=dict)
    transcripts: dict[str, str] = field(default_factory=dict)  # by room
    portal_users: Table[PortalUserModel] = field(default_factory=dict)
    settings: Table[SettingModel] = field(default_factory=dict)
    sessions: dict[str, SignInSession] = field(
        default_factory=dict
    )  # auth-service keeps them in Redis
    blacklist: set[str] = field(
        default_factory=set
    )  # raw tokens, as auth-service keeps them in Redis

    traces: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by id, as Tempo has it
    requests: Counter[str] = field(default_factory=Counter)  # by stand-in, for tests of cost
    pod_logs: dict[str, deque[str]] = field(default_factory=dict)  # by service, oldest line first
    live: LiveConnections = field(default_factory=LiveConnections)
    test_users: dict[str, UserModel] = field(default_factory=dict)
    home: WorkspaceModel = field(init=False)  # alice's workspace, bob is a member
    plan: ProjectModel = field(init=False)  # a board project in it

    @classmethod
    def with_seed_data(
        cls,
        hosts: PublicHosts,
        bucket: BucketSettings,
        *,
        objects: Objects | None = None,
        key: SigningKey | None = None,
    ) -> "ReplicaState":
        """A state with the test users, alice's workspace, one project, one portal user and one
        setting of the remote configuration.
        """
        state = cls(hosts, bucket, objects or BucketObjects(bucket), key or SigningKey())
        state._seed_people()
        state._seed_workspaces()
        operator = state.test_users["operator"]
        add(
            state.portal_users,
            PortalUserModel(email=operator.email, name=operator.name, role="admin"),
        )
        add(
            state.settings,
            SettingModel(key="maintenance.enabled", value="false", description="Shows the notice"),
        )
        return state

    def _seed_people(self) -> None:
        for who, name in TEST_USERS.items():
            self.test_users[who] = add(self.users, UserModel(email=email_for(who), name=name))
        add(self.users, UserModel(id=SYSTEM_USER, email="loadtest@wealist.co.kr", name="System"))

    def _seed_workspaces(self) -> None:
        alice, bob = self.test_users["alice"].id, self.test_users["bob"].id
        members = {alice: "OWNER", bob: "MEMBER"}
        home = WorkspaceModel(
            name="Probes",
            description="Where the probes live",
            owner=alice,
            members=members,
            is_public=False,
        )
        self.home = add(self.workspaces, home)
        plan = ProjectModel(workspace=home.id, name="Plan", description="", owner=alice)
        self.plan = add(self.projects, plan)
        system = {SYSTEM_USER: "OWNER"}
        row = WorkspaceModel(
            id=NIL_ID,
            name="System",
            description="",
            owner=SYSTEM_USER,
            members=system,
            is_public=False,
        )
        add(self.workspaces, row)

    def is_fault_active(self, fault: str) -> bool:
        """Whether a fault is on; a name that no fault has is a KeyError, so that a typo cannot
        hide one.
        """
        return FAULTS[fault].name in self.faults

    def is_member(self, workspace: str, user: str) -> bool:
        found = self.workspaces.get(workspace)
        return found is not None and user in found.members

    def has_access(self, workspace: str, user: str) -> bool:
        """What user-service's validate-member says: a public workspace admits everybody."""
        found = self.workspaces.get(workspace)
        return found is not None and (found.is_public or user in found.members)

    def user_by_email(self, email: str) -> UserModel | None:
        return next((user for user in self.users.values() if user.email == email), None)

    def leftovers(self) -> dict[str, list[str]]:
        """Names of what users have made and not removed for good; uploads never confirmed expire on
        their own.
        """
        return {
            "workspaces": [
                row.name for row in self.workspaces.values() if row.id not in {self.home.id, NIL_ID}
            ],
            "projects": [row.name for row in self.projects.values() if row is not self.plan],
            "boards": [row.title for row in self.boards.values()],
            "folders": [row.name for row in self.folders.values()],
            "files": [row.name for row in self.files.values() if row.status != "UPLOADING"],
            "chats": [row.name or row.id for row in self.chats.values()],
            "calls": [row.name for row in self.video_rooms.values() if row.active],
            "attachments": [
                row.file_name for row in self.attachments.values() if row.status == "CONFIRMED"
            ],
        }


def add(table: Table[AnyModel], row: AnyModel) -> AnyModel:
    """The row, now in its table."""
    table[row.id] = row
    return row
