"""What a healthy weAlist answers to each of the suite's HTTP verbs, and the verb that asks.

The bodies are those of a recorded run of the suite against the replica, shortened; a test holds
that every verb accepts its own.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from probes.config.livekit import LiveKit
from probes.livekit import rooms
from probes.livekit.tokens import Access
from probes.services import (
    boards,
    chat,
    exposure,
    notifications,
    presence,
    profiles,
    static_site,
    video,
    workspaces,
)
from probes.services.chat import Chat
from probes.services.exposure import Endpoint
from probes.services.presign_endpoints import PRESIGN_ENDPOINTS
from probes.services.storage import Item
from probes.services.video import Call
from tests.support.envelopes import data, message, success
from tests.support.healthy_sign_in import SIGN_IN
from tests.support.session_tokens import token
from tests.support.site import SHELL, Said, js
from tests.support.verb_cases import Case, Cast

SIGNED = (
    "https://files.s3.example/storage/w/2026/01/a.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=ASIAEXAMPLE%2F20260101%2Fap-northeast-2%2Fs3%2Faws4_request"
    "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host"
    "&X-Amz-Security-Token=t&X-Amz-Signature=0123"
)
CALLS = LiveKit("wss://livekit.localhost", "KEY", "SECRET")
ACCESS = Access("APIkey", "a-secret-that-is-long-enough-for-hs256")
ROOM = Chat("c-1", "n")
MESSAGE = {"messageId": "m-1", "userId": "u-1", "content": "x", "messageType": "TEXT"}
FILE = {"id": "f-1", "name": "a.txt", "originalName": "a.txt", "status": "ACTIVE"}
NOTICE = {"id": "n-1", "type": "BOARD_ASSIGNED", "resourceId": "b-1", "resourceName": "x"}
TICKET = {"uploadUrl": SIGNED, "fileKey": "k", "fileId": "f-1"}
WRAPPED: Mapping[str, Callable[[Any], Said]] = {"SUCCESS": success, "DATA": data, "RAW": js}
DOWNLOAD = {"downloadUrl": SIGNED.replace("300", "3600")}


def _presign(number: int) -> Callable[[Cast], Awaitable[object]]:
    endpoint = PRESIGN_ENDPOINTS[number]
    return lambda cast: endpoint.issue(cast.web, cast.user, cast.ledger)


def _exposed(sign: exposure.Sign, answers: Said) -> Case:
    endpoint = Endpoint(sign, "/api/svc/user/metrics", sign)
    return Case(
        f"exposure-{sign}",
        lambda cast: exposure.expect_closed(cast.web, endpoint, "u-1"),
        (answers,),
    )


ERROR: Mapping[str, Any] = {"error": {"code": "UNAUTHORIZED", "message": "no token"}}
ASSETS = Said(200, SHELL, "text/html"), Said(200, b"x", "text/javascript")
CASES = (
    Case(
        "drive-contents",
        lambda cast: cast.drive.expect_listed(Item("file", "f-1", "a.txt", "a.txt")),
        (success({"id": "r", "children": [{"id": "d-1", "name": "d"}], "files": [FILE]}),),
    ),
    Case("drive-folder", lambda cast: cast.drive.make_folder("d"), (success(FILE, 201),)),
    Case(
        "drive-upload",
        lambda cast: cast.drive.upload("a.txt", b"x"),
        (success(TICKET), Said(200), success(FILE)),
    ),
    Case(
        "drive-download",
        lambda cast: cast.drive.download("f-1"),
        (success(DOWNLOAD), Said(200, b"x", "text/plain")),
    ),
    Case(
        "chat-create",
        lambda cast: chat.create_chat(cast.web, cast.user, [cast.user], cast.ledger),
        (js({"chatId": "c-1", "participants": [{"userId": "u-1"}]}, 201),),
    ),
    Case("chat-send", lambda cast: chat.send(cast.web, cast.user, ROOM, "x"), (js(MESSAGE, 201),)),
    Case(
        "chat-list",
        lambda cast: chat.list_chats(cast.web, cast.user),
        (message([{"chatId": "c-1", "chatName": "n", "unreadCount": 0}]),),
    ),
    Case(
        "chat-history", lambda cast: chat.history(cast.web, cast.user, ROOM), (message([MESSAGE]),)
    ),
    Case(
        "chat-image",
        lambda cast: chat.send_image(cast.web, cast.user, ROOM, b"x"),
        (data({"uploadUrl": SIGNED, "downloadUrl": SIGNED}), Said(200), js(MESSAGE, 201)),
    ),
    Case(
        "chat-image-arrives",
        lambda cast: chat.expect_image(cast.web, cast.user, ROOM, b"x"),
        (
            message([{**MESSAGE, "messageType": "IMAGE", "fileUrl": SIGNED}]),
            Said(200, b"x", "image/png"),
        ),
    ),
    Case(
        "presence",
        lambda cast: presence.expect_shown(cast.web, cast.user, cast.user, online=True),
        (message([{"userId": "u-1", "status": "ONLINE"}]),),
    ),
    Case(
        "board-create",
        lambda cast: boards.create(cast.web, cast.user, cast.ledger),
        (data({"boardId": "b-1", "title": "t"}, 201),),
    ),
    Case(
        "board-list",
        lambda cast: boards.list_cards(cast.web, cast.user),
        (data([{"boardId": "b-1", "title": "t"}]),),
    ),
    Case(
        "board-online",
        lambda cast: boards.expect_shown(cast.web, cast.user, cast.user),
        (js({"onlineUsers": [{"userId": "u-2"}, "u-1"], "count": 2}),),
    ),
    Case(
        "notices",
        lambda cast: notifications.list_notices(cast.web, cast.user),
        (js({"notifications": [NOTICE], "total": 1}),),
    ),
    Case(
        "profile",
        lambda cast: profiles.expect_name(cast.web, cast.user, "n", ""),
        (js({"userId": "u-1", "nickName": "n", "profileImageUrl": SIGNED}),),
    ),
    Case(
        "profile-image",
        lambda cast: profiles.set_image(cast.web, cast.user),
        (
            js({"userId": "u-1", "nickName": "n"}),
            js(TICKET),
            Said(200),
            js({"attachmentId": "a-1"}, 201),
            js({}),
        ),
    ),
    Case(
        "profile-image-is-there",
        lambda cast: profiles.expect_image(cast.web, cast.user, ""),
        (
            js({"userId": "u-1", "nickName": "n", "profileImageUrl": SIGNED}),
            Said(200, profiles.IMAGE, "image/png"),
        ),
    ),
    Case(
        "profile-person",
        lambda cast: profiles.expect_same_person(cast.web, cast.user),
        (
            js({"userId": "u-1", "nickName": "n"}),
            js([{"userId": "u-1", "nickName": "n"}, {"userId": "u-2", "profileImageUrl": None}]),
        ),
    ),
    Case(
        "workspace-create",
        lambda cast: workspaces.create(cast.web, cast.user, cast.ledger),
        (js({"workspaceId": "w-2"}, 201),),
    ),
    Case(
        "workspaces",
        lambda cast: workspaces.list_own(cast.web, cast.user),
        (js([{"workspaceId": "w-1", "workspaceName": "n"}]),),
    ),
    Case(
        "member", lambda cast: workspaces.is_member(cast.web, cast.user), (js({"isMember": True}),)
    ),
    Case(
        "call-create",
        lambda cast: video.create_call(cast.web, cast.user, cast.ledger),
        (success({"id": "v-1", "name": "n"}, 201),),
    ),
    Case(
        "call-join",
        lambda cast: video.join(cast.web, cast.user, Call("v-1", "n")),
        (success({"room": {"id": "v-1"}, "token": token(), "wsUrl": "wss://livekit.localhost"}),),
    ),
    Case(
        "calls",
        lambda cast: video.list_calls(cast.web, cast.user),
        (success([{"id": "v-1", "name": "n"}]),),
    ),
    Case(
        "rooms",
        lambda cast: rooms.list_rooms(cast.web, CALLS, ACCESS),
        (js({"rooms": [{"name": "r"}]}),),
    ),
    Case(
        "room-create", lambda cast: rooms.create(cast.web, CALLS, ACCESS, "r"), (js({"name": "r"}),)
    ),
    *(
        Case(
            f"presign-{endpoint.name}",
            _presign(number),
            (WRAPPED[endpoint.envelope.name](TICKET),),
        )
        for number, endpoint in enumerate(PRESIGN_ENDPOINTS)
    ),
    Case("assets", lambda cast: static_site.expect_assets(cast.web, cast.web.target), ASSETS),
    _exposed("served", js(ERROR, 401)),
    _exposed("trace", js(ERROR, 400)),
    _exposed("origin", js(ERROR, 401)),
    _exposed("sources", Said(200, SHELL, "text/html")),
    *SIGN_IN,
)
