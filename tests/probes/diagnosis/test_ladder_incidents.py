"""The ladder tells the incidents of V6 apart: the first rung that breaks, and whom to suspect."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from probes.diagnosis.ladder import diagnose
from probes.recording.recorder import Recorder
from probes.transport.http import Web
from tests.support.climbs import ALIVE, CONTENTS, DRIVE, LIVE, MASKED, MORE, both, failed, path_of
from tests.support.site import NOWHERE, Said, Site, js

UPSTREAM = Said(503, b"no healthy upstream", "text/plain")
TWICE = Said(301, headers={"location": "/storage/folders/contents"})
DENIED = js({"error": {"code": "FORBIDDEN", "message": "not a member"}}, 403)

BASE_PATH = "storage base path: the service serves /api/storage, the gateway sends /storage"
PAGE_PATH = "storage base path: the service serves /storage, the page asks for /api/storage"
LOST = "edge behaviour or origin: /api/* does not reach the gateway"
MASK = "CloudFront custom error response: it replaces the service's own errors"
SUBSET = (
    "gateway subset of storage-service: its DestinationRule selects no pod (a4263252), or no pod "
    "of storage-service is ready (database, redis); `kubectl get pods --show-labels` tells which"
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
