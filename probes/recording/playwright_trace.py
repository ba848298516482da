"""Takes secrets out of a Playwright trace, which records every header, body, console line and typed
value.

Playwright leaves that to its users (microsoft/playwright issues 19992 and 22353). JSON is rewritten
value by value: replacing in raw lines breaks them, and the viewer then refuses the whole trace.
"""

import contextlib
import os
import re
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from probes.recording.redactor import Redactor

_JSON_LINES = (".trace", ".network")
_PICTURES_AND_FONTS = frozenset(
    {
        ".avif",
        ".gif",
        ".ico",
        ".jpeg",
        ".jpg",
        ".mp4",
        ".otf",
        ".png",
        ".ttf",
        ".webm",
        ".webp",
        ".woff",
        ".woff2",
    }
)


def redact_trace(archive: Path, redactor: Redactor) -> None:
    """Rewrite `archive` without secrets. If that fails it is deleted and ValueError raised: better
    lost than leaked.
    """
    with contextlib.ExitStack() as stack:
        stack.callback(archive.unlink, missing_ok=True)
        try:
            _rewrite(archive, redactor)
        except Exception as error:
            raise ValueError(
                f"the browser trace could not be scrubbed and was deleted: {error}"
            ) from error
        stack.pop_all()


def _rewrite(archive: Path, redactor: Redactor) -> None:
    handle, name = tempfile.mkstemp(dir=archive.parent, prefix=f"{archive.name}-")
    scrubbed = Path(name)
    try:
        with (
            os.fdopen(handle, "wb") as file,
            zipfile.ZipFile(archive) as source,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for user in source.infolist():
                data = _user(PurePosixPath(user.filename), source.read(user), redactor)
                target.writestr(_name(user.filename, redactor), data)
        scrubbed.replace(archive)
    finally:
        scrubbed.unlink(missing_ok=True)


def _name(name: str, redactor: Redactor) -> str:
    shown = redactor.text(name)
    return name if shown == name else re.sub(r"[^A-Za-z0-9._/@-]+", "-", shown)


def _user(path: PurePosixPath, data: bytes, redactor: Redactor) -> bytes:
    if path.suffix in _JSON_LINES:
        return b"\n".join(_text(line, redactor) for line in data.split(b"\n"))
    # A reply that only calls itself a picture is read like any other.
    return (
        data
        if path.suffix in _PICTURES_AND_FONTS and b"\0" in data[:1024]
        else _text(data, redactor)
    )


def _text(data: bytes, redactor: Redactor) -> bytes:
    try:
        # Lone surrogates, which JSON may escape, are escaped again.
        return redactor.document(data.decode()).encode("utf-8", "backslashreplace")
    except UnicodeDecodeError:
        return redactor.text(data.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )
