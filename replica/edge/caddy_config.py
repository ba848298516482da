"""Caddy's whole configuration: one server a host."""

from collections.abc import Collection
from typing import Any

from replica.edge import cloudfront, direct_hosts, gateway, uneven
from replica.edge.places import Places
from replica.infra.ports import LOOPBACK, SECOND_LOOPBACK

Json = dict[str, Any]
_PLAIN: Json = {"automatic_https": {"disable": True}, "protocols": ["h1"]}


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
        "apex": {**_tls(places.apex, named), "routes": cloudfront.apex(places, faults)},
        "api": {
            **_tls(places.api, shown),
            **passing,
            "routes": [*uneven.routes(places.upstreams, faults), *inside],
        },
        "cdn": {**_tls(places.cdn, "cdn"), "routes": cloudfront.cdn(places)},
        "bucket": {**_tls(places.bucket, "bucket"), "routes": direct_hosts.bucket(places, faults)},
        "google": {
            **_tls(places.google, "google"),
            "routes": direct_hosts.identity_provider(places),
        },
        "livekit": {
            **_tls(places.livekit, "livekit"),
            "routes": direct_hosts.livekit(places, faults),
            "errors": {"routes": gateway.failures()},
        },
        "plain": {
            "listen": [f"{LOOPBACK}:{places.plain}"],
            **_PLAIN,
            "routes": cloudfront.plain_http(places, faults),
        },
    }
    if "api-host-refuses-connections" in faults:
        del found["api"]
    for host, second in _second_addresses(places, found, faults).items():
        found[host] = {**found[host], "listen": found[host]["listen"][:1]}
        found[f"{host}-second"] = {**second, "listen": second["listen"][1:]}
    return found


def _second_addresses(
    places: Places, servers: dict[str, Json], faults: Collection[str]
) -> dict[str, Json]:
    """Hosts whose second address is not as the first."""
    found = {}
    if "address-shows-other-certificate" in faults:
        other = _tls(places.apex, "certificate-names-other-host")
        found["apex"] = {**servers["apex"], **other}
    if "address-has-no-targets" in faults:
        found["livekit"] = {**servers["livekit"], "routes": [uneven.NO_TARGETS]}
    return found


def _tls(port: int, tag: str) -> Json:
    policy = {"certificate_selection": {"any_tag": [tag]}}
    return {
        "listen": [f"{address}:{port}" for address in (LOOPBACK, SECOND_LOOPBACK)],
        "automatic_https": {"disable": True},
        "protocols": ["h1", "h2"],
        "tls_connection_policies": [policy],
    }
