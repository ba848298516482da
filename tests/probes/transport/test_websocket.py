"""An open socket talks and listens; each way it ends has its name, and no token stays on record."""

import asyncio
import re
from dataclasses import replace
from typing import TypedDict

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.utils import accept_key

from probes.config.environment import Hosts, Target
from probes.finding import Broken, Code, Finding
from probes.recording import journal
from probes.recording.recorder import Recorder
from probes.recording.reproduce import curl
from probes.transport import websocket
from probes.transport.http import Web
from probes.transport.open_websocket import ClosedAtOnce
from probes.transport.typed_answers import Identity
from tests.support.chat_socket import PATH, echo, talking
from tests.support.session_tokens import token
from tests.support.site import Site


class Numbered(TypedDict):
    id: Identity


TOKEN = token()


async def test_what_is_said_is_heard_and_kept_as_evidence(
    target: Target, recorder: Recorder
) -> None:
    """As one exchange of kind socket, with what was said as its request and what was heard as its
    answer.
    """
    async with talking(target, echo) as web, websocket.open_socket(web, PATH, TOKEN) as socket:
        await socket.send({"type": "한글"})
        await socket.send({"type": "b"})
        assert await socket.receive(lambda event: event["type"] == "b", 20) == {"type": "b"}
    event = list(journal.read(recorder.evidence.folder))[-1]
    assert (event["kind"], event["method"], event["status"]) == ("socket", "GET", 101)
    assert (
        event["request"]["body"] == event["response"]["body"] == '{"type": "한글"}\n{"type": "b"}\n'
    )


async def test_the_upgrade_is_a_browsers_with_the_suites_name(
    target: Target, recorder: Recorder
) -> None:
    """The token in the query, the app's origin, and what joins the service's trace."""
    seen: list[ServerConnection] = []

    async def look(connection: ServerConnection) -> None:
        seen.append(connection)
        await connection.wait_closed()

    async with talking(target, look) as web, websocket.open_socket(web, PATH, "a/b+c"):
        pass
    assert seen[0].request
    said = seen[0].request.headers
    assert seen[0].request.path == f"{PATH}?token=a%2Fb%2Bc"
    assert said["origin"] == f"http://{said['host']}"
    assert recorder.last
    assert said["traceparent"] == recorder.last.traceparent
    assert "synthetic" in said["user-agent"]


async def test_no_token_stays_in_the_evidence(target: Target, recorder: Recorder) -> None:
    """Not in the URL, not in what repeats it; the shell line has a place for one."""
    async with talking(target, echo) as web, websocket.open_socket(web, PATH, TOKEN):
        pass
    assert TOKEN not in (recorder.evidence.folder / journal.NAME).read_text()
    assert recorder.last
    line = curl(recorder.last, recorder.evidence.redactor)
    assert TOKEN not in line
    assert line.endswith(f'{PATH}"?token=$TOKEN"')
    assert "-H 'upgrade: websocket'" in line


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("[1]", "a message that is none: the answer: expected an object, got a list of 1"),
        ('{"type": null}', "a message that is none: type: expected a string, got null"),
        ('{"type": "a", "n": NaN}', "what is no JSON: NaN is no JSON"),
        ("nonsense", "what is no JSON: Expecting value at character 0"),
        (b"{}", "a binary frame of 2 bytes, which no page reads"),
        ('{"type": "b", "id": 7}', "a malformed b: id: expected an id, got 7"),
    ],
)
async def test_what_is_no_event_breaks_the_contract(
    target: Target, recorder: Recorder, line: str | bytes, told: str
) -> None:
    """A message that no page could read names its field and what stood there, wanted or not."""

    async def mumble(connection: ServerConnection) -> None:
        await connection.send(line)
        await connection.wait_closed()

    async with talking(target, mumble) as web, websocket.open_socket(web, PATH, "") as socket:
        with pytest.raises(
            Broken, match=re.escape(f"contract-broken: chat-service sent over its socket {told}")
        ):
            await socket.receive(lambda _: False, 20, {"b": Numbered})
        assert recorder.subject


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (b"\x81\x02\xff\xfe", "is not UTF-8"),
        (b"\xa1\x02{}", "breaks the protocol"),
        (b"\x81\x7f\x00\x00\x00\x00\x7f\x00\x00\x00", "is too big"),
    ],
)
async def test_a_frame_that_we_refuse_is_no_restart(
    target: Target, recorder: Recorder, frame: bytes, told: str
) -> None:
    """Who closes a socket for a frame that no page takes blames the frame, not its own close."""

    async def garble(connection: ServerConnection) -> None:
        await connection.recv()
        connection.transport.write(frame)
        await connection.wait_closed()

    async with talking(target, garble) as web, websocket.open_socket(web, PATH, "") as socket:
        await socket.send({})
        with pytest.raises(Broken, match=f"contract-broken: .*no page takes: it {told}"):
            await socket.receive(lambda _: True, 20)


