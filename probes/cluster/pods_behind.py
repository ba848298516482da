"""Which pods serve what bears a name: nobody's else, be the names ever so alike."""

from collections.abc import Collection, Iterable

from probes.cluster.facts import Facts, Pod, Service, selects

LABELS = ("app.kubernetes.io/name", "app")


def pods_behind(facts: Facts, names: Collection[str]) -> list[Pod]:
    """The pods that a Service of one of `names` selects; where none does, those that a workload of
    that name owns; else those whose label says the name. Two releases of one chart share a label.
    """
    named = [each for each in facts.services if each.name in names and each.selector]
    selected = [pod for pod in facts.pods if _is_selected(pod, named)]
    owned = [pod for pod in facts.pods if pod.owner in names]
    labelled = [pod for pod in facts.pods if _label(pod) in names]
    return selected or owned or labelled


def _is_selected(pod: Pod, services: Iterable[Service]) -> bool:
    return any(selects(each.selector, pod.labels) for each in services)


def _label(pod: Pod) -> str:
    return next((pod.labels[key] for key in LABELS if key in pod.labels), "")
