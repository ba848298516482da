"""What a page got for its requests, and what of it is trouble; pure."""

import asyncio
import contextlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Request, Response
from playwright.async_api import TimeoutError as PlaywrightTimeout

from probes.config.environment import Target
from probes.finding import Broken, CannotAsk, Code, Finding, NotApplicable
from probes.recording.recorder import Exchange
from probes.transport.http import Answer
from probes.transport.identity import Asked, users_by_mark

# What lives under /api/ and is for people, not for programs.
NO_CALLS = ("/api/ops-portal", "/api/oauth2")
SIGNED = "X-Amz-Signature="  # a bucket may stand under /api/, as MinIO does on one machine
ABORTED = ("net::ERR_ABORTED", "NS_BINDING_ABORTED")  # by the page, which has gone on
HEADERS_TIMEOUT_S = 1.0
OFFLINE = "net::ERR_INTERNET_DISCONNECTED"  # only the probe takes a page's network away
# A page's own console line about its sockets, its stream and its bell, as the app words them
# (contract 3.5; services/frontend/src/hooks/useNotifications.ts).
LIVE_PARTS = re.compile(
    r"\b(?:web ?sockets?|sockets?|WS|SSE|EventSource|streams?|no access token)\b|소켓|재연결|"
    r"^\[Notifications\b",
    re.IGNORECASE,
)
NOT_LOADED = "Failed to load resource"
# Chromium's own lines about what did not come, or came as another type.
NOT_TAKEN = (NOT_LOADED, "Failed to load module script", "Refused to ")
PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp|heic|svg)$", re.IGNORECASE)
THROWN = re.compile(r"^Uncaught |\b(?:Type|Reference|Syntax|Range)Error\b", re.IGNORECASE)
# fetch() in Chromium, Firefox and Safari.
FAILED_CALL = re.compile(r"Failed to fetch|NetworkError when attempting|Load failed")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the page got for one request; status 0 where the browser failed it."""

    answer: Answer
    exchange: Exchange
    failure: str = ""
    is_document: bool = False

    @property
    def is_aborted(self) -> bool:
        """Whether the page itself withdrew the request, as one does that goes elsewhere."""
        return not self.answer.status and self.failure.startswith(ABORTED)

    @property
    def is_withdrawn(self) -> bool:
        """Whether nobody waited for it: the page went on, or the probe had cut its network."""
        return self.is_aborted or self.failure.startswith(OFFLINE)


def is_call(url: str) -> bool:
    """Whether JSON is what belongs there."""
    path = urlsplit(url).path
    return "/api/" in path and not path.startswith(NO_CALLS)


def is_upload(reply: Reply) -> bool:
    """Whether a page put a file somewhere; pure. A call of the API's is none, as the one that marks
    a chat as read: weAlist's page makes it with PUT as soon as a chat is opened.
    """
    url = reply.answer.url
    return reply.answer.method == "PUT" and (not is_call(url) or SIGNED in url)


async def all_headers(response: Response) -> dict[str, str]:
    """As Playwright's, which shields its own reading: where the page is closed after nobody waits
    for it any more, that would end with an exception that nobody retrieves, and a traceback.
    """
    reading = asyncio.ensure_future(response.all_headers())
    reading.add_done_callback(_retrieve_exception)
    await asyncio.wait((reading,))
    return reading.result()


def _retrieve_exception(task: asyncio.Future[dict[str, str]]) -> None:
    if not task.cancelled():
        task.exception()


async def cookie_headers(response: Response) -> dict[str, str]:
    """All headers of an answer, cookies included, which the browser shows to who asks it again.

    Empty where it does not tell: of a page that went on it may keep silent for as long as the page
    is open.
    """
    with contextlib.suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(HEADERS_TIMEOUT_S):
            return await all_headers(response)
    return {}


def asked_of(request: Request, target: Target) -> Asked:
    """Who asked for what, as far as the request says; pure."""
    users, body = users_by_mark(target.users), request.post_data_buffer or b""
    return Asked(request.url, request.headers, body, users, request.method)


def is_own(url: str, target: Target) -> bool:
    """Whether `url` is of weAlist, and not of a provider's pages; pure."""
    hosts, oauth = target.hosts, target.oauth
    own = (hosts.apex, hosts.api, hosts.cdn, oauth.start, oauth.redirect_uri, oauth.portal)
    return urlsplit(url).hostname in {urlsplit(each).hostname for each in own if each}


def is_main_document(request: Request, page: Page) -> bool:
    """Whether `request` is for a new document in the page's own frame; pure."""
    return request.is_navigation_request() and request.frame == page.main_frame


