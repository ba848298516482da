"""Ask the cluster's API: lists and logs only, each with a deadline, each list once for an attempt.

Nothing that comes back is recorded but method, URL and status: objects may quote what is secret.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from probes.cluster import parsing, routing, sign_in_log
from probes.cluster.budget import Budget
from probes.cluster.facts import Facts
from probes.cluster.pods_behind import pods_behind
from probes.cluster.secret_shapes import SecretShape, shape
from probes.config.cluster import ClusterConfig
from probes.finding import CannotAsk, NotApplicable
from probes.recording.recorder import Exchange, current
from probes.transport.single_flight import SingleFlight

NO_TABLE = "the environment file has no table [cluster]"
Object = Mapping[str, Any]
LOG_LINES = 1000
LOGS_AT_MOST = 12  # for failed requests, in one run
LOG_WAITS_S = (0.2, 1.0, 2.0)  # a kubelet hands a line on within a second or two
STARTS_WAITS_S = (0.2, 1.8)
FIRST_LOGS = 2 * len(LOG_WAITS_S)  # two pods of auth-service


@dataclass(frozen=True, slots=True)
class Kind:
    """A list of the API, and how its objects are read. `is_needed`: an empty list is a wrong place.

    `optional`: where its kind is not installed, there are none.
    """

    group: str
    version: str
    plural: str
    read: Callable[[Object], Any]
    is_needed: bool = False
    optional: bool = False
    where: str = "namespace"
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        root = f"/apis/{self.group}" if self.group else "/api"
        return f"{root}/{self.version}"

    @property
    def resource(self) -> str:
        """As kubectl and a Role name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


WARNINGS = {"fieldSelector": "type=Warning,involvedObject.kind=Pod", "limit": "500"}
KINDS: Mapping[str, Kind] = {
    "config_maps": Kind("", "v1", "configmaps", parsing.config_map, is_needed=True),
    "pods": Kind("", "v1", "pods", parsing.pod, is_needed=True),
    "events": Kind("", "v1", "events", parsing.event, query=WARNINGS),
    "deployments": Kind("apps", "v1", "deployments", parsing.workload, is_needed=True),
    "rollouts": Kind("argoproj.io", "v1alpha1", "rollouts", parsing.workload, optional=True),
    "services": Kind("", "v1", "services", parsing.service, is_needed=True),
    "endpoints": Kind("discovery.k8s.io", "v1", "endpointslices", parsing.endpoints),
    "autoscalers": Kind("autoscaling", "v2", "horizontalpodautoscalers", parsing.autoscaler),
    "nodes": Kind("", "v1", "nodes", parsing.node, is_needed=True, where="cluster"),
    "usage": Kind("metrics.k8s.io", "v1beta1", "pods", parsing.usage, is_needed=True),
    "jobs": Kind("batch", "v1", "jobs", parsing.job),
    "cron_jobs": Kind("batch", "v1", "cronjobs", parsing.cron_job),
    "virtual_services": Kind(
        "networking.istio.io", "v1", "virtualservices", routing.virtual_service, optional=True
    ),
    "http_routes": Kind(
        "gateway.networking.k8s.io", "v1", "httproutes", routing.http_route, optional=True
    ),
    "subsets": Kind(
        "networking.istio.io", "v1", "destinationrules", routing.subsets, optional=True
    ),
    "token_guards": Kind(
        "security.istio.io", "v1", "requestauthentications", parsing.token_guard, optional=True
    ),
    "synced_secrets": Kind("external-secrets.io", "v1", "externalsecrets", parsing.synced_secret),
    "applications": Kind(
        "argoproj.io",
        "v1alpha1",
        "applications",
        routing.application,
        is_needed=True,
        where="argocd",
    ),
    "projects": Kind(
        "argoproj.io", "v1alpha1", "appprojects", routing.project, is_needed=True, where="argocd"
    ),
}


