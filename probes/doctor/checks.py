"""What a run needs, looked at one by one: each check says what it saw, or raises CannotAsk with
what to do.

Nothing is asked of the target but the time of day and who its test users are: whether it keeps its
promises is for the run to tell.
"""

import asyncio
import functools
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from opentelemetry.sdk.environment_variables import (
    OTEL_EXPORTER_OTLP_HEADERS,
    OTEL_EXPORTER_OTLP_TRACES_HEADERS,
)
from opentelemetry.util.re import parse_env_headers

from probes import proxy_variables
from probes.auth.secret_variables import expect_usable, read_token
from probes.auth.signing_key import load_signer
from probes.browser import chromium
from probes.config import authorities
from probes.config.environment import Target, UserConfig, address
from probes.doctor.livekit import livekit
from probes.doctor.users import users
from probes.finding import CannotAsk
from probes.recording import spans
from probes.runner.preflight import connect
from probes.runner.proxy_check import find_problems
from probes.state import last_run
from probes.state.store import open_state
from reports.publish import publishers

DEADLINE_S = 5.0  # seconds, for each
BROWSER_TIMEOUT_S = 30.0
PROTOBUF = "application/x-protobuf"
SKEW_S = 30.0  # seconds; tokens that live for one are judged by the clock


@dataclass(frozen=True, slots=True)
class Check:
    """`is_needed`: without it the run can ask nothing. `look` answers what it saw, or raises
    CannotAsk.
    """

    name: str
    look: Callable[[], str]
    is_needed: bool = False


def checks(target: Target | None, environ: Mapping[str, str]) -> Iterator[Check]:
    """All that apply. A target that is started for the run needs none of what an outside one
    does.
    """
    yield Check("browser", functools.partial(browser, environ), is_needed=True)
    if target:
        yield Check("secrets", functools.partial(secrets, target, environ), is_needed=True)
        yield Check("state store", functools.partial(state_store, target, environ), is_needed=True)
        if target.proxy.url:
            yield Check("proxy", functools.partial(proxy, target), is_needed=True)
        yield Check("dns", functools.partial(dns, target))
        yield Check("clock", functools.partial(clock, target))
        yield Check("users", functools.partial(users, target, environ))
        if target.livekit:
            yield Check("livekit", functools.partial(livekit, target.livekit, environ))
    yield Check("collector", functools.partial(collector, environ))
    yield Check("pushgateway", functools.partial(pushgateway, environ))
    yield Check("notices", functools.partial(notices, environ))


def browser(environ: Mapping[str, str]) -> str:
    """It shows a page: a browser that knows its version may still lack a driver, or memory."""
    found = chromium.find(environ)
    try:
        version = asyncio.run(_show_a_page(found))
    except CannotAsk:
        raise
    except Exception as error:
        raise CannotAsk(f"{found} shows no page ({_words(error)}); {chromium.ADVICE}") from error
    return f"Chromium {version} shows a page"


async def _show_a_page(executable: Path) -> str:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - 200 ms that only this is worth

    async with asyncio.timeout(BROWSER_TIMEOUT_S), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable)
        try:
            page = await browser.new_page()
            await page.set_content("<p>shown")
            if await page.text_content("p") != "shown":
                raise CannotAsk(f"{executable} shows a page without its text; {chromium.ADVICE}")
            return browser.version
        finally:
            await browser.close()


def _words(error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}".removesuffix(": ")


def secrets(target: Target, environ: Mapping[str, str]) -> str:
    """Each test user can be signed in, as far as one can know without doing it."""
    if unnamed := [name for name, config in target.users.items() if not config.id]:
        raise CannotAsk(
            f"the user id of {', '.join(unnamed)} is empty; fill it in under [users.{unnamed[0]}]"
        )
    way = target.identity.way
    if target.identity.signing_key:
        load_signer(target.identity, environ)
    if way in ("static", "refresh-token"):
        for name, config in target.users.items():
            _expect_secret(target, name, config, environ)
    return f"{way}: {', '.join(target.users) or 'nobody is users'}"


def _expect_secret(
    target: Target, name: str, config: UserConfig, environ: Mapping[str, str]
) -> None:
    """As a run reads them. Raises CannotAsk."""
    is_static = target.identity.way == "static"
    variable = config.token if is_static else config.refresh_token
    if token := read_token(environ, variable):
        if is_static:
            expect_usable(token, variable, config.id, target.timeouts.scenario_s)
        elif not _has_kept_token(target, name):
            expect_usable(token, variable, config.id)
    elif is_static:
        raise CannotAsk(
            f"the access token of {name} is not set; put a new one into {variable or 'a variable'}"
        )
    elif not _has_kept_token(target, name):
        variable = (
            config.refresh_token or f"the variable that refresh_token in [users.{name}] should name"
        )
        raise CannotAsk(
            f"no refresh token is kept for {name}, and none is to be seeded; put one into "
            f"{variable}"
        )


def _has_kept_token(target: Target, name: str) -> bool:
    state = open_state(target.identity.state, DEADLINE_S)
    return bool(state and asyncio.run(state.read(name)).get("refresh"))


