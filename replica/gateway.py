"""The Istio gateway as Caddy routes: prefixes, rewrites and Envoy's own answers (contract §1.4, first match wins)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

SERVER = "istio-envoy"
# A socket that changes hands at a reload would look like a server that restarts (1001 to every browser).
KEEP_SOCKETS = "10m"

# Caddy puts its name on what it passes on, after all else is done.
NO_CADDY: Json = {"handler": "headers", "response": {"deferred": True, "delete": ["Via"]}}

NO_UPGRADE: Json = {"handler": "headers", "request": {"delete": ["Connection", "Upgrade"]}}


@dataclass(frozen=True, slots=True)
class Route:
    """Paths of one service, what is taken off their front, and how long Envoy waits for it (None: for ever)."""

    service: str
    paths: tuple[str, ...]
    strip: str = ""
    timeout: str | None = None


def _service(name: str, timeout: str | None = None) -> Route:
    # No slash before the star: the production rule is a plain string prefix.
    return Route(name, (f"/api/svc/{name}*",), f"/api/svc/{name}", timeout)


ROUTES = (
    Route("auth", ("/oauth2*", "/login/oauth2*"), timeout="30s"),
    Route("auth", ("/api/oauth2*",), "/api", "30s"),
    _service("auth", "30s"),
    _service("user", "30s"),
    _service("board"),
    _service("chat"),
    _service("noti"),
    _service("storage", "120s"),
    Route("ops", ("/api/ops", "/api/ops/*"), "/api/ops", "30s"),
)


def routes(upstreams: Mapping[str, Sequence[str]], faults: Collection[str]) -> list[Json]:
    """All routes of the gateway; a service may have several pods, and without any it is unavailable."""
    if "service-has-no-endpoints" in faults:
        upstreams = {**upstreams, "board": ()}
    found = [_route(route, upstreams.get(route.service, ()), faults) for route in ROUTES]
    return [{"handle": [NO_CADDY]}, *found, {"handle": [envoy(404)]}]


def _route(route: Route, pods: Sequence[str], faults: Collection[str]) -> Json:
    handle = [*_rewrite(route, faults), to_pods(pods, route.timeout)] if pods else [envoy(503, "no healthy upstream")]
    if "gateway-strips-upgrade" in faults:
        handle.insert(0, NO_UPGRADE)
    return {"match": [{"path": list(route.paths)}], "handle": handle, "terminal": True}


def _rewrite(route: Route, faults: Collection[str]) -> list[Json]:
    if route.strip == "/api/svc/auth" and "refresh-path-lost-behind-gateway" in faults:
        lost = {"find": "^/api/svc/auth/api/auth/(refresh|logout)$", "replace": "/api/svc/auth/$1"}
        return [{"handler": "rewrite", "path_regexp": [lost]}, {"handler": "rewrite", "strip_path_prefix": route.strip}]
    if route.service == "storage" and "gateway-doubles-slash" in faults:
        return [{"handler": "rewrite", "path_regexp": [{"find": f"^{route.strip}", "replace": "/"}]}]
    return [{"handler": "rewrite", "strip_path_prefix": route.strip}] if route.strip else []


def to_pods(pods: Sequence[str], timeout: str | None) -> Json:
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
            "request": {"set": {"X-Forwarded-Proto": ["https"]}},
            "response": {"set": {"Server": [SERVER]}},
        },
    }


def envoy(status: int | str, text: str = "") -> Json:
    """An answer of Envoy's own; its 404 is empty."""
    headers = {"Server": [SERVER]} | ({"Content-Type": ["text/plain"]} if text else {})
    return {"handler": "static_response", "status_code": status, "headers": headers, "body": text}


def failures() -> list[Json]:
    """What Envoy says when a pod cannot be reached, or takes too long."""
    slow = {"match": [{"expression": "{http.error.status_code} == 504"}], "terminal": True}
    lost = "upstream connect error or disconnect/reset before headers. reset reason: connection failure"
    return [{**slow, "handle": [envoy(504, "upstream request timeout")]}, {"handle": [envoy(503, lost)]}]
