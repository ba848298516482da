"""The search for secrets finds one wherever a run could have left it."""

import base64
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import Ended, Replica
from tests.support.leaks import leaks
from tests.support.planted import token

SECRET = "planted/secret+of-a-store"
KNOWN = {"store": [SECRET, "short"]}


def left(folder: Path, output: str = "", **files: bytes) -> Ended:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Ended(1, output, folder)


def zipped(path: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


def test_what_shows_nothing_leaks_nothing(tmp_path: Path) -> None:
    """A redaction label, a key's id and a short word are no secrets."""
    run = left(tmp_path, "held: short", report=b"token <access token sub=b0395e6e> kid=a-key")
    assert leaks(run, KNOWN) == []


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        quote(SECRET, safe=""),
        SECRET.encode().hex(),
        base64.b64encode(f"store:{SECRET}@host".encode()).decode(),
    ],
    ids=["plain", "in a URL", "hex", "within base64"],
)
def test_each_spelling_is_found(tmp_path: Path, spelling: str) -> None:
    """By its kind and file; what is reported of it is not the secret."""
    found = leaks(left(tmp_path, journal=b"\x89PNG" + spelling.encode()), KNOWN)
    assert found == ["store in journal"]


def test_output_and_archives_are_searched(tmp_path: Path) -> None:
    """Also an archive within an archive, packed, where no byte of the secret stands as it is."""
    inner = zipped(tmp_path / "inner", "network.har", SECRET.encode() * 3)
    outer = zipped(tmp_path / "trace.zip", "resources/inner.zip", inner.read_bytes())
    assert SECRET.encode() not in outer.read_bytes()
    inner.unlink()
    assert leaks(left(tmp_path, f"refused: {SECRET}"), KNOWN) == [
        "store in output",
        "store in trace.zip:resources/inner.zip:network.har",
    ]


def test_tokens_and_signatures_are_known_by_their_form(tmp_path: Path) -> None:
    """Nobody need say which have been issued."""
    signed = b"X-Amz-Signature=" + b"0f" * 32
    run = left(tmp_path, a=token().encode(), b=signed)
    assert sorted(leaks(run, {})) == ["signature in b", "token in a"]


def test_the_replica_says_what_it_holds(replica: Replica) -> None:
    """Each kind has a value that is long enough to be searched for."""
    known = replica.secrets()
    kinds = {"signing key", "s3", "livekit", "google", "internal"}
    assert kinds <= {kind for kind, values in known.items() if max(map(len, values), default=0) > 8}