def state_store(target: Target, environ: Mapping[str, str]) -> str:
    """It can be read and written: what is there is put back as it is."""
    if not (where := target.identity.state):
        if environ.get(publishers.NOTICES):
            raise CannotAsk(
                f"{publishers.NOTICES} needs a store to know what was told; name one in "
                "state of [identity]"
            )
        return "none is named, so no run knows how the last one ended"
    last = asyncio.run(last_run.change(where, lambda last: last))
    when = (
        f"the last run was at {datetime.fromtimestamp(last.ran, UTC):%Y-%m-%d %H:%M} UTC"
        if last.ran
        else "no run yet"
    )
    return f"{where.partition(':')[0]}: {when}, {len(last.failures)} promises did not hold"


def _origins(target: Target) -> list[str]:
    return sorted(
        {origin for origin in (target.hosts.apex, target.hosts.api, target.hosts.cdn) if origin}
    )


def proxy(target: Target) -> str:
    """It opens tunnels to some host of the target: which of them answers is for the run to tell."""
    problems = asyncio.run(find_problems(target, tuple(_origins(target))))
    wrong = [problem for problem in problems if problem]
    if problems and len(wrong) == len(problems):
        raise CannotAsk(wrong[0])
    return "; ".join((f"leads to {len(problems) - len(wrong)} of {len(problems)} hosts", *wrong))


def dns(target: Target) -> str:
    for origin in _origins(target):
        host = urlsplit(origin).hostname or ""
        if target.proxy.leads_to(host):
            continue
        try:
            socket.getaddrinfo(address(host), None)
        except OSError as error:
            raise CannotAsk(
                f"{host}: {error.strerror}; look at the pod's resolver, the run will tell more"
            ) from error
    if target.proxy.url:
        return "hosts that are asked directly have addresses"
    return f"{len(_origins(target))} hosts have addresses"


def clock(target: Target) -> str:
    """By the Date of the api host's answer, whatever else it answers."""
    parts = urlsplit(target.hosts.api)
    try:
        ended = _date(target, parts)
    except (OSError, ValueError, HTTPException) as error:
        raise CannotAsk(
            f"{parts.hostname} does not say what time it is ({type(error).__name__})"
        ) from error
    off = time.time() - ended
    if abs(off) > SKEW_S:
        raise CannotAsk(
            f"this machine's clock is {off:+.0f} s off that of {parts.hostname}; look at "
            "its time service"
        )
    return f"as that of {parts.hostname}, to {SKEW_S:.0f} s"


def _date(target: Target, parts: SplitResult) -> float:
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    with connect(target.proxy, host, port) as plain:
        connection = HTTPConnection(host, port, timeout=DEADLINE_S)
        connection.sock = target.trust.wrap_socket(plain, server_hostname=host) if secure else plain
        try:
            connection.request("HEAD", "/")
            return parsedate_to_datetime(connection.getresponse().headers["Date"] or "").timestamp()
        finally:
            connection.close()


def collector(environ: Mapping[str, str]) -> str:
    """It takes an export of no spans, which is a valid one (OTLP specification, OTLP/HTTP
    request).
    """
    if not (to := spans.endpoint(environ)):
        return "no export was asked for"
    variables = (OTEL_EXPORTER_OTLP_TRACES_HEADERS, OTEL_EXPORTER_OTLP_HEADERS)
    variable = next(filter(environ.get, variables), "")
    given = environ.get(variable, "")
    headers = parse_env_headers(given, liberal=True)
    if given.strip() and not headers:
        raise CannotAsk(f"{variable} must be name=value, as in authorization=Bearer%20KEY")
    way = proxy_variables.url_for(environ, to)
    return _answers("the collector", "POST", to, way, {**headers, "Content-Type": PROTOBUF})


def pushgateway(environ: Mapping[str, str]) -> str:
    if not (url := environ.get(publishers.PUSHGATEWAY)):
        return "no push was asked for"
    origin = url if "://" in url else f"http://{url}"  # as prometheus-client reads it
    way = proxy_variables.url_for(environ, origin)
    return _answers("the Pushgateway", "GET", f"{origin.rstrip('/')}/-/ready", way)


def _answers(
    who: str, method: str, url: str, way: str, headers: Mapping[str, str] | None = None
) -> str:
    import httpx  # noqa: PLC0415 - 70 ms that only a question is worth

    try:
        answer = httpx.request(
            method,
            url,
            headers=dict(headers or {}),
            proxy=way or None,
            timeout=DEADLINE_S,
            trust_env=False,
            verify=authorities.trust(os.environ),
        )
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise CannotAsk(
            f"{who} does not answer ({type(error).__name__}); correct its address"
        ) from error
    if not answer.is_success or "html" in answer.headers.get("content-type", ""):
        raise CannotAsk(
            f"{who} answers {answer.status_code}; correct its address, or let the pod in"
        )
    return "answers"


def notices(environ: Mapping[str, str]) -> str:
    """Nothing is sent: a test message at every start would be noise."""
    if not (urls := environ.get(publishers.NOTICES)):
        return "nobody is to be told"
    from reports.publish import notice_send  # noqa: PLC0415 - 200 ms that only a notice is worth

    if wrong := notice_send.strange(urls):
        raise CannotAsk(f"{wrong}; correct them")
    return "the addresses are understood"
