"""Metrics to a Prometheus Pushgateway, one group for each environment and share, replaced as a
whole by every run.

A group that no run replaces any more would be scraped for ever (github.com/prometheus/pushgateway,
"When not to use it"), so a run of other shares removes those of the split before.
"""

import functools
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import requests
from prometheus_client import CollectorRegistry, Gauge, delete_from_gateway, push_to_gateway

from reports.model.run import Run
from reports.publish.metrics import samples
from reports.publish.sending import TIMEOUT_S
from reports.publish.trusting_adapter import TrustingAdapter

JOB = "wealist-probes"

Auth = tuple[str, str] | None
Headers = Sequence[tuple[str, str]]


def push(run: Run, url: str) -> str:
    """Empty when the Pushgateway at `url` (user and password may stand in it) took all. Raises
    OSError.
    """
    origin, auth = _apart(url)
    handler = functools.partial(_asking, auth)
    push_to_gateway(origin, JOB, _registry(run), grouping(run), timeout=TIMEOUT_S, handler=handler)
    if grouping(run)["shard"].startswith("1-"):
        for group in _left_behind(origin, auth, run):
            delete_from_gateway(origin, JOB, group, timeout=TIMEOUT_S, handler=handler)
    return ""


def _asking(  # noqa: PLR0917 - as prometheus-client calls it
    auth: Auth, url: str, method: str, timeout: float | None, headers: Headers, data: bytes
) -> Callable[[], None]:
    """As prometheus-client wants it; its own takes a redirect or a login page for a yes."""

    def ask() -> None:
        with _session(auth) as session:
            answer = session.request(
                method,
                url,
                data=data,
                headers=dict(headers),
                timeout=timeout,
                allow_redirects=False,
            )
        if answer.status_code // 100 != 2 or "html" in answer.headers.get("content-type", ""):
            raise OSError(
                answer.status_code,
                f"the Pushgateway answered {answer.status_code}; is this its address?",
            )

    return ask


def _session(auth: Auth) -> requests.Session:
    session = requests.Session()
    session.auth = auth
    session.mount("https://", TrustingAdapter())
    return session


def grouping(run: Run) -> dict[str, str]:
    """What tells this run's metrics from those of others, and nothing that changes from run to
    run.
    """
    shard = (run.shard or "1/1").replace("/", "-of-")
    return {"environment": run.environment, "shard": shard, "tier": run.tier}


def _registry(run: Run) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    gauges: dict[str, Gauge] = {}
    for sample in samples(run):
        metric = sample.metric
        if metric.name not in gauges:
            gauges[metric.name] = Gauge(metric.name, metric.says, metric.labels, registry=registry)
        gauge = gauges[metric.name]
        (gauge.labels(*sample.labels) if sample.labels else gauge).set(sample.value)
    return registry


def _left_behind(origin: str, auth: Auth, run: Run) -> list[dict[str, str]]:
    """Groups of this environment from when it was split in another way. An old Pushgateway that
    lists none has none.
    """
    with _session(auth) as session:
        answer = session.get(f"{origin}/api/v1/metrics", timeout=TIMEOUT_S)
    listed = answer.json().get("data", []) if answer.ok else []
    groups = [entry.get("labels", {}) for entry in listed]
    ours = grouping(run)
    parts = ours["shard"].partition("-of-")[2]
    left = [
        group
        for group in groups
        if group.get("job") == JOB
        and group.get("environment") == ours["environment"]
        and group.get("tier", run.tier) == run.tier
        and (group.get("shard", "").partition("-of-")[2] != parts or "tier" not in group)
    ]
    for group in left:
        del group["job"]
    return left


def _apart(url: str) -> tuple[str, Auth]:
    full = url if "://" in url else f"http://{url}"
    parts = urlsplit(full)
    bare = SplitResult(
        parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""
    )
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return urlunsplit(bare), auth
