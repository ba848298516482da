"""An app of one page on loopback, for tests that look at it through a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from probes.auth.users import User
from probes.browser.browser import Browser
from probes.browser.page import Visit
from tests.support.site import Said, Site

SHOWING = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body><script>
const line = words => Object.assign(document.createElement('p'), {textContent: words})
const show = words => document.body.append(line(words))
%s
</script>"""


@dataclass(frozen=True, slots=True)
class App:
    """The host `apex` of a site, and the browser that visits it."""

    site: Site
    browser: Browser

    def does(self, script: str, path: str = "/") -> None:
        """Have the page at `path` run `script`, in which show(words) puts words on it."""
        self.site.says[f"GET apex{path}"] = Said(
            200, (SHOWING % script).encode(), "text/html; charset=utf-8"
        )

    @asynccontextmanager
    async def open(
        self, script: str = "", path: str = "/", user: User | None = None
    ) -> AsyncIterator[Visit]:
        """The page at `path`, once it runs `script`."""
        self.does(script, path)
        async with self.browser.visit(path, user) as visit:
            yield visit
