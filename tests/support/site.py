"""A host on loopback that says what a test tells it to, over real sockets; and a target that lives
there.
"""

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme

from probes.config.environment import Hosts, Presign, Target, UserConfig, Workspace
from probes.config.timeouts import Timeouts
from probes.recording import spans
from probes.recording.journal import Journal
from probes.recording.recorder import Recorder, RunEvidence
from probes.recording.redactor import Redactor

SHELL = b'<!doctype html><div id="root"></div><script src="/assets/app.js"></script>'
FILES = Presign(
    host="files.s3.example", style="virtual-host", bucket="files", region="ap-northeast-2"
)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that the site gives."""

    status: int = 200
    body: bytes = b""
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the site got."""

    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def js(value: Any, status: int = 200) -> Said:
    return Said(status, json.dumps(value).encode(), "application/json")


def page(status: int = 200) -> Said:
    return Said(status, SHELL, "text/html; charset=utf-8")


NOWHERE = Said(404, b"404 page not found", "text/plain")  # what Gin says


class Site:
    """Answers by "METHOD host/path", the query left out; "GET api/x" means the host
    api.localhost. What is `first` is answered before, each once.
    """

    def __init__(self) -> None:
        self.says: dict[str, Said] = {}
        self.first: dict[str, list[Said]] = {}
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def origin(self, name: str) -> str:
        return f"http://{name}.localhost:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # what an upgrade may be refused in

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            host = self.headers["host"].partition(".")[0]
            headers = {name.lower(): value for name, value in self.headers.items()}
            site.asked.append(Asked(self.command, host, self.path, headers, body))
            key = f"{self.command} {host}{urlsplit(self.path).path}"
            said = site.says.get(key, NOWHERE)
            if site.first.get(key):
                said = site.first[key].pop(0)
            self.send_response_only(said.status)
            if said.kind:
                self.send_header("content-type", said.kind)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(said.body)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(said.body)

        do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """A test's own words are enough."""

    return Handler


def _certified(named: str, ca: Path, **wish: Any) -> ssl.SSLContext:
    """What the host shows: its own certificate, and not the root, as usual."""
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.cert_pem.write_to_path(ca)
    authority.issue_cert(named, **wish).configure_cert(context)
    return context


@asynccontextmanager
async def secured(named: str, ca: Path, body: bytes = b"", **wish: Any) -> AsyncIterator[int]:
    """The port of a host that shows a certificate for `named`; its authority is left in the file
    `ca`.
    """
    context = _certified(named, ca, **wish)
    writers: list[asyncio.StreamWriter] = []

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            status, kind = (
                (b"200 OK", b"Content-Type: text/html\r\n") if body else (b"204 No Content", b"")
            )
            writer.write(
                b"HTTP/1.1 " + status + b"\r\n" + kind + b"Connection: close\r\n\r\n" + body
            )
        writer.close()

    async with await asyncio.start_server(welcome, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]
    for each in writers:  # who connected and said nothing, or has gone, closes nothing
        each.transport.abort()


def target_at(site: Site, **changes: Any) -> Target:
    """An environment that lives on `site`: apex.localhost, api.localhost, plain.localhost."""
    usual: dict[str, Any] = {
        "name": "test",
        "hosts": Hosts(site.origin("apex"), site.origin("api"), plain=site.origin("plain")),
        "workspace": Workspace("w-1", "p-1"),
        "users": {"alice": UserConfig("u-1", "alice@example.org")},
        "presign": FILES,
        "timeouts": Timeouts(answer_s=20, retry_delay_s=0),
    }
    return Target(**{**usual, **changes})


def evidence_in(folder: Path) -> RunEvidence:
    tracing = spans.Tracing(folder, folder.name, "test", "0", {})
    return RunEvidence(folder.name, folder, Journal(folder), Redactor(), tracing)


def recorder_of(evidence: RunEvidence, scenario: str | None = "edge/it-answers") -> Recorder:
    return Recorder(evidence, scenario, 1, evidence.tracing.start("attempt"))
