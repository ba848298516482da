"""Hosts that have no CloudFront in front of them: S3, Google, LiveKit (contract §4.3, §2.1, §7)."""

from collections.abc import Collection
from typing import Any

from replica.edge import cloudfront, gateway
from replica.edge.places import Places

Json = dict[str, Any]

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


def bucket(places: Places, faults: Collection[str]) -> list[Json]:
    """S3 itself. The Host header is signed, so it passes unchanged, its port included."""
    unsigned = {"handler": "rewrite", "query": {"delete": SIGNATURE}}
    to_s3 = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": places.s3}],
        "headers": {"response": {"set": cloudfront.S3, "delete": ["Seaweed-*"]}},
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


def identity_provider(places: Places) -> list[Json]:
    """Google's front door, which is none of weAlist's."""
    to_provider = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"unix/{places.provider}"}],
        "headers": {"request": {"set": {"X-Forwarded-Proto": ["https"]}}},
    }
    return [{"handle": [gateway.NO_CADDY, to_provider]}]


def livekit(places: Places, faults: Collection[str]) -> list[Json]:
    """LiveKit's host: a route of the gateway's, with nothing in front of it."""
    onward = gateway.to_pods([places.calls], None)
    if "livekit-host-serves-html" in faults:
        return [{"handle": [cloudfront.app_html(places)]}]
    if "livekit-route-is-missing" in faults:
        return [{"handle": [gateway.envoy(404)]}]
    if "livekit-has-no-pods" in faults:
        return [{"handle": [gateway.envoy(503, "no healthy upstream")]}]
    stripped = [gateway.NO_UPGRADE] if "livekit-gateway-strips-upgrade" in faults else []
    return [{"handle": [gateway.NO_CADDY, *stripped, onward]}]
