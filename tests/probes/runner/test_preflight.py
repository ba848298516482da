"""What of this machine is looked at before anything is judged."""

import resource
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.request import getproxies_environment

import pytest

from probes import clock
from probes.config.environment import Hosts, Target, Workspace
from probes.runner import preflight


@pytest.fixture(autouse=True)
def _right_clock() -> Iterator[None]:
    yield
    clock.correct_by(0.0)


@contextmanager
def host_whose_clock_is(off_s: float, age: str = "0") -> Iterator[str]:
    """The origin of a host that answers 404, with its own idea of the time."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(404)
            self.send_header("Date", formatdate(time.time() + off_s, usegmt=True))
            self.send_header("Age", age)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def target(api: str, apex: str) -> Target:
    return Target("t", Hosts(apex, api), Workspace("w"), {})


@pytest.mark.parametrize(("off_s", "direction"), [(-420, "ahead of"), (90000, "behind")])
def test_a_clock_that_is_off_is_told_and_allowed_for(
    off_s: float, direction: str, tmp_path: Path
) -> None:
    """Minutes or days: from then on it is the time that the target has."""
    with host_whose_clock_is(off_s) as one, host_whose_clock_is(off_s) as other:
        facts = dict(preflight.look(target(one, other), tmp_path))
    assert f" s {direction} that of 127.0.0.1" in facts["clock"]
    assert clock.now() == pytest.approx(time.time() + off_s, abs=5)


def test_a_clock_that_is_right_is_nothing_to_tell(tmp_path: Path) -> None:
    """Half a minute is what tokens must bear."""
    with host_whose_clock_is(20) as one, host_whose_clock_is(-5) as other:
        assert "clock" not in dict(preflight.look(target(one, other), tmp_path))
    assert clock.offset_s() == 0


def test_hosts_that_disagree_prove_nothing(tmp_path: Path) -> None:
    """One of the two is wrong, and it need not be this machine; nor does a cache tell the time."""
    with host_whose_clock_is(0) as one, host_whose_clock_is(4000) as other:
        assert preflight.measure_skew(target(one, other)) is None
    with host_whose_clock_is(-4000, age="4000") as cached:
        assert preflight.measure_skew(target(cached, cached)) is None


def test_a_target_that_does_not_answer_does_not_tell_the_time(tmp_path: Path) -> None:
    """That it does not is for the run to judge."""
    nowhere = "https://wealist.localhost:1"
    assert preflight.measure_skew(target(nowhere, nowhere)) is None


@pytest.mark.parametrize(
    ("limits", "becomes", "is_told", "concurrency"),
    [
        ((256, 1_000_000), 4096, False, 380),
        ((64, 128), 128, True, 8),
        ((64, 64), 64, True, 1),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None, False, 380),
    ],
)
def test_descriptors_are_raised_as_far_as_may_be(  # noqa: PLR0917 - a table
    limits: tuple[int, int],
    becomes: int | None,
    is_told: bool,
    concurrency: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Where they stay few, fewer scenarios run at once, but one always does."""
    now = [limits]
    own = SimpleNamespace(**vars(resource))
    own.getrlimit = lambda _: now[-1]
    own.setrlimit = lambda _, new: now.append(new)
    monkeypatch.setattr(preflight, "resource", own)
    monkeypatch.setattr(preflight, "measure_skew", lambda _: None)
    facts = dict(preflight.look(target("", ""), tmp_path))
    assert now[1:] == ([(becomes, limits[1])] if becomes not in (None, limits[0]) else [])
    assert ("descriptors" in facts) is is_told
    assert preflight.affordable_concurrency(380) == concurrency


def test_a_disk_that_is_nearly_full_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before the run fills it."""
    usage = shutil._ntuple_diskusage(100, 97, 3_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(preflight, "measure_skew", lambda _: None)
    facts = dict(preflight.look(target("", ""), tmp_path))
    assert facts["disk"].startswith("3 MB are free under ")


def test_a_proxy_of_the_machine_is_said_not_to_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no library of the run finds it any more, whichever of its spellings it reads."""
    for name in ("https_proxy", "HTTP_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "http://u:p@proxy.invalid:3128")
    monkeypatch.setattr(preflight, "measure_skew", lambda _: None)
    facts = dict(preflight.look(target("", ""), tmp_path))
    assert facts["proxy"].startswith("HTTPS_PROXY and HTTP_PROXY are set here and are not used")
    assert "proxy.invalid" not in facts["proxy"]
    assert getproxies_environment() == {}


def test_a_variable_that_names_no_authority_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a host whose certificate it was to vouch for is asked."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "not-mounted.pem"))
    monkeypatch.setattr(preflight, "measure_skew", lambda _: None)
    facts = dict(preflight.look(target("", ""), tmp_path))
    assert facts["authorities"].startswith("SSL_CERT_FILE of this machine: no certificate is there")
