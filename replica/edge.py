"""Everything between a browser and the services, as one Caddy configuration: a pure function of
places and faults.

Caddy, because one program can imitate CloudFront, the gateway and S3's front door, and changes its
whole configuration at run time in milliseconds. What is imitated: contract §1.3 (CloudFront), §1.4
(gateway), §4.4 (files bucket and CDN).

Decision: in weAlist the distribution's custom error response turned every 403 and 404 of /api/*
into the app's HTML with status 200 (V6 §1). An honest edge here is the repaired one: an error that
is JSON passes as it is, and only a 403 or 404 that nobody wrote for a program (gin's "404 page not
found", Envoy's empty 404) becomes HTML. So a service that answers honestly is heard, and a wrong
path still ends the way it does in production. The fault `edge-masks-api-errors` brings the incident
back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from replica import gateway
from replica.infra.certificates import Certificate
from replica.infra.ports import LOOPBACK
from replica.infra.seaweed import DOMAIN, FILES, SITE
from replica.settings import SAFE, Hosts

Json = dict[str, Any]

NAMES = {
    "apex": "wealist.localhost",
    "api": "api.wealist.localhost",
    "cdn": "cdn.wealist.localhost",
    "bucket": f"{FILES}.{DOMAIN}",
    "google": "accounts.google.localhost",
    "livekit": "livekit.wealist.localhost",
}
CLOUDFRONT = {"Via": ["1.1 replica.cloudfront.net (CloudFront)"]}
BY_CLOUDFRONT: Json = {"handler": "headers", "response": {"deferred": True, "set": CLOUDFRONT}}
MISS = {"X-Cache": ["Miss from cloudfront"]}
ERROR = {"X-Cache": ["Error from cloudfront"]}
S3 = {"Server": ["AmazonS3"]}
# CloudFront's access to S3 is its own: what a visitor sends would only make S3 refuse.
VISITORS_OWN = ["Authorization", "Cookie", "Range", "If-None-Match", "If-Modified-Since", "Origin"]
SEAWEED = ["Seaweed-*", "X-Amz-Request-Id"]
SIGNATURE = [
    f"X-Amz-{name}"
    for name in (
        "Algorithm",
        "Credential",
        "Date",
        "Expires",
        "SignedHeaders",
        "Signature",
        "Security-Token",
    )
]


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything is: public ports, SeaweedFS, the services' pods, sockets and certificates by
    host part.

    `production`: what stands there is as open as weAlist's production is known to be.
    """

    apex: int
    api: int
    cdn: int
    bucket: int
    plain: int
    google: int
    livekit: int
    s3: str
    filer: str
    gateway: str
    provider: str
    calls: str
    admin: str
    storage: str
    upstreams: Mapping[str, Sequence[str]]
    certificates: Mapping[str, Certificate]
    production: bool = False


def hosts(places: Places) -> Hosts:
    """The public base URLs."""
    return Hosts(
        apex=f"https://{NAMES['apex']}:{places.apex}",
        api=f"https://{NAMES['api']}:{places.api}",
        cdn=f"https://{NAMES['cdn']}:{places.cdn}",
        plain=f"http://{NAMES['apex']}:{places.plain}",
    )


def google(places: Places) -> str:
    """The public base URL of what stands for Google."""
    return f"https://{NAMES['google']}:{places.google}"


def livekit(places: Places) -> str:
    """Where the app sends people to talk."""
    return f"wss://{NAMES['livekit']}:{places.livekit}"


def config(places: Places, faults: Collection[str]) -> Json:
    """Caddy's whole configuration."""
    certificates = [
        {"certificate": str(pair.chain), "key": str(pair.key), "tags": [part]}
        for part, pair in places.certificates.items()
    ]
    return {
        "admin": {"listen": f"unix/{places.admin}", "config": {"persist": False}},
        "storage": {"module": "file_system", "root": places.storage},
        "logging": {"logs": {"default": {"level": "ERROR"}}},
        "apps": {
            "http": {"servers": servers(places, faults), "grace_period": "100ms"},
            "tls": {"certificates": {"load_files": certificates}},
        },
    }


