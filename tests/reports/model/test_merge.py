"""Shards of an environment, told as the one run that they are."""

import json
from pathlib import Path

import pytest

from probes.finding import Verdict
from probes.recording import journal
from reports.model.merge import CannotMerge, merge
from reports.model.run import NoRun
from tests.reports.conftest import SCHEMA, Written, finding


@pytest.fixture
def shards(tmp_path: Path) -> tuple[Written, Written]:
    return Written(tmp_path / "one", 1_790_000_000.0), Written(tmp_path / "two", 1_790_000_003.0)


def merged(shards: tuple[Written, ...], into: Path) -> dict[str, Verdict]:
    for shard in shards:
        shard.close()
    run = merge([shard.folder for shard in shards], into)
    return {scenario.id: scenario.verdict for scenario in run.scenarios}


def test_the_union_is_the_whole(shards: tuple[Written, Written], tmp_path: Path) -> None:
    """All that was expected, in the order of the shards, each as its own shard has it; the time is
    that of all.
    """
    one, two = shards
    one.started("edge/a", "edge/b").write("fact", name="build", value="v1").held("edge/a").broken(
        "edge/b"
    ).ended()
    two.started("edge/c").write("fact", name="build", value="v1").held("edge/c").ended()
    found = merged(shards, tmp_path / "whole")
    assert found == {"edge/a": Verdict.HELD, "edge/b": Verdict.BROKEN, "edge/c": Verdict.HELD}
    run = merge([tmp_path / "whole"], tmp_path / "again")
    assert (run.id, run.facts, run.ended) == ("again", (("build", "v1"),), "completed")
    assert run.spans
    assert run.spans.kept == 18
    assert run.began_at == 1_790_000_000.0
    assert run.duration_s == pytest.approx(11.0)


def test_every_line_obeys_the_schema(shards: tuple[Written, Written], tmp_path: Path) -> None:
    """What was merged is a journal like any other."""
    one, two = shards
    one.started("edge/a").held("edge/a").exchange("edge/a").write(
        "note", scenario=None, attempt=1, text="x"
    ).ended()
    two.started("edge/b").held("edge/b").ended()
    merged(shards, tmp_path / "whole")
    for line in (tmp_path / "whole" / journal.NAME).read_text("utf-8").splitlines():
        SCHEMA.validate(json.loads(line))


def test_a_killed_shard_leaves_the_whole_without_an_end(
    shards: tuple[Written, Written], tmp_path: Path
) -> None:
    """What it did not ask is not run, and nobody takes the rest for all."""
    one, two = shards
    one.started("edge/a").held("edge/a").ended()
    two.started("edge/b", "edge/c").begun("edge/b")
    assert merged(shards, tmp_path / "whole") == {
        "edge/a": Verdict.HELD,
        "edge/b": Verdict.UNKNOWN,
        "edge/c": Verdict.NOT_RUN,
    }


def test_how_a_shard_ended_early_is_how_the_whole_did(
    shards: tuple[Written, Written], tmp_path: Path
) -> None:
    """One that ran out of time is not covered by one that did not."""
    one, two = shards
    one.started("edge/a").held("edge/a").ended()
    two.started("edge/b").ended("deadline")
    merged(shards, tmp_path / "whole")
    assert merge([tmp_path / "whole"], tmp_path / "again").ended == "deadline"


def test_of_what_both_asked_the_latest_answer_counts(
    shards: tuple[Written, Written], tmp_path: Path
) -> None:
    """A shard that was started again after a kill replaces what the killed one left open."""
    one, two = shards
    one.started("edge/a").begun("edge/a")
    two.started("edge/a").held("edge/a").ended()
    assert merged(shards, tmp_path / "whole") == {"edge/a": Verdict.HELD}


def test_pictures_of_equal_names_stay_apart(
    shards: tuple[Written, Written], tmp_path: Path
) -> None:
    """Each finding leads to its own; nothing outside of a shard's folder is brought in."""
    (tmp_path / "secret.png").write_text("secret")
    for shard, name in zip(shards, ("edge/a", "edge/b"), strict=True):
        (shard.folder / "picture.png").write_text(name)
        (shard.folder / "spans.jsonl").write_text(f"{name}\n")
        shard.started(name).broken(name, finding("upload-lost", "gone", "confirm"))
        for path in ("picture.png", "../secret.png"):
            shard.write("artifact", scenario=name, attempt=1, name="screenshot", path=path)
        shard.ended().close()
    run = merge([shard.folder for shard in shards], tmp_path / "whole")
    pictures = [run.folder / scenario.artifacts[0].path for scenario in run.scenarios]
    assert [picture.read_text() for picture in pictures] == ["edge/a", "edge/b"]
    assert not [path for path in run.folder.rglob("*.png") if path.read_text() == "secret"]
    assert (run.folder / "spans.jsonl").read_text() == "edge/a\nedge/b\n"


def test_runs_of_two_environments_are_not_one(
    shards: tuple[Written, Written], tmp_path: Path
) -> None:
    """The sentence names them, and nothing is written."""
    shards[0].started("edge/a", environment="dev").ended()
    shards[1].started("edge/b", environment="prod").ended()
    with pytest.raises(CannotMerge, match=r"different environments \(dev, prod\)"):
        merged(shards, tmp_path / "whole")
    assert not (tmp_path / "whole").exists()


def test_a_folder_with_a_run_is_not_written_over(
    shards: tuple[Written, Written], tmp_path: Path
) -> None:
    """Evidence is never lost to a typing mistake."""
    for shard, name in zip(shards, ("edge/a", "edge/b"), strict=True):
        shard.started(name).ended()
    with pytest.raises(CannotMerge, match="holds a run already"):
        merged(shards, shards[0].folder)


def test_what_is_no_shard_is_named(shards: tuple[Written, Written], tmp_path: Path) -> None:
    """A folder without a run, and a journal without its beginning."""
    shards[0].started("edge/a").ended()
    with pytest.raises(NoRun, match="two"):
        merged(shards, tmp_path / "whole")
    other = Written(tmp_path / "three")
    other.held("edge/b").close()
    with pytest.raises(CannotMerge, match="three lacks its beginning"):
        merge([shards[0].folder, other.folder], tmp_path / "whole")
