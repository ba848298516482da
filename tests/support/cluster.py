"""A small stand-in for a cluster's API server: one Secret, refused with 409 when it was changed
meanwhile.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PATH = "/api/v1/namespaces/probes/secrets/tokens"


class Cluster:
    """The Secret probes/tokens. `refuses`: a status for all; `meddlers`: how many others change it
    before we do.
    """

    def __init__(self) -> None:
        self.data: dict[str, str] = {}
        self.version = 1
        self.conflicts = 0
        self.refuses = 0
        self.meddlers = 0
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def secret(self) -> dict[str, Any]:
        about = {
            "name": "tokens",
            "namespace": "probes",
            "resourceVersion": str(self.version),
            "labels": {"a": "b"},
        }
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": about,
            "data": self.data,
        }

    def replace(self, wish: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.meddlers:
            self.meddlers -= 1
            self.version += 1
        if wish["metadata"].get("resourceVersion") != str(self.version):
            self.conflicts += 1
            return 409, _status(409, "Conflict")
        self.data, self.version = wish["data"], self.version + 1
        return 200, self.secret()

    def kubeconfig(self, folder: Path) -> Path:
        """The file that KUBECONFIG names."""
        cluster, context = {"server": self.url}, {"cluster": "here", "user": "nobody"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": cluster}],
            "contexts": [{"name": "here", "context": context}],
            "users": [{"name": "nobody", "user": {}}],
        }
        path = folder / "kubeconfig"
        path.write_text(json.dumps(config))  # JSON is YAML
        return path

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _status(code: int, reason: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Status",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": reason,
    }


def _handler(cluster: Cluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            with cluster.lock:
                status, said = self._said(body)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            encoded = json.dumps(said).encode()
            self.send_header("content-length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def _said(self, body: bytes) -> tuple[int, dict[str, Any]]:
            if cluster.refuses:
                return cluster.refuses, _status(cluster.refuses, "Forbidden")
            if self.path != PATH:
                return 404, _status(404, "NotFound")
            return (
                cluster.replace(json.loads(body))
                if self.command == "PUT"
                else (200, cluster.secret())
            )

        do_GET = do_PUT = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """A test's own words are enough."""

    return Handler
