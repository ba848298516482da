"""A drive of alice, on a site that keeps one file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.auth.users import Users
from probes.config.environment import Target
from probes.recording.ledger import Ledger
from probes.recording.redactor import Redactor
from probes.services.storage import Drive
from probes.transport.http import Web
from tests.support.drive import BASE, SIGNED, bucket, with_bucket
from tests.support.envelopes import success
from tests.support.site import Said, Site


@pytest.fixture
def target(site: Site) -> Target:
    return with_bucket(site, "alice")


@pytest.fixture
def drive(site: Site, web: Web, target: Target, tmp_path: Path) -> Iterator[Drive]:
    """Alice's, which takes a file, keeps it and gives it back."""
    url = f"{bucket(site)}/key?{SIGNED}"
    site.says = {
        f"POST apex{BASE}/files/upload-url": success(
            {"uploadUrl": url, "fileKey": "key", "fileId": "f-1"}
        ),
        "PUT s3/files/key": Said(200),
        f"POST apex{BASE}/files/confirm": success({"id": "f-1", "status": "ACTIVE"}),
        f"GET apex{BASE}/files/f-1/download": success({"downloadUrl": url}),
        "GET s3/files/key": Said(200, b"content"),
    }
    users = Users(target, web, Redactor(), {"ALICE": "alices.own.token"})
    ledger = Ledger(tmp_path / "20260102T030405Z-abc123")
    yield Drive(web, users.user("alice"), f"{target.hosts.apex}/api/svc/storage", "w-1", ledger)
    ledger.close()
