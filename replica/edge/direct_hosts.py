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


def _deny(role: str, action: str) -> Json:
    """S3's refusal of who may not use the key that the bucket encrypts with (AWS KMS developer
    guide, "Troubleshooting access denied"). The account and the ids are nobody's.
    """
    pod = f"eks-wealist-prod-{role[:10]}-00000000-0000-4000-8000-000000000000"
    who = f"arn:aws:sts::123456789012:assumed-role/wealist-prod-pod-identity-{role}-role/{pod}"
    key = "arn:aws:kms:ap-northeast-2:123456789012:key/00000000-0000-4000-8000-000000000000"
    message = (
        f"User: {who} is not authorized to perform: {action} on resource: {key} because no "
        f"identity-based policy allows the {action} action"
    )
    return {
        "handler": "static_response",
        "status_code": 403,
        "headers": {**cloudfront.S3, "Content-Type": ["application/xml"]},
        "body": (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>'
            f"<Message>{message}</Message></Error>"
        ),
    }


SIGNED = {"X-Amz-Signature": ["*"]}
# What faults of the bucket's key put before S3.
KEY_REFUSES: dict[str, Json] = {
    "bucket-key-refuses-uploads": {
        "match": [{"method": ["PUT"], "path": ["/profiles/*"], "query": SIGNED}],
        "handle": [_deny("user-service", "kms:GenerateDataKey")],
        "terminal": True,
    },
    "bucket-key-refuses-downloads": {
        "match": [{"method": ["GET"], "query": SIGNED}],
        "handle": [_deny("storage-service", "kms:Decrypt")],
        "terminal": True,
    },
}


def bucket(places: Places, faults: Collection[str]) -> list[Json]:
    """S3 itself. The Host header is signed, so it passes unchanged, its port included."""
    unsigned = {"handler": "rewrite", "query": {"delete": SIGNATURE}}
    to_s3 = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": places.s3}],
        "headers": {"response": {"set": cloudfront.S3, "delete": ["Seaweed-*"]}},
    }
    return [
        *(route for fault, route in KEY_REFUSES.items() if fault in faults),
        {
            "handle": [
                gateway.NO_CADDY,
                *([unsigned] if "bucket-ignores-signatures" in faults else []),
                to_s3,
            ]
        },
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
