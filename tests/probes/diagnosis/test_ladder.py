"""The ladder asks as the scenario did, writes nothing, and ends at the first rung that breaks."""

import re
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from probes.config.environment import Hosts, Target, Tls
from probes.diagnosis import network_rungs
from probes.diagnosis.ladder import diagnose
from probes.diagnosis.step import Step
from probes.finding import Broken, Code, Finding, Rung
from probes.recording import journal
from probes.recording.recorder import Recorder
from probes.transport import connection_errors
from probes.transport.http import Web
from tests.support.climbs import ALIVE, CONTENTS, DRIVE, LIVE, MASKED, MORE, both, failed, path_of
from tests.support.site import NOWHERE, Site, js, secured


async def test_rungs_say_what_was_seen(site: Site, web: Web, recorder: Recorder) -> None:
    """The whole of V6 §1 in six lines."""
    site.says = ALIVE | {
        f"GET apex{CONTENTS}": MASKED,
        f"GET api{CONTENTS}": NOWHERE,
        f"GET api{MORE}": DRIVE,
    }
    finding = await diagnose(web, await failed(web, site.origin("apex") + CONTENTS), recorder)
    assert [rung.detail for rung in finding.rungs] == [
        "apex.localhost is 127.0.0.1",
        f"port {site.port} takes connections",
        f"the apex answered 200 text/html, the api host 404 text/plain for {CONTENTS}",
        f"GET api.localhost{CONTENTS} answered 404 text/plain",
        "storage-service says it is alive",
        f"{MORE} answers 200 application/json",
    ]


