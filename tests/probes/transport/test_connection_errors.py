"""Why no answer came is told in the words of the layer that failed, over real sockets."""

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trustme

from probes.config.environment import Target
from probes.config.timeouts import Timeouts
from probes.finding import Broken, CannotAsk, Code
from probes.transport import connection_errors, tls
from probes.transport.connection_errors import Phase
from probes.transport.http import Web

URL = "https://apex/api/svc/board/x"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def explain(error: BaseException, phase: Phase = Phase.REQUEST) -> tuple[Code, str, str]:
    finding = connection_errors.explain(URL, error, "board-service", phase, 5)
    return finding.code, finding.observed, finding.cause


def deep(error: BaseException) -> Exception:
    """As httpx raises it: the operating system's error is the cause of the cause."""
    between, outer = OSError("All connection attempts failed"), httpx.ConnectError("")
    between.__context__, outer.__cause__ = error, between
    return outer


def rejected(reason: str, verify_code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("long words")
    error.verify_message, error.verify_code = reason, verify_code
    return error


def test_a_refused_connection_and_a_dropped_packet_are_told_apart() -> None:
    """One has no listener, the other a firewall in between."""
    assert explain(deep(ConnectionRefusedError(111, "x")), Phase.CONNECT) == (
        Code.HOST_UNREACHABLE,
        "apex: connection refused",
        connection_errors.LISTENER,
    )
    assert explain(httpx.ConnectTimeout(""), Phase.CONNECT) == (
        Code.HOST_UNREACHABLE,
        "apex: connection timed out after 5 s",
        connection_errors.NO_PACKETS,
    )


def test_a_name_without_an_address_is_about_dns() -> None:
    error = deep(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    code, observed, cause = explain(error, Phase.CONNECT)
    assert (code, observed) == (
        Code.HOST_UNREACHABLE,
        "apex does not resolve: Name or service not known",
    )
    assert "DNS record" in cause


@pytest.mark.parametrize(
    ("reason", "verify_code", "cause"),
    [
        ("certificate has expired", 10, "certificate"),
        ("Hostname mismatch", 62, "certificate"),
        ("unable to get local issuer certificate", 20, connection_errors.CHAIN),
        ("self-signed certificate", 18, connection_errors.CHAIN),
    ],
)
def test_a_certificate_is_told_from_its_chain(reason: str, verify_code: int, cause: str) -> None:
    """An expired certificate is not cured by an intermediate, nor the other way round."""
    assert explain(deep(rejected(reason, verify_code)), Phase.TLS) == (
        Code.TLS_INVALID,
        f"certificate verification failed for apex: {reason}",
        cause,
    )


@pytest.mark.parametrize(
    ("error", "code", "cause"),
    [
        (httpx.ReadTimeout(""), Code.SERVICE_STALLED, "board-service"),
        (TimeoutError(), Code.SERVICE_STALLED, "board-service"),
        (httpx.ReadError(""), Code.SERVICE_UNAVAILABLE, "board-service"),
        (ConnectionResetError(104, "reset"), Code.SERVICE_UNAVAILABLE, "board-service"),
    ],
)
def test_a_request_without_an_answer_is_the_services(
    error: Exception, code: Code, cause: str
) -> None:
    """It took the request; where the library says nothing, its error's name stands in."""
    finding = explain(error)
    assert (finding[0], finding[2]) == (code, cause)
    assert not finding[1].endswith(": ")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "no route"),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), "resolver"),
        (socket.gaierror(socket.EAI_FAIL, "x"), "refuses to answer"),
        (socket.gaierror(socket.EAI_MEMORY, "x"), "no memory"),
        (OSError(errno.EAFNOSUPPORT, "x"), "IPv6 may be switched off"),
        (ExceptionGroup("all", [OSError(errno.EADDRNOTAVAIL, "x")]), "local port"),
        (
            ExceptionGroup("all", [OSError(errno.EMFILE, "x"), ConnectionRefusedError(111, "x")]),
            "ulimit -n",
        ),
        (
            OSError(
                "Multiple exceptions: [Errno 101] Connect call failed ('2001:db8::1', 443, 0, 0), "
                "[Errno 101] Connect call failed ('203.0.113.1', 443)"
            ),
            "no route",
        ),
    ],
)
def test_what_this_machine_cannot_do_is_not_blamed_on_the_target(
    error: Exception, words: str
) -> None:
    """However deep the operating system's word lies."""
    raised = connection_errors.failure(URL, deep(error), "board-service", Phase.CONNECT, 5)
    assert isinstance(raised, CannotAsk)
    assert words in str(raised)


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("SSL_CERT_FILE", "missing.pem"),
        ("SSL_CERT_FILE", "empty.pem"),
        ("SSL_CERT_FILE", "folder"),
        ("SSL_CERT_DIR", "missing"),
        ("SSL_CERT_DIR", "folder:missing"),
    ],
)
def test_a_variable_that_leads_nowhere_blames_no_certificate(
    variable: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A volume that was not mounted; the other variable may be as it should be."""
    error = deep(rejected("unable to get local issuer certificate", 20))
    monkeypatch.chdir(tmp_path)
    Path("empty.pem").touch()
    Path("folder").mkdir()
    trustme.CA().cert_pem.write_to_path("usable.pem")
    monkeypatch.setenv("SSL_CERT_FILE", "usable.pem")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    assert connection_errors.local_trouble(error) == ""
    monkeypatch.setenv(variable, place)
    assert connection_errors.local_trouble(error).startswith(f"{variable} of this machine: no cert")


@pytest.mark.parametrize(
    "error",
    [
        ExceptionGroup("all", [OSError(errno.ENETUNREACH, "x"), ConnectionRefusedError(111, "x")]),
        OSError(
            "Multiple exceptions: [Errno 97] Address family not supported by protocol, "
            "[Errno 111] Connect call failed ('203.0.113.1', 443)"
        ),
    ],
)
def test_a_host_that_refuses_is_to_blame_though_its_other_address_is_out_of_reach(
    error: Exception,
) -> None:
    """A machine without IPv6 has no way to half of most hosts' addresses."""
    raised = connection_errors.failure(URL, deep(error), "board-service", Phase.CONNECT, 5)
    assert isinstance(raised, Broken)
    assert raised.finding.code is Code.HOST_UNREACHABLE


@asynccontextmanager
async def listener(serve: Serve) -> AsyncIterator[int]:
    """The port; no connection outlives the block."""
    serving: list[asyncio.Task[None]] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.ensure_future(_serve(serve, reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait_for(asyncio.gather(*serving), 10)


async def _serve(serve: Serve, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await asyncio.wait_for(serve(reader, writer), 8)
    except (OSError, TimeoutError):
        pass
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read until the other side gives up."""
    await reader.read()
    writer.close()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    writer.close()


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize(
    ("serve", "words", "cause"),
    [
        (reset, "during the TLS handshake", connection_errors.SILENT_TLS),
        (speak_http, "does not speak TLS on its TLS port", connection_errors.PLAIN_TEXT),
    ],
)
async def test_a_handshake_that_fails_is_not_called_a_certificate(
    target: Target, serve: Serve, words: str, cause: str
) -> None:
    """A reset and plain text each have words of their own, for HTTP and the handshake alone."""
    impatient = replace(target, timeouts=Timeouts(answer_s=3))
    async with listener(serve) as port:
        origin = f"https://apex.localhost:{port}"
        web = Web(impatient)
        with pytest.raises(Broken) as asked:
            await web.ask("GET", origin + "/")
        await web.close()
        with pytest.raises(Broken) as shown:
            await tls.days_left(impatient, origin)
    for failure in (asked.value.finding, shown.value.finding):
        assert (failure.code, failure.cause) == (Code.TLS_INVALID, cause)
        assert words in failure.observed


@pytest.mark.usefixtures("recorder")
async def test_a_handshake_that_hangs_is_not_called_a_certificate(target: Target) -> None:
    """The listener takes the connection, and is silent."""
    impatient = replace(target, timeouts=Timeouts(answer_s=1))
    async with listener(hang) as port:
        with pytest.raises(Broken, match="TLS handshake timed out after 1 s") as failure:
            await tls.days_left(impatient, f"https://apex.localhost:{port}")
    assert failure.value.finding.cause == connection_errors.SILENT_TLS


def test_an_old_protocol_is_the_tls_policy() -> None:
    """A host that speaks TLS 1.0 only says so in an alert."""
    error = ssl.SSLError(1, "[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version")
    code, observed, cause = explain(deep(error), Phase.TLS)
    assert (code, cause) == (Code.TLS_INVALID, connection_errors.TLS_POLICY)
    assert observed.startswith("TLS handshake with apex failed: ")


def test_how_a_library_reads_its_queue_is_not_said() -> None:
    """What stands in its chain by chance says nothing of the connection."""
    try:
        try:
            raise IndexError("pop from an empty deque")  # noqa: TRY301 - as anyio does
        except IndexError:
            raise httpx.ReadError("") from None
    except httpx.ReadError as error:
        url = "https://h.example/"
        finding = connection_errors.explain(url, error, "storage", Phase.REQUEST, 5)
    assert finding.observed.endswith("before the answer was complete: ReadError")
