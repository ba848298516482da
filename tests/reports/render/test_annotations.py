"""What GitHub Actions reads between the lines of a log."""

import io
from pathlib import Path

import pytest

from reports.render import annotations
from tests.reports.conftest import HTML, Written, expected, finding, intermittent, red


@pytest.mark.parametrize(("environ", "said"), [({}, False), ({"GITHUB_ACTIONS": "true"}, True)])
def test_they_are_wanted_in_actions_only(environ: dict[str, str], said: bool) -> None:
    """Nobody else understands them."""
    assert annotations.is_wanted(environ) is said


def test_each_cause_is_one_annotation_worst_first(written: Written) -> None:
    """At the file and line of the promise; what the suite could not do is no error of the
    change.
    """
    told = list(annotations.lines(red(written).load()))
    assert [line.split("title=")[1].split("::")[0] for line in told] == [
        "BROKEN edge-html-fallback%2C 2 promises",
        "UNKNOWN unknown%2C 2 promises",
        "DEGRADED tls-expiring",
        "BROKEN upload-lost (accepted until 2026-12-01)",
    ]
    assert [line.split()[0] for line in told] == [
        "::error",
        "::warning",
        "::warning",
        "::notice",
    ]
    assert told[0].startswith("::error file=scenarios/test_storage.py,line=7,title=")
    assert f"cause: {HTML['cause']} (likely)%0A" in told[0]


def test_an_intermittent_promise_is_a_warning(written: Written) -> None:
    """It was kept in the end, and some users are not served."""
    (line,) = annotations.lines(intermittent(written).load())
    assert line.startswith("::warning ")


def test_no_more_than_github_keeps(written: Written) -> None:
    """The worst are not crowded out by the many."""
    names = [f"edge/{number:02}" for number in range(15)]
    written.started(*names)
    for name in names:
        written.broken(name, finding("upload-lost", "gone", name))
    assert len(list(annotations.lines(written.ended().load()))) == annotations.MOST


def test_a_hostile_text_is_one_annotation(written: Written) -> None:
    """Line breaks, colons, commas and percent signs of the target neither end nor extend the
    command.
    """
    nasty = "a\n::error::b,c%0Ad"
    written.started(expected("edge/a", file=nasty)).broken(
        "edge/a", finding("upload-lost", nasty, nasty)
    )
    (line,) = annotations.lines(written.ended().load())
    assert "\n" not in line
    assert "file=a %3A%3Aerror%3A%3Ab%2Cc%250Ad,line=7," in line


def test_the_summary_is_appended(tmp_path: Path) -> None:
    """What an earlier step has said stays."""
    summary, report = tmp_path / "summary.md", tmp_path / "report.md"
    summary.write_text("before\n")
    report.write_text("**HELD**\n")
    annotations.summarize(report, {"GITHUB_STEP_SUMMARY": str(summary)})
    annotations.summarize(report, {})
    assert summary.read_text() == "before\n**HELD**\n\n"


def test_commands_are_heard_again_after_a_failure() -> None:
    """The token that ends the silence is written whatever happens."""
    stream = io.StringIO()
    with pytest.raises(ValueError, match="x"), annotations.commands_stopped(stream):
        raise ValueError("x")
    first, last = stream.getvalue().splitlines()
    assert last == f"::{first.removeprefix('::stop-commands::')}::"
