"""Secrets that a run has left behind: in what it printed, its files, and the members of its
archives.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping

from tests.conftest import Ended
from tests.support.planted import spellings

# Known by their form, whoever issued them.
FORMS = {
    "token": re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
    "signature": re.compile(
        rb"X-Amz-Signature(?:=|%3D)[0-9a-f]{64}|X-Amz-Security-Token(?:=|%3D)[A-Za-z0-9%]{32,}"
    ),
}
# In the bytes of a picture or a video any short text may stand by chance.
SHORTEST = 8


def everything(run: Ended) -> Iterator[tuple[str, bytes]]:
    """All that the run left: its output, its files, the members of its archives."""
    assert run.folder
    yield "output", run.output.encode()
    for path in (p for p in run.folder.rglob("*") if p.is_file()):
        name, content = str(path.relative_to(run.folder)), path.read_bytes()
        yield name, content
        yield from members(name, content)


def members(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """What an archive holds, archives in it included."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.namelist():
            inner = archive.read(member)
            yield f"{name}:{member}", inner
            yield from members(f"{name}:{member}", inner)


def leaks(run: Ended, secrets: Mapping[str, Iterable[str]]) -> list[str]:
    """Where a secret stands, as "its kind in the file's name", each once; never the secret."""
    planted = {kind: list(_searched(values)) for kind, values in secrets.items()}
    found: dict[str, None] = {}
    for name, content in everything(run):
        for kind, forms in planted.items():
            if any(form in content for form in forms):
                found[f"{kind} in {name}"] = None
        for kind, pattern in FORMS.items():
            if pattern.search(content):
                found[f"{kind} in {name}"] = None
    return list(found)


def _searched(values: Iterable[str]) -> Iterator[bytes]:
    for value in values:
        if len(value) >= SHORTEST:
            yield from (spelling.encode() for spelling in spellings(value))
            yield value.encode().hex().encode()
