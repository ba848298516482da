"""The API server, as far as a reader needs it: lists, one Secret, logs; else it refuses."""

import base64
import time
from collections import Counter
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from replica.cluster import faulty
from replica.cluster.builders import NAMESPACE, Object, metadata
from replica.cluster.inventory import LIVEKIT_KEYS
from replica.cluster.objects import Objects
from replica.state import ReplicaState

SNAPSHOT_S = 1.0
STARTED_LINE = "2026-01-02T03:04:05Z  INFO 1 --- [main] Application : Started in 9.1 seconds"
TOKEN = "replica-reader"  # noqa: S105 - no secret: the kubeconfig beside it has it


def app(state: ReplicaState) -> Starlette:
    """GET of what a Role of the probes lists; else 403 or 405, as RBAC would have it."""
    snapshot = _Snapshot(state)

    async def core(request: Request) -> Response:
        return _list_objects(snapshot, request, f"v1/{request.path_params['plural']}")

    async def group(request: Request) -> Response:
        path = request.path_params
        return _list_objects(
            snapshot, request, f"{path['group']}/{path['version']}/{path['plural']}"
        )

    async def secret(request: Request) -> Response:
        return _secret(state, request)

    async def log(request: Request) -> Response:
        pod = request.path_params["pod"]
        lines = (STARTED_LINE, *state.pod_logs.get(pod.split("-7d9c")[0], ()))
        return _check_token(request) or PlainTextResponse("".join(f"{line}\n" for line in lines))

    namespaced = "/namespaces/{namespace}/{plural}"
    return Starlette(
        middleware=[Middleware(_Counted, requests=state.requests)],
        routes=[
            Route("/api/v1/namespaces/{namespace}/secrets/{name}", secret),
            Route("/api/v1/namespaces/{namespace}/pods/{pod}/log", log),
            Route(f"/api/v1{namespaced}", core),
            Route("/api/v1/{plural}", core),
            Route(f"/apis/{{group}}/{{version}}{namespaced}", group),
        ],
    )


class _Counted:
    """What a run costs the API server is a promise of its own."""

    def __init__(self, app: ASGIApp, requests: Counter[str]) -> None:
        self._app, self._requests = app, requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._requests["cluster"] += 1
        await self._app(scope, receive, send)


def kubeconfig(server: str) -> str:
    """The file that names this server; JSON would do, YAML is what people know."""
    return f"""apiVersion: v1
kind: Config
current-context: replica
clusters:
  - name: replica
    cluster: {{server: "{server}"}}
contexts:
  - name: replica
    context: {{cluster: replica, user: probes, namespace: {NAMESPACE}}}
users:
  - name: probes
    user: {{token: {TOKEN}}}
"""


def write_kubeconfig(listener_url: str, folder: Path) -> Path:
    path = folder / "kubeconfig"
    path.touch(0o600)
    path.write_text(kubeconfig(listener_url), "utf-8")
    return path


def _check_token(request: Request) -> Response | None:
    """None where the account's token came along."""
    if request.headers.get("authorization") == f"Bearer {TOKEN}":
        return None
    return _status(HTTPStatus.UNAUTHORIZED, "Unauthorized")


def _status(code: HTTPStatus, reason: str) -> Response:
    status: Object = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "metadata": {}}
    return JSONResponse({**status, "reason": reason, "code": code.value, "message": reason}, code)


class _Snapshot:
    """The objects as they are, made anew each second: a run asks for all lists at once."""

    def __init__(self, state: ReplicaState) -> None:
        self._state, self._expires_at = state, 0.0
        self._faults: frozenset[str] = frozenset()
        self._found: Objects = {}

    def now(self) -> Objects:
        faults = frozenset(self._state.faults)
        if time.monotonic() > self._expires_at or faults != self._faults:
            self._found, self._faults = faulty.current(self._state), faults
            self._expires_at = time.monotonic() + SNAPSHOT_S
        return self._found


def _list_objects(snapshot: _Snapshot, request: Request, key: str) -> Response:
    found = snapshot.now()
    if refused := _check_token(request):
        return refused
    if key not in found:
        return _status(HTTPStatus.FORBIDDEN, "Forbidden")
    namespace = request.path_params.get("namespace")
    # As a real server lists them: what is built in says its kind once, above all.
    items = [_without_kind(each) for each in found[key] if _is_in(each, namespace)]
    version = key.rpartition("/")[0]
    about = {"resourceVersion": "1000"}
    return JSONResponse({"kind": "List", "apiVersion": version, "metadata": about, "items": items})


def _without_kind(each: Object) -> Object:
    return {name: value for name, value in each.items() if name != "kind"}


def _is_in(each: Object, namespace: str | None) -> bool:
    return namespace is None or each["metadata"].get("namespace") == namespace


def _secret(state: ReplicaState, request: Request) -> Response:
    if refused := _check_token(request):
        return refused
    if request.path_params["name"] != LIVEKIT_KEYS:
        return _status(HTTPStatus.FORBIDDEN, "Forbidden")
    data = {"keys.yaml": base64.b64encode(keys_file(state).encode()).decode()}
    about = metadata(LIVEKIT_KEYS)
    return JSONResponse({"kind": "Secret", "apiVersion": "v1", "metadata": about, "data": data})


def keys_file(state: ReplicaState) -> str:
    """LiveKit's own, which a fault may have made another one."""
    key, secret = state.livekit.key, state.livekit.secret
    if state.is_fault_active("livekit-keys-file-malformed"):
        return f"LIVEKIT_API_KEY={key}\nLIVEKIT_API_SECRET={secret}\n"
    if state.is_fault_active("livekit-key-is-unknown"):
        key = f"{key}-of-another-entry"
    if state.is_fault_active("livekit-secret-differs"):
        secret = f"{secret}-of-another-entry"
    return f"{key}: {secret}\n"
