"""CloudFront as Caddy routes: the apex, its plain-HTTP redirect, and the CDN over the files bucket
(contract §1.3, §4.4).

Decision: in weAlist the distribution's custom error response turned every 403 and 404 of /api/*
into the app's HTML with status 200 (V6 §1). The healthy edge is the repaired one: an error that is
JSON passes as it is, and only a 403 or 404 that nobody wrote for a program (gin's "404 page not
found", Envoy's empty 404) becomes HTML. So a service that answers in JSON is heard, and a wrong
path still ends the way it does in production. The fault `edge-masks-api-errors` brings the incident
back.
"""

from collections.abc import Collection, Mapping
from typing import Any

from replica.edge import gateway, other_authors
from replica.edge.places import NAMES, Places, public_hosts
from replica.infra.seaweed import FILES, SITE
from replica.service_settings import SECURITY_HEADERS

Json = dict[str, Any]

CLOUDFRONT = {"Via": ["1.1 replica.cloudfront.net (CloudFront)"]}
BY_CLOUDFRONT: Json = {"handler": "headers", "response": {"deferred": True, "set": CLOUDFRONT}}
MISS = {"X-Cache": ["Miss from cloudfront"]}
ERROR = {"X-Cache": ["Error from cloudfront"]}
S3 = {"Server": ["AmazonS3"]}
# CloudFront's access to S3 is its own: what a visitor sends would only make S3 refuse.
VISITORS_OWN = ["Authorization", "Cookie", "Range", "If-None-Match", "If-Modified-Since", "Origin"]
SEAWEED = ["Seaweed-*", "X-Amz-Request-Id"]


def apex(places: Places, faults: Collection[str]) -> list[Json]:
    """CloudFront's behaviours: /api/* to the gateway, all else to the site."""
    api: Json = {
        "match": [{"path": ["/api/*"]}],
        "handle": [_to_gateway(places, faults)],
        "terminal": True,
    }
    sockets: Json = {"path": ["/api/*"], "header": {"Upgrade": ["websocket"]}}
    no_sockets: Json = {"match": [sockets], "handle": [app_html(places)], "terminal": True}
    lost: Json = {
        "match": [{"path": ["/assets/main.js"]}],
        "handle": [app_html(places)],
        "terminal": True,
    }
    return [
        {"handle": [BY_CLOUDFRONT]},
        *other_authors.routes(faults),
        *([no_sockets] if "edge-answers-html-to-upgrade" in faults else []),
        *([] if "edge-serves-html-for-api" in faults else [api]),
        *([lost] if "site-loses-asset" in faults else []),
        *_site(places, deep_links="edge-forgets-deep-links" not in faults),
    ]


def _to_gateway(places: Places, faults: Collection[str]) -> Json:
    refused = [403, 404]
    json_errors = {
        "match": {"status_code": refused, "headers": {"Content-Type": ["*json*"]}},
        "routes": [_AS_IT_IS],
    }
    masked = {"match": {"status_code": refused}, "routes": [{"handle": [app_html(places)]}]}
    proxy = gateway.to_pods([f"unix/{places.gateway}"], None)
    api_host = f"{NAMES['api']}:{places.api}"
    return {
        **proxy,
        "headers": {
            "request": {"set": {"Host": [api_host]}},
            "response": {"set": MISS},
        },
        "handle_response": [masked] if "edge-masks-api-errors" in faults else [json_errors, masked],
    }


_AS_IT_IS: Json = {"handle": [{"handler": "copy_response"}]}


def _site(places: Places, *, deep_links: bool) -> list[Json]:
    """The default behaviour: the bucket's objects, and the app for every path that is none (a deep
    link).
    """
    missing = {"match": {"status_code": [4]}, "routes": [{"handle": [app_html(places)]}]}
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
    return [root, reading, {"handle": [app_html(places)]}]


def app_html(places: Places) -> Json:
    """The custom error response: the app's HTML with status 200, whatever was asked."""
    return _index(places, ERROR)


def _index(places: Places, cache: Mapping[str, list[str]]) -> Json:
    return _from_s3(places, f"/{SITE}/index.html", {**S3, **cache, **_policy(places)})


def _policy(places: Places) -> dict[str, list[str]]:
    """CloudFront's response headers policy; nothing shows that production has one."""
    return {} if places.production else {name: [value] for name, value in SECURITY_HEADERS.items()}


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


def plain_http(places: Places, faults: Collection[str]) -> list[Json]:
    """CloudFront's viewer policy redirect-to-https, unless it was lost."""
    if "edge-serves-plain-http" in faults:
        return apex(places, faults)
    location = f"{public_hosts(places).apex}{{http.request.uri}}"
    headers = {"Server": ["CloudFront"], "Location": [location]}
    return [{"handle": [{"handler": "static_response", "status_code": 301, "headers": headers}]}]
