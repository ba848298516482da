"""A report is there whole or not at all."""

from pathlib import Path

import pytest

from reports.render.writing import replace


def test_when_writing_breaks_the_old_file_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs the new report, not the old one, and leaves no half one beside it."""
    path = tmp_path / "report.md"
    replace(path, "old")
    wrote = Path.write_text

    def breaks(self: Path, text: str, encoding: str) -> int:
        wrote(self, text[:1], encoding)
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_text", breaks)
    with pytest.raises(OSError, match="disk full"):
        replace(path, "new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
