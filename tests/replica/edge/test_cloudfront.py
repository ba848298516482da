"""The edge, looked at as a configuration and asked as a visitor asks it."""

import socket
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from replica.edge import caddy_config
from replica.faults import FAULTS, livekit
from tests.conftest import Replica
from tests.support.edge_places import PLACES
from tests.support.replica_visitor import Visitor

OURS = {
    "edge-forgets-deep-links",
    "edge-masks-api-errors",
    "edge-serves-html-for-api",
    "edge-serves-plain-http",
    "site-loses-asset",
    "gateway-doubles-slash",
    "service-has-no-endpoints",
    "api-host-refuses-connections",
    "certificate-expires-soon",
    "certificate-names-other-host",
    "address-shows-other-certificate",
    "edge-allows-reads-only",
    "bucket-key-refuses-downloads",
    "bucket-key-refuses-uploads",
    "edge-cuts-answers",
    "gateway-buffers-stream",
    "site-ships-empty-stylesheet",
    "edge-serves-stored-error",
    "gateway-drops-authorization",
    "gateway-shows-sign-in-page",
    "edge-drops-workspace-header",
    "address-has-no-targets",
    "endpoint-outlives-pod",
    "selector-takes-in-other-pod",
    "one-pod-of-five-is-gone",
    "bucket-ignores-signatures",
    "edge-answers-html-to-upgrade",
    "gateway-strips-upgrade",
    "forwarded-proto-missing",
    "internal-endpoints-open",
    "oauth-callback-not-rewritten",
    "refresh-path-lost-behind-gateway",
    # Pages and refusals of others than weAlist's services.
    "edge-cannot-reach-origin",
    "edge-sends-api-to-bucket",
    "edge-serves-foreign-page",
    "edge-throttles-the-probes",
    "load-balancer-has-no-targets",
    "proxy-limits-bodies",
    "waf-blocks-the-probes",
    *(fault.name for fault in livekit.EDGE),
}
NO_FILE = "/api/svc/storage/storage/files/00000000-0000-0000-0000-00000000dead"
NO_PATH = "/api/svc/storage/api/storage/usage"
BOARD = "/api/svc/board/health"
PRESENCE = "/api/svc/chat/api/chats/ws/presence"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455, 1.3


def listeners(part: Any) -> Iterator[str]:
    """Every address that a configuration listens on."""
    if isinstance(part, dict):
        said = part.get("listen", [])
        yield from [said] if isinstance(said, str) else said
        for value in part.values():
            yield from listeners(value)


def is_app(answer: httpx.Response) -> bool:
    """Whether the answer is the app's HTML in the place of something else, as in V6 §1."""
    told = answer.headers["server"], answer.headers["x-cache"], answer.headers["content-type"]
    return answer.status_code == 200 and told == ("AmazonS3", "Error from cloudfront", "text/html")


def ends(visitor: Visitor, host: str) -> int:
    """When a host's certificate ends, in seconds since 1970, as a visitor is shown it on a new
    connection.
    """
    at, trusting = urlsplit(visitor.environment["hosts"][host]), visitor.trusting
    with (
        socket.create_connection(("127.0.0.1", at.port)) as plain,
        trusting.wrap_socket(plain, server_hostname=at.hostname) as link,
    ):
        shown = link.getpeercert() or {}
        return ssl.cert_time_to_seconds(str(shown["notAfter"]))


def test_the_edge_listens_on_loopback_only() -> None:
    """Whatever the faults, nobody else on the network can reach it: Caddy by itself would let
    everybody in.
    """
    for faults in ([], *([fault] for fault in FAULTS)):
        found = list(listeners(caddy_config.config(PLACES, faults)))
        assert len(found) >= 6
        assert all(address.startswith(("127.0.0.1:", "127.0.0.2:", "unix/")) for address in found)


def test_a_fault_of_another_part_leaves_the_edge_alone() -> None:
    """Faults of services, pages and bucket rules do not show in the configuration; the edge's own
    all do.
    """
    healthy = caddy_config.config(PLACES, [])
    assert {fault for fault in FAULTS if caddy_config.config(PLACES, [fault]) != healthy} == OURS


def test_a_healthy_edge_passes_json_errors(visitor: Visitor) -> None:
    """A missing file is a 404 in JSON on both hosts, without a trace of S3."""
    member = visitor.bearer_header("alice")
    for host in ("apex", "api"):
        answer = visitor.get(host, NO_FILE, **member)
        assert (answer.status_code, answer.headers["server"]) == (404, "istio-envoy")
        assert answer.json()["error"]["code"] == "NOT_FOUND"
    assert visitor.get("apex", NO_FILE, **member).headers["x-cache"] == "Miss from cloudfront"


def test_a_path_that_nobody_serves_becomes_html_on_the_apex_only(visitor: Visitor) -> None:
    """Gin's own 404 and Envoy's empty one end as the app with 200, as in production; the api host
    tells the truth.
    """
    assert is_app(visitor.get("apex", NO_PATH))
    assert is_app(visitor.get("apex", "/api/nothing"))
    gin, envoy = visitor.get("api", NO_PATH), visitor.get("api", "/api/nothing")
    assert (gin.status_code, gin.text) == (404, "404 page not found")
    assert (envoy.status_code, envoy.text, envoy.headers["server"]) == (404, "", "istio-envoy")


def test_a_refused_post_becomes_html_too(visitor: Visitor) -> None:
    """The custom error response does not care about the method, nor what was sent."""
    url = visitor.environment["hosts"]["apex"] + NO_PATH
    assert is_app(visitor.http.post(url, json={"a": "b" * 10_000}))


def test_the_site_comes_from_the_bucket(visitor: Visitor) -> None:
    """The root and the script are there, fresh from S3; a deep link is the app, as S3's 403 becomes
    it.
    """
    root, script = visitor.get("apex", "/"), visitor.get("apex", "/assets/main.js")
    assert (root.headers["content-type"], root.headers["x-cache"]) == (
        "text/html",
        "Miss from cloudfront",
    )
    assert (script.headers["content-type"], script.headers["server"]) == (
        "text/javascript",
        "AmazonS3",
    )
    assert visitor.get("apex", "/config.js").headers["cache-control"] == "no-cache"
    deep = visitor.get("apex", "/workspace/x/storage", Authorization="Bearer x", Range="bytes=0-3")
    assert is_app(deep)
    assert deep.text == root.text


def test_plain_http_is_sent_to_https(visitor: Visitor) -> None:
    """The viewer policy redirects, path and query included."""
    answer = visitor.get("plain", "/workspace?a=b")
    assert answer.status_code == 301
    assert answer.headers["location"] == visitor.environment["hosts"]["apex"] + "/workspace?a=b"


def test_the_edge_never_says_what_it_is(visitor: Visitor) -> None:
    """No answer bears Caddy's or SeaweedFS's name: production's would not."""
    answers = [
        visitor.get("apex", "/"),
        visitor.get("apex", BOARD),
        visitor.get("api", BOARD),
        visitor.get("cdn", "/x"),
    ]
    said = " ".join(
        f"{name} {value}" for answer in answers for name, value in answer.headers.items()
    ).lower()
    assert "caddy" not in said
    assert "seaweed" not in said


def test_edge_masks_api_errors(replica: Replica, visitor: Visitor) -> None:
    """A JSON 404 becomes the app; the api host and good answers stay."""
    member = visitor.bearer_header("alice")
    replica.set_faults(["edge-masks-api-errors"])
    assert is_app(visitor.get("apex", NO_FILE, **member))
    assert visitor.get("api", NO_FILE, **member).status_code == 404
    assert visitor.get("apex", BOARD).json()["status"] == "ready"


def test_edge_serves_html_for_api(replica: Replica, visitor: Visitor) -> None:
    """A call that would succeed gets the app on the apex, whatever its method; the api host answers
    it.
    """
    replica.set_faults(["edge-serves-html-for-api"])
    assert is_app(visitor.get("apex", BOARD))
    assert is_app(
        visitor.http.post(
            visitor.environment["hosts"]["apex"] + "/api/svc/auth/api/auth/refresh", json={}
        )
    )
    assert visitor.get("api", BOARD).json()["status"] == "ready"


def test_edge_answers_html_to_upgrade(replica: Replica, visitor: Visitor) -> None:
    """Who asks to open a socket on the apex gets the app; a plain call does not, and the api host
    is right.
    """
    replica.set_faults(["edge-answers-html-to-upgrade"])
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    assert is_app(visitor.get("apex", PRESENCE, **asked))
    assert visitor.get("apex", PRESENCE).status_code == 401
    assert visitor.get("api", PRESENCE, **asked).status_code == 401


def test_edge_serves_plain_http(replica: Replica, visitor: Visitor) -> None:
    """The page is there without TLS, and with it as before."""
    replica.set_faults(["edge-serves-plain-http"])
    assert visitor.get("plain", "/").text == visitor.get("apex", "/").text


def test_site_loses_asset(replica: Replica, visitor: Visitor) -> None:
    """The script's address answers HTML; the other files are there."""
    replica.set_faults(["site-loses-asset"])
    assert is_app(visitor.get("apex", "/assets/main.js"))
    assert visitor.get("apex", "/assets/style.css").headers["content-type"] == "text/css"


def test_api_host_refuses_connections(replica: Replica, visitor: Visitor) -> None:
    """Nobody listens there, and the apex goes on; after the fault both answer."""
    replica.set_faults(["api-host-refuses-connections"])
    with pytest.raises(httpx.ConnectError):
        visitor.get("api", BOARD)
    assert visitor.get("apex", BOARD).status_code == 200
    replica.set_faults([])
    assert visitor.get("api", BOARD).status_code == 200


def test_certificate_names_other_host(replica: Replica, visitor: Visitor) -> None:
    """A visitor's TLS refuses the apex and no other host."""
    replica.set_faults(["certificate-names-other-host"])
    with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
        visitor.get("apex", "/")
    assert visitor.get("api", BOARD).status_code == 200


def test_certificate_expires_soon(replica: Replica, visitor: Visitor) -> None:
    """The api host shows another certificate, still good, months earlier at its end; the apex keeps
    its own.
    """
    api, apex = ends(visitor, "api"), ends(visitor, "apex")
    replica.set_faults(["certificate-expires-soon"])
    assert ends(visitor, "apex") == apex
    assert ends(visitor, "api") < api - 70 * 86_400
