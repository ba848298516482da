"""What of a page's replies says that its upload was taken."""

from typing import cast

import pytest

from probes.browser.page_replies import Reply
from probes.browser.uploads import is_confirmation
from probes.recording.recorder import Exchange
from probes.transport.http import Answer

CONFIRM = "https://x/api/svc/storage/api/storage/files/confirm"
HTML = {"content-type": "text/html"}


@pytest.mark.parametrize(
    ("answer", "is_one"),
    [
        (Answer("POST", CONFIRM, 200, {}, b"{}"), True),
        (Answer("POST", f"{CONFIRM}/", 201, {}, b"{}"), True),
        (Answer("POST", CONFIRM, 0, {}, b""), False),
        (Answer("POST", CONFIRM, 502, {}, b""), False),
        (Answer("POST", CONFIRM, 200, HTML, b"<!doctype html>"), False),
        (Answer("GET", CONFIRM, 200, {}, b"{}"), False),
    ],
)
def test_only_an_answer_confirms_an_upload(answer: Answer, *, is_one: bool) -> None:
    """A call that got no answer confirms nothing, and neither does the edge's page."""
    assert is_confirmation(Reply(answer, cast("Exchange", None))) is is_one