def is_thrown(text: str) -> bool:
    """Whether a logged line is about a mistake in the page's script, not about a call that failed;
    pure.
    """
    return bool(THROWN.search(text)) and not FAILED_CALL.search(text)


def with_resource(text: str, url: str) -> str:
    """A console line with the resource that it is about, which the browser's own does not name;
    pure. A query may bear a signature, a fragment a token: both are left out.
    """
    place = urlsplit(url)._replace(query="", fragment="").geturl()
    return f"{text.rstrip()}: {place}" if place and text.startswith(NOT_LOADED) else text


def is_judged_elsewhere(text: str, url: str, apex: str) -> bool:
    """Whether a console line is about what is judged by what was seen of it: a socket, the stream,
    an answer of the API at `apex`, a request that was withdrawn, a picture that is kept elsewhere;
    pure.
    """
    if is_thrown(text):
        return False
    if urlsplit(url).path.endswith("/stream") or LIVE_PARTS.search(text):
        return True
    if not text.startswith(NOT_LOADED):
        return False
    if PICTURE.search(urlsplit(url).path) and not url.startswith(f"{apex}/"):
        return True  # people's own, kept in a bucket; a page shows something in its place
    answered = "status of" in text and url.startswith(f"{apex}/") and is_call(url)
    return answered or any(word in text for word in (OFFLINE, *ABORTED))


def explain_document(answer: Answer) -> Finding:
    """Name why a page was answered with an error, by whose page it is; pure."""
    path = urlsplit(answer.url).path
    if path.startswith("/api/"):
        cause = f"the gateway's route of {path}: the path without its last slash (9f5c7be5)"
        if path.endswith("/"):
            cause = f"the gateway's route of {path}"
        return Finding(Code.ROUTE_BROKEN, f"{answer} for a page", cause)
    cause = "the site bucket, or the edge's fallback to index.html"
    return Finding(Code.ASSET_BROKEN, f"{answer} for a page of the app", cause)


def explain(url: str, error: PlaywrightError) -> Finding:
    """Name why the browser could not open a page; pure."""
    host, reason = urlsplit(url).hostname, str(error).split("\n")[0]
    if isinstance(error, PlaywrightTimeout):
        return Finding(Code.SERVICE_STALLED, f"{host} did not give the page in time", "edge")
    if "ERR_CERT" in reason:
        return Finding(Code.TLS_INVALID, f"the browser refuses {host}: {reason}", "certificate")
    return Finding(
        Code.HOST_UNREACHABLE,
        f"the browser cannot open {host}: {reason}",
        "DNS, load balancer or listener",
    )


def describe_missing(name: str, path: str, complaints: Sequence[str]) -> str:
    """What to say where the probe did not find `name` on the page at `path`; pure."""
    logged = f" (the page logged: {complaints[0]})" if complaints else ""
    return (
        f"the probe did not find {name} on {path}{logged}: look at the screenshot; where the "
        "product's text or markup has changed, change the probe"
    )


def expect_none(complaints: Sequence[str]) -> None:
    """Raises Broken for the first of what a page complained of."""
    if complaints:
        observed = f"the console says: {complaints[0]}"
        raise Broken(Finding(Code.PAGE_CONSOLE_ERROR, observed, _explain_complaint(complaints[0])))


def _explain_complaint(line: str) -> str:
    """What a script says is its own; of a resource that did not come the page knows no reason."""
    if "net::ERR_" in line:
        return "who serves it, or the way there: the browser got no answer for it"
    if line.startswith(NOT_TAKEN):
        return "the site bucket or the edge, or a page that names what is not there any more"
    return "the page"


def expect_project(target: Target, missing: Collection[str]) -> None:
    """Raise CannotAsk where a board socket is among those that the page never asked for, and nobody
    says that the workspace has a board project: a page of one without opens none.
    """
    if "board" in missing and not target.workspace.project:
        raise CannotAsk(
            "the page opened no board socket, and the environment names no board project that it "
            "could be for; add project to [workspace]"
        )


def too_few(
    calls: int, refused: int, together: int, *, has_refreshed: bool
) -> CannotAsk | NotApplicable:
    """Why nothing is known of a refresh that `together` calls share; pure."""
    if not calls:
        return CannotAsk("the page made no call in its time, so none could be refused")
    if has_refreshed and not refused:
        return NotApplicable(
            "the page renewed its expired token before it made a call, so none was refused: its "
            "stream or a socket came first"
        )
    return NotApplicable(
        f"{refused} of the page's calls were refused for their expired token, and a shared refresh "
        f"takes {together}: token_trust says which services refuse one"
    )
