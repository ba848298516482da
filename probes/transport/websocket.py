"""Open a weAlist socket as a page does, talk and listen there, and name every way it does not open
or goes quiet.

A browser sees close code 1006 for every refusal (contract 5.2); here the status of the refused
upgrade is seen.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Origin

from probes.closing import close_fully
from probes.config.environment import address
from probes.finding import Broken, CannotAsk, Code, Finding
from probes.recording.recorder import Exchange, current
from probes.transport import connection_errors, envelopes
from probes.transport.author import Author
from probes.transport.connection_errors import Phase, is_timeout, local_trouble
from probes.transport.http import CONNECT_SHARE, USER_AGENT, Answer, Web, service, trace_headers
from probes.transport.identity import Asked, scope_of
from probes.transport.open_websocket import CLOSING_TIMEOUT_S, ClosedAtOnce, WebSocket
from probes.transport.tunnel import ProxyFailed, open_tunnel

SWITCHING = 101
GATEWAY = (502, 503, 504)


class _Upgrade(connect):
    """One attempt at exactly this URL: a redirect is an answer to judge, not a hint to follow."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@asynccontextmanager
async def open_socket(
    web: Web, path: str, token: str, headers: Mapping[str, str] | None = None
) -> AsyncIterator[WebSocket]:
    """A socket at `path` of the apex, open for as long as the block lasts. Raises Broken when it
    does not open.
    """
    url = f"{web.target.hosts.apex}{path}" + (f"?token={quote(token, safe='')}" if token else "")
    with current().exchange("socket", "GET", url) as exchange:
        connection = await upgrade(web, url, exchange, headers or {})
        scope = scope_of(Asked(url, headers or {}, b"", web.users))
        socket = WebSocket(connection, exchange, scope)
        try:
            await socket.expect_taken(web.target.timeouts.answer_s)
            yield socket
            await socket.close()
        except BaseException:
            await close_fully(connection.close(), 2 * CLOSING_TIMEOUT_S)
            raise
        finally:
            connection.transport.abort()  # what did not close in its time


async def expect_refusal(
    web: Web, path: str, token: str, accepted: Finding, status: int = 401
) -> None:
    """The upgrade is refused with `status`; `accepted` is what it means when it is not. Raises
    Broken.
    """
    try:
        async with open_socket(web, path, token):
            pass
    except UpgradeRefused as refused:
        if finding := explain_refusal(refused.answer, status):
            raise Broken(finding) from refused
        current().subject = None
        return
    except ClosedAtOnce as closed:
        raise Broken(closed.refusal) from closed
    current().subject = current().exchanges[-1]
    raise Broken(accepted)


class UpgradeRefused(Broken):
    """The service answered the upgrade with something else than a socket."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(explain(answer))
        self.answer = answer


async def upgrade(
    web: Web, url: str, exchange: Exchange, more: Mapping[str, str]
) -> ClientConnection:
    """A connection that has become a socket. Raises Broken, CannotAsk."""
    headers = {**more, **trace_headers(exchange)}
    exchange.set_request({**headers, "origin": web.target.hosts.apex})
    try:
        async with asyncio.timeout(web.target.timeouts.answer_s):
            connection = await _connect(web, url, headers)
    except InvalidStatus as error:
        answer = _answer(url, error)
        exchange.set_response(answer.status, answer.headers, answer.body)
        current().subject = exchange
        raise UpgradeRefused(answer) from error
    except ProxyFailed as error:
        exchange.error = str(error)
        raise
    except (OSError, InvalidHandshake, ConnectionClosed, EOFError) as error:
        exchange.error = f"{type(error).__name__}: {error}"
        current().subject = exchange
        if reason := local_trouble(error):
            host = urlsplit(url).hostname
            raise CannotAsk(f"{host} could not be asked: {reason}") from error
        raise Broken(explain_error(url, error, web.target.timeouts.answer_s)) from error
    response_headers = _headers(connection.response.headers) if connection.response else {}
    exchange.set_response(SWITCHING, response_headers)
    return connection


async def _connect(web: Web, url: str, headers: Mapping[str, str]) -> ClientConnection:
    """`url` is the http(s) URL of the socket. Raises what websockets raises, ProxyFailed."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    tls: dict[str, Any] = (
        {"ssl": web.target.trust, "server_hostname": parts.hostname} if secure else {}
    )
    way = await _way(web, parts.hostname or "", parts.port or (443 if secure else 80))
    return await _Upgrade(
        ("wss" if secure else "ws") + url.removeprefix(parts.scheme),
        additional_headers=headers,
        user_agent_header=USER_AGENT,
        origin=Origin(web.target.hosts.apex),
        open_timeout=None,
        close_timeout=CLOSING_TIMEOUT_S,
        ping_interval=None,  # we ask by ourselves, and say what was not answered
        proxy=None,
        **way,
        **tls,
    )


