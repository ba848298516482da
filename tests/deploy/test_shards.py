"""deploy/overlays/shards makes the CronJob an Indexed Job whose pods share the scenarios."""

from pathlib import Path

import kubernetes_validate

from tests.support.manifests import Manifest, one, with_component


def sharded(folder: Path) -> Manifest:
    """Production's CronJob with the component."""
    (cronjob,) = with_component("prod", "shards", folder).values()
    return cronjob


def test_each_share_is_somebodys(tmp_path: Path) -> None:
    """As many pods as shares, at once; doctor and suite are told the same; Kubernetes 1.34 takes
    it.
    """
    cronjob = sharded(tmp_path)
    assert kubernetes_validate.validate(cronjob, "1.34", strict=True) == "1.34"
    job = cronjob["spec"]["jobTemplate"]["spec"]
    assert (job["completionMode"], job["completions"], job["parallelism"]) == ("Indexed", 4, 4)
    containers = [
        *job["template"]["spec"]["initContainers"],
        *job["template"]["spec"]["containers"],
    ]
    assert [container["args"][-2:] for container in containers] == [["--shard", "index/4"]] * 2


def test_a_share_that_breaks_stops_no_other(tmp_path: Path) -> None:
    """The limit is each index's own: the Job's would end all pods with the first that fails."""
    job = sharded(tmp_path)["spec"]["jobTemplate"]["spec"]
    assert (job["backoffLimitPerIndex"], "backoffLimit" in job) == (0, False)
    assert (
        job["podFailurePolicy"]
        == one("prod", "CronJob")["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]
    )
