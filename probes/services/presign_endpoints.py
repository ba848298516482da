"""The four services that hand out presigned URLs, and how each is asked (contract 4.5)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict
from urllib.parse import quote

from probes.auth.users import User
from probes.recording.ledger import Ledger
from probes.services.presign import Presigned, expect_issued, expect_trusted, parse
from probes.services.presign_use import Upload
from probes.transport.envelopes import Envelope, expect_shape
from probes.transport.http import Web
from probes.transport.typed_answers import Identity, WebUrl


class Ticket(TypedDict):
    """What all four answer (contract 4.5); only storage's names a file."""

    uploadUrl: WebUrl
    fileKey: NotRequired[str]
    downloadUrl: NotRequired[WebUrl]
    fileId: NotRequired[Identity]


SIZE_BYTES = 16  # bytes that nobody else has


@dataclass(frozen=True, slots=True)
class PresignEndpoint:
    """One service's way to a presigned PUT. `path` is outside, {storage} stands for storage's base
    path.
    """

    name: str
    path: str
    envelope: Envelope
    content_type: str
    suffix: str
    extra: Mapping[str, Any] | None = None

    async def issue(self, web: Web, user: User, ledger: Ledger) -> Presigned:
        """A fresh presigned URL, read. What storage notes of it is in the ledger. Raises Broken."""
        return parse((await self._ticket(web, user, ledger))["uploadUrl"])

    async def begin_upload(self, web: Web, user: User, ledger: Ledger) -> Upload:
        """A presigned URL that the environment vouches for, and what to send there. Raises
        Broken.
        """
        ticket = await self._ticket(web, user, ledger)
        key = str(ticket.get("fileKey") or "")
        cdn = f"{web.target.hosts.cdn}/{quote(key)}" if web.target.hosts.cdn and key else ""
        return Upload(
            issuer=self.name,
            presigned=expect_trusted(ticket["uploadUrl"], web.target.presign),
            key=key,
            read_url=str(ticket.get("downloadUrl") or cdn),
            content_type=self.content_type,
            content=secrets.token_bytes(SIZE_BYTES),
        )

    async def _ticket(self, web: Web, user: User, ledger: Ledger) -> Ticket:
        # Only storage makes a row that somebody would find again.
        name = (
            ledger.enter("file", f"presign.{self.suffix}")
            if self.name == "storage"
            else f"presign.{self.suffix}"
        )
        body = {
            "fileName": name,
            "contentType": self.content_type,
            "fileSize": SIZE_BYTES,
            **(self.extra or {}),
        }
        if self.name != "user":
            body["workspaceId"] = web.target.workspace.id
        url = web.target.hosts.apex + self.path.replace("{storage}", web.target.paths.storage)
        answer = await web.ask("POST", url, token=await user.token(), json=body)
        expect_issued(answer)
        ticket = expect_shape(answer, self.envelope, Ticket)
        if "fileId" in ticket and self.name == "storage":
            ledger.identify(name, ticket["fileId"])
        return ticket


PRESIGN_ENDPOINTS = (
    PresignEndpoint(
        "storage", "{storage}/storage/files/upload-url", Envelope.SUCCESS, "text/plain", "txt"
    ),
    PresignEndpoint(
        "board",
        "/api/svc/board/api/attachments/presigned-url",
        Envelope.DATA,
        "text/plain",
        "txt",
        extra={"entityType": "BOARD"},
    ),
    PresignEndpoint(
        "chat", "/api/svc/chat/api/chats/files/presigned-url", Envelope.DATA, "image/png", "png"
    ),
    PresignEndpoint(
        "user",
        "/api/svc/user/api/profiles/me/image/presigned-url",
        Envelope.RAW,
        "image/png",
        "png",
    ),
)
