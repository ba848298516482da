"""Asking over HTTP: what is sent, what is kept, and the name of every way in which no answer
comes.
"""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from probes.config.environment import Target, Tls
from probes.config.timeouts import Timeouts
from probes.finding import Broken, Code
from probes.recording import journal
from probes.recording.recorder import Recorder
from probes.transport.http import USER_AGENT, Answer, Web, service
from tests.support.site import Said, Site, js, page, secured, target_at


def answer(body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("GET", "https://apex/api/x?y=1", 200, named, body)


@pytest.mark.parametrize(
    ("given", "html"),
    [
        (answer(content_type="Text/HTML; charset=utf-8"), True),
        (answer(b"\n <!DOCTYPE html><p>"), True),
        (answer(b"<HTML>", content_type="application/json"), True),
        (answer(b"{}", content_type="application/json"), False),
        (answer(b'"<html>"'), False),
    ],
)
def test_a_page_is_known_by_its_type_or_its_first_words(given: Answer, html: bool) -> None:
    """An edge that serves a page for data may say any type."""
    assert given.is_html is html


@pytest.mark.parametrize("body", [b"", b"<p>", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_none(body: bytes) -> None:
    """A body that cannot be read is the target's doing, and never an error of ours."""
    assert answer(body).json is None


def test_an_answer_tells_itself_without_its_query() -> None:
    """Queries may hold secrets, and say little."""
    assert str(answer(content_type="text/html; x")) == "GET apex/api/x answered 200 text/html"
    assert str(answer()) == "GET apex/api/x answered 200 no type"


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/api/svc/storage/storage/files", "storage-service"),
        ("/api/ops/api/users/me", "ops-service"),
        ("/api/oauth2/authorization/google", "auth-service"),
        ("/oauth2/authorization/google", "auth-service"),
        ("/assets/app.js", "edge"),
        ("", "edge"),
    ],
)
def test_the_path_says_who_answers(path: str, who: str) -> None:
    """The gateway's routes are the only map there is from outside."""
    assert service("https://wealist.co.kr" + path) == who


async def test_a_service_is_asked_as_the_suite(site: Site, web: Web, recorder: Recorder) -> None:
    """It can tell synthetic traffic, join the trace, and see who asks."""
    site.says["POST api/api/svc/user/x"] = js({"ok": True})
    got = await web.ask(
        "POST", site.origin("api") + "/api/svc/user/x", token="t0k3n", json={"a": 1}
    )
    sent = site.asked[0]
    assert (got.status, got.json, sent.body) == (200, {"ok": True}, b'{"a":1}')
    assert sent.headers["user-agent"] == USER_AGENT
    assert sent.headers["authorization"] == "Bearer t0k3n"
    assert recorder.last
    assert sent.headers["traceparent"] == recorder.last.traceparent
    assert sent.headers["x-request-id"].startswith(recorder.evidence.run + "-")
    assert sent.headers["host"] == f"api.localhost:{site.port}"


async def test_s3_and_pages_get_no_headers_of_ours(site: Site, web: Web) -> None:
    """A header that nobody signed or allowed would change what S3 answers."""
    site.says["GET apex/"] = page()
    for kind in ("s3", "page"):
        await web.ask("GET", site.origin("apex") + "/", kind=kind)
    assert not {"traceparent", "x-request-id", "authorization"} & (
        site.asked[0].headers.keys() | site.asked[1].headers
    )


async def test_a_redirect_is_an_answer(site: Site, web: Web) -> None:
    """Who follows redirects does not see that there was one."""
    site.says["GET apex/old"] = Said(301, headers={"Location": "/new"})
    got = await web.ask("GET", site.origin("apex") + "/old")
    assert (got.status, got.headers["location"], len(site.asked)) == (301, "/new", 1)


async def test_a_body_that_cannot_be_unpacked_is_a_finding(site: Site, web: Web) -> None:
    """The target sent it; it is not for the suite to be unsure."""
    site.says["GET apex/"] = Said(
        body=gzip.compress(b"x")[:-9] + b"torn-----", headers={"content-encoding": "gzip"}
    )
    with pytest.raises(Broken) as failure:
        await web.ask("GET", site.origin("apex") + "/")
    assert failure.value.finding.code is Code.CONTRACT_BROKEN


def nobody() -> Generator[int, None, None]:
    """A port that is bound, and takes no connection."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def deaf() -> Generator[int, None, None]:
    """A port whose queue is full: the kernel lets who connects wait."""
    with socket.socket() as bound, socket.socket() as first, socket.socket() as second:
        bound.bind(("127.0.0.1", 0))
        bound.listen(0)
        for caller in (first, second):
            caller.setblocking(False)
            caller.connect_ex(bound.getsockname())
        yield bound.getsockname()[1]


def silent() -> Generator[int, None, None]:
    """A port that takes connections, and says nothing."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen(5)
        yield bound.getsockname()[1]


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (nobody, (Code.HOST_UNREACHABLE, "api.localhost: connection refused", "ConnectError")),
        (
            deaf,
            (
                Code.HOST_UNREACHABLE,
                "api.localhost: connection timed out after 0.8 s",
                "ConnectTimeout",
            ),
        ),
        (
            silent,
            (
                Code.SERVICE_STALLED,
                "storage-service at api.localhost took the request and",
                "TimeoutError",
            ),
        ),
    ],
)
async def test_silence_has_names(
    recorder: Recorder,
    site: Site,
    place: Callable[[], Generator[int, None, None]],
    told: tuple[Code, str, str],
) -> None:
    """Nobody there, nobody who listens, and somebody who does not answer; the journal keeps the
    library's word.
    """
    web, at = Web(target_at(site, timeouts=Timeouts(answer_s=1))), place()
    with pytest.raises(Broken) as failure:
        await web.ask("GET", f"http://api.localhost:{next(at)}/api/svc/storage/storage")
    await web.close()
    at.close()
    code, words, kept = told
    assert failure.value.finding.code is code
    assert failure.value.finding.observed.startswith(words)
    exchange = next(
        event for event in journal.read(recorder.evidence.folder) if event["event"] == "exchange"
    )
    assert (exchange["status"], exchange["error"].partition(":")[0]) == (None, kept)


