"""Ask over HTTP as a browser or a service would, keep the evidence, and name every way no answer
comes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from probes import __version__
from probes.config.environment import Target
from probes.finding import Broken, CannotAsk, Code, Finding
from probes.recording.recorder import Exchange, current
from probes.transport import bodies, service_words, typed_answers
from probes.transport.author import Author, author
from probes.transport.bodies import BodyTooLongError, LimitedStream
from probes.transport.connection_errors import Phase, failure
from probes.transport.connections import LoopbackNames
from probes.transport.identity import Asked, users_by_mark
from probes.transport.throttle import Throttle

LONG_BODY = f"more than {bodies.LIMIT_BYTES // 2**20} MiB"
CONNECT_SHARE = 0.8  # of the time for an answer
AT_ONCE = 12  # requests of one run; more would only wait for each other in the target
USER_AGENT = f"wealist-probes/{__version__} (synthetic)"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are lower case. `request`: the request, where who asked is to be
    compared with what came.
    """

    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    request: Asked | None = field(default=None, compare=False, repr=False)

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        if self.body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
            return True
        return self.media_type == "text/html" and self.json is None

    @property
    def author(self) -> Author:
        """Who wrote it."""
        return author(self.status, self.headers, self.body)

    @property
    def words(self) -> str:
        """The error code and message that it gives, or its first words where it is plain text."""
        return service_words.quote(self.body)

    @property
    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def json_problem(self) -> str:
        """Why the body is no JSON as it goes between systems; "" where it is."""
        return typed_answers.json_problem(self.body, self.headers.get("content-type", ""))

    def __str__(self) -> str:
        path = urlsplit(self.url).path
        return (
            f"{self.method} {urlsplit(self.url).hostname}{path} answered {self.status} "
            f"{self.media_type or 'no type'}"
        )


class _PhaseTrace:
    """How far a request has come, as httpcore's trace extension tells it."""

    def __init__(self) -> None:
        self.phase = Phase.CONNECT

    async def __call__(self, event: str, _info: Mapping[str, Any]) -> None:
        if "start_tls.started" in event:
            self.phase = Phase.TLS
        elif "request_headers.started" in event:
            self.phase = Phase.REQUEST
        elif "response_body.started" in event:
            self.phase = Phase.BODY


def trace_headers(exchange: Exchange) -> dict[str, str]:
    """What joins a request to its service's trace and log.

    Both are on weAlist's own services' list of allowed headers or join their traces (contract 1.5).
    """
    given = exchange.traceparent
    return {"traceparent": given, "x-request-id": f"{current().evidence.run}-{given[36:52]}"}


