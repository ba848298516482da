"""Each thing that the doctor looks at: what it says when all is well, and what to do when it is
not.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from probes.config import proxies
from probes.config.environment import Hosts, Identity, Target, UserConfig
from probes.config.proxies import Proxy
from probes.doctor import checks
from probes.finding import CannotAsk
from tests.support.fake_run import TARGET
from tests.support.http_proxy import http_proxy
from tests.support.otlp_receiver import Receiver, receiving
from tests.support.session_tokens import token


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with receiving() as receiver:
        yield receiver


def cast_by(way: str, **part: Any) -> Target:
    state = part.pop("state", "")
    return replace(
        TARGET,
        identity=Identity(way=way, state=state),
        users={"alice": UserConfig(**{"id": "u-1"} | part)},
    )


def complaint(look: Any, *arguments: Any) -> str:
    with pytest.raises(CannotAsk) as told:
        look(*arguments)
    return str(told.value)


@pytest.mark.parametrize(
    ("target", "environ", "said"),
    [
        (
            cast_by("static", id=""),
            {},
            "the user id of alice is empty; fill it in under [users.alice]",
        ),
        (
            cast_by("static", token="A"),
            {},
            "the access token of alice is not set; put a new one into A",
        ),
        (
            cast_by("static", token="A"),
            {"A": token(age=90_000)},
            "the token in A expired ",
        ),
        (
            cast_by("static", token="A"),
            {"A": "<paste it here>"},
            "A holds no token (three parts with dots between them, RFC 7519); is it a placeholder?",
        ),
        (
            cast_by("static", token="A"),
            {"A": token(user="u-2")},
            "the token in A is of user u-2, and the environment file says u-1",
        ),
        (
            cast_by("refresh-token", refresh_token="R"),
            {},
            "no refresh token is kept for alice, and none is to be seeded",
        ),
    ],
)
def test_a_secret_that_is_missing_is_named(
    target: Target, environ: Mapping[str, str], said: str
) -> None:
    """By the variable to fill, never by what is in one."""
    assert said in complaint(checks.secrets, target, environ)


def test_secrets_that_are_there_are_not_shown() -> None:
    """The way and the roles are all that is said."""
    good = token()
    assert checks.secrets(cast_by("static", token="A"), {"A": good}) == "static: alice"
    pasted = f'"Bearer {good}"\n'  # a run takes it, so the doctor must not stop the pod
    assert checks.secrets(cast_by("static", token="A"), {"A": pasted}) == "static: alice"
    assert checks.secrets(cast_by("test-endpoint"), {}) == "test-endpoint: alice"
    assert (
        checks.secrets(cast_by("refresh-token", refresh_token="R"), {"R": token("refresh")})
        == "refresh-token: alice"
    )


def test_a_refresh_token_that_is_kept_needs_no_seed(tmp_path: Path) -> None:
    """After the first run the variable may be empty."""
    (tmp_path / "state.json").write_text('{"alice": {"refresh": "r1"}}')
    kept = cast_by("refresh-token", refresh_token="R", state=f"file:{tmp_path}/state.json")
    assert checks.secrets(kept, {}) == "refresh-token: alice"


def test_a_store_is_read_and_written(tmp_path: Path) -> None:
    """What is there stays; a folder where nothing can be made is told."""
    file = tmp_path / "state.json"
    file.write_text('{"alice": {"refresh": "r1"}}')
    said = checks.state_store(cast_by("refresh-token", state=f"file:{file}"), {})
    assert said == "file: no run yet, 0 promises did not hold"
    assert '"r1"' in file.read_text()
    (tmp_path / "file").touch()
    assert "cannot be" in complaint(
        checks.state_store, cast_by("static", state=f"file:{tmp_path}/file/state.json"), {}
    )


def test_notices_need_a_store() -> None:
    """Without one nobody knows what was told; without notices none is needed."""
    assert "none is named" in checks.state_store(cast_by("static"), {})
    said = complaint(
        checks.state_store, cast_by("static"), {"PROBES_NOTICE_URLS": "json://127.0.0.1"}
    )
    assert "name one in state of [identity]" in said


def test_a_name_without_an_address_is_told() -> None:
    """With the name; names under .localhost have one, whatever the resolver says."""
    assert (
        checks.dns(replace(TARGET, hosts=Hosts("https://a.localhost", "https://b.localhost")))
        == "2 hosts have addresses"
    )
    lost = replace(TARGET, hosts=Hosts("https://nobody.invalid", "https://b.localhost"))
    assert complaint(checks.dns, lost).startswith("nobody.invalid: ")


@pytest.mark.parametrize(
    ("trouble", "words"), [("502", "it answers 502 No"), ("407", "wants a user and a password")]
)
def test_a_proxy_that_leads_nowhere_is_told(trouble: str, words: str) -> None:
    """Before a run, with the sentence of the run; names are then the proxy's to resolve."""
    hosts = Hosts("https://wealist.invalid", "https://wealist.invalid")
    with http_proxy(trouble) as proxy:
        target = replace(TARGET, hosts=hosts, proxy=Proxy(proxy.url))
        assert words in complaint(checks.proxy, target)
        assert checks.dns(target) == "hosts that are asked directly have addresses"
        assert "proxy" in [check.name for check in checks.checks(target, {}) if check.is_needed]


