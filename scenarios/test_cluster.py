"""The cluster: what Git says is what runs, and what runs fits together, before users notice."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest

from probes.cluster import (
    argo,
    capacity,
    endpoints,
    livekit,
    paths,
    pods,
    restarts,
    settings,
    sign_in_log,
    trust,
)
from probes.cluster.reader import Cluster
from probes.config.environment import Target
from probes.finding import NotApplicable
from probes.livekit.tokens import open_access
from probes.recording.recorder import current
from probes.services import oauth
from probes.transport.http import Web

pytestmark = pytest.mark.promise(owner="platform", incident="V6 §1.2")


@pytest.mark.promise(incident="V6 §5.2")
async def test_an_application_may_have_its_source(cluster: Cluster) -> None:
    """Every Application deploys from where, and to where, its AppProject permits it."""
    facts = await cluster.facts("applications", "projects")
    current().judge(argo.not_permitted(facts, cluster.config.argocd_namespace))


@pytest.mark.promise(incident="V6 §5.2")
async def test_what_git_says_runs(cluster: Cluster) -> None:
    """Every Application is in sync with Git, and healthy."""
    facts = await cluster.facts("applications")
    current().judge(argo.not_synced(facts, cluster.config.argocd_namespace))


async def test_what_is_set_reaches_the_pods(cluster: Cluster) -> None:
    """A setting that somebody has made in Git is in the environment of the pods that run."""
    facts = await cluster.facts("applications", "config_maps", "deployments", "rollouts", "pods")
    current().judge(settings.not_applied(facts, cluster.config.namespace))


@pytest.mark.promise(incident="V6 §1.6, §3.6")
async def test_promised_settings_are_set(cluster: Cluster) -> None:
    """Services have the settings that production depends on, empty ones included."""
    promised = cluster.config.config
    if not promised:
        raise NotApplicable("[cluster.config] promises no setting")
    facts = await cluster.facts("config_maps", "deployments", "rollouts")
    current().judge(settings.missing(facts, promised, cluster.config.namespace))


@pytest.mark.promise(incident="V6 §1.2, §2")
async def test_routes_lead_to_paths_that_are_served(cluster: Cluster, target: Target) -> None:
    """What the gateway makes of a path is what the service behind it serves."""
    facts = await cluster.facts(
        "virtual_services", "http_routes", "config_maps", "deployments", "rollouts"
    )
    hosts = {urlsplit(origin).hostname or "" for origin in (target.hosts.apex, target.hosts.api)}
    storage = target.paths.storage
    current().judge(paths.find_path_mismatches(facts, hosts, storage, cluster.config.namespace))


@pytest.mark.promise(incident="08c0c829")
async def test_a_host_has_one_route(cluster: Cluster) -> None:
    """No two routes claim the same path of a host."""
    facts = await cluster.facts("virtual_services", "http_routes")
    current().judge(paths.find_duplicate_routes(facts, cluster.config.namespace))


@pytest.mark.promise(incident="V6 §5.4")
async def test_no_placeholder_is_left(cluster: Cluster) -> None:
    """No setting holds a variable that nobody expands."""
    facts = await cluster.facts("config_maps", "deployments", "rollouts")
    current().judge(settings.placeholders(facts, cluster.config.namespace))


@pytest.mark.promise(owner="video", incident="V6 §5.3")
async def test_livekit_has_the_keys_that_calls_are_signed_with(
    cluster: Cluster, target: Target
) -> None:
    """LiveKit's key file is as LiveKit reads it, and holds the key that calls are signed with."""
    secret = cluster.config.livekit_keys
    if not secret or target.livekit is None:
        raise NotApplicable("[cluster] names no livekit_keys, or there is no [livekit]")
    own = open_access(target.livekit, current().evidence.redactor)
    shape = await cluster.secret(secret, "keys.yaml")
    current().judge(livekit.keys(shape, secret, own.key, own.secret, cluster.config.namespace))


@pytest.mark.promise(incident="V6 §5.8")
async def test_secrets_are_in_sync(cluster: Cluster) -> None:
    """Every secret is what the secret store says, and was looked up lately."""
    facts = await cluster.facts("synced_secrets")
    current().judge(trust.not_synced(facts, datetime.now(UTC), cluster.config.namespace))


