"""What the page says of one finding."""

from pathlib import Path

import pytest

from reports.model import causes
from reports.model.run import Run
from reports.render.html_findings import (
    BODY_CHARS,
    EXCHANGES,
    PICTURES,
    CauseCard,
    cards,
    path_inside,
    unique,
)
from reports.render.languages import ENGLISH
from tests.reports.conftest import HTML, Written

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
NAME = "storage/a-file-comes-back"


def cards_of(run: Run) -> list[CauseCard]:
    return cards(run, causes.blocks(run, {}), ENGLISH)


def pictured(written: Written, path: str, data: bytes = PNG) -> Run:
    """A broken promise whose second attempt left a picture."""
    file = written.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    written.started(NAME)
    written.write("artifact", scenario=NAME, attempt=2, name="screenshot", path=path)
    return written.broken(NAME).ended().load()


def test_findings_stand_in_the_order_of_all_reports(sample: tuple[str, Run]) -> None:
    """The page has the findings of the terminal, in its order, and anchors that differ."""
    _, run = sample
    told = cards_of(run)
    assert [each.block for each in told] == list(causes.blocks(run, {}))
    assert len({each.anchor for each in told}) == len(told)


def test_evidence_is_that_of_the_attempt_that_is_told(written: Written) -> None:
    """The exchanges of the confirming rerun are shown, and those of the first attempt are not mixed
    in.
    """
    written.started(NAME).exchange(NAME, url="https://wealist.co.kr/first")
    written.exchange(NAME, attempt=2, url="https://wealist.co.kr/second")
    [told] = cards_of(written.broken(NAME).ended().load())
    assert [shown.exchange.url for shown in told.evidence[0].exchanges] == [
        "https://wealist.co.kr/second"
    ]


def test_of_too_many_exchanges_those_that_tell_are_kept(written: Written) -> None:
    """The one that went wrong is shown even when a hundred came after it, in the order of time, the
    rest counted.
    """
    written.started(NAME).exchange(NAME, attempt=2, status=500)
    for _ in range(100):
        written.exchange(NAME, attempt=2)
    [told] = cards_of(written.broken(NAME).ended().load())
    evidence = told.evidence[0]
    assert [shown.is_relevant for shown in evidence.exchanges] == [True] + [False] * (EXCHANGES - 1)
    assert evidence.omitted_count == 101 - EXCHANGES


def test_what_the_finding_speaks_of_tells(written: Written) -> None:
    """An answer of 200 is the one to look at when the finding names its path."""
    found = {
        **HTML,
        "observed": "GET wealist.co.kr/api/storage answered 200 text/html where JSON was promised",
    }
    written.started(NAME).exchange(NAME, attempt=2).exchange(
        NAME, attempt=2, url="https://wealist.co.kr:443/api/storage?a=1"
    )
    written.exchange(NAME, attempt=2, url="https://[broken")
    [told] = cards_of(written.broken(NAME, found).ended().load())
    assert [shown.is_relevant for shown in told.evidence[0].exchanges] == [False, True, False]


def test_a_picture_is_inside_the_page(written: Written) -> None:
    """The page shows it without the file, and leads to the file where it is kept."""
    [left] = cards_of(pictured(written, "artifacts/a b#c.png"))[0].evidence[0].files
    assert left.picture.startswith("data:image/png;base64,iVBOR")
    assert left.href == "./artifacts/a%20b%23c.png"


def test_what_is_no_picture_is_not_shown_as_one(written: Written) -> None:
    """A file that says it is a picture, and is a page, stays a link."""
    [left] = (
        cards_of(pictured(written, "artifacts/a.png", b"<svg onload=alert(1)>"))[0]
        .evidence[0]
        .files
    )
    assert left.picture == ""


@pytest.mark.parametrize(
    "path", ["../secret.png", "/etc/passwd", "artifacts/../../secret.png", "a\0b", "link/x.png"]
)
def test_a_journal_cannot_point_out_of_its_folder(
    written: Written, path: str, tmp_path: Path
) -> None:
    """Whoever sends a journal gets no file of ours into the page, nor a link to one."""
    (tmp_path / "elsewhere").mkdir()
    (written.folder / "link").symlink_to(tmp_path / "elsewhere")
    assert path_inside(written.folder, path) is None


def test_only_so_many_pictures_are_in_the_page(written: Written) -> None:
    """A run that broke everywhere does not make a page that nobody can open."""
    (written.folder / "p.png").write_bytes(PNG)
    names = [f"page/p{number}" for number in range(PICTURES + 5)]
    written.started(*names)
    for number, name in enumerate(names):
        (written.folder / f"{number}.png").write_bytes(PNG)
        written.write(
            "artifact", scenario=name, attempt=2, name="screenshot", path=f"{number}.png"
        ).broken(name)
    [told] = cards_of(written.ended().load())
    assert (
        sum(bool(left.picture) for evidence in told.evidence for left in evidence.files) == PICTURES
    )


def test_anchors_differ_though_names_are_alike() -> None:
    """Two names that look the same in a link get two anchors, without what a link cannot carry."""
    assert unique(["a/b[c]", "a-b-c", "ü"]) == ["a-b-c", "a-b-c--2", ""]
    assert BODY_CHARS > 0
