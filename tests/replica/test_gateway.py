"""The gateway's table: prefixes, rewrites, pods, and what Envoy says by itself."""

import pytest
import websockets

from replica import gateway
from replica.gateway import Json
from tests.conftest import Replica
from tests.replica.visiting import Visitor

PRESENCE = "/api/svc/chat/api/chats/ws/presence"
CONTENTS = "/api/svc/storage/storage/folders/contents"


def route(path: str, upstreams: dict[str, list[str]], *faults: str) -> Json:
    """The route for a path pattern of the table."""
    routes = gateway.routes(upstreams, faults)
    return next(found for found in routes if path in found.get("match", [{}])[0].get("path", []))


def test_a_service_may_have_several_pods() -> None:
    """Requests go to each in turn, so that what one pod alone knows is missed by the next."""
    proxy = route("/api/svc/chat*", {"chat": ["a:1", "b:2"]})["handle"][-1]
    assert proxy["upstreams"] == [{"dial": "a:1"}, {"dial": "b:2"}]
    assert proxy["load_balancing"]["selection_policy"]["policy"] == "round_robin"


def test_a_service_without_pods_is_unavailable() -> None:
    """Envoy answers 503 in plain text by itself."""
    answer = route("/api/svc/chat*", {})["handle"]
    assert [(step["status_code"], step["body"]) for step in answer] == [(503, "no healthy upstream")]


def test_the_oauth_paths_come_first() -> None:
    """/api/oauth2 reaches the auth service as /oauth2, the two others unchanged (contract §1.4)."""
    pods = {"auth": ["a:1"]}
    assert route("/api/oauth2*", pods)["handle"][0] == {"handler": "rewrite", "strip_path_prefix": "/api"}
    assert [step["handler"] for step in route("/oauth2*", pods)["handle"]] == ["reverse_proxy"]


def test_service_has_no_endpoints(replica: Replica, visitor: Visitor) -> None:
    """The board service alone is gone, on both hosts."""
    replica.lie(["service-has-no-endpoints"])
    for host in ("apex", "api"):
        answer = visitor.get(host, "/api/svc/board/health")
        assert (answer.status_code, answer.text) == (503, "no healthy upstream")
        assert answer.headers["server"] == "istio-envoy"
    assert visitor.get("api", "/api/svc/chat/health").status_code == 200


def test_gateway_doubles_slash(replica: Replica, visitor: Visitor) -> None:
    """A storage call is redirected to a path that leads out of the gateway's prefix; no other service's is."""
    replica.lie(["gateway-doubles-slash"])
    answer = visitor.get("api", CONTENTS, **visitor.signed_in("alice"))
    assert answer.status_code == 301
    assert answer.headers["location"] == "/storage/folders/contents"
    assert visitor.get("api", "/api/svc/board/health").status_code == 200


async def test_gateway_strips_upgrade(replica: Replica, visitor: Visitor) -> None:
    """A good token ends in 400 on both hosts, a bad one in 401 as before, and plain calls go on."""
    token = visitor.signed_in("alice")["Authorization"].removeprefix("Bearer ")
    for host in ("apex", "api"):
        async with visitor.socket(host, PRESENCE, token):
            pass
    replica.lie(["gateway-strips-upgrade"])
    for host in ("apex", "api"):
        for sent, status in ((token, 400), ("x", 401)):
            with pytest.raises(websockets.InvalidStatus) as refused:
                async with visitor.socket(host, PRESENCE, sent):
                    pass
            assert refused.value.response.status_code == status
        assert visitor.get(host, "/api/svc/chat/health").status_code == 200


def test_refresh_path_lost_behind_gateway(replica: Replica, visitor: Visitor) -> None:
    """Refresh ends in auth-service's 500 for what it does not know, on both hosts; other calls of it go on."""
    replica.lie(["refresh-path-lost-behind-gateway"])
    for host in ("apex", "api"):
        url = visitor.environment["hosts"][host] + "/api/svc/auth/api/auth"
        lost = visitor.http.post(f"{url}/refresh", json={"refreshToken": "x"})
        assert (lost.status_code, lost.json()["code"]) == (500, "AUTH999")
        assert visitor.http.post(f"{url}/validate", json={"token": "x"}).json()["valid"] is False
    replica.lie([])
    assert visitor.http.post(f"{url}/refresh", json={"refreshToken": "x"}).status_code == 401
