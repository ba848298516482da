"""Objects in the files bucket: presigned URLs as the AWS SDK makes them, and what a service does
there on its own.

botocore's signer alone is used, without its client: the URL's form is ours to choose (some faults
choose it badly), and a client would read megabytes of service descriptions before the first
signature.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import quote

import httpx

from replica.service_settings import BucketSettings


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs URLs below `root`, which is the bucket's virtual host or a host with the bucket in the
    path.
    """

    root: str
    region: str
    access_key: str
    secret_key: str
    session_token: str | None
    service: str = "s3"
    days_ago: int = 0

    def put(self, key: str, lifetime_s: int) -> str:
        """For any content type: weAlist signs `host` only (contract 4.3)."""
        return self._sign("PUT", f"{self.address(key)}?x-id=PutObject", lifetime_s, {})

    def get(self, key: str, file_name: str, lifetime_s: int) -> str:
        disposition = quote(f'attachment; filename="{file_name}"', safe="")
        query = f"response-content-disposition={disposition}&x-id=GetObject"
        return self._sign("GET", f"{self.address(key)}?{query}", lifetime_s, {})

    def delete(self, key: str) -> str:
        return self._sign("DELETE", f"{self.address(key)}?x-id=DeleteObject", 60, {})

    def address(self, key: str) -> str:
        return f"{self.root}/{quote(key, safe='/~')}"

    def _sign(self, method: str, url: str, lifetime_s: int, headers: dict[str, str]) -> str:
        # Imported here: it costs 0.2 s, which the start of the replica need not wait for.
        from botocore.auth import S3SigV4QueryAuth  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        credentials = Credentials(self.access_key, self.secret_key, self.session_token)
        dated = datetime.now(UTC) - timedelta(days=self.days_ago)

        class Dated(S3SigV4QueryAuth):  # type: ignore[misc]
            def _modify_request_before_signing(self, request: AWSRequest) -> None:
                request.context["timestamp"] = dated.strftime("%Y%m%dT%H%M%SZ")
                super()._modify_request_before_signing(request)

        request = AWSRequest(method, url, headers=headers)
        Dated(credentials, self.service, self.region, expires=lifetime_s).add_auth(request)
        return str(request.url)


def public_signer(bucket: BucketSettings) -> Signer:
    """What a pod with a role of its own has: temporary credentials and the bucket's virtual
    host.
    """
    root = f"{bucket.scheme}://{bucket.host}"
    return Signer(root, bucket.region, bucket.access_key, bucket.secret_key, bucket.session_token)


class Objects(Protocol):
    """What the storage service does in the bucket without a browser."""

    async def put(self, key: str, body: bytes) -> None: ...

    async def remove(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class BucketObjects:
    """Objects reached through the bucket's internal endpoint."""

    bucket: BucketSettings

    def _signer(self) -> Signer:
        root = f"{self.bucket.endpoint}/{self.bucket.bucket}"
        keys = self.bucket.access_key, self.bucket.secret_key, self.bucket.session_token
        return Signer(root, self.bucket.region, *keys)

    async def put(self, key: str, body: bytes) -> None:
        await _send("PUT", self._signer().put(key, 60), body)

    async def remove(self, key: str) -> None:
        await _send("DELETE", self._signer().delete(key), None)


async def _send(method: str, url: str, body: bytes | None) -> None:
    headers = {"content-type": "text/plain"} if body is not None else {}
    # The endpoint is loopback: no proxy of the machine, no CA bundle to load.
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:  # noqa: S501
        answer = await http.request(method, url, content=body, headers=headers)
        answer.raise_for_status()
