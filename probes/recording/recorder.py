"""What was sent and seen, redacted as it is recorded: one Recorder for each attempt of a scenario.

Journal and spans are written here and nowhere else, after redaction, so that no later step can
leak.
"""

import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.trace import Span

from probes.config.environment import LOOPBACK
from probes.finding import Broken, Finding, Verdict
from probes.recording import span_attributes, spans
from probes.recording.journal import Journal
from probes.recording.redactor import Redactor
from probes.recording.secret_replacements import PLACEHOLDER

AUTHORIZATION = "authorization"
# Headers that an answer may hang on, which a shell line repeats.
REPEATED = (
    "content-type",
    "x-workspace-id",
    "origin",
    "access-control-request-method",
    "access-control-request-headers",
)
KEPT_BYTES = 2**20  # of what came over one socket or stream
HELD_OPEN = ("socket", "stream")
# What makes a request an upgrade (RFC 6455); any key will do to see the answer's status.
UPGRADE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "cHJvYmVzIGFuZCBwcm9iZXM=",
}


@dataclass(frozen=True, slots=True)
class RunEvidence:
    """Where a run's evidence goes."""

    run: str
    folder: Path
    journal: Journal
    redactor: Redactor
    tracing: spans.Tracing


@dataclass(slots=True)
class Exchange:
    """One request and its answer, raw and in memory only; what is recorded of it has been
    redacted.
    """

    kind: str
    method: str
    url: str
    span: Span
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: bytes = b""
    status: int | None = None
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: bytes = b""
    error: str | None = None

    @property
    def traceparent(self) -> str:
        return spans.traceparent(self.span)

    def set_request(self, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.request_headers, self.request_body = headers, body

    def add_response(self, received: bytes) -> None:
        """What has come over something that is held open; what is kept of it has a limit."""
        if len(self.response_body) < KEPT_BYTES:
            self.response_body += received

    def set_response(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.status, self.response_headers, self.response_body = status, headers, body


class Recorder:
    """The evidence of one attempt of one scenario (or of the run itself, where scenario is
    None).
    """

    def __init__(
        self, evidence: RunEvidence, scenario: str | None, attempt: int, span: Span
    ) -> None:
        self.evidence, self.scenario, self.attempt, self.span = evidence, scenario, attempt, span
        self.exchanges: list[Exchange] = []
        self.degraded: list[Finding] = []
        self.subject: Exchange | None = None
        self._artifacts = 0

    @property
    def last(self) -> Exchange | None:
        """The exchange that a failure is about: the one that a verb named, else the latest.

        A socket or a stream is recorded when it closes, later than what went wrong while it was
        open.
        """
        asked = [
            exchange for exchange in self.exchanges if exchange.kind not in HELD_OPEN
        ] or self.exchanges
        return self.subject or (asked[-1] if asked else None)

    def note(self, text: str) -> None:
        self._write("note", text=self.evidence.redactor.text(text))

    def fact(self, name: str, value: str) -> None:
        """What a reader of any report wants to know about the target, for instance its build id."""
        self.evidence.journal.write("fact", name=name, value=self.evidence.redactor.text(value))

    def degrade(self, finding: Finding) -> None:
        """The promise is kept, but not the way it should be; the scenario goes on."""
        self.degraded.append(finding)

    def judge(self, finding: Finding | None) -> None:
        """None is a kept promise; what degrades lets the scenario go on. Raises Broken for what
        breaks it.
        """
        if finding is None:
            return
        if finding.verdict is not Verdict.DEGRADED:
            raise Broken(finding)
        self.degrade(finding)

    def artifact(self, name: str, suffix: str) -> Path:
        """A path in the run's folder for something big, entered in the journal. Redact it before
        you leave it there.
        """
        self._artifacts += 1
        stem = "".join(c if c.isalnum() else "-" for c in self.scenario or "run").strip("-")
        relative = Path("artifacts") / f"{stem}-{self.attempt}-{self._artifacts}-{name}{suffix}"
        path = self.evidence.folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write("artifact", name=name, path=str(relative))
        return path

    @contextmanager
    def exchange(self, kind: str, method: str, url: str) -> Iterator[Exchange]:
        """Record what happens in the block as one exchange, an exception included."""
        exchange = self.begin(kind, method, url)
        began = time.monotonic()
        try:
            yield exchange
        except BaseException as error:
            # A verb that gave the finding has kept what the library said.
            exchange.error = exchange.error or f"{type(error).__name__}: {error}".rstrip(": ")
            raise
        finally:
            self.record(exchange, time.monotonic() - began)

    def record(self, exchange: Exchange, duration: float) -> None:
        """Record an exchange that somebody else made (the page), `duration` seconds after it
        began.
        """
        self.exchanges.append(exchange)
        self._learn(exchange)
        self._close(exchange, self.evidence.redactor.url(exchange.url), duration)

    def _learn(self, exchange: Exchange) -> None:
        """Its secrets are known before anything of it is written."""
        redactor = self.evidence.redactor
        redactor.learn_userinfo(exchange.url)
        redactor.learn_cookies(exchange.request_headers)
        redactor.learn_cookies(exchange.response_headers)

    def begin(self, kind: str, method: str, url: str, began_ns: int | None = None) -> Exchange:
        """An exchange under way, its span open; `began_ns` is Unix time where that was earlier."""
        name, attributes = span_attributes.exchange_attributes(
            kind, method, self.evidence.redactor.url(url), url
        )
        span = self.evidence.tracing.start(name, "client", attributes, self.span, began_ns)
        return Exchange(kind, method, url, span)

    def _close(self, exchange: Exchange, url: str, duration: float) -> None:
        redactor = self.evidence.redactor
        error = redactor.text(exchange.error) if exchange.error else None
        span_attributes.correct_url(exchange.span, exchange.kind, url)
        span_attributes.end_exchange(exchange.span, exchange.status, error)
        self._write(
            "exchange",
            kind=exchange.kind,
            method=exchange.method,
            url=url,
            status=exchange.status,
            duration=round(duration, 6),
            request=_message(redactor, exchange.request_headers, exchange.request_body),
            response=_message(redactor, exchange.response_headers, exchange.response_body),
            error=error,
            span=f"{exchange.span.get_span_context().span_id:016x}",
        )

    def _write(self, event: str, **fields: Any) -> None:
        self.evidence.journal.write(event, scenario=self.scenario, attempt=self.attempt, **fields)


def _message(redactor: Redactor, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    return {
        "headers": redactor.headers(headers),
        "body": redactor.body(body, headers.get("content-type", "")),
    }


_current: ContextVar[Recorder] = ContextVar("recorder")


def current() -> Recorder:
    """The recorder of the attempt that is running in this task."""
    return _current.get()


@contextmanager
def recording(recorder: Recorder) -> Iterator[Recorder]:
    """Make `recorder` the current one, for this task and those that it starts."""
    token = _current.set(recorder)
    try:
        yield recorder
    finally:
        _current.reset(token)


def _manner(exchange: Exchange) -> list[str]:
    """How curl is to ask. A page is asked for as its document; of a handshake curl's words are
    wanted; an upgrade is one of HTTP/1.1 only, and what is held open ends after nine seconds.
    """
    if exchange.kind == "tls":
        return ["-v", "-o", "/dev/null"]
    if exchange.method == "HEAD":
        return ["-I"]
    manner = ["-i"]
    if exchange.kind in HELD_OPEN:
        manner += ["-N", "-m", "9", "--http1.1"]
    if exchange.method not in ("GET", "NAVIGATE"):
        manner += ["-X", exchange.method]
    return manner


def curl(exchange: Exchange, redactor: Redactor, ca: str = "") -> str:
    """A shell line that repeats `exchange`; where a token was sent it says $TOKEN."""
    words = ["curl", "-sS", *_manner(exchange)]
    if ca:
        words += ["--cacert", ca]
    host = urlsplit(exchange.url).hostname or ""
    if host.endswith(".localhost"):
        parts = urlsplit(exchange.url)
        words += [
            "--resolve",
            f"{host}:{parts.port or span_attributes.PORTS[parts.scheme]}:{LOOPBACK}",
        ]
    sent = {name.lower(): value for name, value in exchange.request_headers.items()}
    repeated = {name: sent[name] for name in REPEATED if name in sent}
    repeated |= {**UPGRADE, "origin": sent["origin"]} if exchange.kind == "socket" else {}
    for name, value in redactor.headers(repeated).items():
        words += ["-H", f"{name}: {value}"]
    if exchange.request_body and "json" in (kind := sent.get("content-type", "")):
        words += ["--data-raw", redactor.body(exchange.request_body, kind)]
    line = shlex.join(words)
    if AUTHORIZATION in sent:
        line += f' -H "Authorization: Bearer {PLACEHOLDER}"'
    if exchange.kind in HELD_OPEN:
        # Their token is in the URL (contract 3.4).
        place, _, query = exchange.url.partition("?")
        name = query.partition("=")[0]
        return f"{line} {shlex.quote(redactor.url(place))}" + (
            f'"?{name}={PLACEHOLDER}"' if query else ""
        )
    return f"{line} {shlex.quote(redactor.url(exchange.url))}"
