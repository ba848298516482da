"""A member's drive: look into it, put a file there, get it back, remove it for good; what can go
wrong has a name.

Paths, bodies and envelopes are those of contract 4.2; uploads go to S3 by presigned URL as the
page's do.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

from probes.auth.users import User
from probes.finding import Broken, Code, Finding, broken_promise
from probes.recording.ledger import Ledger
from probes.recording.recorder import current
from probes.services import presign
from probes.transport import service_words
from probes.transport.envelopes import Envelope, expect_shape
from probes.transport.http import Answer, Web
from probes.transport.typed_answers import Identity, WebUrl

TEXT = "text/plain"  # the extension .txt is on weAlist's list of allowed ones (contract 4.2)
CREATED = 201
NOT_THERE = "confirm, which does not look whether the object exists (contract 4.2)"
MAY_NOT_READ = re.compile(r"not authorized to perform: (?:kms:|s3:GetObject)|^KMS\.")


class Row(TypedDict):
    """A file or folder as storage-service answers it (contract 4.2)."""

    id: Identity
    name: NotRequired[str]
    originalName: NotRequired[str]


class NamedRow(TypedDict):
    id: Identity
    name: str


class Folder(TypedDict):
    """`children` and `files` are absent when there are none."""

    children: NotRequired[list[Row]]
    files: NotRequired[list[Row]]


class UploadTicket(TypedDict):
    uploadUrl: WebUrl
    fileKey: str
    fileId: Identity


class ConfirmedFile(TypedDict):
    id: Identity
    status: str
    name: NotRequired[str]


class DownloadTicket(TypedDict):
    downloadUrl: WebUrl


@dataclass(frozen=True, slots=True)
class Item:
    """A file or folder of the drive. `name` is the service's, which may not be the one that was
    asked for: it renames what it takes for a duplicate (contract 4.3). `entry` is the ledger's.
    """

    kind: Literal["file", "folder"]
    id: str
    name: str
    entry: str


@dataclass(frozen=True, slots=True)
class Drive:
    """What `user` can do in the workspace's drive. `base`: origin and path in front of
    /storage.
    """

    web: Web
    user: User
    base: str
    workspace: str
    ledger: Ledger

    async def call(self, method: str, path: str, **asked: Any) -> Answer:
        return await self.web.ask(
            method, f"{self.base}/storage/{path}", token=await self.user.token(), **asked
        )

    async def contents(self) -> Folder:
        """The root folder. Raises Broken."""
        answer = await self.call("GET", f"folders/contents?workspaceId={self.workspace}")
        return expect_shape(answer, Envelope.SUCCESS, Folder)

    async def make_folder(self, label: str) -> Item:
        """A new folder in the root. Raises Broken."""
        entry = self.ledger.enter("folder", label)
        body = {"workspaceId": self.workspace, "name": entry}
        answer = await self.call("POST", "folders", json=body)
        folder = expect_shape(answer, Envelope.SUCCESS, NamedRow, CREATED)
        self.ledger.identify(entry, folder["id"])
        return Item("folder", folder["id"], folder["name"], entry)

    async def upload_url(self, label: str, size_bytes: int) -> tuple[UploadTicket, str]:
        """A presigned URL and the row of a file that is not there yet, and the ledger's name of
        it. Raises Broken.
        """
        entry = self.ledger.enter("file", label)
        body = {
            "workspaceId": self.workspace,
            "fileName": entry,
            "contentType": TEXT,
            "fileSize": size_bytes,
        }
        answer = await self.call("POST", "files/upload-url", json=body)
        presign.expect_issued(answer)
        ticket = expect_shape(answer, Envelope.SUCCESS, UploadTicket)
        self.ledger.identify(entry, ticket["fileId"])
        return ticket, entry

    async def upload(self, label: str, content: bytes) -> Item:
        """The confirmed file, its bytes in S3. Nothing is sent to a place that the environment does
        not vouch for.
        """
        ticket, entry = await self.upload_url(label, len(content))
        presign.expect_trusted(ticket["uploadUrl"], self.web.target.presign)
        put = await self.web.ask(
            "PUT", ticket["uploadUrl"], content=content, headers={"content-type": TEXT}, kind="s3"
        )
        presign.expect_stored(put)
        answer = await self.call("POST", "files/confirm", json={"fileId": ticket["fileId"]})
        file = expect_shape(answer, Envelope.SUCCESS, ConfirmedFile)
        return Item("file", file["id"], file.get("name", entry), entry)

    async def download_link(self, file_id: str) -> str:
        answer = await self.call("GET", f"files/{file_id}/download")
        ticket = expect_shape(answer, Envelope.SUCCESS, DownloadTicket)
        signed = presign.expect_trusted(ticket["downloadUrl"], self.web.target.presign)
        if self.web.target.presign:
            presign.expect_lifetime(signed, self.web.target.presign.get_seconds)
        return signed.url

    async def download(self, file_id: str) -> bytes:
        """The bytes that S3 gives for the file. Raises Broken when they are not there."""
        return await self.follow(await self.download_link(file_id))

    async def follow(self, link: str) -> bytes:
        """The bytes that S3 gives for `link`. Raises Broken when it gives none."""
        answer = await self.web.ask("GET", link, kind="s3")
        if finding := explain_download(answer):
            raise Broken(finding)
        return answer.body

    async def find(self, kind: Literal["file", "folder"], entry: str) -> Item:
        """What the drive lists of what was made as `entry`. Raises Broken when it does not."""
        for row in await self._rows(kind):
            if entry in (row.get("name"), row.get("originalName")):
                self.ledger.identify(entry, row["id"])
                return Item(kind, row["id"], row.get("name", entry), entry)
        raise _not_listed(kind, entry)

    async def expect_listed(self, item: Item) -> None:
        """The drive lists `item`, whatever it calls it. Raises Broken."""
        if item.id not in [row["id"] for row in await self._rows(item.kind)]:
            raise _not_listed(item.kind, item.entry)

    async def expect_gone(self, item: Item) -> None:
        """The drive neither lists `item` nor answers for it. Raises Broken when it does."""
        listed = item.id in [row["id"] for row in await self._rows(item.kind)]
        answer = await self.call("GET", f"{item.kind}s/{item.id}")
        if listed or (answer.status == 200 and answer.json is not None):
            where = "is still listed" if listed else f"still answers {answer.status}"
            raise broken_promise(
                Code.DELETION_NOT_FINAL,
                f"the {item.kind} was deleted for good, and {where}",
                "storage-service",
            )
        self.ledger.mark_removed(item.entry)

    async def expect_link_dead(self, link: str) -> None:
        """S3 has nothing under a link that was good before. Raises Broken when it has."""
        answer = await self.web.ask("GET", link, kind="s3")
        if answer.status < 400:
            raise broken_promise(
                Code.DELETION_NOT_FINAL,
                f"the file was deleted for good, and S3 still gives its bytes ({answer.status})",
                "storage-service: the object outlives its row",
            )

    async def _rows(self, kind: str) -> list[Row]:
        folder = await self.contents()
        return folder.get("files", []) if kind == "file" else folder.get("children", [])

    async def delete_for_good(self, kind: str, identity: str) -> bool:
        """Through the trash and out of it, as the page does; whether the service says that it is
        gone.
        """
        gone = False
        for path in (identity, f"{identity}/permanent"):
            answer = await self.call("DELETE", f"{kind}s/{path}")
            current().note(f"DELETE {kind}s/{path}: {answer.status}")
            # A 404 without JSON is the gateway's or a wrong base path's, and says nothing of the
            # file.
            gone = answer.status == 204 or (
                answer.json is not None and (answer.status < 300 or answer.status == 404)
            )
        return gone


def _not_listed(kind: str, entry: str) -> Broken:
    return broken_promise(
        Code.UPLOAD_LOST, f"the drive does not list the {kind} {entry}", "storage-service"
    )


def explain_download(answer: Answer) -> Finding | None:
    """Name why S3 gave nothing for a confirmed file; pure. Who may not list a bucket is answered
    403 for what is not there as well (Amazon S3 API reference, GetObject).
    """
    if answer.status == 200:
        return None
    quoted = f": {answer.words}" if answer.words else ""
    observed = f"the file is confirmed as ACTIVE, and S3 answers {answer.status} for it{quoted}"
    message = service_words.message(answer.body)
    meant = service_words.meaning(message, "storage-service")
    if MAY_NOT_READ.search(message):
        return Finding(Code.ACCESS_REFUSED, observed, meant)
    cause = f"{NOT_THERE}, or {meant}" if answer.status == 403 and meant else NOT_THERE
    return Finding(Code.UPLOAD_LOST, observed, cause)


def expect_same_bytes(sent: bytes, got: bytes, what: str) -> None:
    """Raise Broken unless what came back is what was sent."""
    if sent != got:
        raise broken_promise(
            Code.FILE_ALTERED,
            f"{what}: {len(sent)} bytes were sent and {len(got)} other bytes came back",
            "the object key or version that storage hands out, or a cache in front of the bucket",
        )
