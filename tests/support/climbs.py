"""A folder of storage-service that did not answer, and the rungs that were climbed for it."""

from typing import Any

from probes.finding import Finding
from probes.transport.envelopes import explain
from probes.transport.http import Web
from tests.support.site import Said, js, page

CONTENTS = "/api/svc/storage/storage/folders/contents"
MORE = "/api/svc/storage/api/storage/folders/contents"
LIVE = "/api/svc/storage/health/live"
ALIVE = {f"GET {host}{LIVE}": js({"status": "alive"}) for host in ("apex", "api")}
DRIVE = js({"success": True, "data": {}})
MASKED = Said(
    200, page().body, "text/html", {"server": "AmazonS3", "x-cache": "Error from cloudfront"}
)


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
