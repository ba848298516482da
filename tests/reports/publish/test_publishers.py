"""What is sent at the end of a run, when, and what is said of it."""

from collections.abc import Iterator

import pytest

from reports.model.run import Run
from reports.publish import publishers
from reports.publish.notices import Links
from reports.publish.publishers import NOTICES, PUSHGATEWAY, Sent, is_anything_asked, send
from tests.reports.conftest import Written, red
from tests.support.otlp_receiver import Receiver, receiving

# Apprise looks for a module that Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with receiving() as receiver:
        receiver.answers["/api/v1/metrics"] = (200, "application/json", b'{"data": []}')
        yield receiver


@pytest.fixture
def run(written: Written) -> Run:
    return red(written).load()


def sent(run: Run, environ: dict[str, str], *, whole: bool = True, quiet: bool = False) -> Sent:
    return send(run, environ, Links(), whole=whole, quiet=quiet)


def test_nothing_is_sent_where_nothing_is_asked_for(run: Run) -> None:
    """An empty variable asks for nothing, and so does a collector for spans."""
    for environ in (
        {},
        {PUSHGATEWAY: "", NOTICES: ""},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
    ):
        assert not is_anything_asked(environ)
        assert sent(run, environ) == Sent(())
    assert sent(run, {"OTEL_METRICS_EXPORTER": "none"}) == Sent(())


def test_all_that_is_asked_for_is_sent(receiver: Receiver, run: Run) -> None:
    """To a Pushgateway, a collector and a channel in one run; what the channel knows then is
    told.
    """
    environ = {
        PUSHGATEWAY: receiver.url,
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{receiver.url}/v1/metrics",
        NOTICES: f"json://{receiver.host}/hook",
    }
    assert is_anything_asked(environ)
    became = sent(run, environ)
    names = ("metrics to the Pushgateway", "metrics by OTLP", "notice")
    assert became.facts == tuple((name, "sent") for name in names)
    assert became.notified["edge/bob"] == "unknown"
    assert became.notified["storage/a-file-comes-back"] == "edge-html-fallback"
    assert {each.path for each in receiver.asked} >= {"/v1/metrics", "/hook", "/api/v1/metrics"}


def test_a_run_of_some_scenarios_leaves_the_others_metrics(receiver: Receiver, run: Run) -> None:
    """And says so; people are told of what it found all the same."""
    became = sent(
        run, {PUSHGATEWAY: receiver.url, NOTICES: f"json://{receiver.host}/hook"}, whole=False
    )
    assert became.facts == (("metrics to the Pushgateway", publishers.PARTIAL), ("notice", "sent"))
    assert [each.path for each in receiver.asked] == ["/hook"]


def test_in_quiet_hours_nobody_is_told_and_nothing_is_forgotten(
    receiver: Receiver, run: Run
) -> None:
    """What would have been told counts as untold, so the first run of the morning tells it."""
    became = sent(run, {NOTICES: f"json://{receiver.host}/hook"}, quiet=True)
    assert became == Sent((("notice", "kept for later: these are quiet hours"),))
    assert receiver.asked == []


def test_a_notice_that_nobody_took_counts_as_untold(receiver: Receiver, run: Run) -> None:
    """So the next run tries again."""
    receiver.answers["*"] = (500, "text/plain", b"")
    became = sent(run, {NOTICES: f"json://{receiver.host}/hook"})
    assert became == Sent((("notice", "not sent: 1 of 1 channels did not take it"),))


def test_a_receiver_that_hangs_is_left_behind(
    receiver: Receiver, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends, and says that there was no answer."""
    receiver.hangs = True
    monkeypatch.setattr(publishers, "NOTICE_TIMEOUT_S", 0.3)
    became = sent(run, {NOTICES: f"json://{receiver.host}/hook"})
    assert became == Sent((("notice", "not sent: no answer within 0.3 s"),))
