"""The app's static pages as a browser fetches them: the shell, config.js, every asset it names,
deep links, http.
"""

import re

from probes.config.environment import Target
from probes.finding import Code, broken
from probes.transport.http import Answer, Web
from probes.transport.typed_answers import join_url

# What Vite writes into index.html; an HTML parser would find no more in it.
ASSET = re.compile(
    r"""<(?:script|link)\b[^>]*?\b(?:src|href)=["']([^"']+\.(?:js|css))["']""", re.IGNORECASE
)
TYPES = {"js": ("text/javascript", "application/javascript"), "css": ("text/css",)}
S3_OR_EDGE = "the site bucket, or CloudFront's error response in its place"


async def expect_assets(web: Web, target: Target) -> None:
    """The shell and all that it names. Raises Broken."""
    shell = await web.ask("GET", target.hosts.apex + "/", kind="page")
    _expect_shell(shell)
    assets = ASSET.findall(shell.body.decode("utf-8", "replace"))
    if not assets:
        raise broken(
            Code.ASSET_BROKEN,
            f"{shell}, and it names no script",
            "the frontend build in the site bucket",
        )
    for asset in {*assets, "/config.js"}:
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
        raise broken(
            Code.HTTP_NOT_REDIRECTED,
            f"{answer} {seen} instead of leading to {target.hosts.apex}",
            "CloudFront's viewer protocol policy (redirect-to-https)",
        )


def _expect_shell(answer: Answer) -> None:
    if answer.status != 200 or not answer.is_html or b'id="root"' not in answer.body:
        raise broken(Code.ASSET_BROKEN, f"{answer} where the app's page was promised", S3_OR_EDGE)


def _expect_asset(answer: Answer) -> None:
    wanted = TYPES[answer.url.partition("?")[0].rpartition(".")[2]]
    if answer.status != 200 or answer.media_type not in wanted:
        raise broken(Code.ASSET_BROKEN, f"{answer} where {wanted[0]} was promised", S3_OR_EDGE)
