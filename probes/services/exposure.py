"""What the public must not reach or read: private endpoints, sources, stack traces, answers for any
origin.

Sources: contract 1.5 (CORS), 2.4 and 2.5 (test tokens, internal endpoints), 8 (metrics); OWASP
Secure Headers.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from probes.finding import Broken, CannotAsk, Code, Finding
from probes.services.static_site import ASSET
from probes.transport.admission import holds_data
from probes.transport.author import Author
from probes.transport.http import Answer, Web, service
from probes.transport.typed_answers import join_url

FOREIGN = "https://elsewhere.invalid"
# A service that complains of what was sent has let the sender in.
REACHED = (400, 409, 415, 422)
NOBODY = (408, 429, 502, 503, 504)
APP = b'id="root"'
TRACE = re.compile(
    rb"Traceback \(most recent|\bgoroutine \d+ \[|\bpanic: |/\w+\.go:\d+"
    rb"|\n\s*at [\w.$]+\([\w.]+:\d+\)|\bjava\.lang\."
)
FRAMES = re.compile(r"frame-ancestors", re.IGNORECASE)

Sign = Literal["served", "sources", "trace", "origin", "headers"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing to be closed, and the sign by which it is seen to be open."""

    name: str
    path: str
    sign: Sign = "served"
    method: str = "GET"
    host: Literal["api", "apex"] = "api"
    body: str = ""  # JSON, or nearly
    proof: str = ""  # a pattern that what is served holds; "" where it is JSON with data


async def expect_closed(web: Web, endpoint: Endpoint, user: str) -> None:
    """Raise Broken when `endpoint` shows what it must not to somebody without a token."""
    origin = web.target.hosts.apex if endpoint.host == "apex" else web.target.hosts.api
    url = origin + endpoint.path.replace("{user}", user)
    if endpoint.sign == "sources":
        return await _expect_no_sources(web, url)
    headers = {"origin": FOREIGN} if endpoint.sign == "origin" else {}
    sent = endpoint.body.replace("{user}", user).encode()
    if sent:
        headers["content-type"] = "application/json"
    answer = await web.ask(endpoint.method, url, headers=headers, content=sent or None)
    if reason := why_unasked(endpoint.sign, answer, endpoint.proof):
        raise CannotAsk(f"{answer}: {reason}")
    if finding := EXPLAIN[endpoint.sign](answer):
        raise Broken(finding)
    return None


def _is_of_nobody(answer: Answer) -> bool:
    """Whether the gateway had nobody to ask, or somebody stopped the probes before it: a service
    that is down or a firewall that blocks closes nothing for good.
    """
    if answer.author in (Author.WAF_BLOCK, Author.WAF_CHALLENGE):
        return True
    return answer.status in NOBODY and answer.json is None


def _is_cors_refusal(answer: Answer) -> bool:
    """Whether Spring's CorsFilter refused the origin: its 403 is text (contract 1.5)."""
    return answer.status == 403 and answer.body.strip() == b"Invalid CORS request"


def is_served(answer: Answer, proof: str) -> bool:
    """Whether the answer shows what only who is let in gets, or a service's own complaint of what
    was sent; an empty 200, a page to sign in at or a refusal with 200 show neither; pure.
    """
    if answer.status in REACHED:
        return answer.author is Author.SERVICE and isinstance(answer.json, dict)
    if answer.status >= 300:
        return False
    if proof:
        return re.search(proof.encode(), answer.body, re.MULTILINE) is not None
    return holds_data(answer)


def _is_closed(answer: Answer) -> bool:
    return (answer.status >= 300 and answer.status not in REACHED) or APP in answer.body


def why_unasked(sign: Sign, answer: Answer, proof: str = "") -> str:
    """Why an answer shows nothing of what was looked for; empty where it does; pure."""
    match sign:
        case "served" if _is_of_nobody(answer):
            return "no service answered, so that nothing shows whether it is closed"
        case "served" if not _is_closed(answer) and not is_served(answer, proof):
            return "it neither refuses nor shows anything, so that it may be open or closed"
        case "trace" if answer.status < 400 or (answer.status == 404 and answer.json is None):
            return "broken JSON provoked no error of the service"
        case "trace" if _is_of_nobody(answer) and not TRACE.search(answer.body):
            return "no service answered, so that its errors cannot be read"
        case "origin" if answer.json is None and not _is_cors_refusal(answer):
            return "no service answered, so that its CORS headers cannot be read"
        case "headers" if answer.status != 200 or not answer.is_html:
            return "no page answered, so that its headers cannot be read"
    return ""


