"""The environment file: whole from its first moment, gone at the end, and TOML whatever it holds."""

import tomllib
from pathlib import Path

import pytest

from replica.environment import BadPath, toml, written
from tests.replica.visiting import Visitor


def test_what_is_written_can_be_read_back() -> None:
    """Text with quotes and backslashes, numbers and truth survive."""
    rows: dict[str, str | int | bool] = {"path": 'a "b" \\ c', "days": 14, "temporary": True}
    assert tomllib.loads(toml("replica", {"one.two": rows})) == {"name": "replica", "one": {"two": rows}}


def test_the_file_goes_with_the_block(tmp_path: Path) -> None:
    """Neither the file, nor a draft of it, nor the folder that was made for it stays."""
    path = tmp_path / "new" / "environment.toml"
    with written(path, "a = 1\n"):
        assert [found.name for found in path.parent.iterdir()] == ["environment.toml"]
    assert list(tmp_path.iterdir()) == []


def test_another_replica_s_file_stays(tmp_path: Path) -> None:
    """Who has written over it in the meantime keeps the file."""
    path = tmp_path / "environment.toml"
    with written(path, "a = 1\n"):
        path.write_text("a = 2\n")
    assert path.read_text() == "a = 2\n"


def test_a_path_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """One sentence names the path and the way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(BadPath, match=r"cannot write .*--environment"), written(tmp_path / "file" / "x.toml", ""):
        pass


def test_a_running_replica_tells_all_that_probes_need(visitor: Visitor) -> None:
    """Every value is filled in, and hosts, cast, workspace and bucket are those that answer."""
    told = visitor.environment
    assert set(told["cast"]) == {"alice", "bob", "stranger", "operator"}
    mine = visitor.get("api", "/api/svc/user/api/workspaces/all", **visitor.signed_in("bob")).text
    assert told["workspace"]["id"] in mine
    assert told["presign"]["bucket"] == told["presign"]["host"].split(".")[0]
    assert told["identity"] == {"way": "test-endpoint"}
