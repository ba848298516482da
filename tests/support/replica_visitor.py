"""How the replica's tests visit its hosts by name, without a resolver that knows names under
.localhost.
"""

import ssl
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
import websockets


class Loopback(httpx.HTTPTransport):
    """Sends every request to 127.0.0.1, its Host header and TLS name unchanged (RFC 6761)."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # A request of its own: cookies belong to the address that was asked for.
        there = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1"),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return super().handle_request(there)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A test user, or nobody, at a running replica."""

    environment: dict[str, Any]
    http: httpx.Client = field(repr=False)
    trusting: ssl.SSLContext = field(repr=False)

    @classmethod
    def at(cls, environment: Path) -> "Visitor":
        read = tomllib.loads(environment.read_text())
        trusting = ssl.create_default_context(cafile=read["tls"]["ca"])
        return cls(read, httpx.Client(transport=Loopback(verify=trusting), timeout=30), trusting)

    def get(self, host: str, path: str, **headers: str) -> httpx.Response:
        return self.http.get(f"{self.environment['hosts'][host]}{path}", headers=headers)

    def socket(self, host: str, path: str, token: str) -> websockets.connect:
        url = f"{self.environment['hosts'][host].replace('https', 'wss')}{path}?token={token}"
        return websockets.connect(url, host="127.0.0.1", ssl=self.trusting, proxy=None)

    def bearer_header(self, who: str) -> dict[str, str]:
        """The header that says who asks."""
        return {"Authorization": f"Bearer {self.token(who)}"}

    def token(self, who: str, **claims: object) -> str:
        """An access token that is truly signed; `claims` say what is not as usual in it."""
        identity, member = self.environment["identity"], self.environment["users"][who]
        usual = {
            "sub": member["id"],
            "email": member["email"],
            "iss": identity["issuer"],
            "type": "access",
        }
        key = Path(identity["signing_key"]).read_text()
        said = {**usual, "exp": int(time.time()) + 600, **claims}
        return jwt.encode(said, key, "RS256", {"kid": identity["kid"]})

    def upload_url(self, content_type: str = "text/plain") -> str:
        """A presigned URL that a member asked the storage service for."""
        wish = {
            "workspaceId": self.environment["workspace"]["id"],
            "fileName": "한글 b.txt",
            "contentType": content_type,
            "fileSize": 5,
        }
        url = f"{self.environment['hosts']['apex']}/api/svc/storage/storage/files/upload-url"
        answer = self.http.post(
            url, json=wish, headers=self.bearer_header("alice")
        ).raise_for_status()
        said: str = answer.json()["data"]["uploadUrl"]
        return said
