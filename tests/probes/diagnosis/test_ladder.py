"""The ladder tells the incidents of V6 apart: which rung is the first that does not hold, and whom
to suspect.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from probes.config.environment import Hosts, Target, Tls
from probes.diagnosis import ladder
from probes.diagnosis.ladder import diagnose
from probes.diagnosis.step import Step
from probes.finding import Broken, Code, Finding, Rung
from probes.recording import journal
from probes.recording.recorder import Recorder
from probes.transport import connection_errors
from probes.transport.envelopes import explain
from probes.transport.http import Web
from tests.support.site import NOWHERE, Said, Site, js, page, secured

CONTENTS = "/api/svc/storage/storage/folders/contents"
MORE = "/api/svc/storage/api/storage/folders/contents"
LIVE = "/api/svc/storage/health/live"
ALIVE = {f"GET {host}{LIVE}": js({"status": "alive"}) for host in ("apex", "api")}
DRIVE = js({"success": True, "data": {}})
UPSTREAM = Said(503, b"no healthy upstream", "text/plain")
TWICE = Said(301, headers={"location": "/storage/folders/contents"})
MASKED = Said(
    200, page().body, "text/html", {"server": "AmazonS3", "x-cache": "Error from cloudfront"}
)
DENIED = js({"error": {"code": "FORBIDDEN", "message": "not a member"}}, 403)

BASE_PATH = "storage base path: the service serves /api/storage, the gateway sends /storage"
PAGE_PATH = "storage base path: the service serves /storage, the page asks for /api/storage"
LOST = "edge behaviour or origin: /api/* does not reach the gateway"
MASK = "CloudFront custom error response: it replaces the service's own errors"
SUBSET = (
    "gateway subset of storage-service: no ready pod; its DestinationRule selects none (a4263252), "
    "or readiness fails in all (database, redis)"
)
SLASH = "gateway rewrite: the service redirects a path that it got with a doubled slash (f53a0b5e)"


@dataclass(frozen=True)
class Story:
    """What hosts say, what a scenario asked, and what the ladder makes of it."""

    says: Mapping[str, Said]
    climbed: str
    cause: str
    host: str = "apex"
    path: str = CONTENTS
    method: str = "GET"
    kind: str = "http"
    wanted: int = 200


async def failed(web: Web, url: str, wanted: int = 200, **asked: Any) -> Finding:
    """What a scenario would have said of one answer."""
    finding = explain(await web.ask(asked.pop("method", "GET"), url, **asked), wanted)
    assert finding
    return finding


def path_of(finding: Finding) -> str:
    """The rungs that were climbed; the one that broke is marked."""
    return " ".join(rung.name + ("" if rung.held else "!") for rung in finding.rungs)


def both(path: str, said: Said) -> dict[str, Said]:
    return {f"GET {host}{path}": said for host in ("apex", "api")}


SHUT = {f"GET apex{CONTENTS}": MASKED, f"POST apex{CONTENTS}": MASKED}
STORIES = {
    "base path mismatch": Story(
        {**SHUT, f"GET api{MORE}": DRIVE}, "dns tcp edge gateway service rule!", BASE_PATH
    ),
    "base path mismatch, something missing": Story(
        {**SHUT, f"GET api{MORE}": DENIED},
        "dns tcp edge gateway service rule!",
        BASE_PATH,
        wanted=404,
    ),
    "base path mismatch, on the api host": Story(
        {f"GET api{MORE}": DRIVE}, "dns tcp gateway service rule!", BASE_PATH, host="api"
    ),
    "base path mismatch, a write": Story(
        {**SHUT, "GET api/api/svc/storage/api/health/live": js({})},
        "dns tcp edge gateway service rule!",
        BASE_PATH,
        method="POST",
    ),
    "page asks the wrong path": Story(
        {f"GET apex{MORE}": MASKED, f"GET api{CONTENTS}": DRIVE},
        "dns tcp edge gateway service rule!",
        PAGE_PATH,
        path=MORE,
        kind="page",
    ),
    "lost behaviour": Story(
        {**SHUT, f"GET apex{LIVE}": MASKED, f"GET api{CONTENTS}": DRIVE}, "dns tcp edge!", LOST
    ),
    "lost behaviour, something missing": Story(
        {**SHUT, f"GET apex{LIVE}": MASKED, f"GET api{CONTENTS}": DENIED},
        "dns tcp edge!",
        LOST,
        wanted=403,
    ),
    "lost behaviour, a write": Story(
        {**SHUT, f"GET apex{LIVE}": MASKED}, "dns tcp edge!", LOST, method="POST"
    ),
    "masked error": Story(
        {**SHUT, f"GET api{CONTENTS}": DENIED}, "dns tcp edge!", MASK, wanted=403
    ),
    "no healthy upstream": Story(both(CONTENTS, UPSTREAM), "dns tcp edge gateway!", SUBSET),
    "no route": Story(
        {**SHUT, f"GET api{CONTENTS}": Said(404)},
        "dns tcp edge gateway!",
        "gateway: no route for this path",
    ),
    "doubled slash": Story(both(CONTENTS, TWICE), "dns tcp edge gateway!", SLASH),
    "sent to sign in": Story(
        both(CONTENTS, Said(302, headers={"location": "/oauth2/authorization/google"})),
        "dns tcp edge gateway!",
        "storage-service or the gateway: the request counts as not signed in",
    ),
    "dead service": Story(
        both(CONTENTS, js({}, 500)) | both(LIVE, js({}, 500)),
        "dns tcp edge gateway service!",
        "storage-service",
    ),
    "failing service": Story(
        both(CONTENTS, js({}, 500)), "dns tcp edge gateway service rule", "storage-service"
    ),
    "path is nowhere": Story(
        both(CONTENTS, NOWHERE),
        "dns tcp edge gateway service rule",
        "the gateway's route or rewrite",
    ),
    "ops": Story(
        {},
        "dns tcp edge gateway service",
        "the gateway's route or rewrite",
        path="/api/ops/api/users/me",
    ),
    "a page": Story({}, "dns tcp", "the gateway's route or rewrite", path="/config.js"),
}

NO_ISSUER = "unable to get local issuer certificate"


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
async def test_each_incident_has_its_rung(
    site: Site, web: Web, recorder: Recorder, story: Story
) -> None:
    """V6 §1 and §2, and their kin; the code and what was observed stay as they were."""
    site.says = {**ALIVE, **story.says}
    url = site.origin(story.host) + story.path
    before = await failed(web, url, story.wanted, method=story.method, kind=story.kind)
    after = await diagnose(web, before, recorder)
    assert (path_of(after), after.cause) == (story.climbed, story.cause)
    assert (after.code, after.observed) == (before.code, before.observed)


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
        "the apex answered 200 text/html; the api host does no better",
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
                "certificate verification failed for apex.localhost: " + NO_ISSUER,
            ),
        ),
        (True, ("dns tcp tls", "edge", "the certificate holds")),
    ],
)
async def test_a_certificate_is_a_rung(
    target: Target, recorder: Recorder, tmp_path: Path, trusted: bool, found: tuple[str, str, str]
) -> None:
    """Judged as the run judges it."""
    async with secured("apex.localhost", tmp_path / "ca.pem") as port:
        origin = f"https://apex.localhost:{port}"
        tls = Tls(ca=str(tmp_path / "ca.pem") if trusted else "")
        web = Web(replace(target, hosts=Hosts(origin, origin), tls=tls))
        with recorder.exchange("page", "GET", origin + "/"):
            pass
        finding = await diagnose(web, replace(FOUND, cause="edge"), recorder)
        await web.close()
    assert (path_of(finding), finding.cause, finding.rungs[-1].detail) == found


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

    monkeypatch.setattr(ladder, "tcp", late)
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
