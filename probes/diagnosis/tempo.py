"""Read back the trace of a request that failed, and say whose span failed first.

The collector keeps traces with errors and one in ten of the others (contract 9.5): a trace that is
not there proves nothing, and neither does one that comes late, is none, or is too long.
"""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import httpx

from probes.config.environment import Target
from probes.config.tracing import TracingConfig
from probes.diagnosis.failed_span import FailedSpan, first_failure
from probes.finding import CannotAsk, Certainty, Code, Finding, Rung, with_fact
from probes.polling import poll_until
from probes.recording.recorder import Exchange, Recorder
from probes.transport.connections import LoopbackNames

INTERVAL_S = 0.5
ANSWER_LIMIT_BYTES = 4 * 2**20  # bytes
TRACES_AT_MOST = 6  # in one run: each may take the whole of its time
SERVICE = re.compile(r"\b[a-z]+-service\b")
FAILED = 500  # a status from which on a service has failed


class Tempo:
    """The API of one environment's Tempo. Opened by the first who asks; `close` ends it."""

    def __init__(self, target: Target) -> None:
        self._target, self._left = target, TRACES_AT_MOST
        self._http: httpx.AsyncClient | None = None

    @property
    def config(self) -> TracingConfig | None:
        return self._target.tracing

    async def failed_span(self, traceparent: str) -> FailedSpan | None:
        """The span that failed first below the request sent with `traceparent` (W3C); None where
        none is known in time. Raises CannotAsk where Tempo cannot be asked, or this run has asked
        TRACES_AT_MOST times.
        """
        config = self.config
        if config is None or not self._left:
            raise CannotAsk("this run reads back no more traces")
        self._left -= 1
        _, trace, sent, _ = traceparent.split("-")

        async def ask() -> FailedSpan | None:
            return first_failure(await self._trace(config, trace), sent)

        try:
            async with asyncio.timeout(config.ask_timeout_s):
                return await poll_until(ask, config.ask_timeout_s, INTERVAL_S)
        except TimeoutError:
            return None
        except httpx.HTTPError as error:
            raise CannotAsk(f"Tempo cannot be reached ({type(error).__name__})") from error

    async def _trace(self, config: TracingConfig, trace: str) -> Any:
        """None where Tempo has none. Raises CannotAsk for what is no trace, httpx.HTTPError."""
        async with self._client().stream("GET", url_of(config, trace)) as response:
            if response.status_code == httpx.codes.NOT_FOUND:
                return None
            if response.status_code != httpx.codes.OK:
                raise CannotAsk(f"Tempo answers {response.status_code}")
            return _parse(await _body(response))

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(
                transport=LoopbackNames(self._target.trust, self._target.proxy),
                headers={"accept": "application/json", "accept-encoding": "identity"},
                trust_env=False,
                timeout=None,  # noqa: S113 - each ask has a deadline of its own
            )
        return self._http

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()


async def _body(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > ANSWER_LIMIT_BYTES:
            raise CannotAsk(f"Tempo's answer is longer than {ANSWER_LIMIT_BYTES} bytes")
    return body


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CannotAsk("Tempo's answer is no JSON") from error


def url_of(config: TracingConfig, trace: str) -> str:
    return f"{config.tempo.rstrip('/')}/api/traces/{trace}"


async def diagnose_with_trace(
    tempo: Tempo, finding: Finding, exchange: Exchange | None, recorder: Recorder
) -> Finding:
    """The finding, with the span that failed first in the request that it is about."""
    traceparent = _sent_trace(exchange)
    config = tempo.config
    if config is None or not traceparent or finding.code is Code.UNKNOWN:
        return finding
    try:
        failed = await tempo.failed_span(traceparent)
    except CannotAsk as error:
        recorder.note(f"the trace proves nothing: {error}")
        return finding
    if failed is None:
        recorder.note("the trace proves nothing: Tempo has no span in error of this request")
        return finding
    trace = traceparent.split("-")[1]
    return with_span(finding, failed, f"curl -sS {url_of(config, trace)}")


def _sent_trace(exchange: Exchange | None) -> str:
    """The traceparent that a failed request carried; "" where it has not failed, or bore none."""
    if exchange is None or (exchange.status or FAILED) < FAILED:
        return ""
    names = {name.lower() for name in exchange.request_headers}
    return exchange.traceparent if "traceparent" in names else ""


def with_span(finding: Finding, failed: FailedSpan, command: str) -> Finding:
    """The span is a rung. It proves a cause that names its service, and takes the place of one that
    names another; where a rung of the ladder broke, that one says more; pure.

    The cause keeps its words where it can: findings of one cause stay one.
    """
    rungs = (*finding.rungs, Rung("trace", held=False, detail=f"{failed} ({command})"))
    found = replace(finding, rungs=rungs)
    if found.certainty is Certainty.PROVEN or any(not rung.held for rung in finding.rungs):
        return found
    if failed.service in found.cause:
        return replace(found, certainty=Certainty.PROVEN)
    if SERVICE.search(found.cause):
        return with_fact(replace(found, cause=failed.service), str(failed))
    return found