async def _expect_no_sources(web: Web, url: str) -> None:
    page = await web.ask("GET", url, kind="page")
    assets = set(ASSET.findall(page.body.decode("utf-8", "replace")))
    scripts = sorted(asset for asset in assets if asset.endswith(".js"))
    if not scripts:
        raise CannotAsk(f"{page}: it names no script, so that no source map can be looked for")
    for script in scripts:
        answer = await web.ask("GET", join_url(url, f"{script}.map"), kind="page")
        if _is_of_nobody(answer):
            raise CannotAsk(f"{answer}: no site answered, so that no source map can be looked for")
        if isinstance(answer.json, dict) and "mappings" in answer.json:
            observed = f"{answer}: the page's sources"
            cause = "the frontend build: sourcemap"
            raise Broken(Finding(Code.ENDPOINT_EXPOSED, observed, cause))


def explain_served(answer: Answer) -> Finding | None:
    """What is not refused, where something was shown, and not the app's page in its place; pure."""
    if _is_closed(answer):
        return None
    who = service(answer.url)
    return Finding(
        Code.ENDPOINT_EXPOSED,
        f"{answer} to somebody without a token",
        f"the gateway passes it on, and {who} asks for nothing (contract 2.4, 2.5, 8)",
    )


def explain_trace(answer: Answer) -> Finding | None:
    """An error that tells of the program's inside; pure."""
    if not (found := TRACE.search(answer.body)):
        return None
    excerpt = found[0].decode("utf-8", "replace").strip()
    return Finding(
        Code.ENDPOINT_EXPOSED, f"{answer} with a stack trace ({excerpt})", service(answer.url)
    )


def explain_origin(answer: Answer) -> Finding | None:
    """A page of anybody's may read answers with the user's credentials; pure."""
    allowed, credentials = (
        answer.headers.get(f"access-control-allow-{name}") for name in ("origin", "credentials")
    )
    if allowed != FOREIGN or credentials != "true":
        return None
    cause = (
        f"{service(answer.url)}: DefaultCORS reflects any Origin, whatever CORS_ORIGINS says "
        "(contract 1.5)"
    )
    return Finding(Code.ENDPOINT_EXPOSED, f"{answer} and allows {allowed}, with credentials", cause)


def explain_headers(answer: Answer) -> Finding | None:
    """A page without what keeps a browser from being misled; pure."""
    framed = "x-frame-options" in answer.headers or FRAMES.search(
        answer.headers.get("content-security-policy", "")
    )
    missing = [
        name
        for name, there in (
            ("strict-transport-security", "strict-transport-security" in answer.headers),
            (
                "x-content-type-options: nosniff",
                answer.headers.get("x-content-type-options", "").lower() == "nosniff",
            ),
            ("x-frame-options or frame-ancestors", framed),
        )
        if not there
    ]
    if not missing:
        return None
    observed = f"{answer} without {', '.join(missing)}"
    return Finding(
        Code.ENDPOINT_EXPOSED,
        observed,
        "CloudFront's response headers policy, or the portal's nginx",
    )


EXPLAIN: Mapping[str, Callable[[Answer], Finding | None]] = {
    "served": explain_served,
    "trace": explain_trace,
    "origin": explain_origin,
    "headers": explain_headers,
}


async def expect_own_origin_allowed(web: Web, path: str) -> None:
    """A service that has a list of origins allows the app's own, for a question and for what a
    browser asks before a POST. Raises Broken.
    """
    url, own = web.target.hosts.api + path, web.target.hosts.apex
    asked = {"origin": own, "access-control-request-method": "POST"}
    for method, headers in (("GET", {"origin": own}), ("OPTIONS", asked)):
        answer = await web.ask(method, url, headers=headers)
        allowed = answer.headers.get("access-control-allow-origin", "")
        if answer.status >= 300 or allowed not in (own, "*"):
            observed = f"{answer} to {own}, allowing {allowed or 'no origin'}"
            raise Broken(Finding(Code.ACCESS_REFUSED, observed, _whose_list(answer)))


def _whose_list(answer: Answer) -> str:
    if answer.status == 403 or answer.status < 300:
        return f"{service(answer.url)}: its CORS list does not name the app's origin (contract 1.5)"
    return f"{service(answer.url)}, or the gateway before it"