class Cluster:
    """The API of one environment's cluster. Opened by the first who asks; `close` ends it.

    `can_settle`: the run waits for a roll-out, and asks each list again until it is well.
    """

    def __init__(self, config: ClusterConfig | None, *, can_settle: bool = False) -> None:
        self._config = config
        self._http: Any = None
        # Each list, LiveKit's key file, and the logs of the portal's landing.
        self._budget = Budget(reserve=len(KINDS) + 1 + FIRST_LOGS, is_open=can_settle)
        self._logs_left = LOGS_AT_MOST
        self._connections: SingleFlight[str, Any] = SingleFlight(self._connect)
        self._starts: SingleFlight[str, list[str]] = SingleFlight(self._log_of_starts)
        self._lists: SingleFlight[tuple[str, int], tuple[Any, ...]] = SingleFlight(
            self._list, keeps_failures=True
        )

    @property
    def is_named(self) -> bool:
        return self._config is not None

    @property
    def config(self) -> ClusterConfig:
        """What is promised. Raises NotApplicable where the environment names no cluster."""
        if self._config is None:
            raise NotApplicable(NO_TABLE)
        return self._config

    async def facts(self, *kinds: str) -> Facts:
        """The objects of these kinds (names of Facts' fields), asked for at the same time.

        Raises CannotAsk where the API is down, forbids, has nothing where something must be, or
        was asked often enough for a rerun to be refused; NotApplicable where the environment names
        no cluster.
        """
        _ = self.config
        attempt = current().attempt
        lists = await asyncio.gather(*(self._lists.get((kind, attempt)) for kind in kinds))
        return Facts(**dict(zip(kinds, lists, strict=True)))

    async def seen_facts(self, *kinds: str) -> Facts:
        """As `facts`, as the first attempt of this run has seen them: for a diagnosis, which
        confirms nothing. Raises CannotAsk.
        """
        lists = await asyncio.gather(*(self._lists.get((kind, 1)) for kind in kinds))
        return Facts(**dict(zip(kinds, lists, strict=True)))

    async def secret(self, name: str, key: str) -> SecretShape | None:
        """The shape of one text in a Secret; None where it is not there. The text goes nowhere."""
        path = f"/api/v1/namespaces/{self.config.namespace}/secrets/{name}"
        is_first = current().attempt == 1
        answer = await self._get(path, f"Secret {name}", is_first=is_first, missing_is_none=True)
        encoded = (answer.json().get("data") or {}).get(key) if answer is not None else None
        return shape(base64.b64decode(encoded).decode(errors="replace")) if encoded else None

    async def log(self, pod: str, container: str, *, is_first: bool = False) -> tuple[str, ...]:
        """The last lines that a container has written, oldest first. Raises CannotAsk."""
        path = f"/api/v1/namespaces/{self.config.namespace}/pods/{pod}/log"
        query = {"container": container, "tailLines": str(LOG_LINES)}
        answer = await self._get(path, f"the log of {pod}", query, is_first=is_first)
        return tuple(answer.text.splitlines())

    async def log_of_request(self, workload: str, request: str) -> list[str]:
        """The last lines of the workload's pods, once one has the request's id.

        Empty where this run has asked for LOGS_AT_MOST such logs already. Raises CannotAsk.
        """
        facts = await self.seen_facts("pods")
        pods = [pod.name for pod in pods_behind(facts, (workload,))]
        lines: list[str] = []
        for wait_s in LOG_WAITS_S:
            if self._logs_left < len(pods):
                return lines
            self._logs_left -= len(pods)
            await asyncio.sleep(wait_s)
            lines = await self._logs(pods, workload)
            if any(request in line for line in lines):
                break
        return lines

    async def log_of_start(self, facts: Facts, marker: str) -> list[str]:
        """The last lines of auth-service's pods, once one tells of the start with `marker`."""
        is_first = current().attempt == 1
        return await self._log_of_auth(facts, marker, LOG_WAITS_S, is_first=is_first)

    async def log_of_starts(self) -> list[str]:
        """The last lines of auth-service's pods, read once in a run: whatever they tell of the
        sign-ins that were started until then.
        """
        return await self._starts.get("the only one")

    async def _log_of_starts(self, _: str) -> list[str]:
        return await self._log_of_auth(await self.seen_facts("pods"), "", STARTS_WAITS_S)

    async def _log_of_auth(
        self, facts: Facts, marker: str, waits_s: Sequence[float], *, is_first: bool = False
    ) -> list[str]:
        pods = [pod.name for pod in pods_behind(facts, (sign_in_log.AUTH,))]
        if not pods:
            raise CannotAsk("no pod of auth-service runs, whose log would tell")
        lines: list[str] = []
        for wait_s in waits_s:
            await asyncio.sleep(wait_s)
            lines = await self._logs(pods, sign_in_log.AUTH, is_first=is_first)
            if sign_in_log.has_line(lines, marker):
                break
        return lines

    async def _logs(
        self, pods: Sequence[str], container: str, *, is_first: bool = False
    ) -> list[str]:
        logs = [await self.log(pod, container, is_first=is_first) for pod in pods]
        return [line for log in logs for line in log]

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def _list(self, key: tuple[str, int]) -> tuple[Any, ...]:
        name, attempt = key
        kind = KINDS[name]
        namespace = {
            "cluster": "",
            "argocd": f"/namespaces/{self.config.argocd_namespace}",
            "namespace": f"/namespaces/{self.config.namespace}",
        }[kind.where]
        path = f"{kind.base}{namespace}/{kind.plural}"
        answer = await self._get(
            path,
            kind.resource,
            kind.query,
            is_first=attempt == 1,
            missing_is_none=kind.optional,
        )
        items = (answer.json().get("items") or []) if answer is not None else []
        if kind.is_needed and not items:
            place = namespace.rpartition("/")[2] or "the cluster"
            raise CannotAsk(f"there are no {kind.resource} in {place}; is [cluster] right?")
        return tuple(kind.read(item) for item in items)

    async def _get(
        self,
        path: str,
        what: str,
        query: Mapping[str, str] | None = None,
        *,
        is_first: bool,
        missing_is_none: bool = False,
    ) -> Any:
        http = await self._connections.get("the only one")
        self._budget.take(is_first=is_first)
        with current().exchange("cluster", "GET", f"{http.base_url}".rstrip("/") + path) as asked:
            async with self._answering(asked, what):
                answer = await http.get(path, params=query)
            asked.set_response(answer.status_code, {})
        if answer.status_code == HTTPStatus.NOT_FOUND and missing_is_none:
            return None
        if answer.status_code != HTTPStatus.OK:
            raise CannotAsk(_refusal(answer.status_code, what))
        return answer

    @asynccontextmanager
    async def _answering(self, asked: Exchange, what: str) -> AsyncIterator[None]:
        from probes.cluster.connection import FAILURES  # noqa: PLC0415 - lightkube is an extra

        limit = self.config.ask_timeout_s
        try:
            async with asyncio.timeout(limit):
                yield
        except TimeoutError as error:
            asked.error = f"no answer within {limit:g} s"
            raise CannotAsk(
                f"the cluster's API did not answer for {what} within {limit:g} s"
            ) from error
        except FAILURES as error:
            asked.error = type(error).__name__
            raise CannotAsk(
                f"the cluster's API cannot be reached ({type(error).__name__}); is the kubeconfig "
                "of [cluster] right, and is the API server up?"
            ) from error

    async def _connect(self, _: str) -> Any:
        """Off the loop: to import lightkube and to read the CA takes long enough to be noticed."""
        self._http = await asyncio.to_thread(_open_connection, self.config)
        return self._http


def _open_connection(config: ClusterConfig) -> Any:
    from probes.cluster.connection import connect  # noqa: PLC0415 - lightkube is an extra

    return connect(config)


def _refusal(status: int, what: str) -> str:
    message = f"the cluster's API answers {status} for {what}"
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"{message}; docs/deploy.md lists what the probes' account must be allowed to read"
    return f"{message}; is that API installed and up?"
