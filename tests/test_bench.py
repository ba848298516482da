"""`make bench`: what is asked bare, how the suite is compared, what a missing peer says."""

from pathlib import Path

import pytest

from probes.recording.journal import Journal
from tests.support import baseline, bench_peers, bench_table
from tests.support.bench import put_into, without_cluster
from tests.support.bench_cost import Command, Cost, cost
from tests.support.bench_table import Target

APEX = "https://app.localhost:1"


def test_the_baseline_asks_for_all_that_was_asked(tmp_path: Path) -> None:
    """Requests, pages, sockets, streams and a call count; what was never opened does not."""
    journal = Journal(tmp_path)
    for kind, method, path, status in (
        ("http", "GET", "/api/svc/user/api/users/me", 200),
        ("http", "POST", "/api/svc/chat/api/chats", 201),
        ("page", "NAVIGATE", "/dashboard", 200),
        ("page", "GET", "/assets/app.js", 200),
        ("socket", "GET", "/api/svc/chat/ws", 101),
        ("socket", "GET", "/api/svc/chat/ws", 401),
        ("socket", "GET", "/api/svc/chat/ws", None),
        ("stream", "GET", "/api/svc/noti/stream", 200),
    ):
        fields = {"scenario": "a/b", "attempt": 1, "method": method, "status": status}
        journal.write("exchange", kind=kind, url=APEX + path, **fields)
    journal.write("note", scenario="calls/a", attempt=1, text="call: ParticipantJoined who=a")
    journal.close()
    asked = baseline.questions(tmp_path)
    assert asked.urls == [
        f"{APEX}/api/svc/user/api/users/me",
        f"{APEX}/api/svc/chat/health/live",
    ]
    assert asked.pages == [f"{APEX}/dashboard"]
    assert (asked.sockets, asked.streams, asked.calls) == ([True, False], [True], 1)


@pytest.mark.parametrize(
    ("measured", "word"), [(2.0, "| met |"), (2.01, "| not met |"), (None, "| not measured | |")]
)
def test_a_target_says_whether_it_is_met(measured: float | None, word: str) -> None:
    """As much as is allowed is still met; what nobody measured is not."""
    assert word in Target("questions", measured, 2.0, " times").row


def test_a_ratio_is_one_of_medians() -> None:
    """One round that went wrong moves nothing, and a peer that is missing leaves no number."""
    slow = [Cost(wall, 2.0, 1.0) for wall in (1.0, 99.0, 3.0)]
    assert bench_table._ratio({"suite": slow, "peer": [Cost(1.5, 1.0, 1.0)]}, "peer", "wall") == 2.0
    assert bench_table._ratio({"suite": slow}, "peer", "wall") is None


def test_who_is_not_there_says_why(tmp_path: Path) -> None:
    """A peer that could not be installed is a line of the table, not a gap."""
    work = {"questions": [], "ca": "", "chromium": "/usr/bin/chromium"}
    wrong = dict.fromkeys(("blackbox_exporter", "k6", "hurl", "npm"), "go is missing")
    (tmp_path / "hurl").mkdir()
    peers = bench_peers.for_questions(work, tmp_path, wrong)
    missing = [peer for peer in peers if not peer.command]
    assert len(missing) == len(peers) - 1  # httpx is always there
    lines = bench_table.table("questions", peers, {})
    assert sum("not measured: go is missing" in line for line in lines) == len(missing)


def test_a_child_counts_as_what_started_it() -> None:
    """What a command's own children compute is what the command cost."""
    inner = "import time; t = time.process_time()\nwhile time.process_time() - t < 0.3: pass"
    script = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    )
    assert cost(Command(["python3", "-c", script], Path("/"))).cpu >= 0.3


def test_without_cluster_nothing_else_is_missing() -> None:
    """A table whose name only begins alike stays."""
    kept = '[clusters]\na = 1\n\n[livekit]\nurl = "[cluster]"\n'
    cluster = '[cluster]\nnamespace = "x"\n\n[cluster.config.storage-service]\nA = ""\n\n'
    assert without_cluster(f'name = "x"\n\n{cluster}{kept}') == f'name = "x"\n\n{kept}'


def test_only_what_was_measured_is_replaced() -> None:
    """The words around the tables stay."""
    page = "before\n<!-- measured -->\nold\n<!-- /measured -->\nafter\n"
    assert put_into(page, "new") == page.replace("old", "new")
