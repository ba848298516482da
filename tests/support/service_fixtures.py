"""Addresses and stand-ins for tests that speak to the services in this process."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from replica.service_settings import BucketSettings, PublicHosts

Ask = Callable[..., httpx.AsyncClient]

HOSTS = PublicHosts(
    apex="https://wealist.localhost:41001",
    api="https://api.wealist.localhost:41002",
    cdn="https://cdn.wealist.localhost:41003",
    plain="http://wealist.localhost:41004",
)
BUCKET = BucketSettings(
    endpoint="http://127.0.0.1:9",
    host="files.s3.ap-northeast-2.wealist.localhost:41005",
    bucket="files",
    region="ap-northeast-2",
    access_key="ASIAREPLICA",
    secret_key="not-a-secret",
    session_token="session-of-a-role",
    static_access_key="AKIAREPLICA",
    static_secret_key="not-a-secret-either",
)


@dataclass
class InMemoryObjects:
    """A bucket that only remembers."""

    kept: dict[str, bytes] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)

    async def put(self, key: str, body: bytes) -> None:
        self.kept[key] = body

    async def remove(self, key: str) -> None:
        self.removed.append(key)