async def _way(web: Web, host: str, port: int) -> dict[str, Any]:
    """Where websockets connects to, or over which socket. Raises ProxyFailed."""
    if not web.target.proxy.leads_to(host):
        return {"host": address(host), "port": port}
    connect_s = web.target.timeouts.answer_s * CONNECT_SHARE
    return {"sock": await open_tunnel(web.target.proxy, host, port, connect_s)}


def _answer(url: str, error: InvalidStatus) -> Answer:
    response = error.response
    return Answer(
        "GET", url, response.status_code, _headers(response.headers), bytes(response.body or b"")
    )


def _headers(sentence: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    for spelling, value in sentence.raw_items():
        name = spelling.lower()
        headers[name] = f"{headers[name]}\n{value}" if name in headers else value
    return headers


def explain(answer: Answer) -> Finding:
    """Name why a socket did not open for one who may; pure."""
    if is_index(answer):
        return _html(answer)
    finding = envelopes.explain(answer, SWITCHING)
    if finding and finding.code is not Code.CONTRACT_BROKEN:
        return finding
    return Finding(
        Code.SOCKET_UPGRADE_REFUSED,
        f"{answer} where a socket was to open",
        "gateway or edge: the Upgrade header does not reach the service",
    )


def explain_refusal(answer: Answer, wanted: int) -> Finding | None:
    """Name what is wrong with a refusal; None where it is the promised one; pure."""
    if is_index(answer):
        return _html(answer)
    if answer.is_html or answer.status == 429:
        return explain(answer)
    if answer.status == wanted:
        return None
    if answer.status in GATEWAY:
        return explain(answer)
    return Finding(
        Code.SOCKET_REFUSAL_UNCLEAR,
        f"{answer} where the upgrade was to be refused with {wanted}",
        f"{service(answer.url)}: how it tells a bad token from an error of its own",
    )


def is_index(answer: Answer) -> bool:
    """Whether the app's pages answered; of a page's own sockets no body is known."""
    return answer.is_html and (not answer.body or answer.author is Author.APP_INDEX)


def _html(answer: Answer) -> Finding:
    return Finding(
        Code.SOCKET_UPGRADE_HTML,
        f"{answer} in answer to an upgrade",
        "edge: CloudFront's error response, or a behaviour that does not pass sockets on",
    )


def explain_error(url: str, error: BaseException, timeout_s: float = 0.0) -> Finding:
    """Name why the upgrade got no answer; pure. `timeout_s` is 0 where a page waited, not we."""
    who, host = service(url), urlsplit(url).hostname or ""
    if is_timeout(error):
        within = f" within {timeout_s:g} s" if timeout_s else ""
        observed = f"{who} at {host} did not answer a socket's upgrade{within}"
        return Finding(Code.SOCKET_UPGRADE_STALLED, observed, f"gateway, or {who}")
    refused = isinstance(error, ConnectionRefusedError)
    phase = Phase.CONNECT if refused else Phase.REQUEST
    return connection_errors.explain(url, error, who, phase, timeout_s)
