"""The app's static pages as a browser fetches them: the shell, config.js, every asset it names,
deep links, http.
"""

import re
from urllib.parse import urlsplit

from probes.config.environment import Target
from probes.finding import Broken, Code, Finding, broken_promise
from probes.transport.http import Answer, Web
from probes.transport.typed_answers import join_url

# What Vite writes into index.html; an HTML parser would find no more in it.
ASSET = re.compile(
    r"""<(?:script|link)\b[^>]*?\b(?:src|href)=["']([^"']+\.(?:js|css))["']""", re.IGNORECASE
)
TYPES = {"js": ("text/javascript", "application/javascript"), "css": ("text/css",)}
CONFIG = "/config.js"
# Where nobody's browser but a developer's finds anything, and what a build has left unfilled.
DEVELOPMENT = re.compile(
    r"\b(?:https?|wss?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal"
    r"|[\w.-]+\.svc(?:\.cluster\.local)?)(?![\w.-])[^\s'\"]*"
    r"|\$\{[A-Z_]+\}|__[A-Z]+(?:_[A-Z]+)*_URL__"
)
_COMMENT = re.compile(r"^[ \t]*//[^\n]*|/\*.*?\*/", re.MULTILINE | re.DOTALL)
BUILD = "the frontend build in the site bucket"
S3_OR_EDGE = "the site bucket, or CloudFront's error response in its place"


async def expect_assets(web: Web, target: Target) -> None:
    """The shell and all that it names. Raises Broken."""
    shell = await web.ask("GET", target.hosts.apex + "/", kind="page")
    _expect_shell(shell)
    assets = ASSET.findall(shell.body.decode("utf-8", "replace"))
    if not assets:
        raise broken_promise(
            Code.ASSET_BROKEN,
            f"{shell}, and it names no script",
            BUILD,
        )
    for asset in {*assets, CONFIG}:
        _expect_asset(await web.ask("GET", join_url(shell.url, asset), kind="page"))


async def expect_deep_link(web: Web, target: Target, path: str) -> None:
    """The shell answers for a path that is the app's own. Raises Broken."""
    _expect_shell(await web.ask("GET", target.hosts.apex + path, kind="page"))


async def expect_https_redirect(web: Web, target: Target) -> None:
    """Raise Broken unless plain http redirects to the https apex."""
    answer = await web.ask("GET", target.hosts.plain + "/", kind="page")
    location = answer.headers.get("location", "")
    if answer.status not in (301, 302, 307, 308) or not f"{location}/".startswith(
        target.hosts.apex + "/"
    ):
        seen = f"to {location}" if location else f"with {len(answer.body)} bytes"
        raise broken_promise(
            Code.HTTP_NOT_REDIRECTED,
            f"{answer} {seen} instead of leading to {target.hosts.apex}",
            "CloudFront's viewer protocol policy (redirect-to-https)",
        )


def _expect_shell(answer: Answer) -> None:
    if answer.status != 200 or not answer.is_html or b'id="root"' not in answer.body:
        raise broken_promise(
            Code.ASSET_BROKEN, f"{answer} where the app's page was promised", S3_OR_EDGE
        )


def _expect_asset(answer: Answer) -> None:
    wanted = TYPES[answer.url.partition("?")[0].rpartition(".")[2]]
    if answer.status != 200 or answer.media_type not in wanted:
        raise broken_promise(
            Code.ASSET_BROKEN, f"{answer} where {wanted[0]} was promised", S3_OR_EDGE
        )
    if finding := explain_content(answer):
        raise Broken(finding)


def explain_content(answer: Answer) -> Finding | None:
    """Name what is in an asset in place of what its type promises; pure."""
    content = answer.body.strip()
    if not content:
        return Finding(Code.ASSET_BROKEN, f"{answer}, and it is empty", f"{BUILD}: an empty file")
    if content[:15].lower().startswith((b"<!doctype html", b"<html")):
        return Finding(Code.ASSET_BROKEN, f"{answer}, and it is a page of HTML", S3_OR_EDGE)
    if not urlsplit(answer.url).path.endswith(CONFIG):
        return None
    settings = _COMMENT.sub("", content.decode("utf-8", "replace"))
    if found := DEVELOPMENT.search(settings):
        cause = f"{BUILD}: config.js of another environment, or one that nobody has filled in"
        return Finding(Code.ASSET_BROKEN, f"{answer}, and it names {found[0]}", cause)
    return None
