"""What tests of the library share: a place for evidence, and a host on loopback."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from probes.browser.browser import Browser
from probes.config.environment import Presign, Target
from probes.config.timeouts import Timeouts
from probes.recording.recorder import Recorder, RunEvidence, recording
from probes.transport.http import Web
from tests.support.app import App
from tests.support.fake_run import Stage
from tests.support.site import Site, evidence_in, recorder_of, target_at


@pytest.fixture
def evidence(tmp_path: Path) -> Iterator[RunEvidence]:
    kept = evidence_in(tmp_path / "20260102T030405Z-abc123")
    yield kept
    kept.tracing.finish()
    kept.journal.close()


@pytest.fixture
def recorder(evidence: RunEvidence) -> Iterator[Recorder]:
    """The current recorder, as a scenario has one."""
    with recording(recorder_of(evidence)) as recorder:
        yield recorder


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture(scope="session")
def visited_site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture(scope="session")
async def one_browser(visited_site: Site) -> AsyncIterator[Browser]:
    """Launched once; a test that harms a browser has its own."""
    signed = Presign(
        f"s3.localhost:{visited_site.port}", "path", "files", "ap-northeast-2", scheme="http"
    )
    timeouts = Timeouts(
        answer_s=120, retry_delay_s=0
    )  # so long that whoever waits for it is seen to hang
    browser = Browser(target_at(visited_site, presign=signed, timeouts=timeouts))
    yield browser
    await browser.close()


@pytest.fixture
def app(visited_site: Site, one_browser: Browser) -> App:
    """What the one browser visits; a test says anew what it is made of."""
    visited_site.says.clear()
    visited_site.asked.clear()
    return App(visited_site, one_browser)


@pytest.fixture
def target(site: Site) -> Target:
    return target_at(site)


@pytest.fixture
async def web(target: Target, recorder: Recorder) -> AsyncIterator[Web]:
    web = Web(target)
    yield web
    await web.close()


@pytest.fixture
def stage(evidence: RunEvidence) -> Stage:
    return Stage(evidence)
