"""What the peers of `make bench` are asked: the questions of a run of the suite and five journeys,
as one JSON file that each of them reads.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from probes.auth.signing_key import load_signer
from probes.browser import chromium
from probes.config.environment import Target
from probes.recording.journal import read

QUESTIONS = "edge/a-route-answers-json"
JOURNEYS = (
    "scenarios/test_sign_in.py::test_the_landing_signs_in",
    "scenarios/test_sign_in.py::test_who_signs_in_sees_the_dashboard",
    "scenarios/test_ops_portal.py::test_the_landing_opens_the_portal",
    "scenarios/test_ops_portal.py::test_the_dashboard_shows_its_data",
    "scenarios/test_storage.py::test_the_page_shows_the_drive_that_the_api_holds",
)

Question = dict[str, Any]


def write(target: Target, run: Path, file: Path) -> dict[str, Any]:
    """The work of a run against `target` that left `run`, into `file`. It holds tokens."""
    member, operator = _tokens(target, "alice"), _tokens(target, "operator")
    questions = list(_questions(run, member["accessToken"], target.workspace.id))
    portal = target.oauth.portal.rstrip("/")
    work = {
        "questions": questions,
        "hosts": {str(urlsplit(each["url"]).hostname): "127.0.0.1" for each in questions},
        "ca": target.tls.ca,
        "chromium": str(chromium.find()),
        "apex": target.hosts.apex,
        "landing": f"{target.oauth.landing}?{urlencode(member)}",
        "portal": f"{portal}/login?{urlencode(operator)}",
        "email": target.users["alice"].email,
        "drive": f"/workspace/{target.workspace.id}/storage",
        "tokens": member,
    }
    file.write_text(json.dumps(work), "utf-8")
    file.chmod(0o600)
    return work


def _tokens(target: Target, user: str) -> dict[str, str]:
    signer = load_signer(target.identity)
    assert signer, "the replica gives its signing key away"
    pair = signer.pair(target.users[user])
    return {"accessToken": pair.access, "refreshToken": pair.refresh, "userId": pair.user_id}


def _questions(run: Path, token: str, workspace: str) -> Iterator[Question]:
    for event in read(run):
        if event["event"] != "exchange" or event["kind"] != "http":
            continue
        if not str(event["scenario"]).startswith(QUESTIONS):
            continue
        sent, headers = event["request"]["headers"], {}
        if "authorization" in sent:
            headers["authorization"] = f"Bearer {token}"
        if "x-workspace-id" in sent:
            headers["x-workspace-id"] = workspace
        yield {"name": event["scenario"], "url": event["url"], "headers": headers}