def test_a_receiver_is_asked_through_the_proxy(receiver: Receiver) -> None:
    """As the export itself goes; a receiver on this machine is direct."""
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
    with http_proxy("502") as proxy:
        proxies.replace(environ, Proxy(proxy.url, loopback=True))
        assert "answers 502" in complaint(checks.collector, environ)
        proxies.replace(environ, Proxy(proxy.url))
        assert checks.collector(environ) == "answers"
    assert [method for method, _, _ in proxy.seen] == ["POST"]


def test_a_clock_that_is_off_is_told(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the api host's own Date, whatever it answers."""
    receiver.answers["*"] = (503, "text/plain", b"")
    mine = replace(TARGET, hosts=Hosts(receiver.url, receiver.url))
    assert checks.clock(mine) == "as that of 127.0.0.1, to 30 s"
    monkeypatch.setattr(checks, "time", SimpleNamespace(time=lambda: time.time() + 3600))
    assert "s off that of 127.0.0.1; look at its time service" in complaint(checks.clock, mine)


def test_a_host_that_says_no_time_is_told() -> None:
    """It is the run that says more."""
    assert "127.0.0.1 does not say what time it is" in complaint(
        checks.clock, replace(TARGET, hosts=Hosts("http://127.0.0.1:1", "http://127.0.0.1:1"))
    )


@pytest.mark.parametrize(
    ("look", "variable", "path"),
    [
        (checks.collector, "OTEL_EXPORTER_OTLP_ENDPOINT", "/v1/traces"),
        (checks.pushgateway, "PROBES_PUSHGATEWAY_URL", "/-/ready"),
    ],
)
def test_a_receiver_is_asked_whether_it_is_there(
    receiver: Receiver, look: Any, variable: str, path: str
) -> None:
    """A refusal, a page and a dead address are told apart from an answer; nothing is sent."""
    assert "was asked for" in look({})
    assert look({variable: receiver.url}) == "answers"
    assert [(asked.path, asked.body) for asked in receiver.asked] == [(path, b"")]
    receiver.answers["*"] = (403, "text/plain", b"")
    assert "answers 403; correct its address, or let the pod in" in complaint(
        look, {variable: receiver.url}
    )
    receiver.answers["*"] = (200, "text/html", b"<html>")
    assert "answers 200; correct its address" in complaint(look, {variable: receiver.url})
    assert "does not answer" in complaint(look, {variable: "http://u:s3cret@127.0.0.1:1"})


# Apprise looks for a module that Python 3.13 no longer has.
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_channels_are_read_and_not_used(receiver: Receiver) -> None:
    """A test message at every start would be noise; an address that is none is counted, not
    shown.
    """
    assert checks.notices({}) == "nobody is to be told"
    assert (
        checks.notices({"PROBES_NOTICE_URLS": f"json://{receiver.host}"})
        == "the addresses are understood"
    )
    assert receiver.asked == []
    said = complaint(checks.notices, {"PROBES_NOTICE_URLS": "nonsense://s3cret"})
    assert (
        said == "1 of 1 addresses in PROBES_NOTICE_URLS are none that Apprise knows; correct them"
    )


@pytest.mark.parametrize("words", ["exit 1", "echo Chromium 150.0"], ids=["ends", "knows-itself"])
@pytest.mark.slow
def test_a_browser_that_shows_no_page_is_told(words: str, tmp_path: Path) -> None:
    """It is driven, not only asked for its version."""
    broken = tmp_path / "chromium"
    broken.write_text(f"#!/bin/sh\n{words}\n")
    broken.chmod(0o755)
    told = complaint(checks.browser, {"PROBES_CHROMIUM": str(broken)})
    assert f"{broken} shows no page" in told
    assert "PROBES_CHROMIUM" in told


@pytest.mark.slow
def test_a_browser_shows_a_page() -> None:
    """The one that a run would drive."""
    assert re.fullmatch(r"Chromium [\d.]+ shows a page", checks.browser(os.environ))


def test_a_driver_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser alone is no use."""
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/nowhere/node")
    assert "shows no page" in complaint(checks.browser, os.environ)


def test_a_collector_is_asked_with_the_headers_of_the_export(receiver: Receiver) -> None:
    """One that wants a key would refuse the doctor, and take the run's spans."""
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-api-key=planted%20key,x-scope=probes",
    }
    assert checks.collector(environ) == "answers"
    headers = receiver.asked[-1].headers
    assert (headers["x-api-key"], headers["x-scope"]) == ("planted key", "probes")


@pytest.mark.parametrize(
    "name", ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"]
)
def test_a_collector_s_key_without_a_name_is_told_and_not_shown(
    name: str, receiver: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    """OpenTelemetry logs what it cannot read, as it stands there."""
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, name: "planted-api-key"}
    assert complaint(checks.collector, environ).startswith(f"{name} must be name=value, as in ")
    assert "planted" not in "".join(capfd.readouterr())


def test_a_collector_whose_address_is_none_is_told() -> None:
    """It is no failure of the check's own."""
    said = complaint(checks.collector, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://[::1"})
    assert said.startswith("the collector does not answer (")


def test_a_pushgateway_may_be_named_without_a_scheme(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the push itself reads it; a proxy variable that nobody understands changes nothing."""
    monkeypatch.setenv("ALL_PROXY", "socks5h://proxy.invalid:1080")
    assert checks.pushgateway({"PROBES_PUSHGATEWAY_URL": receiver.host}) == "answers"
