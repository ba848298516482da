"""A socket that does not open is named by what stood in its way; a refusal must be 401."""

import asyncio
import json
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.exceptions import InvalidUpgrade

from probes.config.environment import Hosts, Target, Tls
from probes.config.timeouts import Timeouts
from probes.finding import Broken, Code, Finding
from probes.recording.recorder import Recorder
from probes.transport import websocket
from probes.transport.http import Answer, Web
from tests.support.chat_socket import PATH, echo, talking
from tests.support.session_tokens import token
from tests.support.site import NOWHERE, Said, Site, js, page, secured

ACCEPTED = Finding(Code.SOCKET_ACCEPTS_EXPIRED, "it opened", "chat")
TOKEN = token()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (page(), Code.SOCKET_UPGRADE_HTML),
        (page(403), Code.SOCKET_UPGRADE_HTML),
        (Said(400, b"Bad Request", "text/plain"), Code.SOCKET_UPGRADE_REFUSED),
        (Said(426), Code.SOCKET_UPGRADE_REFUSED),
        (js({}), Code.SOCKET_UPGRADE_REFUSED),
        (NOWHERE, Code.ROUTE_BROKEN),
        (Said(307, headers={"location": "/elsewhere"}), Code.ROUTE_BROKEN),
        (js({}, 401), Code.ACCESS_REFUSED),
        (js({}, 403), Code.ACCESS_REFUSED),
        (Said(503, b"no healthy upstream", "text/plain"), Code.SERVICE_UNAVAILABLE),
    ],
)
async def test_a_socket_that_does_not_open_is_named(
    site: Site, web: Web, said: Said, code: Code
) -> None:
    """By the status that a browser never sees; a redirect is not followed."""
    site.says[f"GET apex{PATH}"] = said
    with pytest.raises(Broken) as failure:
        async with websocket.open_socket(web, PATH, TOKEN):
            pass
    assert failure.value.finding.code is code
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (js({"error": {}}, 401), None),
        (Said(401), None),
        (js({}, 403), Code.SOCKET_REFUSAL_UNCLEAR),
        (js({}, 500), Code.SOCKET_REFUSAL_UNCLEAR),
        (js({}), Code.SOCKET_REFUSAL_UNCLEAR),
        (page(401), Code.SOCKET_UPGRADE_HTML),
        (page(), Code.SOCKET_UPGRADE_HTML),
        (Said(503, b"no healthy upstream", "text/plain"), Code.SERVICE_UNAVAILABLE),
    ],
)
async def test_a_refusal_must_be_the_promised_one(
    site: Site, web: Web, said: Said, code: Code | None
) -> None:
    """401 and nothing else, with or without a body; what is no refusal keeps its own name."""
    site.says[f"GET apex{PATH}"] = said
    if code is None:
        await websocket.expect_refusal(web, PATH, TOKEN, ACCEPTED)
        return
    with pytest.raises(Broken) as failure:
        await websocket.expect_refusal(web, PATH, TOKEN, ACCEPTED)
    assert failure.value.finding.code is code


async def test_a_socket_that_opens_for_the_wrong_one_is_the_finding(
    target: Target, recorder: Recorder
) -> None:
    """The one that the caller gave: what it means depends on the token."""
    async with talking(target, echo) as web:
        with pytest.raises(Broken) as failure:
            await websocket.expect_refusal(web, PATH, TOKEN, ACCEPTED)
        assert failure.value.finding is ACCEPTED
        await web.ask("GET", web.target.hosts.api)
    assert recorder.last
    assert recorder.last.kind == "socket"


async def test_an_upgrade_without_an_answer_is_stalled(target: Target, recorder: Recorder) -> None:
    """Not refused, not accepted: nobody says anything."""
    gone = asyncio.Event()

    async def wait(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    async with await asyncio.start_server(wait, "127.0.0.1", 0) as server:
        origin = f"http://apex.localhost:{server.sockets[0].getsockname()[1]}"
        web = Web(replace(target, hosts=Hosts(origin, origin), timeouts=Timeouts(answer_s=0.2)))
        with pytest.raises(Broken, match="socket-upgrade-stalled"):
            await websocket.expect_refusal(web, PATH, TOKEN, ACCEPTED)
        gone.set()
        await web.close()


async def test_a_host_that_is_down_or_shows_a_wrong_certificate_is_named(
    target: Target, recorder: Recorder, tmp_path: Path
) -> None:
    """As it is for any other request."""
    async with secured("other.localhost", tmp_path / "ca.pem") as port:
        for origin, code in (
            (f"https://apex.localhost:{port}", "tls-invalid"),
            ("http://apex.localhost:1", "host-unreachable"),
        ):
            web = Web(
                replace(target, hosts=Hosts(origin, origin), tls=Tls(str(tmp_path / "ca.pem")))
            )
            with pytest.raises(Broken, match=code):
                await websocket.expect_refusal(web, PATH, TOKEN, ACCEPTED)
            await web.close()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError(), Code.SOCKET_UPGRADE_STALLED),
        (ssl.SSLCertVerificationError("no"), Code.TLS_INVALID),
        (ConnectionRefusedError("no"), Code.HOST_UNREACHABLE),
        (ConnectionResetError("reset"), Code.SERVICE_UNAVAILABLE),
        (InvalidUpgrade("Upgrade"), Code.SERVICE_UNAVAILABLE),
        (EOFError(), Code.SERVICE_UNAVAILABLE),
    ],
)
def test_an_upgrade_that_gets_no_answer_is_explained(error: Exception, code: Code) -> None:
    """Time-outs, certificates and refused connections have names of their own."""
    assert websocket.explain_error(f"https://apex{PATH}", error).code is code


def test_a_finding_names_the_status() -> None:
    """It is the proof: a browser sees 1006 whatever it was."""
    finding = websocket.explain(
        Answer("GET", f"https://apex{PATH}?token=x", 400, {}, b"Bad Request")
    )
    assert finding.observed == f"GET apex{PATH} answered 400 no type where a socket was to open"
    assert json.dumps(finding.observed).isascii()


async def test_a_refusal_that_was_promised_is_not_what_a_later_failure_is_about(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """The ladder climbs for what broke."""
    site.says[f"GET apex{PATH}"] = js({"error": {}}, 401)
    await web.ask("GET", web.target.hosts.apex + "/x")
    await websocket.expect_refusal(web, PATH, TOKEN, ACCEPTED)
    assert recorder.last
    assert recorder.last.url.endswith("/x")
