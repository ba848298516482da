"""Routes and Argo CD's objects as typed facts; see parsing.py for the sources."""

from probes.cluster.facts import (
    Application,
    Destination,
    Match,
    Place,
    Project,
    Rewrite,
    Route,
    Rule,
    Subsets,
)
from probes.cluster.parsing import Object, at, name, rows, text, texts


def virtual_service(obj: Object) -> Route:
    return Route(
        "VirtualService",
        name(obj),
        tuple(map(str, rows(obj, "spec", "hosts"))),
        tuple(map(str, rows(obj, "spec", "gateways"))),
        tuple(map(_istio_rule, rows(obj, "spec", "http"))),
    )


def _istio_rule(row: Object) -> Rule:
    uris = [uri for match in rows(row, "match") if (uri := at(match, "uri"))]
    matches = [Match(kind, str(path)) for uri in uris for kind, path in uri.items()]
    return Rule(
        tuple(matches) or (Match("prefix", "/"),),
        _istio_rewrite(at(row, "rewrite")),
        tuple(_istio_destination(each) for each in rows(row, "route")),
    )


def _istio_rewrite(found: Object | None) -> Rewrite | None:
    if regex := at(found, "uriRegexRewrite"):
        return Rewrite("regex", text(regex, "match"), text(regex, "rewrite"))
    if (uri := at(found, "uri")) is not None:
        return Rewrite("prefix", "", str(uri))
    return None


def _istio_destination(row: Object) -> Destination:
    named = row.get("weight")
    weight = 100 if named is None else int(named)
    host = text(row, "destination", "host").split(".")[0]
    return Destination(host, text(row, "destination", "subset"), weight)


def http_route(obj: Object) -> Route:
    return Route(
        "HTTPRoute",
        name(obj),
        tuple(map(str, rows(obj, "spec", "hostnames"))),
        tuple(text(parent, "name") for parent in rows(obj, "spec", "parentRefs")),
        tuple(map(_gateway_rule, rows(obj, "spec", "rules"))),
    )


_KINDS = {"PathPrefix": "prefix", "Exact": "exact", "RegularExpression": "regex"}


def _gateway_rule(row: Object) -> Rule:
    paths = [path for match in rows(row, "matches") if (path := at(match, "path"))]
    matches = [
        Match(_KINDS.get(text(path, "type"), "prefix"), text(path, "value").rstrip("/") or "/")
        for path in paths
    ]
    rewrites = [at(each, "urlRewrite", "path") for each in rows(row, "filters")]
    rewrite = next((_gateway_rewrite(each) for each in rewrites if each), None)
    backends = rows(row, "backendRefs")
    return Rule(
        tuple(matches) or (Match("prefix", "/"),),
        rewrite,
        tuple(Destination(text(each, "name"), "", int(each.get("weight", 1))) for each in backends),
    )


def _gateway_rewrite(path: Object) -> Rewrite:
    if text(path, "type") == "ReplacePrefixMatch":
        # Gateway API v1 joins what is left with exactly one slash.
        return Rewrite("prefix", "", text(path, "replacePrefixMatch").rstrip("/"))
    return Rewrite("path", "", text(path, "replaceFullPath"))


def subsets(obj: Object) -> Subsets:
    found = {text(row, "name"): texts(row, "labels") for row in rows(obj, "spec", "subsets")}
    return Subsets(name(obj), text(obj, "spec", "host").split(".")[0], found)


def application(obj: Object) -> Application:
    spec = at(obj, "spec") or {}
    sources = [*rows(spec, "sources"), *filter(None, [at(spec, "source")])]
    helm = at(sources[0], "helm") if sources else None
    chart = text(sources[0], "path").rpartition("/")[2] if sources else ""
    conditions = [
        f"{text(row, 'type')}: {text(row, 'message')}" for row in rows(obj, "status", "conditions")
    ]
    if text(obj, "status", "operationState", "phase") in ("Error", "Failed"):
        conditions.append(f"sync: {text(obj, 'status', 'operationState', 'message')}")
    return Application(
        name=name(obj),
        project=text(spec, "project"),
        sources=tuple(text(source, "repoURL") for source in sources),
        destination=_place(at(spec, "destination") or {}),
        sync=text(obj, "status", "sync", "status"),
        health=text(obj, "status", "health", "status"),
        conditions=tuple(conditions),
        chart=chart,
        parameters={text(row, "name"): text(row, "value") for row in rows(helm, "parameters")},
        values=_nested_config(helm),
    )


def _place(row: Object) -> Place:
    return Place(text(row, "server"), text(row, "name"), text(row, "namespace"))


def _nested_config(helm: Object | None) -> tuple[str, ...]:
    """Keys at the top of inline values with a `config` under them: an umbrella chart's shape."""
    inline = at(helm, "valuesObject")
    if not inline:
        import yaml  # noqa: PLC0415 - 60 ms that only a cluster with Argo CD is worth

        try:
            inline = yaml.safe_load(text(helm, "values"))
        except yaml.YAMLError:
            return ()
    values = inline.items() if isinstance(inline, dict) else ()
    found = [str(key) for key, value in values if isinstance(value, dict) and "config" in value]
    return tuple(key for key in found if key not in ("shared", "global"))


def project(obj: Object) -> Project:
    return Project(
        name(obj),
        tuple(map(str, rows(obj, "spec", "sourceRepos"))),
        tuple(map(_place, rows(obj, "spec", "destinations"))),
    )
