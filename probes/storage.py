"""A member's drive: look into it, put a file there, get it back, remove it for good; every way it can go wrong has a name.

Paths, bodies and envelopes are those of contract 4.2; uploads go to S3 by presigned URL as the page's do.
"""

from dataclasses import dataclass
from typing import Any

from probes import presign
from probes.answers import Envelope, expect
from probes.evidence import current
from probes.finding import Code, broken
from probes.identity import Member
from probes.ledger import Ledger
from probes.web import Answer, Web

TEXT = "text/plain"  # the extension .txt is on weAlist's list of allowed ones (contract 4.2)
CREATED = 201


@dataclass(frozen=True, slots=True)
class Drive:
    """What `member` can do in the workspace's drive. `base`: origin and path in front of /storage."""

    web: Web
    member: Member
    base: str
    workspace: str
    ledger: Ledger

    async def call(self, method: str, path: str, **asked: Any) -> Answer:
        return await self.web.ask(method, f"{self.base}/storage/{path}", token=await self.member.token(), **asked)

    async def contents(self) -> dict[str, Any]:
        """The root folder; `children` and `files` are absent when there are none."""
        answer = await self.call("GET", f"folders/contents?workspaceId={self.workspace}")
        folder: dict[str, Any] = expect(answer, Envelope.SUCCESS)
        return folder

    async def files(self) -> list[dict[str, Any]]:
        return list((await self.contents()).get("files", []))

    async def make_folder(self, label: str) -> dict[str, Any]:
        name = self.ledger.enter("folder", label)
        answer = await self.call("POST", "folders", json={"workspaceId": self.workspace, "name": name})
        folder: dict[str, Any] = expect(answer, Envelope.SUCCESS, CREATED, keys=("id", "name"))
        self.ledger.identify(name, folder["id"])
        return folder

    async def upload_url(self, label: str, size: int) -> dict[str, Any]:
        """A presigned URL and the row of a file that is not there yet."""
        name = self.ledger.enter("file", label)
        wish = {"workspaceId": self.workspace, "fileName": name, "contentType": TEXT, "fileSize": size}
        ticket: dict[str, Any] = expect(
            await self.call("POST", "files/upload-url", json=wish),
            Envelope.SUCCESS,
            keys=("uploadUrl", "fileKey", "fileId"),
        )
        self.ledger.identify(name, ticket["fileId"])
        return {**ticket, "name": name}

    async def upload(self, label: str, content: bytes) -> dict[str, Any]:
        """The confirmed file, its bytes in S3. Nothing is sent to a place that the environment does not vouch for."""
        ticket = await self.upload_url(label, len(content))
        presign.vouch(ticket["uploadUrl"], self.web.target.presign)
        put = await self.web.ask(
            "PUT", ticket["uploadUrl"], content=content, headers={"content-type": TEXT}, kind="s3"
        )
        presign.stored(put)
        answer = await self.call("POST", "files/confirm", json={"fileId": ticket["fileId"]})
        file: dict[str, Any] = expect(answer, Envelope.SUCCESS, keys=("id", "status"))
        return {**file, "name": ticket["name"]}

    async def download(self, file_id: str) -> bytes:
        """The bytes that S3 gives for the file. Raises Broken when they are not there."""
        ticket = expect(await self.call("GET", f"files/{file_id}/download"), Envelope.SUCCESS, keys=("downloadUrl",))
        presign.vouch(ticket["downloadUrl"], self.web.target.presign)
        answer = await self.web.ask("GET", ticket["downloadUrl"], kind="s3")
        if answer.status != 200:  # noqa: PLR2004 - HTTP's own number
            raise broken(
                Code.UPLOAD_LOST,
                f"the file is confirmed as ACTIVE, and S3 answers {answer.status} for it",
                "confirm, which does not look whether the object exists (contract 4.2)",
            )
        return answer.body

    async def delete_for_good(self, kind: str, identity: str) -> None:
        """Through the trash and out of it, as the page does; `kind` is file or folder."""
        for method, path in (("DELETE", identity), ("DELETE", f"{identity}/permanent")):
            answer = await self.call(method, f"{kind}s/{path}")
            current().note(f"{method} {kind}s/{path}: {answer.status}")


def same_bytes(sent: bytes, got: bytes, what: str) -> None:
    """Raise Broken unless what came back is what was sent."""
    if sent != got:
        raise broken(
            Code.FILE_ALTERED,
            f"{what}: {len(sent)} bytes were sent and {len(got)} other bytes came back",
            "the object key or version that storage hands out, or a cache in front of the bucket",
        )
