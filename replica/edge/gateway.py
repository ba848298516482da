"""The Istio gateway as Caddy routes: prefixes, rewrites and Envoy's own answers (contract §1.4,
first match wins).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

SERVER = "istio-envoy"
# A socket that changes hands at a reload would look like a server that restarts (1001 to every
# browser).
KEEP_SOCKETS = "10m"

# Caddy puts its name on what it passes on, after all else is done.
NO_CADDY: Json = {"handler": "headers", "response": {"deferred": True, "delete": ["Via"]}}

NO_UPGRADE: Json = {"handler": "headers", "request": {"delete": ["Connection", "Upgrade"]}}


@dataclass(frozen=True, slots=True)
class Route:
    """Paths of one service, what is taken off their front, and how long Envoy waits for it (None:
    for ever).
    """

    service: str
    paths: tuple[str, ...]
    strip: str = ""
    timeout: str | None = None
    pods: tuple[str, ...] = ()  # upstreams other than the service's own


def _service(name: str, timeout: str | None = None) -> Route:
    # No slash before the star: the production rule is a plain string prefix.
    return Route(name, (f"/api/svc/{name}*",), f"/api/svc/{name}", timeout)


# In weAlist it is chance which pod of auth-service answers. Here sign-in starts at the first and
# comes back to the
# second, keys are shown by both in turn, and all else is the first's: what pods do not share is
# noticed each time.
CALLBACK = "/api/oauth2/callback"
ROUTES = (
    Route("auth", ("/oauth2/callback*",), timeout="30s", pods=("auth-2",)),
    Route("auth", (f"{CALLBACK}*",), "/api", "30s", pods=("auth-2",)),
    Route(
        "auth",
        ("/api/svc/auth/.well-known/jwks.json",),
        "/api/svc/auth",
        "30s",
        pods=("auth", "auth-2"),
    ),
    Route("auth", ("/oauth2*", "/login/oauth2*"), timeout="30s"),
    Route("auth", ("/api/oauth2*",), "/api", "30s"),
    _service("auth", "30s"),
    _service("user", "30s"),
    _service("board"),
    _service("chat"),
    _service("noti"),
    _service("storage", "120s"),
    _service("video"),
    Route("ops-portal", ("/api/ops-portal", "/api/ops-portal/*"), "/api/ops-portal"),
    Route("ops", ("/api/ops", "/api/ops/*"), "/api/ops", "30s"),
    Route("monitoring", ("/api/monitoring/*",)),
)
SIGN_IN = (
    "<!doctype html><html><head><title>Sign in</title></head><body>"
    '<form method="post"><input type="password" name="password"></form></body></html>'
)
# What faults put before all routes.
BEFORE: dict[str, Json] = {
    "gateway-drops-authorization": {
        "match": [{"path": ["/api/svc/board/api/projects/*/init-settings"]}],
        "handle": [{"handler": "headers", "request": {"delete": ["Authorization"]}}],
    },
    "gateway-shows-sign-in-page": {
        "match": [{"path": ["/api/svc/noti/api/internal/*"]}],
        "handle": [
            {
                "handler": "static_response",
                "status_code": 200,
                "headers": {"Content-Type": ["text/html; charset=utf-8"]},
                "body": SIGN_IN,
            }
        ],
        "terminal": True,
    },
}
STREAM = "/api/svc/noti/api/notifications/stream"
STREAM_BUFFER_BYTES = 1 << 20  # bytes, more than a stream has before it ends
INTERNAL = ["/api/svc/user/api/internal*", "/api/svc/noti/api/internal*"]


def routes(
    upstreams: Mapping[str, Sequence[str]], faults: Collection[str], *, production: bool = False
) -> list[Json]:
    """All routes of the gateway; a service may have several pods, and without any it is
    unavailable.
    """
    if "service-has-no-endpoints" in faults:
        upstreams = {**upstreams, "board": ()}
    found = [_route(route, _pods(route, upstreams), faults) for route in ROUTES]
    closed = [] if production or "internal-endpoints-open" in faults else [_CLOSED]
    before = [route for fault, route in BEFORE.items() if fault in faults]
    if "gateway-buffers-stream" in faults:
        before.append(_buffered(upstreams.get("noti", ())))
    return [{"handle": [NO_CADDY]}, *before, *closed, *found, {"handle": [envoy(404)]}]


def _buffered(pods: Sequence[str]) -> Json:
    """The notification stream, of which nothing is passed on until all of it is there."""
    onward = {**to_pods(pods, None), "response_buffers": STREAM_BUFFER_BYTES}
    rewrite = {"handler": "rewrite", "strip_path_prefix": "/api/svc/noti"}
    return {"match": [{"path": [STREAM]}], "handle": [rewrite, onward], "terminal": True}


def _pods(route: Route, upstreams: Mapping[str, Sequence[str]]) -> list[str]:
    return [pod for name in route.pods or (route.service,) for pod in upstreams.get(name, ())]


def _route(route: Route, pods: Sequence[str], faults: Collection[str]) -> Json:
    scheme = "http" if "forwarded-proto-missing" in faults else "https"
    onward = [*_rewrite(route, faults), to_pods(pods, route.timeout, scheme)]
    handle = onward if pods else [envoy(503, "no healthy upstream")]
    if "gateway-strips-upgrade" in faults:
        handle.insert(0, NO_UPGRADE)
    return {"match": [{"path": list(route.paths)}], "handle": handle, "terminal": True}


def _rewrite(route: Route, faults: Collection[str]) -> list[Json]:
    if route.strip == "/api/svc/auth" and "refresh-path-lost-behind-gateway" in faults:
        lost = {"find": "^/api/svc/auth/api/auth/(refresh|logout)$", "replace": "/api/svc/auth/$1"}
        return [
            {"handler": "rewrite", "path_regexp": [lost]},
            {"handler": "rewrite", "strip_path_prefix": route.strip},
        ]
    if route.service == "storage" and "gateway-doubles-slash" in faults:
        return [
            {"handler": "rewrite", "path_regexp": [{"find": f"^{route.strip}", "replace": "/"}]}
        ]
    if f"{CALLBACK}*" in route.paths and "oauth-callback-not-rewritten" in faults:
        return []
    if route.strip == "/api" and "forwarded-proto-missing" in faults:
        return []
    return [{"handler": "rewrite", "strip_path_prefix": route.strip}] if route.strip else []


def to_pods(pods: Sequence[str], timeout: str | None, scheme: str = "https") -> Json:
    """Pass a request on to one of a service's pods, streams and sockets included."""
    transport = {"protocol": "http"} | ({"response_header_timeout": timeout} if timeout else {})
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": pod} for pod in pods],
        "load_balancing": {"selection_policy": {"policy": "round_robin"}},
        "transport": transport,
        "flush_interval": -1,  # server-sent events leave as they come
        "stream_close_delay": KEEP_SOCKETS,
        "headers": {
            "request": {"set": {"X-Forwarded-Proto": [scheme]}},
            "response": {"set": {"Server": [SERVER]}},
        },
    }


def envoy(status: int | str, text: str = "") -> Json:
    """An answer of Envoy's own; its 404 is empty."""
    headers = {"Server": [SERVER]} | ({"Content-Type": ["text/plain"]} if text else {})
    return {"handler": "static_response", "status_code": status, "headers": headers, "body": text}


# AuthorizationPolicy: what is for services only is not for visitors.
_CLOSED: Json = {
    "match": [{"path": INTERNAL}],
    "handle": [envoy(403, "RBAC: access denied")],
    "terminal": True,
}


def failures() -> list[Json]:
    """What Envoy says when a pod cannot be reached, or takes too long."""
    slow = {"match": [{"expression": "{http.error.status_code} == 504"}], "terminal": True}
    lost = (
        "upstream connect error or disconnect/reset before headers. reset reason: connection "
        "failure"
    )
    return [
        {**slow, "handle": [envoy(504, "upstream request timeout")]},
        {"handle": [envoy(503, lost)]},
    ]
