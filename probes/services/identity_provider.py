"""The identity provider's own pages, where an environment has one that may be driven; never
Google's.

A provider that does not let us in is no finding of weAlist's.
"""

import httpx

from probes.config.environment import Target
from probes.finding import CannotAsk, NotApplicable
from probes.transport.http import Web
from probes.transport.typed_answers import join_url

STEPS = 8  # redirects and forms between start and callback


def require_drivable(target: Target) -> None:
    """Raises NotApplicable where the provider is not ours to drive."""
    if not target.oauth.drivable:
        raise NotApplicable(
            "the identity provider must not be driven here: drivable in [oauth] is false"
        )


async def sign_in(web: Web, jar: httpx.Cookies, url: str, email: str) -> str:
    """From the provider's first page to the callback's URL. Raises CannotAsk."""
    for _ in range(STEPS):
        answer = await web.ask("GET", url, cookies=jar, kind="page")
        if answer.status == 200:
            answer = await web.ask(
                "POST", f"{url}/login", data={"account": email}, cookies=jar, kind="page"
            )
        url = join_url(url, answer.headers.get("location", ""))
        if url.partition("?")[0] == web.target.oauth.redirect_uri:
            return url
        if not 300 <= answer.status < 400 or not url.startswith(web.target.oauth.provider):
            break
    raise CannotAsk(
        f"the provider let nobody in as {email}: {answer}, on to {url.partition('?')[0]}"
    )
