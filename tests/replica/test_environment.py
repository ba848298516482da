"""The environment file: whole from its first moment, gone at the end, and TOML whatever it
holds.
"""

import time
import tomllib
from pathlib import Path

import jwt
import pytest

from replica.environment import BadPath, environment_file, realtime, toml
from tests.support.replica_visitor import Visitor


def test_what_is_written_can_be_read_back() -> None:
    """Text with quotes and backslashes, numbers of both kinds and truth survive."""
    rows: dict[str, str | int | float | bool] = {
        "path": 'a "b" \\ c',
        "days": 14,
        "scale": 0.1,
        "temporary": True,
    }
    assert tomllib.loads(toml("replica", {"one.two": rows})) == {
        "name": "replica",
        "one": {"two": rows},
    }


def test_the_file_goes_with_the_block(tmp_path: Path) -> None:
    """Neither the file, nor a draft of it, nor the folder that was made for it stays."""
    path = tmp_path / "new" / "environment.toml"
    with environment_file(path, "a = 1\n"):
        assert [found.name for found in path.parent.iterdir()] == ["environment.toml"]
    assert list(tmp_path.iterdir()) == []


def test_another_replica_s_file_stays(tmp_path: Path) -> None:
    """Who has written over it in the meantime keeps the file."""
    path = tmp_path / "environment.toml"
    with environment_file(path, "a = 1\n"):
        path.write_text("a = 2\n")
    assert path.read_text() == "a = 2\n"


def test_a_path_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """One sentence names the path and the way out."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(BadPath, match=r"cannot write .*--environment"),
        environment_file(tmp_path / "file" / "x.toml", ""),
    ):
        pass


def test_a_running_replica_tells_all_that_probes_need(visitor: Visitor) -> None:
    """Every value is filled in; hosts, test users, workspace and bucket are those that answer."""
    told = visitor.environment
    assert set(told["users"]) == {"alice", "bob", "stranger", "operator"}
    mine = visitor.get(
        "api", "/api/svc/user/api/workspaces/all", **visitor.bearer_header("bob")
    ).text
    assert told["workspace"]["id"] in mine
    assert told["presign"]["bucket"] == told["presign"]["host"].split(".")[0]
    assert told["identity"]["way"] == "signing-key"


def test_the_signing_key_is_ours_alone_and_signs(visitor: Visitor) -> None:
    """Only its owner can read it, and a token that it signs is one of the replica's own."""
    identity, bob = visitor.environment["identity"], visitor.environment["users"]["bob"]["id"]
    key = Path(identity["signing_key"])
    assert key.stat().st_mode & 0o777 == 0o600
    claims = {"sub": bob, "iss": identity["issuer"], "exp": int(time.time()) + 60, "type": "access"}
    token = jwt.encode(claims, key.read_text(), "RS256", {"kid": identity["kid"]})
    answer = visitor.get("api", "/api/svc/user/api/users/me", Authorization=f"Bearer {token}")
    assert answer.status_code == 200


def test_times_that_are_waited_for_are_scaled() -> None:
    """A tenth of the scale is a tenth of the wait; deadlines, which nobody waits for, stay."""
    slow, quick = realtime(1), realtime(0.1)
    assert (slow["stream_seconds"], quick["stream_seconds"]) == (22, 2.2)
    assert (slow["offline_seconds"], quick["offline_seconds"]) == (20, 2)
    assert slow["deliver_seconds"] == quick["deliver_seconds"]
