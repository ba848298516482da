"""Typed facts of a cluster: what its objects say, without what nobody here asks about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """`changed_at`: when its data was last written, by managedFields; None where nothing says."""

    name: str
    data: Mapping[str, str]
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a container gets variables from: `kind` is ConfigMap or Secret; `key` for one only."""

    kind: str
    name: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """`env`: a value, or where it is read from. `sources`: envFrom, where the last one wins."""

    name: str
    env: Mapping[str, str | Source] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    command: tuple[str, ...] = ()
    cpu_m: float = 0.0
    memory_mib: float = 0.0
    host_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment or a Rollout."""

    name: str
    replicas: int
    labels: Labels
    containers: tuple[Container, ...]
    host_network: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    """`owner`: the Deployment, StatefulSet or the like that it is of. `waiting`: why a container
    waits, as CrashLoopBackOff; `pending`: what the scheduler says.

    `started_at`: when the container that has run longest did. `restarted_at`: when a container last
    ended, and `end_reason` how. Requests are of all containers, native sidecars (init containers
    that are always restarted) included.
    """

    name: str
    labels: Labels
    phase: str
    ready: bool
    started_at: datetime
    containers: tuple[Container, ...] = ()
    node: str = ""
    owner: str = ""
    waiting: str = ""
    pending: str = ""
    restarts: int = 0
    restarted_at: datetime | None = None
    end_reason: str = ""
    cpu_m: float = 0.0
    memory_mib: float = 0.0
    host_network: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A warning about a pod; `count`: how often it has come, `last_at` when it did."""

    pod: str
    reason: str
    message: str
    count: int = 1
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    selector: Labels


@dataclass(frozen=True, slots=True)
class Endpoints:
    """How many addresses of a Service take requests."""

    service: str
    ready: int


@dataclass(frozen=True, slots=True)
class Autoscaler:
    name: str
    target: str
    min_replicas: int
    max_replicas: int


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    ready: bool
    cpu_m: float
    memory_mib: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What a pod uses, by metrics.k8s.io."""

    pod: str
    cpu_m: float
    memory_mib: float


@dataclass(frozen=True, slots=True)
class Job:
    """`deadline_s`: activeDeadlineSeconds, 0 for none. `ours`: a Job of the probes."""

    name: str
    owner: str
    started_at: datetime | None
    is_finished: bool
    deadline_s: float
    ours: bool


@dataclass(frozen=True, slots=True)
class CronJob:
    name: str
    is_suspended: bool
    scheduled_at: datetime | None
    ours: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A path that a rule takes: `kind` is prefix, exact or regex."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """`kind`: regex (uriRegexRewrite), prefix (prefix rewrite, ReplacePrefixMatch) or path."""

    kind: str
    pattern: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Destination:
    host: str
    subset: str
    weight: int


@dataclass(frozen=True, slots=True)
class Rule:
    matches: tuple[Match, ...]
    rewrite: Rewrite | None
    destinations: tuple[Destination, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A VirtualService or an HTTPRoute; `parents`: gateways."""

    kind: str
    name: str
    hosts: tuple[str, ...]
    parents: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Subsets:
    """A DestinationRule: labels by subset."""

    name: str
    host: str
    labels: Mapping[str, Labels]


@dataclass(frozen=True, slots=True)
class TokenGuard:
    """A RequestAuthentication; an empty selector selects all pods of its namespace."""

    name: str
    selector: Labels


@dataclass(frozen=True, slots=True)
class SyncedSecret:
    """An ExternalSecret. `interval_s` 0: it is read once only."""

    name: str
    target: str
    ready: bool
    message: str
    refreshed_at: datetime | None
    interval_s: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where an Application deploys to."""

    server: str
    name: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Application:
    """`chart`: the last part of its path. `values`: keys at the top of values set in it, each with
    whether a `config` lies under it.
    """

    name: str
    project: str
    sources: tuple[str, ...]
    destination: Place
    sync: str
    health: str
    conditions: tuple[str, ...]
    chart: str
    parameters: Mapping[str, str]
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    name: str
    sources: tuple[str, ...]
    destinations: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What was asked for; what was not is empty."""

    config_maps: tuple[ConfigMap, ...] = ()
    pods: tuple[Pod, ...] = ()
    deployments: tuple[Workload, ...] = ()
    rollouts: tuple[Workload, ...] = ()
    services: tuple[Service, ...] = ()
    endpoints: tuple[Endpoints, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    nodes: tuple[Node, ...] = ()
    usage: tuple[Usage, ...] = ()
    jobs: tuple[Job, ...] = ()
    cron_jobs: tuple[CronJob, ...] = ()
    virtual_services: tuple[Route, ...] = ()
    http_routes: tuple[Route, ...] = ()
    subsets: tuple[Subsets, ...] = ()
    token_guards: tuple[TokenGuard, ...] = ()
    synced_secrets: tuple[SyncedSecret, ...] = ()
    applications: tuple[Application, ...] = ()
    projects: tuple[Project, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def workloads(self) -> tuple[Workload, ...]:
        return (*self.deployments, *self.rollouts)

    @property
    def routes(self) -> tuple[Route, ...]:
        return (*self.virtual_services, *self.http_routes)

    def config_map(self, name: str) -> ConfigMap | None:
        return next((each for each in self.config_maps if each.name == name), None)


def selects(selector: Labels, labels: Labels) -> bool:
    """Whether every label of `selector` is among `labels`."""
    return all(labels.get(name) == value for name, value in selector.items())