@asynccontextmanager
async def hanging_up(last_words: bytes = b"") -> AsyncIterator[str]:
    """A service that dies over a request."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(last_words)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        yield f"http://api.localhost:{server.sockets[0].getsockname()[1]}/api/svc/chat/x"


@pytest.mark.usefixtures("recorder")
async def test_who_hangs_up_is_a_finding(web: Web) -> None:
    """A service that dies over a request was there."""
    async with hanging_up() as url:
        with pytest.raises(Broken) as failure:
            await web.ask("GET", url)
    assert failure.value.finding.code is Code.SERVICE_UNAVAILABLE
    assert failure.value.finding.observed.startswith(
        "chat-service at api.localhost: connection closed before "
    )


async def test_a_refused_stream_that_breaks_off_is_a_finding(recorder: Recorder, web: Web) -> None:
    """It is the target that broke off, not the suite that could not ask."""
    async with hanging_up(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\n\r\n{") as url:
        with pytest.raises(Broken) as failure:
            async with web.stream(url) as (response, exchange):
                await web.read_refusal(response, exchange)
    assert failure.value.finding.code is Code.SERVICE_UNAVAILABLE
    assert recorder.subject is exchange


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize(
    ("named", "trusted", "words"),
    [
        (
            "apex.localhost",
            False,
            "failed for apex.localhost: unable to get local issuer certificate",
        ),
        ("other.localhost", True, "Hostname mismatch"),
    ],
)
async def test_a_certificate_that_does_not_hold_has_a_name(
    target: Target, tmp_path: Path, named: str, trusted: bool, words: str
) -> None:
    """Its authority is unknown, or it names another host; the finding tells which."""
    ca = str(tmp_path / "ca.pem") if trusted else ""
    async with secured(named, tmp_path / "ca.pem") as port:
        web = Web(replace(target, tls=Tls(ca)))
        with pytest.raises(Broken, match=words) as failure:
            await web.ask("GET", f"https://apex.localhost:{port}/")
        await web.close()
    assert failure.value.finding.code is Code.TLS_INVALID


@pytest.mark.usefixtures("recorder")
async def test_a_host_is_asked_for_by_its_name(target: Target, tmp_path: Path) -> None:
    """Though the connection goes to loopback, and by an authority that only this environment
    trusts.
    """
    async with secured("apex.localhost", tmp_path / "ca.pem") as port:
        web = Web(replace(target, tls=Tls(ca=str(tmp_path / "ca.pem"))))
        assert (await web.ask("GET", f"https://apex.localhost:{port}/")).status == 204
        await web.close()