async def test_a_read_is_repeated_by_the_same_person(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """On the api host, query, workspace and all."""
    asked: dict[str, Any] = {"token": "t0k3n", "headers": {"X-Workspace-Id": "w-1"}}
    await diagnose(
        web, await failed(web, site.origin("apex") + CONTENTS + "?workspaceId=w", **asked), recorder
    )
    again = site.asked[1]
    assert (again.host, again.path, again.headers["authorization"]) == (
        "api",
        CONTENTS + "?workspaceId=w",
        "Bearer t0k3n",
    )
    assert again.headers["x-workspace-id"] == "w-1"


async def test_a_write_is_not_repeated(site: Site, web: Web, recorder: Recorder) -> None:
    """A target that fails is not written to for a diagnosis."""
    await diagnose(
        web, await failed(web, site.origin("apex") + CONTENTS, method="POST", json={}), recorder
    )
    assert len(site.asked) > 2
    assert {(asked.method, asked.path == CONTENTS) for asked in site.asked[1:]} == {("GET", False)}


@pytest.fixture
def nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names under .invalid have no address (RFC 6761), and no resolver is asked."""
    resolve = socket.getaddrinfo

    def answer(host: str, *rest: Any, **more: Any) -> Any:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", answer)


NO_ISSUER = "unable to get local issuer certificate"
FOUND = Finding(Code.UPLOAD_LOST, "o", "s")


async def test_what_lies_elsewhere_is_not_climbed_to(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """S3 is not ours, and some failures are about no exchange at all."""
    assert await diagnose(web, FOUND, recorder) == FOUND
    await web.ask("GET", site.origin("files") + "/k", kind="s3")
    assert await diagnose(web, FOUND, recorder) == FOUND
    assert len(site.asked) == 1


@pytest.mark.usefixtures("nameless")
@pytest.mark.parametrize(
    ("apex", "found", "detail"),
    [
        (
            "https://no-such-host.invalid",
            ("dns!", "DNS record (external-dns, Route53)"),
            "no-such-host.invalid does not resolve: Name or service not known",
        ),
        (
            "http://apex.localhost:1",
            ("dns tcp!", "DNS, load balancer or listener"),
            "apex.localhost: connection refused",
        ),
    ],
)
async def test_an_unreachable_host_breaks_a_low_rung(
    target: Target, recorder: Recorder, apex: str, found: tuple[str, str], detail: str
) -> None:
    """Nothing above it is asked."""
    web = Web(replace(target, hosts=Hosts(apex, apex)))
    with pytest.raises(Broken) as failure:
        await web.ask("GET", apex + CONTENTS)
    finding = await diagnose(web, failure.value.finding, recorder)
    await web.close()
    assert (path_of(finding), finding.cause) == found
    assert finding.rungs[-1].detail.startswith(detail)


@pytest.mark.parametrize(
    ("trusted", "found"),
    [
        (
            False,
            (
                "dns tcp tls!",
                connection_errors.CHAIN,
                (
                    "certificate verification failed for apex.localhost: "
                    f"{NO_ISSUER}; it was issued by OU=Testing CA for apex.localhost"
                ),
            ),
        ),
        (True, ("dns tcp tls", "edge", "the certificate holds")),
    ],
)
async def test_a_certificate_is_a_rung(
    target: Target, recorder: Recorder, tmp_path: Path, trusted: bool, found: tuple[str, str, str]
) -> None:
    """Judged as the run judges it; what it says of itself is told where it does not hold."""
    async with secured("apex.localhost", tmp_path / "ca.pem") as port:
        origin = f"https://apex.localhost:{port}"
        ca = str(tmp_path / "ca.pem") if trusted else ""
        web = Web(replace(target, hosts=Hosts(origin, origin), tls=Tls(ca)))
        with recorder.exchange("page", "GET", origin + "/"):
            pass
        finding = await diagnose(web, replace(FOUND, cause="edge"), recorder)
        await web.close()
    detail = re.sub(
        r" #.* for ", " for ", finding.rungs[-1].detail
    )  # trustme numbers its authorities
    assert (path_of(finding), finding.cause, detail) == found


async def test_what_the_ladder_asks_is_on_record(site: Site, web: Web, recorder: Recorder) -> None:
    """Evidence is evidence, whoever asked."""
    await diagnose(web, await failed(web, site.origin("apex") + CONTENTS), recorder)
    exchanges = [
        event["url"]
        for event in journal.read(recorder.evidence.folder)
        if event["event"] == "exchange"
    ]
    assert exchanges == [site.origin(asked.host) + asked.path for asked in site.asked]
    assert len(exchanges) > 2


@pytest.mark.parametrize("rung", ["tcp", "tls"])
async def test_a_rung_that_times_out_overrides_no_answer(
    site: Site, web: Web, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, rung: str
) -> None:
    """The answer came by that way: 'port 443 takes no connection' was the probe's own hurry."""

    async def late(*_: object) -> Step:
        return Step(Rung(rung, held=False, detail="timed out"), "DNS, load balancer or listener")

    monkeypatch.setattr(network_rungs, "tcp", late)
    site.says = ALIVE | both(CONTENTS, js({}, 500)) | both(LIVE, js({}, 500))
    finding = await diagnose(web, await failed(web, site.origin("apex") + CONTENTS), recorder)
    assert finding.cause == "storage-service"
    assert finding.rungs[1].held
    assert "an answer had come before" in finding.rungs[1].detail


@pytest.mark.parametrize("kind", ["socket", "stream"])
async def test_what_is_held_open_is_not_asked_again(
    site: Site, web: Web, recorder: Recorder, kind: str
) -> None:
    """It would not end; the service's liveness is read in its place, on both hosts."""
    site.says = {**ALIVE, f"GET apex{CONTENTS}": js({}, 500)}
    finding = await diagnose(
        web, await failed(web, site.origin("apex") + CONTENTS, kind=kind), recorder
    )
    assert [asked.host for asked in site.asked if asked.path == CONTENTS] == ["apex"]
    assert path_of(finding).startswith("dns tcp edge gateway service")


@pytest.mark.parametrize(("kind", "status"), [("stream", 200), ("stream", 500), ("http", 200)])
async def test_a_silent_stream_of_a_service_that_lives_may_be_held_back(
    site: Site, web: Web, recorder: Recorder, kind: str, status: int
) -> None:
    """The service alone is blamed where it is silent as a whole, or for what is no stream."""
    site.says = both(LIVE, js({"status": "alive"}, status))
    held_back = kind == "stream" and status == 200
    await web.ask("GET", site.origin("apex") + CONTENTS, kind=kind)
    stalled = Finding(Code.SERVICE_STALLED, "o", "storage-service")
    assert ("response buffering" in (await diagnose(web, stalled, recorder)).cause) == held_back
