"""What breaks a promise of the cluster is told by its code and by name, and nothing else is."""

from datetime import timedelta
from typing import Any

import pytest

from probes.cluster import argo, paths, settings
from probes.cluster.facts import (
    Application,
    ConfigMap,
    Container,
    Destination,
    Facts,
    Match,
    Place,
    Project,
    Rewrite,
    Route,
    Rule,
    Source,
)
from probes.finding import Certainty, Code
from tests.support.cluster_objects import NOW, pod, told, workload

HERE = Place("https://kubernetes.default.svc", "", "weal")
GIT = "https://github.com/OrangesCloud/wealist.git"


def app(**changes: Any) -> Application:
    usual: dict[str, Any] = {
        "name": "a-prod",
        "project": "p",
        "sources": (GIT,),
        "destination": HERE,
        "sync": "Synced",
        "health": "Healthy",
        "conditions": (),
        "chart": "a",
        "parameters": {},
    }
    return Application(**{**usual, **changes})


@pytest.mark.parametrize(
    ("allowed", "source", "permitted"),
    [
        (("*",), "https://helm.livekit.io", True),
        ((GIT,), GIT.removesuffix(".git").upper(), True),
        (("https://github.com/OrangesCloud/*",), GIT, True),
        (("https://github.com/*",), GIT, False),
        (("https://github.com/**",), GIT, True),
        (("*", "!https://github.com/OrangesCloud/*"), GIT, False),
        (("https://helm.livekit.io",), GIT, False),
        ((), GIT, False),
    ],
)
def test_a_source_is_permitted_as_argo_cd_permits_it(
    allowed: tuple[str, ...], source: str, *, permitted: bool
) -> None:
    """A star does not cross a slash, and a pattern with ! forbids (Argo CD, AppProject)."""
    assert argo.permits_source(Project("p", allowed, ()), source) is permitted


@pytest.mark.parametrize(
    ("place", "permitted"),
    [
        (HERE, True),
        (Place("", "in-cluster", "weal"), True),
        (Place("https://kubernetes.default.svc", "", "elsewhere"), False),
        (Place("https://other.example.org", "", "weal"), False),
    ],
)
def test_a_destination_is_permitted_by_server_and_namespace(
    place: Place, *, permitted: bool
) -> None:
    facts = Facts(applications=(app(destination=place),), projects=(Project("p", ("*",), (HERE,)),))
    assert (argo.not_permitted(facts, "argocd") is None) is permitted


def test_a_project_that_is_not_there_permits_nothing() -> None:
    observed = told(
        argo.not_permitted(Facts(applications=(app(),)), "argocd"), Code.ARGO_NOT_PERMITTED
    )
    assert "AppProject p, which is not there" in observed


def test_what_an_object_says_proves_its_own_cause_and_a_state_does_not() -> None:
    """A project that forbids is why; that a sync failed has a reason of its own."""
    forbidden = argo.not_permitted(Facts(applications=(app(),)), "argocd")
    failed = argo.not_synced(Facts(applications=(app(sync="OutOfSync"),)), "argocd")
    assert forbidden
    assert failed
    assert (forbidden.certainty, failed.certainty) == (Certainty.PROVEN, Certainty.LIKELY)
    assert forbidden.cause.endswith(f"; proven: {forbidden.observed}")


def test_an_application_that_is_not_synced_quotes_its_condition() -> None:
    facts = Facts(applications=(app(), app(name="b", sync="OutOfSync", conditions=("X: why",))))
    assert told(argo.not_synced(facts, "argocd"), Code.ARGO_NOT_SYNCED) == (
        "b is OutOfSync and Healthy (X: why)"
    )


FROM_MAP = Container("a", sources=(Source("ConfigMap", "shared"), Source("ConfigMap", "a-config")))


def with_config(data: dict[str, str], container: Container = FROM_MAP) -> Facts:
    shared = ConfigMap("shared", {"S3_ENDPOINT": "http://minio"})
    return Facts(
        config_maps=(shared, ConfigMap("a-config", data)), deployments=(workload("a", container),)
    )


