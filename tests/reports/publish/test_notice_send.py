"""Notices over the wire: to a webhook, and to Discord as Discord wants it."""

import json
from collections.abc import Iterator

import pytest
from apprise.plugins.discord import NotifyDiscord

from reports.publish.notice_send import send, strange
from tests.support.otlp_receiver import Receiver, receiving

# Apprise looks for a module that Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with receiving() as receiver:
        yield receiver


def test_a_webhook_gets_the_message(channel: Receiver) -> None:
    """One request, with title, text and whether it is bad news."""
    assert send(f"json://{channel.host}/hook", "title", "**body**", bad=True) == ""
    [asked] = channel.asked
    said = json.loads(asked.body)
    assert (asked.path, said["title"], said["message"], said["type"]) == (
        "/hook",
        "title",
        "**body**",
        "failure",
    )


def test_discord_gets_one_message_of_its_own_form(
    channel: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Title and text, Markdown as it is, in a size that Discord takes."""
    monkeypatch.setattr(NotifyDiscord, "notify_url", f"{channel.url}/api/webhooks")
    body = "**upload-lost**: `a/x`\n" + "x" * 1700
    assert send(f"discord://{'1' * 18}/{'t' * 68}", "prod: BROKEN", body, bad=True) == ""
    [asked] = channel.asked
    assert asked.path.partition("?")[0] == f"/api/webhooks/{'1' * 18}/{'t' * 68}"
    said = asked.body.decode()
    assert "prod: BROKEN" in said
    assert "**upload-lost**: `a/x`" in said


def test_each_channel_is_told_whatever_the_others_do(channel: Receiver) -> None:
    """One that refuses is counted, without its address, which is a secret."""
    channel.answers["/bad"] = (500, "text/plain", b"")
    urls = f"json://{channel.host}/bad, json://{channel.host}/good\njson://{channel.host}/better"
    assert send(urls, "t", "b", bad=False) == "1 of 3 channels did not take it"
    assert {asked.path for asked in channel.asked} == {"/bad", "/good", "/better"}


def test_an_address_that_is_none_is_counted_and_not_shown(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither in what is said nor in what a library logs."""
    said = send("nonsense://s3cret discord://short", "t", "b", bad=True)
    assert said == strange("nonsense://s3cret discord://short")
    assert said == "2 of 2 addresses in PROBES_NOTICE_URLS are none that Apprise knows"
    captured = capfd.readouterr()
    assert "s3cret" not in captured.out + captured.err
