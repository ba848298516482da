"""A storage-service on loopback: where its answers and its bucket are."""

from typing import Any, Literal

from probes.config.environment import Identity, Presign, Target, UserConfig
from tests.support.envelopes import success
from tests.support.site import Site, target_at

SIGNED = (
    "X-Amz-Credential=ASIAQWERTYUIOPASDFGH/20260102/ap-northeast-2/s3/aws4_request"
    "&X-Amz-Expires=3600"
)
BASE = "/api/svc/storage/storage"
Kind = Literal["file", "folder"]


def bucket(site: Site) -> str:
    """Where presigned URLs lead: the host s3.localhost, the bucket in the path."""
    return f"{site.origin('s3')}/files"


def with_bucket(site: Site, name: str) -> Target:
    """An environment on `site` with a bucket and one user, whose token is in the variable NAME."""
    host = f"s3.localhost:{site.port}"
    return target_at(
        site,
        users={name: UserConfig("u-1", token=name.upper())},
        identity=Identity("static"),
        presign=Presign(host, "path", "files", "ap-northeast-2", scheme="http"),
    )


def requests(site: Site) -> list[str]:
    """What the site was asked, as "METHOD host/path" without the query."""
    return [
        f"{request.method} {request.host}{request.path.partition('?')[0]}" for request in site.asked
    ]


def lists(site: Site, **rows: Any) -> None:
    """Have the drive hold `children` and `files`."""
    site.says[f"GET apex{BASE}/folders/contents"] = success(rows)