@pytest.mark.parametrize(
    ("data", "observed"),
    [
        ({}, "S3_ENDPOINT of a is 'http://minio', promised is empty"),
        ({"S3_ENDPOINT": ""}, ""),
        ({"S3_ENDPOINT": "http://x"}, "S3_ENDPOINT of a is 'http://x', promised is empty"),
    ],
)
def test_a_promised_empty_setting_must_be_set_and_empty(
    data: dict[str, str], observed: str
) -> None:
    """The last source wins, as Kubernetes has it (V6 §3.6)."""
    found = settings.missing(with_config(data), {"a": {"S3_ENDPOINT": ""}}, "weal")
    assert (found.observed if found else "") == observed


def test_a_setting_that_is_not_there_is_told_from_an_empty_one() -> None:
    found = settings.missing(with_config({}), {"a": {"SERVER_BASE_PATH": ""}}, "weal")
    assert told(found, Code.SETTING_MISSING) == "ConfigMap a-config has no SERVER_BASE_PATH"


def test_of_a_secret_setting_only_its_length_is_quoted() -> None:
    facts = with_config({"S3_SECRET_KEY": "minioadmin"})
    found = settings.missing(facts, {"a": {"S3_SECRET_KEY": ""}}, "weal")
    observed = told(found, Code.SETTING_MISSING)
    assert "minioadmin" not in observed
    assert "set, 10 characters" in observed


def test_what_comes_from_a_secret_is_set() -> None:
    """Its value is not asked for, and nobody is blamed for it."""
    container = Container("a", env={"S3_ENDPOINT": Source("Secret", "s", "k")})
    assert settings.missing(with_config({}, container), {"a": {"S3_ENDPOINT": ""}}, "weal") is None


@pytest.mark.parametrize(
    ("application", "data", "observed"),
    [
        (app(parameters={"config.A": "1"}), {"A": "1"}, ""),
        (app(parameters={"config.A": "1"}), {}, "a-prod sets config.A, and ConfigMap a-config"),
        (app(parameters={"config.A": "1"}), {"A": "2"}, "sets config.A to '1', and a-config has"),
        (app(parameters={"image.tag": "1"}), {}, ""),
        (app(values=("a",)), {}, "a-prod has values under a: at the top"),
        (app(chart="umbrella", values=("a",)), {}, ""),
    ],
)
def test_a_setting_is_followed_from_git_to_the_configmap(
    application: Application, data: dict[str, str], observed: str
) -> None:
    """Only a chart of one service does not read what stands under a service's name (V6 §1.2)."""
    facts = with_config(data)
    found = settings.not_applied(
        Facts((facts.config_maps), (), facts.deployments, applications=(application,)), "weal"
    )
    assert observed in (found.observed if found else "")
    assert bool(found) == bool(observed)


@pytest.mark.parametrize(("age", "is_stale"), [(5, True), (-5, False)])
def test_a_pod_older_than_its_configmap_is_told(age: int, *, is_stale: bool) -> None:
    """By when its container started: a restarted one has read it anew."""
    changed = ConfigMap("a-config", {}, NOW)
    running = pod(started_at=NOW - timedelta(minutes=age), containers=(FROM_MAP,))
    found = settings.not_applied(Facts(config_maps=(changed,), pods=(running,)), "weal")
    assert bool(found) is is_stale


@pytest.mark.parametrize(
    ("container", "left"),
    [
        (Container("a", env={"X": "${HOST}:6379"}), "X of a holds ${HOST}"),
        (Container("a", env={"HOST": "h", "X": "$(HOST):6379"}), ""),
        (Container("a", env={"X": "$(HOST):6379"}), "X of a holds $(HOST)"),
        (Container("a", env={"LIVEKIT_CONFIG": "key_file: ${KEYS}"}), ""),
        (Container("a", command=("server", "--redis=${HOST}")), "the command of a holds ${HOST}"),
        (Container("a", command=("server", "$(HOST)")), "the command of a holds $(HOST)"),
        (Container("a", command=("/bin/sh", "-c", "echo ${HOST}")), ""),
        (Container("a", env={"X": "costs $5 (five)"}), ""),
    ],
)
def test_a_placeholder_is_told_where_nobody_expands_it(container: Container, left: str) -> None:
    """Kubernetes expands $(VAR) that it knows, a shell ${VAR}, LiveKit its key_file (V6 §5.4)."""
    found = settings.placeholders(Facts(deployments=(workload("a", container),)), "weal")
    assert (found.observed if found else "") == left


