"""What was sent and seen, redacted as it is recorded: one Recorder for each attempt of a scenario.

Journal and spans are written here and nowhere else, after redaction, so that no later step can
leak.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opentelemetry.trace import Span

from probes.finding import Broken, Finding, Judge, Verdict
from probes.recording import span_attributes, spans
from probes.recording.ask_again import AskAgain
from probes.recording.journal import Journal
from probes.recording.redactor import Redactor

AUTHORIZATION = "authorization"
KEPT_BYTES = 2**20  # of what came over one socket or stream
HELD_OPEN = ("socket", "stream")


@dataclass(frozen=True, slots=True)
class RunEvidence:
    """Where a run's evidence goes."""

    run: str
    folder: Path
    journal: Journal
    redactor: Redactor
    tracing: spans.Tracing
    again: AskAgain = field(default_factory=AskAgain)


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
        free_bytes = max(0, KEPT_BYTES - len(self.response_body))
        self.response_body += received[:free_bytes]

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
        self.degradations: list[Finding] = []
        self.subject: Exchange | None = None
        self.answer_judge: Judge | None = None
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
        self.degradations.append(finding)

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

    def record(self, exchange: Exchange, duration_s: float) -> None:
        """Record an exchange that somebody else made (the page), `duration_s` seconds after it
        began.
        """
        self.exchanges.append(exchange)
        self._learn(exchange)
        self._close(exchange, self.evidence.redactor.url(exchange.url), duration_s)

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

    def _close(self, exchange: Exchange, url: str, duration_s: float) -> None:
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
            duration=round(duration_s, 6),
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
