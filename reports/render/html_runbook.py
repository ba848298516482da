"""A runbook as a part of a page: what the code means for users, and the rest below the page's own
headings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

HEADING = "h4"  # of a runbook's sections, below a finding's own
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True)
class Runbook:
    """`meaning`: its first paragraph; `rest`: its sections. Both empty where there is no
    runbook.
    """

    meaning: Markup
    rest: Markup


def runbook(text: str, anchors: Mapping[str, str]) -> Runbook:
    """The Markdown `text` as HTML; `anchors` says where in the page other codes are, {code:
    anchor}.
    """
    tokens = _without_title(_MARKDOWN.parse(text))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = HEADING
        for child in token.children or ():
            _lead(child, anchors)
    first = (
        next(
            (n + 1 for n, token in enumerate(tokens) if token.type == "heading_open"),
            len(tokens) + 1,
        )
        - 1
    )
    return Runbook(_html(tokens[:first]), _html(tokens[first:]))


def _without_title(tokens: Sequence[Token]) -> list[Token]:
    titled = [
        n for n, token in enumerate(tokens) if token.type == "heading_close" and token.tag == "h1"
    ]
    first = titled[0] + 1 if titled else 0
    return list(tokens[first:])


def _lead(token: Token, anchors: Mapping[str, str]) -> None:
    """A link to another runbook leads to its finding in this page, or is plain text; files beside
    it are not here.
    """
    if token.type == "link_open":
        href = str(token.attrGet("href") or "")
        if href.startswith(("https://", "http://")):
            token.attrs = {"href": href, "rel": "noreferrer"}
        elif anchor := anchors.get(href.removesuffix(".md")):
            token.attrs = {"href": f"#{anchor}"}
        else:
            token.attrs = {"href": ""}
    if token.type == "image":  # nothing is loaded
        token.type, token.tag = "text", ""


def _html(tokens: Sequence[Token]) -> Markup:
    _unlink(tokens)
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704 - markdown-it escapes, html is off


def _unlink(tokens: Sequence[Token]) -> None:
    """A link that leads nowhere is not a link; its end has to know."""
    for token in tokens:
        dead = False
        for child in token.children or ():
            if child.type == "link_open":
                dead = not child.attrGet("href")
            if dead and child.type in ("link_open", "link_close"):
                child.tag, child.attrs = "span", {}
