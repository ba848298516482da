"""A visit that fails leaves a picture and a trace without secrets; any other leaves nothing."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from probes.auth.users import User
from probes.finding import Broken, NotApplicable
from probes.recording import journal, playwright_trace
from probes.recording.recorder import Recorder
from probes.recording.redactor import Redactor
from tests.support.app import App
from tests.support.artifacts import kept, leaks
from tests.support.fake_run import FOUND
from tests.support.planted import ALICES_TOKEN
from tests.support.site import NOWHERE

ASKS = (
    "fetch('/api/x', {headers: {authorization: 'Bearer ' + localStorage.accessToken}}).then(() "
    "=> show('asked'))"
)


async def failing_visit(app: App, alice: User, failure: BaseException) -> None:
    app.site.says["GET apex/api/x"] = NOWHERE
    async with app.open(ASKS, user=alice) as visit:
        await visit.page.get_by_text("asked").wait_for()
        raise failure


@pytest.mark.parametrize("failure", [Broken(FOUND), AssertionError("no"), KeyError("id")])
async def test_what_goes_wrong_leaves_a_picture_and_a_trace_without_secrets(
    app: App, alice: User, recorder: Recorder, failure: Exception
) -> None:
    """And the failure itself goes its way."""
    with pytest.raises(type(failure)) as raised:
        await failing_visit(app, alice, failure)
    assert raised.value is failure
    assert kept(recorder) == [".png", ".zip"]
    picture, trace = sorted((recorder.evidence.folder / "artifacts").iterdir())
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert leaks(trace, ALICES_TOKEN) == []
    assert leaks(trace, "/api/x")


TRACED = [
    (2, 1, Broken(FOUND), [".png"]),
    (2, 2, Broken(FOUND), [".png", ".zip"]),
    (2, 2, None, [".zip"]),
    (0, 2, Broken(FOUND), [".png"]),
]


@pytest.mark.parametrize("case", TRACED)
async def test_a_rerun_leaves_the_trace_that_the_first_attempt_has_not(
    app: App, alice: User, recorder: Recorder, case: tuple[int, int, Exception | None, list[str]]
) -> None:
    """A flake's, too; a picture is left by every attempt that broke."""
    traced_from, recorder.attempt, failure, left = case
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Broken):
        patch.setattr(app.browser, "_traced_from", traced_from)
        async with app.open("show('hello')", user=alice) as visit:
            await visit.page.get_by_text("hello").wait_for()
            if failure:
                raise failure
    assert kept(recorder) == left
    for trace in (recorder.evidence.folder / "artifacts").glob("*.zip"):
        assert leaks(trace, ALICES_TOKEN) == []


async def test_a_raw_trace_would_leak(
    app: App, alice: User, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above has something to find."""
    monkeypatch.setattr(playwright_trace, "redact_trace", lambda _archive, _redactor: None)
    with pytest.raises(KeyError):
        await failing_visit(app, alice, KeyError())
    [trace] = (recorder.evidence.folder / "artifacts").glob("*.zip")
    assert leaks(trace, ALICES_TOKEN)


@pytest.mark.parametrize("ends", [NotApplicable("no page here"), asyncio.CancelledError()])
async def test_what_is_nobodys_failure_leaves_nothing(
    app: App, alice: User, recorder: Recorder, ends: BaseException
) -> None:
    """Nor does a visit that went well."""
    with pytest.raises(type(ends)):
        await failing_visit(app, alice, ends)
    async with app.open("show('hello')") as visit:
        await visit.page.get_by_text("hello").wait_for()
    assert kept(recorder) == []


async def test_a_trace_that_cannot_be_had_is_no_reason_to_lose_the_finding(
    app: App, alice: User, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is noted; nothing that was not scrubbed stays."""

    def spoil(_archive: Path, _redactor: Redactor) -> None:
        raise ValueError("the browser trace could not be scrubbed and was deleted")

    monkeypatch.setattr(playwright_trace, "redact_trace", spoil)
    with pytest.raises(Broken):
        await failing_visit(app, alice, Broken(FOUND))
    assert kept(recorder) == [".png"]
    notes = [
        event["text"]
        for event in journal.read(recorder.evidence.folder)
        if event["event"] == "note"
    ]
    assert notes[-1].startswith(
        "no picture or trace was kept: the browser trace could not be scrubbed"
    )
