"""The log pane of a deploy: verdict first, what this deploy broke, what was broken before, and not
a line more.
"""

import io

import pytest

from reports.render import deploy_gate
from tests.reports.conftest import Written, finding
from tests.reports.model.test_previous_run import FAILURE, LOST, compared


def pane(written: Written, *, strict: bool = False) -> list[str]:
    stream = io.StringIO()
    deploy_gate.show(written.load(), stream, strict=strict)
    return stream.getvalue().splitlines()


def test_the_first_line_of_a_good_deploy_is_its_verdict(written: Written) -> None:
    """Four lines for a deploy that broke nothing; no table, no promise that held."""
    written.started("a/x", "a/y").held("a/x", "a/y").write("fact", name="settled", value="at once")
    told = pane(compared(written, gate=True, failures={}).ended())
    assert told == [
        "HELD: this deploy broke nothing (2 held, in 8.2 s).",
        "",
        "settled: at once",
        f"run: run-1, trace: {'ab' * 16}",
    ]


def test_what_this_deploy_broke_is_told_and_what_was_broken_before_is_named(
    written: Written,
) -> None:
    """One finding with cause and runbook, one line for the old one, one for what the deploy has
    mended.
    """
    written.started("a/new", "a/old", "a/mended").broken("a/new").broken("a/old", LOST).held(
        "a/mended"
    )
    told = pane(
        compared(written, gate=True, failures={"a/old": FAILURE, "a/mended": FAILURE}).ended()
    )
    assert told[0].startswith(
        "BROKEN by this deploy: 1 of 3 promises is broken (1 held, 1 broken, 1 broken before, in"
    )
    assert "BROKEN  edge-html-fallback (new)" in told
    assert "  runbook   docs/runbooks/edge-html-fallback.md" in told
    assert not any(line.startswith("  reproduce") or "upload-lost.md" in line for line in told)
    old = told.index("Already failing before this deploy, and still; it does not block:")
    assert told[old + 1] == "  a/old (upload-lost, since 2026-09-21 11:26 UTC)"
    assert "Failing before this deploy, and holds now: a/mended" in told


def test_only_old_breaks_are_not_called_kept(written: Written) -> None:
    """The pane does not say that every promise was kept while one is broken."""
    told = pane(
        compared(
            written.started("a/old").broken("a/old", LOST), gate=True, failures={"a/old": FAILURE}
        ).ended()
    )
    assert told[0] == "HELD: this deploy broke nothing (1 broken before, in 8.2 s)."


def test_a_store_that_could_not_be_read_is_said(written: Written) -> None:
    """Then every break counts as new, and the reader is told why an old one blocks."""
    written.started("a/x").broken("a/x", LOST)
    told = pane(compared(written, gate=True, failures={}, problem="the Secret answers 403").ended())
    assert told[0].startswith("BROKEN by this deploy")
    assert "The last run is not known, so every break counts as new: the Secret answers 403" in told


def test_what_could_not_be_asked_is_no_deploys_fault(written: Written) -> None:
    """The first line then blames the suite."""
    silent = finding("unknown", "no password for bob", "the suite itself")
    written.started("a/x").tried("a/x", "unknown", silent).became("a/x", "unknown", silent)
    assert pane(compared(written, gate=True, failures={}).ended())[0].startswith(
        "UNKNOWN: nothing is known to be broken"
    )


def test_a_strict_gate_says_that_degraded_fails_it(written: Written) -> None:
    """The verdict's words fit its exit code."""
    expiring = finding("tls-expiring", "10 days", "certificate")
    written.started("a/x").tried("a/x", "degraded", expiring).became("a/x", "degraded", expiring)
    compared(written, gate=True, failures={}).ended()
    assert pane(written, strict=True)[0].startswith("BROKEN: 1 of 1 promises degraded")
    assert pane(written)[0].startswith("HELD: this deploy broke nothing (1 degraded")


@pytest.mark.parametrize("count", [10, 25])
def test_old_breaks_do_not_fill_the_pane(written: Written, count: int) -> None:
    """Ten are named, the others counted."""
    names = [f"a/{number}" for number in range(count)]
    written.started(*names)
    for name in names:
        written.broken(name, LOST)
    told = pane(compared(written, gate=True, failures=dict.fromkeys(names, FAILURE)).ended())
    assert sum("since" in line for line in told) == 10
    assert any(line == f"  and {count - 10} more" for line in told) is (count > 10)


def test_nothing_steers_the_terminal_that_shows_it(written: Written) -> None:
    """A fact that a target wrote comes escaped, also where the stream knows ASCII only."""
    written.started("a/x").held("a/x").write("fact", name="build", value="\x1b[2J ü")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    deploy_gate.show(compared(written, gate=True, failures={}).ended().load(), stream)
    stream.seek(0)
    assert "build: \\x1b[2J \\xfc" in stream.read()