def servers(places: Places, faults: Collection[str]) -> dict[str, Json]:
    """One server a host, and the gateway once more on a socket of its own: CloudFront's way to
    it.
    """
    inside = gateway.routes(places.upstreams, faults, production=places.production)
    passing = {"routes": inside, "errors": {"routes": gateway.failures()}}
    shown = "certificate-expires-soon" if "certificate-expires-soon" in faults else "api"
    named = "certificate-names-other-host" if "certificate-names-other-host" in faults else "apex"
    found = {
        "gateway": {"listen": [f"unix/{places.gateway}"], **_PLAIN, **passing},
        "apex": {**_tls(places.apex, named), "routes": apex(places, faults)},
        "api": {**_tls(places.api, shown), **passing},
        "cdn": {**_tls(places.cdn, "cdn"), "routes": cdn(places)},
        "bucket": {**_tls(places.bucket, "bucket"), "routes": bucket(places, faults)},
        "google": {**_tls(places.google, "google"), "routes": provider(places)},
        "livekit": {
            **_tls(places.livekit, "livekit"),
            "routes": calls(places, faults),
            "errors": {"routes": gateway.failures()},
        },
        "plain": {
            "listen": [f"{LOOPBACK}:{places.plain}"],
            **_PLAIN,
            "routes": plain(places, faults),
        },
    }
    if "api-host-refuses-connections" in faults:
        del found["api"]
    return found


_PLAIN: Json = {"automatic_https": {"disable": True}, "protocols": ["h1"]}


def _tls(port: int, tag: str) -> Json:
    policy = {"certificate_selection": {"any_tag": [tag]}}
    return {
        "listen": [f"{LOOPBACK}:{port}"],
        "automatic_https": {"disable": True},
        "protocols": ["h1", "h2"],
        "tls_connection_policies": [policy],
    }


def apex(places: Places, faults: Collection[str]) -> list[Json]:
    """CloudFront's behaviours: /api/* to the gateway, all else to the site."""
    api: Json = {
        "match": [{"path": ["/api/*"]}],
        "handle": [_to_gateway(places, faults)],
        "terminal": True,
    }
    sockets: Json = {"path": ["/api/*"], "header": {"Upgrade": ["websocket"]}}
    no_sockets: Json = {"match": [sockets], "handle": [app(places)], "terminal": True}
    lost: Json = {
        "match": [{"path": ["/assets/main.js"]}],
        "handle": [app(places)],
        "terminal": True,
    }
    return [
        {"handle": [BY_CLOUDFRONT]},
        *([no_sockets] if "edge-answers-html-to-upgrade" in faults else []),
        *([] if "edge-serves-html-for-api" in faults else [api]),
        *([lost] if "site-loses-asset" in faults else []),
        *_site(places, deep_links="edge-forgets-deep-links" not in faults),
    ]


def _to_gateway(places: Places, faults: Collection[str]) -> Json:
    refused = [403, 404]
    honest = {
        "match": {"status_code": refused, "headers": {"Content-Type": ["*json*"]}},
        "routes": [_AS_IT_IS],
    }
    masked = {"match": {"status_code": refused}, "routes": [{"handle": [app(places)]}]}
    proxy = gateway.to_pods([f"unix/{places.gateway}"], None)
    api_host = f"{NAMES['api']}:{places.api}"
    return {
        **proxy,
        "headers": {
            "request": {"set": {"Host": [api_host]}},
            "response": {"set": MISS},
        },
        "handle_response": [masked] if "edge-masks-api-errors" in faults else [honest, masked],
    }


_AS_IT_IS: Json = {"handle": [{"handler": "copy_response"}]}


def _site(places: Places, *, deep_links: bool) -> list[Json]:
    """The default behaviour: the bucket's objects, and the app for every path that is none (a deep
    link).
    """
    missing = {"match": {"status_code": [4]}, "routes": [{"handle": [app(places)]}]}
    found = {
        **_from_s3(places, f"/{SITE}{{http.request.uri.path}}", {**S3, **MISS, **_policy(places)}),
        "handle_response": [missing] if deep_links else [],
    }
    reading = {
        "match": [{"method": ["GET", "HEAD"], "not": [{"path": ["/"]}]}],
        "handle": [found],
        "terminal": True,
    }
    root = {
        "match": [{"method": ["GET", "HEAD"], "path": ["/"]}],
        "handle": [_index(places, MISS)],
        "terminal": True,
    }
    return [root, reading, {"handle": [app(places)]}]


