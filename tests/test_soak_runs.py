"""The sum of healthy runs in docs/reliability.md can be read, continued and believed."""

from dataclasses import replace

from tests.support.soak_runs import AT_ONCE, BUSY, KINDS, PAGE, QUIET, Sum, read_sums, with_sums


def test_a_sum_is_continued() -> None:
    """What is written is what is read, row by row, and nothing else of the page changes."""
    page = PAGE.read_text("utf-8")
    sums = {
        QUIET: Sum(3, 1206, 0, 0, 0, 0, 31),
        BUSY: replace(Sum(2, 800), intermittent=1, unanswered=4, longest_s=78),
        AT_ONCE: Sum(4, 1624, longest_s=80),
    }
    written = with_sums(page, sums)
    assert read_sums(written) == sums
    assert with_sums(written, read_sums(page)) == page


def test_a_page_without_a_table_begins_at_nothing() -> None:
    """Who has run nothing claims nothing."""
    assert read_sums("# Reliability\n") == dict.fromkeys(KINDS, Sum())


def test_the_page_claims_no_run_that_broke_or_left_something() -> None:
    """A soak that found something is mended before it is committed."""
    for total in read_sums(PAGE.read_text("utf-8")).values():
        assert (total.broken, total.intermittent, total.leftovers) == (0, 0, 0)