@pytest.mark.promise(incident="a4263252")
async def test_a_service_has_pods_behind_it(cluster: Cluster) -> None:
    """Whatever the gateway or a service calls has a pod that takes requests."""
    facts = await cluster.facts(
        "services",
        "endpoints",
        "subsets",
        "pods",
        "deployments",
        "rollouts",
        "virtual_services",
        "http_routes",
    )
    current().judge(endpoints.missing(facts, cluster.config.namespace))


@pytest.mark.promise(incident="V6 §6.2")
async def test_no_pod_crashes_again_and_again(cluster: Cluster) -> None:
    """No pod crashes again and again, and holds a node's room meanwhile."""
    facts = await cluster.facts("pods")
    current().judge(pods.crash_looping(facts, cluster.config.namespace))


async def test_no_pod_waits_to_run(cluster: Cluster) -> None:
    """Every pod has a node, its image and its configuration."""
    facts = await cluster.facts("pods", "events")
    current().judge(pods.pending(facts, datetime.now(UTC), cluster.config.namespace))


async def test_no_pod_has_restarted(cluster: Cluster, target: Target) -> None:
    """No container has ended since the last run."""
    facts = await cluster.facts("pods")
    looked = await restarts.window(target.identity.state, datetime.now(UTC))
    current().judge(restarts.find_restarts(facts, looked, cluster.config.namespace))


@pytest.mark.promise(incident="V6 §6.3")
async def test_replicas_are_as_promised(cluster: Cluster) -> None:
    """Services run with as many replicas as somebody has decided, at least and at once."""
    config = cluster.config
    if not config.replicas and not config.min_replicas:
        raise NotApplicable("[cluster] promises neither replicas nor min_replicas")
    facts = await cluster.facts("autoscalers", "deployments", "rollouts")
    current().judge(capacity.replicas(facts, config))


@pytest.mark.promise(incident="V6 §6.1, §6.2")
async def test_no_more_nodes_run_than_promised(cluster: Cluster) -> None:
    """The cluster runs on no more nodes than somebody has decided to pay for."""
    config = cluster.config
    if not config.nodes_at_most:
        raise NotApplicable("[cluster] promises no nodes_at_most")
    facts = await cluster.facts("nodes", "pods", "usage", "autoscalers")
    current().judge(capacity.nodes(facts, config))


@pytest.mark.promise(incident="V6 §7.2")
async def test_who_only_parses_tokens_is_guarded(cluster: Cluster) -> None:
    """A service that does not verify tokens has somebody in front of it who does."""
    facts = await cluster.facts("config_maps", "deployments", "rollouts", "token_guards")
    config = cluster.config
    current().judge(trust.find_unguarded(facts, config.validates_tokens, config.namespace))


@pytest.mark.promise(owner="auth", incident="V6 §7.2, §7.8")
async def test_the_portals_landing_is_remembered(cluster: Cluster, web: Web) -> None:
    """Who starts on the portal has their way back remembered before the provider is asked."""
    marker = f"probe={current().evidence.run}-{current().attempt}"
    namespace = cluster.config.namespace
    facts = await cluster.facts("pods")
    await oauth.start(web, httpx.Cookies(), f"{web.target.oauth.portal}login?{marker}")
    current().judge(sign_in_log.judge(await cluster.log_of_start(facts, marker), marker, namespace))


@pytest.mark.promise(owner="video", incident="V6 §5.10")
async def test_livekits_ports_fit_the_nodes(cluster: Cluster, target: Target) -> None:
    """Every pod of LiveKit has the ports that callers' media needs."""
    facts = await cluster.facts("config_maps", "deployments", "rollouts", "pods", "nodes")
    current().judge(livekit.ports(facts, target.livekit, cluster.config.namespace))


@pytest.mark.promise(incident="contract 9.3")
async def test_the_probes_own_jobs_end(cluster: Cluster) -> None:
    """The probes themselves run by the clock, and their Jobs end."""
    facts = await cluster.facts("jobs", "cron_jobs")
    current().judge(pods.stuck_jobs(facts, datetime.now(UTC), cluster.config.namespace))
