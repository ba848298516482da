"""Pictures and traces that a run left, and the secrets that they must not hold."""

import zipfile
from pathlib import Path

from probes.recording import journal
from probes.recording.recorder import Recorder
from tests.support import planted


def kept(recorder: Recorder) -> list[str]:
    """The suffixes of what was left in the run's folder; the journal names the same."""
    named = [
        event["path"]
        for event in journal.read(recorder.evidence.folder)
        if event["event"] == "artifact"
    ]
    there = (recorder.evidence.folder / "artifacts").glob("*")
    assert sorted(named) == sorted(
        str(path.relative_to(recorder.evidence.folder)) for path in there
    )
    return sorted(Path(name).suffix for name in named)


def leaks(archive: Path, *secrets: str) -> list[tuple[str, str]]:
    """Each member of `archive` with each of `secrets` that it holds, in any spelling."""
    with zipfile.ZipFile(archive) as opened:
        users = {name: opened.read(name) for name in opened.namelist()}
    return [
        (name, spelling)
        for name, data in users.items()
        for secret in secrets
        for spelling in planted.spellings(secret)
        if spelling.encode() in data or spelling in name
    ]
