"""Shards as processes: together they ask what one run asks, each promise once, and are told as
one.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from probes.finding import EXIT_BAD_INPUT, EXIT_BROKEN, EXIT_HELD
from reports.model.run import Run
from tests.conftest import Ended, Replica, begin, ended
from tests.support.otlp_receiver import TAKEN, Answer, receiving

ASKED = "edge or storage"  # some of the suite: the split is the same for all of it
SHARDS = 3


def start(replica: Replica, folder: Path, *arguments: str, **variables: str) -> Ended:
    return ended(
        begin(folder, "--env", str(replica.environment), "--no-confirm", *arguments, **variables),
        folder,
    )


def test_shards_ask_what_one_run_asks(replica: Replica, tmp_path: Path) -> None:
    """Three pods of an Indexed Job, at once, against a target that lies: the same verdicts as one
    run, each once.
    """
    words = (
        "--env",
        str(replica.environment),
        "--no-confirm",
        "-k",
        ASKED,
        "--shard",
        f"index/{SHARDS}",
    )
    replica.set_faults(["presign-outlives-policy"])
    folders = [tmp_path / f"pod-{index}" for index in range(SHARDS)]
    pods = [
        begin(folder, *words, JOB_COMPLETION_INDEX=str(index))
        for index, folder in enumerate(folders)
    ]
    runs = [ended(pod, folder) for pod, folder in zip(pods, folders, strict=True)]
    whole = start(replica, tmp_path / "whole", "-k", ASKED)
    assert whole.code == EXIT_BROKEN, whole.output
    assert EXIT_BROKEN in {run.code for run in runs}
    asked = [(s.id, s.verdict) for run in runs for s in run.report.scenarios]
    assert len(asked) == len(set(asked))
    assert sorted(asked) == sorted((s.id, s.verdict) for s in whole.report.scenarios)
    assert [run.report.shard for run in runs] == ["1/3", "2/3", "3/3"]
    assert whole.report.shard == ""
    check_merged([run.report for run in runs], whole.report, tmp_path / "merged")


def check_merged(shards: Sequence[Run], whole: Run, into: Path) -> None:
    """The shards' journals make one report that says what one run says."""
    merging = pytest.importorskip(
        "reports.model.merge", reason="shards are merged by python -m reports --merge"
    )
    merged: Run = merging.merge([shard.folder for shard in shards], into)
    assert (merged.exit_code(), merged.counts) == (whole.exit_code(), whole.counts)
    assert {s.id: s.verdict for s in merged.scenarios} == {s.id: s.verdict for s in whole.scenarios}
    assert {s.id: s.finding.code for s in merged.findings if s.finding} == {
        s.id: s.finding.code for s in whole.findings if s.finding
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--shard", "4/3"), "--shard 4/3 names a part that is not there; say 1/3 to 3/3"),
        (("--shard", "index/3"), "JOB_COMPLETION_INDEX is ''; run in an Indexed Job"),
    ],
)
def test_a_shard_that_is_none_is_bad_input(
    replica: Replica, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """One sentence and 4, before anything is asked."""
    run = start(replica, tmp_path, *arguments, JOB_COMPLETION_INDEX="")
    assert (run.code, run.folder) == (EXIT_BAD_INPUT, None)
    assert said in run.output


def test_a_pod_takes_the_environment_of_its_index(replica: Replica, tmp_path: Path) -> None:
    """Of many environments, one Job asks each: the pod with index 1 asks the second."""
    words = ("--env", f"nowhere,{replica.environment}", "-k", "http_leads_to_https")
    first, second = (
        ended(begin(tmp_path / index, *words, JOB_COMPLETION_INDEX=index), tmp_path / index)
        for index in ("0", "1")
    )
    assert first.code == EXIT_BAD_INPUT
    assert "there is no environment 'nowhere'" in first.output
    assert [s.id for s in second.report.scenarios] == ["edge/http-leads-to-https"]


FEW = "1/40"  # a share so small that it is soon asked, and whole all the same


@pytest.mark.parametrize(
    ("answer", "became"),
    [(TAKEN, "sent"), ((503, "text/plain", b""), "not sent: the Pushgateway answered 503")],
)
def test_a_share_sends_its_metrics_whatever_becomes_of_them(
    replica: Replica, tmp_path: Path, answer: Answer, became: str
) -> None:
    """All of a share were asked, so its group is replaced; a Pushgateway that refuses is told and
    costs no verdict.
    """
    with receiving() as gateway:
        gateway.answers = {"*": answer, "/api/v1/metrics": (200, "application/json", b"{}")}
        here = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        run = start(replica, tmp_path, "--shard", FEW, PROBES_PUSHGATEWAY_URL=gateway.url, **here)
        assert run.code == EXIT_HELD, run.output
        assert dict(run.report.facts)["metrics to the Pushgateway"].startswith(became)
        group = "/metrics/job/wealist-probes/environment/replica/shard/1-of-40/tier/full"
        assert (gateway.asked[0].method, gateway.asked[0].path) == ("PUT", group)
        assert all(s.id.encode() in gateway.asked[0].body for s in run.report.scenarios)
