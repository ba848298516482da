"""The gateway's table: prefixes, rewrites, pods, and what Envoy says by itself."""

import pytest
import websockets

from replica.edge import gateway
from replica.edge.gateway import Json
from tests.conftest import Replica
from tests.support.replica_visitor import Visitor

PRESENCE = "/api/svc/chat/api/chats/ws/presence"
INSIDE = "/api/svc/user/api/internal/users/x/exists"
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
    assert [(step["status_code"], step["body"]) for step in answer] == [
        (503, "no healthy upstream")
    ]


def test_the_oauth_paths_come_first() -> None:
    """/api/oauth2 reaches the auth service as /oauth2, the two others unchanged (contract §1.4)."""
    pods = {"auth": ["a:1"]}
    assert route("/api/oauth2*", pods)["handle"][0] == {
        "handler": "rewrite",
        "strip_path_prefix": "/api",
    }
    assert [step["handler"] for step in route("/oauth2*", pods)["handle"]] == ["reverse_proxy"]


def test_sign_in_starts_at_one_pod_and_comes_back_to_the_other() -> None:
    """What a pod keeps to itself is missed each time; keys are shown by both in turn."""
    pods = {"auth": ["a:1"], "auth-2": ["b:2"]}

    def served(path: str) -> list[str]:
        return [pod["dial"] for pod in route(path, pods)["handle"][-1]["upstreams"]]

    assert served("/api/oauth2*") == ["a:1"]
    assert served("/api/oauth2/callback*") == ["b:2"]
    assert served("/api/svc/auth/.well-known/jwks.json") == ["a:1", "b:2"]
    assert served("/api/svc/auth*") == ["a:1"]


def test_a_more_precise_path_stands_before_a_wider_one() -> None:
    """First match wins: the callback before the rest of OAuth, the portal before the service
    (contract §1.4).
    """
    order = [path for found in gateway.ROUTES for path in found.paths]
    assert order.index("/api/oauth2/callback*") < order.index("/api/oauth2*")
    assert order.index("/api/svc/auth/.well-known/jwks.json") < order.index("/api/svc/auth*")
    assert order.index("/api/ops-portal/*") < order.index("/api/ops/*")


@pytest.mark.parametrize(
    "path", [INSIDE, INSIDE.replace("/api/i", "//api/i"), INSIDE.replace("api/i", "%61pi/i")]
)
def test_what_is_for_services_is_closed_to_visitors(visitor: Visitor, path: str) -> None:
    """However the path is written."""
    answer = visitor.get("api", path)
    assert (answer.status_code, answer.text) == (403, "RBAC: access denied")


def test_internal_endpoints_open(replica: Replica, visitor: Visitor) -> None:
    """Anybody may ask user-service who exists, and tell a member whatever he likes."""
    replica.set_faults(["internal-endpoints-open"])
    alice = visitor.environment["users"]["alice"]["id"]
    assert visitor.get("api", INSIDE.replace("/x/", f"/{alice}/")).status_code == 200
    names = ("actorId", "targetUserId", "workspaceId", "resourceId")
    event = {"type": "T", "resourceType": "board", **dict.fromkeys(names, alice)}
    url = f"{visitor.environment['hosts']['api']}/api/svc/noti/api/internal/notifications"
    assert visitor.http.post(url, json=event).status_code == 201


def test_monitoring_and_the_portal_are_behind_it(visitor: Visitor) -> None:
    """Under their own prefixes, the portal's taken off (contract §1.4)."""
    assert visitor.get("api", "/api/monitoring/loki/ready").text == "ready\n"
    assert visitor.get("apex", "/api/ops-portal/health").text == "healthy\n"
    for path in ("/api/ops-portal", "/api/ops-portal/", "/api/ops-portal/login"):
        assert "WeAlist Admin Portal" in visitor.get("apex", path).text


def test_service_has_no_endpoints(replica: Replica, visitor: Visitor) -> None:
    """The board service alone is gone, on both hosts."""
    replica.set_faults(["service-has-no-endpoints"])
    for host in ("apex", "api"):
        answer = visitor.get(host, "/api/svc/board/health")
        assert (answer.status_code, answer.text) == (503, "no healthy upstream")
        assert answer.headers["server"] == "istio-envoy"
    assert visitor.get("api", "/api/svc/chat/health").status_code == 200


def test_gateway_doubles_slash(replica: Replica, visitor: Visitor) -> None:
    """A storage call is a path that the service does not know; no other service's is."""
    replica.set_faults(["gateway-doubles-slash"])
    answer = visitor.get("api", CONTENTS, **visitor.bearer_header("alice"))
    assert (answer.status_code, answer.text) == (404, "404 page not found")
    assert visitor.get("api", "/api/svc/board/health").status_code == 200


async def test_gateway_strips_upgrade(replica: Replica, visitor: Visitor) -> None:
    """A good token ends in 400 on both hosts, a bad one in 401 as before, and plain calls go on."""
    token = visitor.bearer_header("alice")["Authorization"].removeprefix("Bearer ")
    for host in ("apex", "api"):
        async with visitor.socket(host, PRESENCE, token):
            pass
    replica.set_faults(["gateway-strips-upgrade"])
    for host in ("apex", "api"):
        for sent, status in ((token, 400), ("x", 401)):
            with pytest.raises(websockets.InvalidStatus) as refused:
                async with visitor.socket(host, PRESENCE, sent):
                    pass
            assert refused.value.response.status_code == status
        assert visitor.get(host, "/api/svc/chat/health").status_code == 200


def test_refresh_path_lost_behind_gateway(replica: Replica, visitor: Visitor) -> None:
    """A refresh is sent to sign in, as whatever auth-service does not know is, on both hosts; other
    calls of it go on.
    """
    replica.set_faults(["refresh-path-lost-behind-gateway"])
    for host in ("apex", "api"):
        url = visitor.environment["hosts"][host] + "/api/svc/auth/api/auth"
        lost = visitor.http.post(f"{url}/refresh", json={"refreshToken": "x"})
        assert lost.status_code == 302
        assert lost.headers["location"].endswith("/oauth2/authorization/google")
        assert visitor.http.post(f"{url}/validate", json={"token": "x"}).json()["valid"] is False
    replica.set_faults([])
    assert visitor.http.post(f"{url}/refresh", json={"refreshToken": "x"}).status_code == 401
