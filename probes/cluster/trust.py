"""Who only parses tokens is guarded by Istio (V6 §7.2, contract 2.5), and secrets are in sync."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from probes.cluster import kubectl, offenders
from probes.cluster.environment import of_workload
from probes.cluster.facts import Facts, SyncedSecret, selects
from probes.finding import Code, Finding

MODE = "ISTIO_JWT_MODE"
# auth-service makes the tokens and does not read the variable, which it gets with all shared ones.
READS_NO_MODE = ("auth-service", "ops-portal")
SLACK = timedelta(minutes=5)


def find_unguarded(facts: Facts, validates: Collection[str], where: str) -> Finding | None:
    """Services that take a token's word for itself; pure."""
    found = [*unguarded_services(facts, validates)]
    finding = offenders.finding(
        Code.TOKEN_GUARD_MISSING,
        found,
        "ISTIO_JWT_MODE without RequestAuthentication: the service parses tokens, nobody verifies "
        "them (V6 §7.2)",
        kubectl.get(where, "requestauthentications,configmaps", output="yaml")
        + f" | grep -nE '{MODE}|matchLabels'",
    )
    return offenders.proven(finding, found)


def unguarded_services(facts: Facts, validates: Collection[str]) -> Iterator[str]:
    for deployed in facts.workloads:
        if deployed.name in READS_NO_MODE or of_workload(deployed, facts).get(MODE) != "true":
            continue
        if deployed.name in validates:
            yield f"{MODE} of {deployed.name} is true, and it is promised to validate itself"
        elif not any(selects(guard.selector, deployed.labels) for guard in facts.token_guards):
            yield f"{MODE} of {deployed.name} is true, and no RequestAuthentication selects it"


def not_synced(facts: Facts, now: datetime, where: str) -> Finding | None:
    """ExternalSecrets that are not what the secret store has; pure."""
    found = [problem for each in facts.synced_secrets if (problem := _trouble(each, now))]
    return offenders.finding(
        Code.SECRET_NOT_SYNCED,
        found,
        "External Secrets Operator: the store, its permission, or the name of an entry",
        kubectl.get(where, "externalsecrets"),
    )


def _trouble(each: SyncedSecret, now: datetime) -> str:
    if not each.ready:
        return f"ExternalSecret {each.name} is not ready: {each.message or 'no reason is given'}"
    age = now - each.refreshed_at if each.refreshed_at else None
    limit = timedelta(seconds=2 * each.interval_s) + SLACK
    if each.interval_s and age and age > limit:
        return f"ExternalSecret {each.name} was refreshed {age.total_seconds() / 60:.0f} min ago"
    return ""