class Web:
    """One pool of connections for a run."""

    def __init__(self, target: Target, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.target = target
        self.users = users_by_mark(target.users)
        self._client = httpx.AsyncClient(
            transport=transport or LoopbackNames(target.trust, target.proxy),
            # Most of it to connect, since a run begins with many handshakes at once; less than all
            # of it, so that who takes no connection is told from who takes it and says nothing.
            timeout=httpx.Timeout(
                target.timeouts.answer_s, connect=target.timeouts.answer_s * CONNECT_SHARE
            ),
            headers={"user-agent": USER_AGENT, "accept-encoding": bodies.ACCEPTED},
            follow_redirects=False,
            trust_env=False,
        )
        # One scenario's cookies are nothing to another's: a visitor who keeps them brings a jar
        # along.
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Ours, not the pool's: what waits for its turn here has not been asked yet, and nobody can
        # be late with it.
        self._turns = Throttle(AT_ONCE, target.timeouts.answer_s / 4)

    async def ask(
        self,
        method: str,
        url: str,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
        kind: str = "http",
        cookies: httpx.Cookies | None = None,
    ) -> Answer:
        """One exchange, redirects not followed; `cookies` is the visitor's jar. Raises Broken when
        no answer comes, and where `url` is none that can be asked: an answer has given it.
        """
        if problem := typed_answers.url_problem(url):
            raise Broken(typed_answers.explain_url(url, problem))
        async with self._turns.one():
            with current().exchange(kind, method, url) as exchange:
                request = self._client.build_request(
                    method, url, headers=headers, json=json, content=content, data=data
                )
                if cookies is not None:
                    cookies.set_cookie_header(request)
                if token:
                    request.headers["authorization"] = f"Bearer {token}"
                if kind == "http":
                    request.headers.update(trace_headers(exchange))
                exchange.set_request(dict(request.headers), request.content)
                async with self._answering(exchange, request):
                    response = await self._client.send(request, stream=True)
                    body = await self._read(response, exchange)
                if cookies is not None:
                    cookies.extract_cookies(response)
        asked = Asked(url, dict(request.headers), request.content, self.users, method)
        return Answer(method, url, response.status_code, exchange.response_headers, body, asked)

    @asynccontextmanager
    async def stream(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[tuple[httpx.Response, Exchange]]:
        """A GET whose body goes on and on (EventSource sends no header of ours but the trace's).
        Raises Broken.

        The caller puts what it has heard into the exchange and has deadlines of its own.
        """
        with current().exchange("stream", "GET", url) as exchange:
            headers = {
                **(headers or {}),
                "accept": "text/event-stream",
                "accept-encoding": "identity",
                "cache-control": "no-store",
                **trace_headers(exchange),
            }
            endless = httpx.Timeout(self.target.timeouts.answer_s, read=None)
            request = self._client.build_request("GET", url, headers=headers, timeout=endless)
            exchange.set_request(dict(request.headers))
            async with self._answering(exchange, request):
                response = await self._client.send(request, stream=True)
            response.stream = LimitedStream(cast("httpx.AsyncByteStream", response.stream))
            exchange.set_response(response.status_code, read_headers(response))
            try:
                yield response, exchange
            finally:
                await response.aclose()

    async def read_refusal(self, response: httpx.Response, exchange: Exchange) -> Answer:
        """What `listen` got in place of a stream, to its end. Raises Broken when it has none."""
        url = str(response.request.url)
        async with self._answering(exchange, response.request):
            body = await self._read(response, exchange)
        return Answer("GET", url, response.status_code, exchange.response_headers, body)

    async def _read(self, response: httpx.Response, exchange: Exchange) -> bytes:
        """The whole body. Raises Broken where it is longer than any promise needs."""
        status, headers = response.status_code, read_headers(response)
        exchange.set_response(status, headers)
        try:
            exchange.response_body = await bodies.read(response)
        except BodyTooLongError as error:
            exchange.response_body = error.head
            answer = Answer(exchange.method, exchange.url, status, headers, error.head)
            raise Broken(explain_too_long(answer)) from error
        finally:
            await response.aclose()
        return exchange.response_body

    @asynccontextmanager
    async def _answering(self, exchange: Exchange, request: httpx.Request) -> AsyncIterator[None]:
        """What the block waits for comes in time. Raises Broken, CannotAsk."""
        trace = request.extensions.setdefault("trace", _PhaseTrace())
        answer_s = self.target.timeouts.answer_s
        try:
            async with asyncio.timeout(answer_s):
                yield
        except CannotAsk as error:
            exchange.error = str(error)
            raise
        except (httpx.RequestError, TimeoutError, OSError) as error:
            exchange.error = f"{type(error).__name__}: {error}"
            if exchange.kind == "stream":  # others are asked while it is open
                current().subject = exchange
            is_connected = trace.phase in (Phase.REQUEST, Phase.BODY)
            waited_s = answer_s if is_connected else answer_s * CONNECT_SHARE
            url = str(request.url)
            raise failure(exchange.url, error, service(url), trace.phase, waited_s) from error

    async def close(self) -> None:
        await self._client.aclose()


def explain_too_long(answer: Answer) -> Finding:
    """Name an answer that goes on and on; pure."""
    observed = f"{answer} with {LONG_BODY}; the rest was not read"
    who = service(answer.url)
    return Finding(Code.CONTRACT_BROKEN, observed, f"{who}: it answers without an end")


def read_headers(response: httpx.Response) -> dict[str, str]:
    """By lower-case name; several Set-Cookie headers are one line each, since a cookie may hold the
    comma that joins all others (RFC 9110 5.3).
    """
    headers = dict(response.headers)
    if cookies := response.headers.get_list("set-cookie"):
        headers["set-cookie"] = "\n".join(cookies)
    return headers


def service(url: str) -> str:
    """Who answers for `url` behind the gateway (contract 1.4)."""
    parts = urlsplit(url).path.split("/")
    match parts[1:4]:
        case ["api", "svc", name]:
            return f"{name}-service"
        case ["api", "ops", *_]:
            return "ops-service"
        case ["api", "oauth2", *_] | ["oauth2", *_]:
            return "auth-service"
    return "edge"
