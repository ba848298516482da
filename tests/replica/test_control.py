"""The switchboard: it says what is on, refuses what it does not know, and shows what is left
behind.
"""

from collections.abc import Collection, Mapping
from typing import Any

import httpx
import pytest
import websockets

from replica import control
from replica.control import ControlledReplica
from replica.infra.processes import ChildError
from tests.conftest import Replica
from tests.support.replica_visitor import Visitor


def faults(replica: Replica) -> list[str]:
    said: list[str] = httpx.get(f"{replica.control}/faults").json()
    return said


def test_exactly_the_named_faults_are_on(replica: Replica) -> None:
    """A switch replaces those of the last one."""
    assert faults(replica) == []
    replica.set_faults(["service-hangs", "bucket-refuses-origin"])
    assert faults(replica) == ["bucket-refuses-origin", "service-hangs"]
    replica.set_faults(["redis-not-configured"])
    assert faults(replica) == ["redis-not-configured"]


def test_an_unknown_fault_changes_nothing(replica: Replica) -> None:
    """The answer is 400 and names the nearest; what was on stays on."""
    replica.set_faults(["service-hangs"])
    answer = httpx.put(f"{replica.control}/faults", json=["service-hang"])
    assert answer.status_code == 400
    assert "did you mean service-hangs" in answer.text
    assert faults(replica) == ["service-hangs"]


async def test_a_fault_that_cannot_be_had_is_refused_in_one_sentence() -> None:
    """As a real livekit-server refuses those of the stand-in: 400, and no traceback."""

    class Stubborn(ControlledReplica):
        faults: Collection[str] = ("service-hangs",)

        async def set_faults(self, _: Collection[str]) -> None:
            raise ChildError("livekit-drops-data is a fault of the stand-in")

        async def inventory(self) -> dict[str, Any]:
            return {}

        @property
        def requests(self) -> Mapping[str, int]:
            return {}

        def secrets(self) -> dict[str, list[str]]:
            return {}

        def drop_sockets(self, _: Collection[str]) -> int:
            return 0

    transport = httpx.ASGITransport(app=control.app(Stubborn()))
    async with httpx.AsyncClient(transport=transport, base_url="http://control") as http:
        answer = await http.put("/faults", json=["livekit-drops-data"])
    sentence = "livekit-drops-data is a fault of the stand-in\n"
    assert (answer.status_code, answer.text) == (400, sentence)


@pytest.mark.parametrize("body", [b"", b"{}", b'"service-hangs"', b"[1]", b"\xff"])
def test_what_is_no_list_of_names_is_refused(body: bytes, replica: Replica) -> None:
    """One sentence says what to send."""
    answer = httpx.put(f"{replica.control}/faults", content=body)
    assert (answer.status_code, answer.text[:16]) == (400, "send a JSON list")


def test_a_switch_keeps_what_users_made(replica: Replica, visitor: Visitor) -> None:
    """A folder made before a fault is there during and after it, and in the state that is told."""
    member = visitor.bearer_header("alice")
    url = f"{visitor.environment['hosts']['api']}/api/svc/storage/storage/folders"
    wish = {"workspaceId": visitor.environment["workspace"]["id"], "name": "kept"}
    made = visitor.http.post(url, json=wish, headers=member).json()["data"]
    replica.set_faults(["redis-not-configured"])
    assert replica.state()["names"]["folders"] == ["kept"]
    assert visitor.http.delete(f"{url}/{made['id']}", headers=member).is_success
    assert visitor.http.delete(f"{url}/{made['id']}/permanent", headers=member).is_success
    assert replica.state()["counts"]["folders"] == 0


def test_page_faults_reach_the_page_s_configuration(replica: Replica, visitor: Visitor) -> None:
    """config.js in the site's bucket is the page's only way to know them, and it is never
    cached.
    """
    replica.set_faults(["page-throws-on-load"])
    assert "page-throws-on-load" in visitor.get("apex", "/config.js").text
    replica.set_faults([])
    assert "page-throws-on-load" not in visitor.get("apex", "/config.js").text


def test_it_says_that_it_is_ready(replica: Replica) -> None:
    """Whoever waits for a replica without its file can ask."""
    assert httpx.get(f"{replica.control}/ready").text == "ready\n"


def dropped(replica: Replica, kind: str) -> int:
    said: int = httpx.post(f"{replica.control}/drop", json={"what": [kind]}).json()["dropped"]
    return said


async def test_open_sockets_are_dropped(replica: Replica, visitor: Visitor) -> None:
    """Those of the kinds that are named, as a server ends them that restarts, on both hosts."""
    token = visitor.bearer_header("alice")["Authorization"].removeprefix("Bearer ")
    path = "/api/svc/chat/api/chats/ws/presence"
    async with (
        visitor.socket("apex", path, token) as one,
        visitor.socket("api", path, token) as other,
    ):
        assert [dropped(replica, kind) for kind in ("board", "presence")] == [0, 2]
        for socket in (one, other):
            with pytest.raises(websockets.ConnectionClosed) as ended:
                await socket.recv()
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 1012


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"what": []}', b'{"what": ["mail"]}', b'{"what": [1]}']
)
def test_what_is_no_kind_of_socket_is_refused(body: bytes, replica: Replica) -> None:
    """One sentence says what to send."""
    answer = httpx.post(f"{replica.control}/drop", content=body)
    assert (answer.status_code, answer.text[:17]) == (400, "say which sockets")