async def test_silence_is_none(target: Target, recorder: Recorder) -> None:
    """Events that nobody wants are heard, kept, and passed over."""

    async def mumble(connection: ServerConnection) -> None:
        for line in ('{"type": "b"}', '{"type": "a"}'):
            await connection.send(line)
        await connection.wait_closed()

    async with talking(target, mumble) as web, websocket.open_socket(web, PATH, "") as socket:
        assert await socket.receive(lambda event: event.get("type") == "a", 20) == {"type": "a"}
        assert await socket.receive(lambda _: True, 0.01) is None
        assert recorder.subject
        assert recorder.subject.kind == "socket"


async def test_a_dropped_socket_is_named(target: Target, recorder: Recorder) -> None:
    """With the close code that the service gave, whether we spoke or listened."""

    async def drop(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(1012, "restart")

    async with talking(target, drop) as web, websocket.open_socket(web, PATH, "") as socket:
        await socket.send({})
        named = (
            r"socket-dropped: chat-service dropped an open socket after \d+\.\d s: received 1012"
        )
        with pytest.raises(Broken, match=named):
            await socket.receive(lambda _: True, 20)
        with pytest.raises(Broken, match="socket-dropped"):
            await socket.send({})


async def test_a_socket_that_closes_at_once_was_never_open(
    target: Target, recorder: Recorder
) -> None:
    """For who may it is dropped; for who must be refused it is a refusal in the wrong place."""

    async def refuse(connection: ServerConnection) -> None:
        await connection.close(4401, "token")

    async with talking(target, refuse) as web:
        with pytest.raises(ClosedAtOnce, match=r"socket-dropped: .* received 4401"):
            async with websocket.open_socket(web, PATH, ""):
                pass
        leak = Finding(Code.STRANGER_ADMITTED, "", "")
        with pytest.raises(Broken, match=r"socket-refusal-unclear: .*101.* received 4401"):
            await websocket.expect_refusal(web, PATH, "", leak)


async def test_a_socket_that_does_not_answer_pings_is_half_open(
    target: Target, recorder: Recorder
) -> None:
    """It took the upgrade, and nobody is at the other end."""
    over = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = request.lower().split("sec-websocket-key: ")[1]
        start = request.lower().index(key)
        accept = accept_key(request[start:].split("\r\n")[0])
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            + f"sec-websocket-accept: {accept}\r\n\r\n".encode()
        )
        await over.wait()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        origin = f"http://apex.localhost:{server.sockets[0].getsockname()[1]}"
        timeouts = replace(target.timeouts, answer_s=0.2)
        web = Web(replace(target, hosts=Hosts(origin, origin), timeouts=timeouts))
        with pytest.raises(Broken, match=r"socket-half-open: no pong within 0\.2 s"):
            async with websocket.open_socket(web, PATH, ""):
                pass
        over.set()
        await web.close()


async def test_a_binary_frame_is_nothing_that_a_page_can_parse(
    target: Target, recorder: Recorder
) -> None:
    """Whatever it holds; also when nobody has waited for it."""

    async def speak(connection: ServerConnection) -> None:
        await connection.send(b'{"type": "a"}')
        await connection.wait_closed()

    async with talking(target, speak) as web:
        with pytest.raises(Broken, match=r"contract-broken: .* a binary frame of 13 bytes"):
            async with websocket.open_socket(web, PATH, ""):
                pass


async def test_what_was_asked_while_a_socket_was_open_is_what_a_failure_is_about(
    site: Site, target: Target, recorder: Recorder, web: Web
) -> None:
    """The socket closes last, and had no part in it."""
    async with talking(target, echo) as open_web, websocket.open_socket(open_web, PATH, TOKEN):
        await web.ask("GET", web.target.hosts.apex + "/x")
    assert recorder.exchanges[-1].kind == "socket"
    assert recorder.last
    assert recorder.last.url.endswith("/x")
