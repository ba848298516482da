"""A route's rewrite and its service's base path fit together (V6 §1.2, §2; contract 1.4)."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from probes.cluster import kubectl, offenders
from probes.cluster.environment import of_workload, workload
from probes.cluster.facts import Facts, Match, Rewrite, Route, Rule
from probes.finding import Code, Finding


@dataclass(frozen=True, slots=True)
class Served:
    """A path as users ask for it, and as its service serves it: below its base path.

    `base`: what is built in. `key`: the variable that overrides it; `takes_empty`: by an empty text
    as well (os.LookupEnv, contract 4.1).
    """

    service: str
    outside: str
    below: str
    base: str = ""
    key: str = ""
    takes_empty: bool = False


SERVED = (
    Served("auth-service", "/api/svc/auth/api/auth/refresh", "/api/auth/refresh"),
    Served("auth-service", "/api/oauth2/callback/google", "/oauth2/callback/google"),
    Served("user-service", "/api/svc/user/api/users/me", "/users/me", "/api", "SERVER_BASE_PATH"),
    Served("board-service", "/api/svc/board/api/projects", "/api/projects"),
    Served("chat-service", "/api/svc/chat/api/chats/my", "/my", "/api/chats", "SERVER_BASE_PATH"),
    Served("noti-service", "/api/svc/noti/api/notifications", "/notifications", "/api"),
    Served(
        "storage-service",
        "{storage}/storage/folders",
        "/storage/folders",
        "/api",
        "SERVER_BASE_PATH",
        takes_empty=True,
    ),
    Served("ops-service", "/api/ops/api/config/active", "/config/active", "/api"),
    Served("video-service", "/api/svc/video/api/video/rooms", "/rooms", "/api/video"),
)


def find_path_mismatches(
    facts: Facts, hosts: Iterable[str], storage: str, where: str
) -> Finding | None:
    """Paths that a service gets and does not serve; `storage`: its base path outside; pure."""
    known = set(hosts)
    found = [
        mismatch
        for served in SERVED
        if workload(facts, served.service)
        for mismatch in mismatches(facts, served, known, storage)
    ]
    finding = offenders.finding(
        Code.ROUTE_PATH_MISMATCH,
        found,
        "the rewrite of a route and the base path of its service do not fit together (V6 §2)",
        kubectl.get(where, "virtualservices,httproutes", output="yaml"),
    )
    return offenders.proven(finding, found)


def mismatches(facts: Facts, served: Served, hosts: set[str], storage: str) -> Iterator[str]:
    outside = served.outside.replace("{storage}", storage)
    rule = leading(facts.routes, hosts, outside)
    if rule is None:
        yield f"no route leads {outside} to {served.service}"
        return
    leads_to = {each.host for each in rule[1].destinations}
    if served.service not in leads_to:
        yield f"{outside} is led to {', '.join(sorted(leads_to))}, not to {served.service}"
        return
    got, serves = rewritten(rule[0], rule[1], outside), base_path(facts, served) + served.below
    if got != serves:
        yield f"{served.service} serves {serves}, and its route's rewrite sends {got}"


def base_path(facts: Facts, served: Served) -> str:
    """What the service has in front of its paths, by its environment or built in; pure."""
    deployed = workload(facts, served.service)
    values = of_workload(deployed, facts) if deployed else {}
    value = values.get(served.key)
    if value or (value == "" and served.takes_empty):
        return value
    return served.base


def leading(routes: Iterable[Route], hosts: set[str], path: str) -> tuple[Match, Rule] | None:
    """The rule that takes `path`, and what of it matched: the first in the order given; pure."""
    ours = [route for route in routes if hosts & set(route.hosts) or "*" in route.hosts]
    for rule in itertools.chain.from_iterable(route.rules for route in ours):
        for match in rule.matches:
            if _takes(match, path):
                return match, rule
    return None


def _takes(match: Match, path: str) -> bool:
    if match.kind == "exact":
        return path == match.path
    if match.kind == "regex":
        return re.fullmatch(match.path, path) is not None
    return path.startswith(match.path)


def rewritten(match: Match, rule: Rule, path: str) -> str:
    """What the service gets; Istio's prefix rewrite leaves slashes as they are."""
    rewrite = rule.rewrite
    if rewrite is None:
        return path
    if rewrite.kind == "regex":
        return re.sub(rewrite.pattern, rewrite.replacement, path, count=1)
    if rewrite.kind == "path":
        return rewrite.replacement
    return _with_prefix(rewrite, match, path)


def _with_prefix(rewrite: Rewrite, match: Match, path: str) -> str:
    return rewrite.replacement + path.removeprefix(match.path)


def find_duplicate_routes(facts: Facts, where: str) -> Finding | None:
    """Hosts for which two objects take the same path: which of them wins is not defined; pure."""
    owners: dict[tuple[str, Match], list[str]] = {}
    for route in facts.routes:
        claims = {(host, match) for host in route.hosts for r in route.rules for match in r.matches}
        for claim in claims:
            owners.setdefault(claim, []).append(f"{route.kind} {route.name}")
    found = [
        f"{host} {match.path} is taken by {' and '.join(sorted(names))}"
        for (host, match), names in sorted(owners.items(), key=str)
        if len(names) > 1
    ]
    finding = offenders.finding(
        Code.ROUTE_DUPLICATED,
        found,
        "routes: which of two objects for one host wins is not defined; remove one",
        kubectl.get(where, "virtualservices,httproutes"),
    )
    return offenders.proven(finding, found)