def app(places: Places) -> Json:
    """The custom error response: the app's HTML with status 200, whatever was asked."""
    return _index(places, ERROR)


def _index(places: Places, cache: Mapping[str, list[str]]) -> Json:
    return _from_s3(places, f"/{SITE}/index.html", {**S3, **cache, **_policy(places)})


def _policy(places: Places) -> dict[str, list[str]]:
    """CloudFront's response headers policy; nothing shows that production has one."""
    return {} if places.production else {name: [value] for name, value in SAFE.items()}


def _from_s3(places: Places, uri: str, headers: Json) -> Json:
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": places.s3}],
        "rewrite": {"method": "GET", "uri": uri},
        "headers": {
            "request": {"set": {"Host": [places.s3]}, "delete": VISITORS_OWN},
            "response": {"delete": SEAWEED, "set": headers},
        },
    }


def cdn(places: Places) -> list[Json]:
    """CloudFront over the files bucket: whoever knows a key may read it (contract §4.4)."""
    denied = {
        "handler": "static_response",
        "status_code": 403,
        "headers": {**S3, **ERROR, "Content-Type": ["application/xml"]},
        "body": "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
    }
    headers = {**S3, **MISS}
    reading = _from_s3(places, f"/buckets/{FILES}{{http.request.uri.path}}", headers)
    reading["upstreams"] = [
        {"dial": places.filer}
    ]  # the filer asks for no signature, as origin access needs none
    reading["headers"]["response"]["delete"] = [*SEAWEED, "Content-Disposition", "Access-Control-*"]
    reading["handle_response"] = [{"match": {"status_code": [4]}, "routes": [{"handle": [denied]}]}]
    visit = {"match": [{"method": ["GET", "HEAD"]}], "handle": [reading], "terminal": True}
    return [{"handle": [BY_CLOUDFRONT]}, visit, {"handle": [denied]}]


def bucket(places: Places, faults: Collection[str]) -> list[Json]:
    """S3 itself. The Host header is signed, so it passes unchanged, its port included."""
    unsigned = {"handler": "rewrite", "query": {"delete": SIGNATURE}}
    to_s3 = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": places.s3}],
        "headers": {"response": {"set": S3, "delete": ["Seaweed-*"]}},
    }
    return [
        {
            "handle": [
                gateway.NO_CADDY,
                *([unsigned] if "bucket-ignores-signatures" in faults else []),
                to_s3,
            ]
        }
    ]


def provider(places: Places) -> list[Json]:
    """Google's front door, which is none of weAlist's."""
    to_provider = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"unix/{places.provider}"}],
        "headers": {"request": {"set": {"X-Forwarded-Proto": ["https"]}}},
    }
    return [{"handle": [gateway.NO_CADDY, to_provider]}]


def calls(places: Places, faults: Collection[str]) -> list[Json]:
    """LiveKit's host: a route of the gateway's, with nothing in front of it."""
    onward = gateway.to_pods([places.calls], None)
    if "livekit-host-serves-html" in faults:
        return [{"handle": [app(places)]}]
    if "livekit-route-is-missing" in faults:
        return [{"handle": [gateway.envoy(404)]}]
    if "livekit-has-no-pods" in faults:
        return [{"handle": [gateway.envoy(503, "no healthy upstream")]}]
    stripped = [gateway.NO_UPGRADE] if "livekit-gateway-strips-upgrade" in faults else []
    return [{"handle": [gateway.NO_CADDY, *stripped, onward]}]


def plain(places: Places, faults: Collection[str]) -> list[Json]:
    """CloudFront's viewer policy redirect-to-https, unless it was lost."""
    if "edge-serves-plain-http" in faults:
        return apex(places, faults)
    location = f"{hosts(places).apex}{{http.request.uri}}"
    headers = {"Server": ["CloudFront"], "Location": [location]}
    return [{"handle": [{"handler": "static_response", "status_code": 301, "headers": headers}]}]
