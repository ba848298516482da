"""Presigned URLs: every service that hands them out signs with the right key, for the right bucket,
for a while.
"""

import pytest

from probes import clock
from probes.auth.users import User
from probes.config.environment import Presign
from probes.finding import NotApplicable
from probes.recording.ledger import Ledger
from probes.services import presign, presign_use
from probes.services.presign_endpoints import PRESIGN_ENDPOINTS, PresignEndpoint
from probes.services.presign_use import Upload
from probes.transport.http import Web

pytestmark = [
    pytest.mark.promise(owner="storage", incident="V6 §3"),
    pytest.mark.parametrize("issuer", PRESIGN_ENDPOINTS, ids=lambda issuer: issuer.name),
]


async def _issue(
    issuer: PresignEndpoint, web: Web, alice: User, ledger: Ledger
) -> presign.Presigned:
    _require_promise(web)
    return await issuer.issue(web, alice, ledger)


async def _upload(issuer: PresignEndpoint, web: Web, alice: User, ledger: Ledger) -> Upload:
    _require_promise(web)
    return await issuer.begin_upload(web, alice, ledger)


def _require_promise(web: Web) -> None:
    if web.target.presign is None:
        raise NotApplicable(
            "this environment does not say what its presigned URLs look like: [presign]"
        )


async def test_no_development_credential_signs(
    issuer: PresignEndpoint, web: Web, alice: User, ledger: Ledger
) -> None:
    """No upload is signed with a credential that everybody knows, such as minioadmin."""
    presign.expect_no_development_key(await _issue(issuer, web, alice, ledger))


async def test_temporary_credentials_sign(
    issuer: PresignEndpoint, web: Web, alice: User, ledger: Ledger, promised_presign: Presign
) -> None:
    """Uploads are signed by the pod's role, with a session token that ends by itself."""
    presign.expect_temporary(await _issue(issuer, web, alice, ledger), promised_presign)


@pytest.mark.promise(incident="V6 §3, 04be7992")
async def test_the_url_leads_to_our_bucket(
    issuer: PresignEndpoint, web: Web, alice: User, ledger: Ledger, promised_presign: Presign
) -> None:
    """An upload goes to this environment's bucket: host, style, bucket and region are as
    promised.
    """
    presign.expect_endpoint(await _issue(issuer, web, alice, ledger), promised_presign)


async def test_the_url_dies_soon(
    issuer: PresignEndpoint, web: Web, alice: User, ledger: Ledger, promised_presign: Presign
) -> None:
    """An upload URL lives as long as the environment says and no longer, and for its host only."""
    upload = await _upload(issuer, web, alice, ledger)
    presign.expect_lifetime(upload.presigned, promised_presign.put_seconds)
    presign.expect_date(upload.presigned, clock.now())
    presign.expect_signed_headers(upload.presigned, ("host",))
    await presign_use.expect_dies(web, upload)


async def test_an_upload_comes_back(
    issuer: PresignEndpoint, web: Web, alice: User, ledger: Ledger
) -> None:
    """What is uploaded by a presigned URL is there, unchanged, where the app would show it."""
    await presign_use.expect_comes_back(web, await _upload(issuer, web, alice, ledger))


async def test_a_tampered_url_is_refused(
    issuer: PresignEndpoint, web: Web, alice: User, ledger: Ledger
) -> None:
    """A URL changed to lead to another object uploads nothing."""
    await presign_use.expect_tampered_refused(web, await _upload(issuer, web, alice, ledger))


async def test_nothing_is_had_without_a_signature(
    issuer: PresignEndpoint, web: Web, alice: User, ledger: Ledger
) -> None:
    """Who has no signature can neither read, list nor write what users upload."""
    await presign_use.expect_nothing_unsigned(web, await _upload(issuer, web, alice, ledger))


@pytest.mark.promise(incident="net::ERR_FAILED, V6 §3.1")
async def test_the_browser_may_upload(
    issuer: PresignEndpoint, web: Web, alice: User, ledger: Ledger
) -> None:
    """S3 answers the browser's preflight for an upload from the app's origin with yes."""
    await presign_use.expect_browser_may_upload(web, await _upload(issuer, web, alice, ledger))
