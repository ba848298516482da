"""Hosts and services of which one instance of several is bad: faults that a user meets at times.

Pods take turns here, the bad one first, so that such a fault shows in each run, and as often.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from replica.edge import gateway, other_authors

Json = dict[str, Any]

NO_POD = "unix//nonexistent"  # an endpoint whose pod is gone refuses connections


@dataclass(frozen=True, slots=True)
class UnevenPods:
    """One route of the api host, behind which one of `of` pods is another service's, or gone where
    `bad` is empty.
    """

    path: str
    strip: str
    service: str
    of: int
    bad: str = ""


UNEVEN = {
    "endpoint-outlives-pod": UnevenPods("/api/ops/api/config/active", "/api/ops", "ops", 2),
    "selector-takes-in-other-pod": UnevenPods(
        "/api/svc/noti/api/notifications", "/api/svc/noti", "noti", 4, "chat"
    ),
    "one-pod-of-five-is-gone": UnevenPods(
        "/api/svc/chat/api/chats/presence/online", "/api/svc/chat", "chat", 5
    ),
}
NO_TARGETS = other_authors.load_balancer_page()


def routes(upstreams: Mapping[str, Sequence[str]], faults: Collection[str]) -> list[Json]:
    """The routes of the faults in force; they come before all others."""
    return [_route(UNEVEN[fault], upstreams) for fault in UNEVEN if fault in faults]


def _route(uneven: UnevenPods, upstreams: Mapping[str, Sequence[str]]) -> Json:
    good = next(iter(upstreams.get(uneven.service, ())), NO_POD)
    bad = next(iter(upstreams.get(uneven.bad, ())), NO_POD)
    # Caddy's round robin begins with the second.
    pods = [good, bad, *[good] * (uneven.of - 2)]
    rewrite = {"handler": "rewrite", "strip_path_prefix": uneven.strip}
    return {
        "match": [{"path": [uneven.path]}],
        "handle": [gateway.NO_CADDY, rewrite, gateway.to_pods(pods, None)],
        "terminal": True,
    }
