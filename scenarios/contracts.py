"""What every public route answers: one typed line a route, from contract.md; what differs between
environments is TOML.

`{workspace}`, `{project}` and `{user}` are the environment's; `{storage}` is the base path that
storage has there.
"""

from dataclasses import dataclass

from probes.config.environment import Target
from probes.transport.envelopes import Envelope

NOBODY = "00000000-0000-4000-8000-00000000dead"  # a well-formed id that no row has


@dataclass(frozen=True, slots=True)
class Contract:
    """One GET. `public`: it answers without a token. `is_scoped`: it wants the X-Workspace-Id
    header.
    """

    name: str
    path: str
    envelope: Envelope
    kind: type = dict
    keys: tuple[str, ...] = ()
    public: bool = False
    is_scoped: bool = False
    status: int = 200

    @property
    def is_health(self) -> bool:
        return self.name.endswith("-health")

    def url(self, origin: str, target: Target, user: str) -> str:
        path = self.path.replace("{storage}", target.paths.storage)
        known = {
            "{workspace}": target.workspace.id,
            "{project}": target.workspace.project,
            "{user}": user,
        }
        for name, value in known.items():
            path = path.replace(name, value)
        return origin + path


AUTH, USER, BOARD = "/api/svc/auth", "/api/svc/user/api", "/api/svc/board/api"
CHAT, NOTI, OPS = "/api/svc/chat/api/chats", "/api/svc/noti/api", "/api/ops"

JWKS = f"{AUTH}/.well-known/jwks.json"

ROUTES = (
    Contract("auth-jwks", JWKS, Envelope.RAW, keys=("keys",), public=True),
    Contract(
        "auth-openid",
        f"{AUTH}/.well-known/openid-configuration",
        Envelope.RAW,
        keys=("issuer",),
        public=True,
    ),
    Contract("auth-health", f"{AUTH}/actuator/health", Envelope.RAW, keys=("status",), public=True),
    Contract("user-workspaces", f"{USER}/workspaces/all", Envelope.RAW, list),
    Contract("user-me", f"{USER}/users/me", Envelope.RAW, keys=("userId",)),
    Contract("user-members", f"{USER}/workspaces/{{workspace}}/members", Envelope.RAW, list),
    Contract("user-profile", f"{USER}/profiles/me", Envelope.RAW, keys=("userId",), is_scoped=True),
    Contract(
        "user-health", "/api/svc/user/health/live", Envelope.RAW, keys=("status",), public=True
    ),
    Contract("board-projects", f"{BOARD}/projects/workspace/{{workspace}}", Envelope.DATA, list),
    Contract("board-settings", f"{BOARD}/projects/{{project}}/init-settings", Envelope.DATA),
    Contract(
        "board-health", "/api/svc/board/health/live", Envelope.RAW, keys=("status",), public=True
    ),
    Contract("chat-mine", f"{CHAT}/my", Envelope.MESSAGE, list),
    Contract("chat-workspace", f"{CHAT}/workspace/{{workspace}}", Envelope.MESSAGE, list),
    Contract("chat-online", f"{CHAT}/presence/online", Envelope.MESSAGE, list),
    Contract(
        "chat-health", "/api/svc/chat/health/live", Envelope.RAW, keys=("status",), public=True
    ),
    Contract(
        "noti-list", f"{NOTI}/notifications", Envelope.RAW, keys=("notifications",), is_scoped=True
    ),
    Contract(
        "noti-unread",
        f"{NOTI}/notifications/unread-count",
        Envelope.RAW,
        keys=("count",),
        is_scoped=True,
    ),
    Contract(
        "noti-health", "/api/svc/noti/health/live", Envelope.RAW, keys=("status",), public=True
    ),
    Contract(
        "storage-contents",
        "{storage}/storage/folders/contents?workspaceId={workspace}",
        Envelope.SUCCESS,
    ),
    Contract(
        "storage-files",
        "{storage}/storage/workspaces/{workspace}/files",
        Envelope.SUCCESS,
        keys=("files",),
    ),
    Contract("storage-usage", "{storage}/storage/workspaces/{workspace}/usage", Envelope.SUCCESS),
    Contract(
        "storage-health",
        "/api/svc/storage/health/live",
        Envelope.RAW,
        keys=("status",),
        public=True,
    ),
    Contract("ops-config", f"{OPS}/api/config/active", Envelope.SUCCESS, public=True),
    Contract("ops-health", f"{OPS}/health/live", Envelope.RAW, keys=("status",), public=True),
)

MISSING = (
    Contract("storage-file", f"{{storage}}/storage/files/{NOBODY}", Envelope.GO_ERROR, status=404),
    Contract("board-project", f"{BOARD}/projects/{NOBODY}", Envelope.GO_ERROR, status=404),
    Contract("chat", f"{CHAT}/{NOBODY}", Envelope.GO_ERROR, status=403),
    Contract("user-workspace", f"{USER}/workspaces/{NOBODY}", Envelope.GO_ERROR, status=404),
)

# contract 5.5: without Redis they log, go on, and deliver nothing; readiness still answers 200.
NEED_REDIS = ("chat", "noti", "board", "storage")
