"""A run behind [proxy]: every kind of client goes through it, and a proxy that fails is UNKNOWN."""

import base64
from pathlib import Path

import pytest

from probes.finding import EXIT_BROKEN, EXIT_HELD, EXIT_UNKNOWN, Code, Verdict
from probes.runner.proxy_check import NOT_FROM_PROXY
from tests.conftest import Ended, Replica, begin, ended
from tests.support import http_proxy
from tests.support.leaks import leaks

# Requests, sockets, a stream, a certificate, plain HTTP, LiveKit's signalling, and pages.
EACH_CLIENT = (
    "a_file_comes_back or the_certificate_holds or http_leads_to_https or media_lets_callers_in"
    " or (a_good_token_opens_the_socket and chat) or a_call_can_be_joined or the_stream_stays_open"
    " or every_connection_is_served or the_page_refreshes or one_refresh_serves_all_sockets"
)
AREAS = {"edge", "livekit", "notifications", "page_session", "storage", "tokens"}
HOSTS = {"api", "cdn", "livekit", "wealist.localhost"}
PASSWORD = "planted-proxy-pa55word"
USER = "Basic " + base64.b64encode(f"probes:{PASSWORD}".encode()).decode()


def run(replica: Replica, folder: Path, table: str, selected: str, **variables: str) -> Ended:
    """The replica's own environment, with `table` as [proxy]."""
    file = folder / "behind.toml"
    file.write_text(f"{replica.environment.read_text()}\n[proxy]\nloopback = true\n{table}\n")
    arguments = ["--env", str(file), "-k", selected]
    return ended(begin(folder / "runs", *arguments, **variables), folder / "runs")


def test_every_kind_of_client_goes_through_the_proxy(replica: Replica, tmp_path: Path) -> None:
    """What can be asked there holds, calls are skipped with the reason, and the proxy has seen
    each host; its password is nowhere.
    """
    with http_proxy.http_proxy(authorization=USER) as proxy:
        table = f'url = "{proxy.url}"\ncredentials = "OUR_PROXY"'
        ran = run(replica, tmp_path, table, EACH_CLIENT, OUR_PROXY=f"probes:{PASSWORD}")
    assert ran.code == EXIT_HELD, ran.output
    verdicts = ran.verdicts
    skipped = {name for name, verdict in verdicts.items() if verdict is Verdict.SKIPPED}
    assert skipped == {"livekit/media-lets-callers-in"}, ran.output
    assert {name.partition("/")[0] for name in verdicts} >= AREAS
    assert {host.removesuffix(".wealist.localhost") for host in proxy.hosts} >= HOSTS
    assert any("Chrome" in agent for _, _, agent in proxy.seen)
    assert {method for method, _, _ in proxy.seen} == {"CONNECT", "GET"}
    assert leaks(ran, {"password": [PASSWORD, f"probes:{PASSWORD}"]}) == []
    assert f"every client asks through [proxy] {proxy.url}" in ran.output


def test_one_host_that_the_proxy_does_not_reach_is_broken(replica: Replica, tmp_path: Path) -> None:
    """The others hold; the finding quotes the proxy, and says that it reaches another host."""
    with http_proxy.http_proxy() as proxy:
        proxy.unreached.add("api.wealist.localhost")
        table = f'url = "{proxy.url}"'
        ran = run(replica, tmp_path, table, "the_certificate_holds or a_route_answers_json")
    assert ran.code == EXIT_BROKEN, ran.output
    broken = [s for s in ran.report.scenarios if s.verdict is Verdict.BROKEN]
    assert {s.id for s in broken} == {s.id for s in ran.report.scenarios if "api" in s.id}, broken
    assert {s.finding.code for s in broken if s.finding} == {Code.HOST_UNREACHABLE}
    assert {s.finding.cause for s in broken if s.finding} == {NOT_FROM_PROXY}
    others = [s for s in ran.report.scenarios if s not in broken]
    assert {s.verdict for s in others} == {Verdict.HELD}, ran.output
    telling = "answers 503 for it, and opens a tunnel to wealist.localhost"
    assert all(s.finding and telling in s.finding.observed for s in broken)


@pytest.mark.parametrize("trouble", ["407", "502", http_proxy.HANGS, "gone"])
def test_a_run_behind_a_broken_proxy_knows_nothing(
    trouble: str, replica: Replica, tmp_path: Path
) -> None:
    """Nothing is called broken, and everything says which proxy fails, and how."""
    shown = "" if trouble == "gone" else trouble
    with http_proxy.http_proxy(shown) as proxy:
        table = f'url = "{proxy.url}"'
        if trouble != "gone":
            ran = run(replica, tmp_path, table, EACH_CLIENT)
    if trouble == "gone":
        ran = run(replica, tmp_path, table, EACH_CLIENT)
    assert ran.code == EXIT_UNKNOWN, ran.output
    found = [s.finding.observed for s in ran.report.scenarios if s.finding]
    assert found
    assert all(f"[proxy] {proxy.url}" in each for each in found), found
