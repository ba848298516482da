"""Faults that only the cluster knows: what Git says does not run, or will break as it runs."""

from replica.faults.fault import NO_INCIDENT, Fault

CLUSTER = (
    Fault(
        "project-forbids-chart-source",
        "The AppProject does not permit LiveKit's chart repository: the Application cannot sync.",
        "V6 §5.2",
    ),
    Fault(
        "application-out-of-sync",
        "Argo CD cannot load what Git says for noti-service: the Application stays OutOfSync.",
        "V6 §5.2",
    ),
    Fault(
        "chart-ignores-umbrella-values",
        "Settings of chat-service stand under a key that its chart does not read.",
        "V6 §1.2 third cause",
    ),
    Fault(
        "pods-older-than-their-settings",
        "The ConfigMap of noti-service was changed, and its pods run on with what it was.",
        "V6 §1.2",
    ),
    Fault(
        "livekit-config-keeps-placeholder",
        "LiveKit's configuration names ${REDIS_HOST}, which nobody expands.",
        "V6 §5.4",
    ),
    Fault(
        "livekit-keys-file-malformed",
        "The Secret with LiveKit's keys holds variables in place of a line `key: secret`.",
        "V6 §5.3",
    ),
    Fault(
        "external-secret-not-synced",
        "The External Secrets Operator cannot read the shared secret from its store.",
        NO_INCIDENT,
    ),
    Fault(
        "host-has-two-routes",
        "A second VirtualService takes a path of the same hosts; which one wins is chance.",
        "08c0c829",
    ),
    Fault(
        "pod-crash-loops",
        "Two pods of a second LiveKit crash again and again, and hold a node's room meanwhile.",
        "V6 §6.2",
    ),
    Fault(
        "pod-stays-pending",
        "A pod of chat-service finds no node with room for it.",
        NO_INCIDENT,
    ),
    Fault(
        "pod-was-restarted",
        "The container of noti-service was killed for its memory, and runs again.",
        NO_INCIDENT,
    ),
    Fault(
        "cluster-keeps-two-of-each",
        "Every autoscaler keeps two pods, and five nodes run for what three would hold.",
        "V6 §6",
    ),
    Fault(
        "livekit-outnumbers-nodes",
        "LiveKit wants more pods than there are nodes, and each needs the ports of one.",
        "V6 §5.10",
    ),
    Fault(
        "probes-job-hangs",
        "A Job of the probes themselves does not end.",
        NO_INCIDENT,
    ),
)
