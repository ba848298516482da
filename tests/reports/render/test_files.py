"""What lies in a run's folder when it has ended."""

from reports.render import files
from reports.render.languages import words
from tests.reports.conftest import Written, red


def test_a_run_leaves_every_report(written: Written) -> None:
    """The one for machines, the one to paste, and the digest for later runs, beside the journal."""
    files.write(red(written).load())
    names = {path.name for path in written.folder.iterdir()}
    assert names >= {"run.jsonl", "junit.xml", "report.md", "verdicts.json"}


def test_written_twice_they_are_the_same(written: Written) -> None:
    """A run that is told again does not become a part of its own history."""
    run = red(written).load()
    files.write(run)
    before = {path.name: path.read_bytes() for path in written.folder.iterdir()}
    past = files.write(run)
    assert {path.name: path.read_bytes() for path in written.folder.iterdir()} == before
    assert {len(each.entries) for each in past.values()} == {1}


def test_what_people_read_is_in_their_language(written: Written) -> None:
    """Markdown follows the language; histories do too."""
    past = files.write(red(written).load(), words("ko"))
    assert past["edge/health"].sentence == "이번 실행에서 지켜짐 (알려진 실행은 이번뿐)"
