"""Run once for each failure, from the name up to the rule: which rung is the first that fails?

The ladder may refine the cause; it never changes the verdict. It repeats reads only, one rung at
a time, and stops at the first broken one, so that a drowning target is not pushed under.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from urllib.parse import urlsplit

from probes.config.environment import Target
from probes.diagnosis import network_rungs, rivals
from probes.diagnosis.network_rungs import RUNG_TIMEOUT_S
from probes.diagnosis.rivals import Evidence, choose
from probes.diagnosis.service_health import (
    SERVICE_PREFIX,
    doubled_slash,
    liveness_path,
    service_name,
    service_step,
)
from probes.diagnosis.step import Step
from probes.finding import Broken, Code, Finding, Rung
from probes.recording.recorder import AUTHORIZATION, HELD_OPEN, Exchange, Recorder
from probes.transport.connection_errors import HELD_BACK
from probes.transport.http import Answer, Web

LADDER_TIMEOUT_S = 10.0  # for all of them
NETWORK = ("dns", "tcp", "tls")
ONCE = "/api/oauth2/"  # a leg of sign-in is no read: its code and its state are good once
REPEATED = ("x-workspace-id",)  # headers that an answer depends on, beside the token


async def diagnose(web: Web, finding: Finding, recorder: Recorder) -> Finding:
    """`finding` with its rungs, and with a better cause where a rung broke."""
    exchange = recorder.last
    # A verb that has compared for itself has rungs of its own: the service has answered, there is
    # nothing to ask on the way.
    if exchange is None or finding.rungs or not _is_ours(web.target, exchange.url):
        return finding
    # Who was throttled or blocked must not ask more.
    if finding.code is Code.UNKNOWN:
        return finding
    rungs: list[Rung] = []
    cause, code = "", Code(finding.code)
    with contextlib.suppress(TimeoutError):  # the rungs that were reached are told all the same
        async with (
            asyncio.timeout(LADDER_TIMEOUT_S),
            aclosing(_steps(web, finding, exchange)) as steps,
        ):
            async for asked in steps:
                step = _weigh(asked, exchange)
                rungs.append(step.rung)
                if not step.rung.held:
                    cause, code = step.cause, step.code or code
                    break
    cause = cause or _of_a_silent_stream(finding, exchange, rungs) or finding.cause
    return replace(finding, rungs=tuple(rungs), cause=cause, code=code)


def _of_a_silent_stream(finding: Finding, exchange: Exchange, rungs: Sequence[Rung]) -> str:
    """The cause where a stream does not begin, and its service lives; "" elsewhere; pure."""
    is_silent = exchange.kind == "stream" and finding.code is Code.SERVICE_STALLED
    is_alive = any(rung.name == "service" for rung in rungs) and all(rung.held for rung in rungs)
    return f"{HELD_BACK}, or {finding.cause}" if is_silent and is_alive else ""


def _weigh(step: Step, exchange: Exchange) -> Step:
    """A rung that found no way proves nothing where an answer had come by that way."""
    if step.rung.held or exchange.status is None or step.rung.name not in NETWORK:
        return step
    detail = f"{step.rung.detail}; an answer had come before, so this is not the cause"
    return Step(replace(step.rung, held=True, detail=detail))


def _is_ours(target: Target, url: str) -> bool:
    return any(
        origin and url.startswith(origin + "/") for origin in (target.hosts.apex, target.hosts.api)
    )


async def _steps(web: Web, finding: Finding, exchange: Exchange) -> AsyncGenerator[Step, None]:
    host, port = _place(exchange.url)
    yield await network_rungs.dns(web.target, host, port)
    yield await network_rungs.tcp(web.target, host, port)
    if exchange.url.startswith("https:"):
        yield await network_rungs.tls(web.target, host, port)
    path = exchange.url.removeprefix(web.target.hosts.apex).removeprefix(web.target.hosts.api)
    name = service_name(path)

    async def ask(on_api_host: str) -> Answer | str:
        return await _again(web, web.target.hosts.api + on_api_host, exchange)

    if name and path.startswith(ONCE):
        yield await service_step(ask, name, exchange.status, finding)
    if not path.startswith("/api/") or path.startswith(ONCE):
        return
    # A write is not repeated, a socket or a stream would not end: its service's liveness is read in
    # its place.
    read = path if _is_read(exchange) else _liveness(path)
    behind = await _again(web, web.target.hosts.api + read, exchange)
    if exchange.url.startswith(web.target.hosts.apex):
        yield await _edge(web, finding, exchange, path, behind)
    gateway = _gateway(exchange, finding, behind)
    doubled = await doubled_slash(ask, name, behind) if gateway.rung.held and name else None
    yield doubled or gateway
    if name:
        yield await service_step(ask, name, exchange.status, finding)
    if path.startswith(SERVICE_PREFIX):
        yield await _rule(web, path, exchange, behind)


def _is_read(exchange: Exchange) -> bool:
    return exchange.method in ("GET", "HEAD") and exchange.kind not in HELD_OPEN


def _liveness(path: str) -> str:
    return liveness_path(service_name(path) or "ops")


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


async def _again(web: Web, url: str, exchange: Exchange, left_out: str = "") -> Answer | str:
    """The same read elsewhere, by the same person, with one part left out; the sentence about it
    where no answer comes.
    """
    headers_sent = {name.lower(): value for name, value in exchange.request_headers.items()}
    token = headers_sent.get(AUTHORIZATION, "").removeprefix("Bearer ")
    headers = {name: headers_sent[name] for name in REPEATED if name in headers_sent}
    if left_out == rivals.QUERY:
        url = url.partition("?")[0]
    if left_out == rivals.WORKSPACE:
        headers = {}
    if left_out == rivals.AUTHORIZATION:
        token = ""
    try:
        async with asyncio.timeout(RUNG_TIMEOUT_S):
            return await web.ask("GET", url, token=token, headers=headers)
    except Broken as failure:
        return failure.finding.observed
    except TimeoutError:
        return f"{urlsplit(url).hostname} did not answer within {RUNG_TIMEOUT_S:g} s"


async def _edge(
    web: Web, finding: Finding, exchange: Exchange, path: str, behind: Answer | str
) -> Step:
    """The edge is to blame where the api host does better than the apex, or the apex keeps what it
    says for itself.
    """
    evidence = await _edge_evidence(web, finding, exchange, path, behind)
    kind = exchange.response_headers.get("content-type", "")
    detail = f"the apex answered {exchange.status} {kind}".strip()
    if isinstance(behind, str):
        detail += f"; the api host: {behind}"
    else:
        asked = urlsplit(behind.url).path
        detail += f", the api host {behind.status} {behind.media_type or 'no type'} for {asked}"
    choice = choose(rivals.EDGE, evidence)
    rung = Rung("edge", held=choice is None, detail=detail)
    return Step(rung, choice.cause, code=choice.code) if choice else Step(rung)


async def _edge_evidence(
    web: Web, finding: Finding, exchange: Exchange, path: str, behind: Answer | str
) -> Evidence:
    """What tells the edge's rivals apart; no more is asked than that."""
    body, headers = exchange.response_body, exchange.response_headers
    first = Answer(exchange.method, exchange.url, exchange.status or 0, headers, body)
    evidence = Evidence(finding, first, behind, is_read=_is_read(exchange))
    if isinstance(behind, str):
        return evidence
    if not evidence.is_passed_on and behind.json is not None:
        alive = await _again(web, web.target.hosts.apex + _liveness(path), exchange)
        again: Answer | str = ""
        if "json" in first.media_type and evidence.is_read:
            again = await _again(web, exchange.url, exchange)
        return replace(evidence, alive=alive, again=again)
    if first.status < 400 or behind.status == first.status or not evidence.is_read:
        return evidence
    evidence = replace(
        evidence,
        behind=await _again(web, behind.url, exchange),
        again=await _again(web, exchange.url, exchange),
    )
    if not rivals.is_otherwise_behind(evidence):
        return evidence
    sent = {name.lower() for name in exchange.request_headers}
    given = {
        rivals.AUTHORIZATION: AUTHORIZATION in sent,
        rivals.WORKSPACE: REPEATED[0] in sent,
        rivals.QUERY: "?" in exchange.url,
    }
    asked = [part for part in rivals.PARTS if given[part]]
    without = {part: await _again(web, behind.url, exchange, part) for part in asked}
    return replace(evidence, without=without)


