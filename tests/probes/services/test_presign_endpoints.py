"""Each of the four services is asked for a presigned URL as the app asks it (contract 4.5)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from probes.auth.users import User, Users
from probes.config.environment import Identity, Paths, Target, UserConfig
from probes.finding import Broken, Code
from probes.recording.ledger import Entry, Ledger
from probes.recording.redactor import Redactor
from probes.services.presign_endpoints import PRESIGN_ENDPOINTS
from probes.transport.http import Web
from tests.support.site import Site, js

BY_NAME = {issuer.name: issuer for issuer in PRESIGN_ENDPOINTS}
SIGNED = "https://files.s3.example/w/k?X-Amz-Credential=ASIAABCDEFGHIJKLMNOP%2F20260102%2Fr%2Fs3%2Faws4_request"
TICKET = {"uploadUrl": SIGNED, "fileKey": "k", "fileId": "f-1"}
NAME = "probe-20260102T030405Z-abc123-1-presign.txt"
STORAGE = "/api/svc/storage/storage/files/upload-url"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "20260102T030405Z-abc123")
    yield ledger
    ledger.close()


@pytest.fixture
def alice(target: Target, web: Web) -> User:
    users = replace(
        target, identity=Identity("static"), users={"alice": UserConfig("u-1", token="ALICE")}
    )
    return Users(users, web, Redactor(), {"ALICE": "alices.own.token"}).user("alice")


FILE = {"fileName": "presign.txt", "contentType": "text/plain", "fileSize": 16}
IMAGE = {"fileName": "presign.png", "contentType": "image/png", "fileSize": 16}


@dataclass(frozen=True)
class Way:
    """Where an issuer listens, what it wants to know, and how it wraps what it says."""

    path: str
    wish: dict[str, Any]
    reply: dict[str, Any]


GO = {"data": TICKET, "requestId": "r"}
HOME = {"workspaceId": "w-1"}
WAYS = {
    "storage": Way(STORAGE, FILE | HOME | {"fileName": NAME}, {"success": True, "data": TICKET}),
    "board": Way(
        "/api/svc/board/api/attachments/presigned-url", FILE | HOME | {"entityType": "BOARD"}, GO
    ),
    "chat": Way("/api/svc/chat/api/chats/files/presigned-url", IMAGE | HOME, GO),
    "user": Way("/api/svc/user/api/profiles/me/image/presigned-url", IMAGE, TICKET),
}


@pytest.mark.parametrize("name", WAYS)
async def test_an_issuer_is_asked_in_its_own_way(
    site: Site, web: Web, alice: User, ledger: Ledger, name: str
) -> None:
    """Its path through the apex, its envelope, its wishes; only storage makes a row that the ledger
    has to know.
    """
    way = WAYS[name]
    site.says[f"POST apex{way.path}"] = js(way.reply)
    signed = await BY_NAME[name].issue(web, alice, ledger)
    assert (signed.url, signed.key_kind) == (SIGNED, "temporary")
    [asked] = site.asked
    assert json.loads(asked.body) == way.wish
    assert asked.headers["authorization"] == "Bearer alices.own.token"
    assert ledger.open_entries == ([Entry("file", NAME, "f-1")] if name == "storage" else [])


def test_every_issuer_is_asked() -> None:
    """Another service that presigns belongs here."""
    assert list(BY_NAME) == list(WAYS)


async def test_storage_may_have_another_base_path(
    site: Site, web: Web, alice: User, ledger: Ledger
) -> None:
    """In dev it has (contract 4.1)."""
    site.says["POST apex/api/svc/storage/api/storage/files/upload-url"] = js(
        {"success": True, "data": TICKET}
    )
    there = Web(replace(web.target, paths=Paths("/api/svc/storage/api")))
    assert (await BY_NAME["storage"].issue(there, alice, ledger)).url == SIGNED
    await there.close()


@pytest.mark.parametrize(
    "reply", [{"success": True, "data": {"fileId": "f-1"}}, {"data": TICKET, "requestId": "r"}]
)
async def test_an_answer_without_a_url_breaks_the_contract(
    site: Site, web: Web, alice: User, ledger: Ledger, reply: dict[str, Any]
) -> None:
    """The name stays in the ledger: there may be a row."""
    site.says[f"POST apex{STORAGE}"] = js(reply)
    with pytest.raises(Broken) as failure:
        await BY_NAME["storage"].issue(web, alice, ledger)
    assert failure.value.finding.code is Code.CONTRACT_BROKEN
    assert len(ledger.open_entries) == 1


async def test_a_url_without_an_id_is_a_url(
    site: Site, web: Web, alice: User, ledger: Ledger
) -> None:
    """Its row is found by name."""
    site.says[f"POST apex{STORAGE}"] = js({"success": True, "data": {"uploadUrl": SIGNED}})
    await BY_NAME["storage"].issue(web, alice, ledger)
    assert ledger.open_entries == [Entry("file", NAME)]
