"""Istio's routes to the services, as the chart istio-config writes them (contract 1.4)."""

from urllib.parse import urlsplit

from replica.cluster import builders
from replica.cluster.builders import Object
from replica.cluster.inventory import LIVEKIT, PREFIXES, SERVICES
from replica.state import ReplicaState


def virtual_services(state: ReplicaState) -> list[Object]:
    hosts = [urlsplit(url).hostname for url in (state.hosts.apex, state.hosts.api)]
    rules = [
        _rule("/oauth2", "auth-service"),
        _rule("/api/oauth2", "auth-service", r"/oauth2\1"),
        *(_rule(f"/api/svc/{name}", service, r"\1") for name, service in PREFIXES.items()),
        _rule("/api/ops-portal", "ops-portal", r"\1"),
        _rule("/api/ops", "ops-service", r"\1"),
    ]
    calls = [urlsplit(state.livekit.url).hostname]
    return [
        _virtual_service("wealist-routes", hosts, rules),
        _virtual_service("livekit-route", calls, [_rule("/", LIVEKIT)]),
    ]


def _virtual_service(name: str, hosts: list[str | None], rules: list[Object]) -> Object:
    gateways = ["istio-system/istio-ingressgateway"]
    spec = {"hosts": hosts, "gateways": gateways, "http": rules}
    return {"metadata": builders.metadata(name), "spec": spec}


def _rule(prefix: str, service: str, rewrite: str = "") -> Object:
    port = 7880 if service == LIVEKIT else SERVICES[service][1]
    destination = {"host": service, "port": {"number": port}}
    subset = {"subset": "stable"} if service != LIVEKIT else {}
    routes = [{"destination": {**destination, **subset}, "weight": 100}]
    if subset:
        routes.append({"destination": {**destination, "subset": "canary"}, "weight": 0})
    rule: Object = {"match": [{"uri": {"prefix": prefix}}], "route": routes}
    if rewrite:
        rule["rewrite"] = {"uriRegexRewrite": {"match": f"^{prefix}(.*)$", "rewrite": rewrite}}
    return rule


def subsets(name: str) -> Object:
    rows = [{"name": each, "labels": {"version": each}} for each in ("stable", "canary")]
    return {"metadata": builders.metadata(f"{name}-dr"), "spec": {"host": name, "subsets": rows}}
