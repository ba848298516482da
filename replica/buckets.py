"""The two buckets: made and filled at the start, their rules changed by faults, their keys listed
for tests.

botocore's signer is used without its client, which would read megabytes of service descriptions
before it asks.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import httpx

from replica.infra.processes import Child
from replica.infra.seaweed import DOMAIN, FILES, POD_ROLE, REGION, SITE, Seaweed
from replica.service_settings import BucketSettings

STS = "{https://sts.amazonaws.com/doc/2011-06-15/}"
S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"
FORM = {"content-type": "application/x-www-form-urlencoded"}
SOMEWHERE_ELSE = "https://old.wealist.localhost"
# A deploy of weAlist forbids caching these two (contract §1.3).
NEVER_CACHED = {"index.html", "config.js"}
TOKEN_SECONDS = 12 * 3600  # as long as STS allows: a replica outlives no working day


class Buckets:
    """SeaweedFS as the account sees it that set it up."""

    def __init__(self, seaweed: Seaweed, http: httpx.AsyncClient) -> None:
        self._seaweed = seaweed
        self._http = http

    async def create(self, weed: Child) -> None:
        """Both buckets, as soon as SeaweedFS answers. A first write each: it makes the volumes,
        which takes long.
        """
        while True:
            weed.check()
            try:
                await self._ask("PUT", f"/{SITE}")
                break
            except httpx.HTTPError:
                await asyncio.sleep(0.02)
        await self._ask("PUT", f"/{FILES}")
        await self._ask("PUT", f"/{FILES}/first", b"first")
        await self._ask("DELETE", f"/{FILES}/first")

    async def upload_site(self, site: Mapping[str, tuple[bytes, str]]) -> None:
        """Upload objects of the static site: key -> body and content type."""
        await asyncio.gather(*(self._upload(key, body, kind) for key, (body, kind) in site.items()))

    async def _upload(self, key: str, body: bytes, kind: str) -> None:
        cache = "no-cache" if key in NEVER_CACHED else "public, max-age=31536000"
        await self._ask(
            "PUT", f"/{SITE}/{quote(key)}", body, {"content-type": kind, "cache-control": cache}
        )

    async def set_access_rules(self, apex: str, faults: Collection[str]) -> None:
        """Set who may ask the files bucket from where. It is in force when this returns: SeaweedFS
        does not delay.
        """
        origin = SOMEWHERE_ELSE if "bucket-refuses-origin" in faults else apex
        await self._ask("PUT", f"/{FILES}?cors", cors(origin, faults))
        who = "*" if "bucket-ignores-signatures" in faults else {"AWS": POD_ROLE}
        rules = policy(who, everybody_reads="bucket-is-public-to-read" in faults)
        await self._ask("PUT", f"/{FILES}?policy", json.dumps(rules).encode())

    async def pod_credentials(self) -> Mapping[str, str]:
        """What EKS Pod Identity hands to a pod: a key for some hours, with its session token."""
        form = {
            "Action": "AssumeRole",
            "Version": "2011-06-15",
            "RoleArn": POD_ROLE,
            "RoleSessionName": "wealist",
            "DurationSeconds": str(TOKEN_SECONDS),
        }
        answer = await self._ask("POST", "/", urlencode(form).encode(), FORM, service="sts")
        given = ET.fromstring(answer.content).iter()  # noqa: S314 - it is our own SeaweedFS that speaks
        return {element.tag.removeprefix(STS): element.text or "" for element in given}

    async def settings(self, port: int) -> BucketSettings:
        """The files bucket as services are told of it, its virtual host served at `port`."""
        keys = await self.pod_credentials()
        return BucketSettings(
            endpoint=self._seaweed.endpoint,
            host=f"{FILES}.{DOMAIN}:{port}",
            bucket=FILES,
            region=REGION,
            access_key=keys["AccessKeyId"],
            secret_key=keys["SecretAccessKey"],
            session_token=keys["SessionToken"],
            static_access_key=self._seaweed.static_access_key,
            static_secret_key=self._seaweed.static_secret_key,
        )

    async def object_keys(self) -> list[str]:
        """Every object in the files bucket."""
        found: list[str] = []
        while True:
            query = urlencode(
                {"list-type": 2, "start-after": found[-1] if found else ""}, quote_via=quote
            )
            page = ET.fromstring((await self._ask("GET", f"/{FILES}?{query}")).content)  # noqa: S314 - as above
            found += [element.text or "" for element in page.iter(f"{S3}Key")]
            if page.findtext(f"{S3}IsTruncated") != "true":
                return found

    async def _ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        service: str = "s3",
    ) -> httpx.Response:
        # Imported here: it takes 0.1 s, during which SeaweedFS starts.
        from botocore.auth import S3SigV4Auth, SigV4Auth  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        url = self._seaweed.endpoint + path
        checksum = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        request = AWSRequest(
            method, url, data=body, headers={**(headers or {}), "content-md5": checksum}
        )
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        credentials = Credentials(self._seaweed.access_key, self._seaweed.secret_key)
        signer(credentials, service, REGION).add_auth(request)
        answer = await self._http.request(method, url, content=body, headers=dict(request.headers))
        return answer.raise_for_status()


def cors(origin: str, faults: Collection[str] = ()) -> bytes:
    """The rule of the production bucket (contract §1.5), for one origin."""
    methods = ["GET", "PUT", "POST", "DELETE", "HEAD"]
    if "bucket-cors-forgets-put" in faults:
        methods.remove("PUT")
    headers = ["authorization"] if "bucket-cors-forgets-type" in faults else ["*"]
    rule = ET.Element("CORSRule")
    rows = {
        "AllowedOrigin": [origin],
        "AllowedMethod": methods,
        "AllowedHeader": headers,
        "ExposeHeader": ["ETag", "Content-Length", "Content-Type"],
        "MaxAgeSeconds": ["3600"],
    }
    for name, values in rows.items():
        for value in values:
            ET.SubElement(rule, name).text = value
    rules = ET.Element("CORSConfiguration")
    rules.append(rule)
    return ET.tostring(rules)


def policy(who: str | Mapping[str, str], *, everybody_reads: bool = False) -> dict[str, Any]:
    """Who may read and write objects. For "*" no signature is needed, and the edge leaves it out
    (`replica.edge`).
    """
    statement = {
        "Effect": "Allow",
        "Principal": who,
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": f"arn:aws:s3:::{FILES}/*",
    }
    public = {**statement, "Principal": "*", "Action": ["s3:GetObject"]}
    return {
        "Version": "2012-10-17",
        "Statement": [statement, *([public] if everybody_reads else [])],
    }
