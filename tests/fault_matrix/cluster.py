"""Rows of the fault matrix for what the cluster's API says; what users see is elsewhere."""

from probes.finding import Code

Row = dict[str, str]

SOURCES = "cluster/an-application-may-have-its-source"
SYNCED = "cluster/what-git-says-runs"
APPLIED = "cluster/what-is-set-reaches-the-pods"
SET = "cluster/promised-settings-are-set"
PATHS = "cluster/routes-lead-to-paths-that-are-served"
ONE_ROUTE = "cluster/a-host-has-one-route"
PLACEHOLDERS = "cluster/no-placeholder-is-left"
KEYS = "cluster/livekit-has-the-keys-that-calls-are-signed-with"
SECRETS = "cluster/secrets-are-in-sync"
ENDPOINTS = "cluster/a-service-has-pods-behind-it"
CRASHES = "cluster/no-pod-crashes-again-and-again"
PENDING = "cluster/no-pod-waits-to-run"
RESTARTS = "cluster/no-pod-has-restarted"
REPLICAS = "cluster/replicas-are-as-promised"
NODES = "cluster/no-more-nodes-run-than-promised"
GUARDED = "cluster/who-only-parses-tokens-is-guarded"
PORTS = "cluster/livekits-ports-fit-the-nodes"
JOBS = "cluster/the-probes-own-jobs-end"

# Faults that only the cluster knows.
CLUSTER: dict[str, Row] = {
    "project-forbids-chart-source": {SOURCES: Code.ARGO_NOT_PERMITTED},
    "application-out-of-sync": {SYNCED: Code.ARGO_NOT_SYNCED},
    "chart-ignores-umbrella-values": {APPLIED: Code.SETTING_NOT_APPLIED},
    "pods-older-than-their-settings": {APPLIED: Code.SETTING_NOT_APPLIED},
    "livekit-config-keeps-placeholder": {PLACEHOLDERS: Code.PLACEHOLDER_LEFT},
    "livekit-keys-file-malformed": {KEYS: Code.LIVEKIT_KEYS_MALFORMED},
    "external-secret-not-synced": {SECRETS: Code.SECRET_NOT_SYNCED},
    "host-has-two-routes": {ONE_ROUTE: Code.ROUTE_DUPLICATED},
    "pod-crash-loops": {CRASHES: Code.POD_CRASH_LOOPING},
    "pod-stays-pending": {PENDING: Code.POD_PENDING},
    "pod-was-restarted": {RESTARTS: Code.POD_RESTARTED},
    "cluster-keeps-two-of-each": {
        REPLICAS: Code.REPLICAS_UNPROMISED,
        NODES: Code.NODES_OVERPROVISIONED,
    },
    "livekit-outnumbers-nodes": {PORTS: Code.LIVEKIT_PORTS_UNFIT},
    "probes-job-hangs": {JOBS: Code.JOB_STUCK},
}

REMEMBERED = "cluster/the-portals-landing-is-remembered"

# Faults that users meet as well: the cluster says the same.
CLUSTER_ELSEWHERE: dict[str, Row] = {
    "storage-base-path-mismatch": {
        SET: Code.SETTING_MISSING,
        PATHS: Code.ROUTE_PATH_MISMATCH,
    },
    "gateway-doubles-slash": {PATHS: Code.ROUTE_PATH_MISMATCH},
    "oauth-callback-not-rewritten": {PATHS: Code.ROUTE_PATH_MISMATCH},
    "storage-presigns-with-dev-credentials": {SET: Code.SETTING_MISSING},
    "storage-presigns-for-localhost": {SET: Code.SETTING_MISSING},
    "service-has-no-endpoints": {ENDPOINTS: Code.ENDPOINTS_MISSING},
    "ops-parses-without-verifying": {GUARDED: Code.TOKEN_GUARD_MISSING},
    "services-trust-unverified-tokens": {GUARDED: Code.TOKEN_GUARD_MISSING},
    "livekit-has-no-pods": {
        ENDPOINTS: Code.ENDPOINTS_MISSING,
        CRASHES: Code.POD_CRASH_LOOPING,
    },
    "livekit-key-is-unknown": {KEYS: Code.LIVEKIT_KEY_UNKNOWN},
    "livekit-secret-differs": {KEYS: Code.LIVEKIT_SECRET_MISMATCH},
    "oauth-filter-runs-late": {REMEMBERED: Code.OAUTH_LANDING_HIJACKED},
    "livekit-loses-redis": {PLACEHOLDERS: Code.PLACEHOLDER_LEFT},
}

CLUSTER_CAUSES: dict[str, str] = {
    "project-forbids-chart-source": "AppProject",
    "application-out-of-sync": "Argo CD",
    "chart-ignores-umbrella-values": "at the top only",
    "pods-older-than-their-settings": "reads its ConfigMap when it starts",
    "livekit-config-keeps-placeholder": "expands variables",
    "livekit-keys-file-malformed": "its template",
    "external-secret-not-synced": "External Secrets Operator",
    "host-has-two-routes": "which of two objects",
    "pod-crash-loops": "keeps nodes from being removed",
    "pod-stays-pending": "scheduler",
    "pod-was-restarted": "previous log",
    "cluster-keeps-two-of-each": "minReplicas",
    "livekit-outnumbers-nodes": "hostNetwork",
    "probes-job-hangs": "a Job",
}