def test_a_placeholder_in_a_configmap_is_never_expanded() -> None:
    """What envFrom brings is taken as it is, even where the name is known."""
    found = settings.placeholders(with_config({"HOST": "h", "X": "$(HOST)"}), "weal")
    assert told(found, Code.PLACEHOLDER_LEFT) == "X of a holds $(HOST)"


STORAGE = Container("storage-service", sources=(Source("ConfigMap", "storage-service-config"),))
TO_STORAGE = (Destination("storage-service", "", 100),)


def routed(
    rewrite: Rewrite | None, data: dict[str, str], prefix: str = "/api/svc/storage"
) -> Facts:
    rule = Rule((Match("prefix", prefix),), rewrite, TO_STORAGE)
    return Facts(
        config_maps=(ConfigMap("storage-service-config", data),),
        deployments=(workload("storage-service", STORAGE),),
        virtual_services=(Route("VirtualService", "r", ("a.b",), (), (rule,)),),
    )


STRIP = Rewrite("regex", "^/api/svc/storage(.*)$", r"\1")


@pytest.mark.parametrize(
    ("rewrite", "data", "outside", "observed"),
    [
        (STRIP, {"SERVER_BASE_PATH": ""}, "/api/svc/storage", ""),
        (
            STRIP,
            {},
            "/api/svc/storage",
            "serves /api/storage/folders, and its route's rewrite sends /storage",
        ),
        (STRIP, {}, "/api/svc/storage/api", ""),
        (
            STRIP,
            {"SERVER_BASE_PATH": ""},
            "/api/svc/storage/api",
            "its route's rewrite sends /api/storage",
        ),
        (Rewrite("prefix", "", "/"), {"SERVER_BASE_PATH": ""}, "/api/svc/storage", "//storage"),
        (Rewrite("prefix", "", ""), {"SERVER_BASE_PATH": ""}, "/api/svc/storage", ""),
        (
            None,
            {"SERVER_BASE_PATH": ""},
            "/api/svc/storage",
            "rewrite sends /api/svc/storage/storage",
        ),
    ],
)
def test_a_rewrite_fits_the_base_path(
    rewrite: Rewrite | None, data: dict[str, str], outside: str, observed: str
) -> None:
    """Unset is /api, which is built in; empty is empty (V6 §1.2; contract 4.1)."""
    found = paths.find_path_mismatches(routed(rewrite, data), ["a.b"], outside, "weal")
    assert observed in (found.observed if found else "")
    assert bool(found) == bool(observed)


def test_a_service_without_a_route_is_told() -> None:
    found = paths.find_path_mismatches(
        routed(STRIP, {}, "/api/other"), ["a.b"], "/api/svc/storage", "weal"
    )
    assert "no route leads /api/svc/storage/storage/folders" in told(
        found, Code.ROUTE_PATH_MISMATCH
    )


def test_a_path_that_two_objects_take_is_told_once() -> None:
    rule = Rule((Match("prefix", "/a"),), None, ())
    other = Rule((Match("prefix", "/b"),), None, ())
    routes = tuple(Route("HTTPRoute", n, ("h",), (), (r,)) for n, r in (("x", rule), ("y", rule)))
    harmless = Route("HTTPRoute", "z", ("h",), (), (other,))
    found = paths.find_duplicate_routes(Facts(http_routes=(*routes, harmless)), "weal")
    assert told(found, Code.ROUTE_DUPLICATED) == "h /a is taken by HTTPRoute x and HTTPRoute y"
