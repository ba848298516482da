"""A runbook as a part of a page."""

from reports.render.html_runbook import runbook

TEXT = """# edge-html-fallback

An API call is answered with the app's <b>page</b>.

## Do this

1. Go on with [access-refused](access-refused.md), or [route-broken](route-broken.md).
2. [Read](https://example.org/a), not [this](javascript:alert(1)) ![picture](https://example.org/p.png).
"""


def test_the_first_paragraph_is_the_meaning() -> None:
    """Its heading is left out, for the finding has one; the rest begins with the first section."""
    made = runbook(TEXT, {})
    assert (
        made.meaning.strip()
        == "<p>An API call is answered with the app's &lt;b&gt;page&lt;/b&gt;.</p>"
    )
    assert made.rest.startswith("<h4>Do this</h4>")


def test_a_link_to_another_runbook_leads_to_its_finding() -> None:
    """What the page has not is named without a link: a file beside the page does not exist."""
    rest = runbook(TEXT, {"route-broken": "finding-route-broken"}).rest
    assert '<a href="#finding-route-broken">route-broken</a>' in rest
    assert "<span>access-refused</span>" in rest


def test_nothing_is_loaded_and_nothing_runs() -> None:
    """A picture becomes its words, a script's address no link; what leads to the web says nothing
    of the page.
    """
    rest = runbook(TEXT, {}).rest
    assert "<img" not in rest
    assert 'href="javascript' not in rest
    assert '<a href="https://example.org/a" rel="noreferrer">Read</a>' in rest


def test_where_there_is_no_runbook_nothing_is_said() -> None:
    """An installation without docs makes a page without runbooks, not a mistake."""
    made = runbook("", {})
    assert (made.meaning, made.rest) == ("", "")
