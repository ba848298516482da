"""Where the end of a run is published beside the terminal and the files: a Pushgateway, a
collector, a channel of people.

Each has a deadline of its own, what went wrong is a fact of the run, and no verdict hangs
on any of them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from reports.model.run import Run
from reports.publish.notices import Links, changes, message
from reports.publish.sending import send_within

PUSHGATEWAY, NOTICES = "PROBES_PUSHGATEWAY_URL", "PROBES_NOTICE_URLS"
_METRICS = ("OTEL_METRICS_EXPORTER", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
# seconds; Discord takes its time, and a notice that comes twice is worse than one that waits
NOTICE_TIMEOUT_S = 6.0
PARTIAL = "not sent: a run of some scenarios must not take the others' metrics away"


@dataclass(frozen=True, slots=True)
class Sent:
    """`facts` for the journal; `notified`: what a channel knows now, {scenario: code}."""

    facts: tuple[tuple[str, str], ...]
    notified: Mapping[str, str] = field(default_factory=dict)


def is_anything_asked(environ: Mapping[str, str]) -> bool:
    """Whether there is anything to send at all; what is not asked for costs nothing."""
    return any(environ.get(name) for name in (PUSHGATEWAY, NOTICES, *_METRICS))


def send(run: Run, environ: Mapping[str, str], links: Links, *, whole: bool, quiet: bool) -> Sent:
    """Everything that `environ` asks for. `whole`: all scenarios of a share were asked. `quiet`:
    no notice may be sent.
    """
    facts = list(_metrics(run, environ, whole=whole))
    urls, news = environ.get(NOTICES, ""), changes(run)
    if not urls or not news:
        return Sent(tuple(facts))
    if quiet:
        return Sent((*facts, ("notice", "kept for later: these are quiet hours")))
    from reports.publish import notice_send  # noqa: PLC0415 - 200 ms that only a notice is worth

    title, body = message(run, news, links)
    bad = bool(news.broken or news.unanswered)
    wrong = send_within(lambda: notice_send.send(urls, title, body, bad=bad), NOTICE_TIMEOUT_S)
    codes = {} if wrong else news.codes
    return Sent((*facts, ("notice", _became(wrong))), codes)


def _metrics(run: Run, environ: Mapping[str, str], *, whole: bool) -> Iterator[tuple[str, str]]:
    for name, push in _pushes(run, environ):
        yield name, _became(send_within(push)) if whole else PARTIAL


def _pushes(run: Run, environ: Mapping[str, str]) -> Iterator[tuple[str, Callable[[], str]]]:
    if url := environ.get(PUSHGATEWAY, ""):
        yield "metrics to the Pushgateway", lambda: _push(run, url)
    if any(environ.get(name) for name in _METRICS):
        from reports.publish import otlp_metrics  # noqa: PLC0415 - 100 ms that only an export is worth

        if to := otlp_metrics.endpoint(environ):
            yield "metrics by OTLP", lambda: otlp_metrics.send(run, to, environ)


def _push(run: Run, url: str) -> str:
    from reports.publish import pushgateway  # noqa: PLC0415 - 400 ms that only a push is worth

    return pushgateway.push(run, url)


def _became(wrong: str) -> str:
    return f"not sent: {wrong}" if wrong else "sent"
