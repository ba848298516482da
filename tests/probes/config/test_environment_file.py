"""An environment is found by name or path, and its file is read."""

import tomllib
from pathlib import Path

import pytest

from probes.config import environment_file as targets
from probes.config.environment_file import build, find, parse
from probes.finding import BadEnvironment
from tests.support.usable_environment import USABLE


def test_an_environment_is_found_by_name_or_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name in environments/, a file in the working directory, or a path with any ending."""
    (tmp_path / "mine.toml").write_text(USABLE)
    (tmp_path / "mine").write_text(USABLE)
    monkeypatch.chdir(tmp_path)
    assert find("replica") == targets.ENVIRONMENTS / "replica.toml"
    assert find("mine.toml") == Path("mine.toml")
    assert find(str(tmp_path / "mine")) == tmp_path / "mine"


@pytest.mark.parametrize(
    ("named", "complaint"),
    [
        ("replca", "there is no environment 'replca'; did you mean replica? known are "),
        ("zzz", "there is no environment 'zzz'; known are "),
        ("", "there is no environment ''; known are "),
        (
            "zzz.toml",
            "there is no environment file zzz.toml; give a path to a TOML file that exists",
        ),
        ("none/replica", "there is no environment file none/replica; "),
    ],
)
def test_a_mistyped_environment_gets_a_hint(named: str, complaint: str) -> None:
    """Names that are near, and all that are known."""
    with pytest.raises(BadEnvironment) as said:
        find(named)
    assert str(said.value).startswith(complaint)


@pytest.mark.parametrize(
    "content", [b"[hosts", b"\xff\xfe", b"a=" + b"9" * 5000, b"a=" + b"[" * 9000]
)
def test_a_file_that_is_no_toml_gets_a_sentence(tmp_path: Path, content: bytes) -> None:
    """With the line where reading stopped, if there is one."""
    file = tmp_path / "dev.toml"
    file.write_bytes(content)
    with pytest.raises(
        BadEnvironment, match=r"dev.toml is not valid TOML: .*; correct it and run again"
    ):
        parse(file)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """Editors on Windows write one, and TOML has no place for it."""
    file = tmp_path / "dev.toml"
    file.write_bytes(b"\xef\xbb\xbf" + USABLE.encode())
    assert parse(file) == tomllib.loads(USABLE)


def test_an_unreadable_file_gets_a_sentence(tmp_path: Path) -> None:
    """A folder is the file nobody can read."""
    with pytest.raises(BadEnvironment, match=r"is not valid TOML: .*directory"):
        parse(tmp_path)


@pytest.mark.parametrize(
    "file", sorted(targets.ENVIRONMENTS.glob("*.toml")), ids=lambda file: file.stem
)
def test_every_environment_of_ours_can_be_used(file: Path) -> None:
    """It is one that is started for a run, or a target by itself."""
    settings = parse(file)
    assert "start" in settings or build(settings, str(file)).name == file.stem
