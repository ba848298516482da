"""deploy/overlays/quick adds a CronJob that asks each minute, without what costs most."""

import kubernetes_validate
import pytest

from tests.support.manifests import Manifest, with_component


@pytest.fixture(scope="module", params=["prod", "dev"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Manifest]:
    """An environment's CronJobs by name, with the component."""
    return with_component(request.param, "quick", tmp_path_factory.mktemp("quick"))


def container(cronjob: Manifest) -> Manifest:
    (only,) = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def test_it_asks_the_quick_tier_of_the_same_environment(both: dict[str, Manifest]) -> None:
    """With the same image, account, settings and place; Kubernetes 1.34 takes it."""
    full, quick = both["wealist-probes"], both["wealist-probes-quick"]
    assert kubernetes_validate.validate(quick, "1.34", strict=True) == "1.34"
    assert container(quick)["args"] == [*container(full)["args"], "--tier", "quick"]
    for same in ("image", "envFrom", "securityContext", "volumeMounts"):
        assert container(quick)[same] == container(full)[same]
    for same in ("namespace", "labels", "annotations"):
        assert quick["metadata"][same] == full["metadata"][same]


def test_its_spans_name_it(both: dict[str, Manifest]) -> None:
    """Whoever reads a trace knows which of the two asked."""
    for name, cronjob in both.items():
        last = container(cronjob)["env"][-1]
        assert last["value"].endswith(f"k8s.cronjob.name={name}")


def test_it_runs_in_the_hours_of_the_other(both: dict[str, Manifest]) -> None:
    """Each minute, never two at once; without nodes it would only wait for one."""
    full, quick = (both[name]["spec"] for name in sorted(both))
    assert quick["schedule"].split()[0] == "*"
    assert quick["schedule"].split()[1] in {full["schedule"].split()[1], "9-23"}
    assert quick["concurrencyPolicy"] == "Forbid"


def test_it_takes_less_room(both: dict[str, Manifest]) -> None:
    """There is no browser in it, and no doctor before it."""
    pod = both["wealist-probes-quick"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert "initContainers" not in pod
    assert container(both["wealist-probes-quick"])["resources"]["requests"] == {
        "cpu": "500m",
        "memory": "256Mi",
    }