def _gateway(exchange: Exchange, finding: Finding, behind: Answer | str) -> Step:
    detail = str(behind)
    if isinstance(behind, str):
        return Step(Rung("gateway", held=True, detail=detail))
    headers, body = exchange.response_headers, exchange.response_body
    first = Answer(exchange.method, exchange.url, exchange.status or 0, headers, body)
    choice = choose(rivals.GATEWAY, Evidence(finding, first, behind, is_read=_is_read(exchange)))
    if choice is None:
        return Step(Rung("gateway", held=True, detail=detail))
    detail += f": {behind.words}" if behind.words else ""
    if location := behind.headers.get("location"):
        detail += f" to {location}"
    return Step(Rung("gateway", held=False, detail=detail), choice.cause, code=choice.code)


async def _rule(web: Web, path: str, exchange: Exchange, behind: Answer | str) -> Step:
    """Would the path answer with /api in front of it, or without? (V6 §2, contract 4.1)."""
    write = not _is_read(exchange)
    if isinstance(behind, str) or (behind.json is not None and not write):
        return Step(Rung("rule", held=True, detail="the path is right, the service answers it"))
    name = path.split("/")[3]
    sent, served, other = _other_base(path)
    if write:
        # Go services say that they are alive under their base path as well (contract 8).
        other = f"{SERVICE_PREFIX}{name}/api/health/live"
    answer = await _again(web, web.target.hosts.api + other, exchange)
    if isinstance(answer, str) or answer.json is None or (write and sent.startswith("/api/")):
        return Step(Rung("rule", held=True, detail=f"{served} does not answer either"))
    saw = f"{urlsplit(other).path} answers {answer.status} {answer.media_type}"
    who = "the page asks for" if exchange.kind == "page" else "the gateway sends"
    return Step(
        Rung("rule", held=False, detail=saw),
        f"{name} base path: the service serves {served}, {who} {sent}",
    )


def _other_base(path: str) -> tuple[str, str, str]:
    """What the service gets, what it may serve instead, and the outside path that would lead
    there.
    """
    name, _, rest = path.removeprefix(SERVICE_PREFIX).partition("/")
    bare = f"/{urlsplit('/' + rest).path.strip('/')}"
    short = "/".join(bare.split("/")[:3])
    if rest.startswith("api/"):
        bare_rest = rest.removeprefix("api/")
        return short, short.removeprefix("/api"), f"{SERVICE_PREFIX}{name}/{bare_rest}"
    short = "/".join(bare.split("/")[:2])
    return short, f"/api{short}", f"{SERVICE_PREFIX}{name}/api/{rest}"
