"""Whose data an answer holds: each field that names an owner is compared with who asked."""

import json
from typing import Any

import jwt
import pytest

from probes.config.environment import UserConfig
from probes.finding import Code
from probes.transport.envelopes import explain
from probes.transport.http import Answer
from probes.transport.identity import Asked, cause_of, find_foreign, scope_of, users_by_mark

ALICE, BOB = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
HOME, AWAY = "00000000-0000-4000-8000-0000000000f1", "00000000-0000-4000-8000-0000000000f2"
USERS = users_by_mark(
    {"alice": UserConfig(ALICE, "alice@x.test"), "bob": UserConfig(BOB, "bob@x.test")}
)


def token(user: str = ALICE, email: str = "alice@x.test") -> str:
    return jwt.encode({"sub": user, "email": email}, "k" * 32)


def asked(path: str, method: str = "GET", body: Any = None, **headers: str) -> Asked:
    sent = {"authorization": f"Bearer {token()}", **headers}
    url = f"https://apex.test{path}"
    payload = json.dumps(body).encode() if body else b""
    return Asked(url, sent, payload, USERS, method)


def paths(request: Asked, inside: Any) -> list[str]:
    return sorted(foreign.path for foreign in find_foreign(scope_of(request), inside))


@pytest.mark.parametrize(
    ("workspace", "found"),
    [(HOME, []), (AWAY, ["workspaceId"]), ("00000000-0000-0000-0000-000000000000", [])],
)
def test_a_profile_is_of_the_workspace_or_of_none(workspace: str, found: list[str]) -> None:
    """User-service falls back to the member's default profile; another workspace's is foreign."""
    request = asked("/api/svc/user/api/profiles/me", **{"x-workspace-id": HOME})
    assert paths(request, {"userId": ALICE, "workspaceId": workspace}) == found


@pytest.mark.parametrize(
    ("path", "inside", "found"),
    [
        ("/api/svc/user/api/users/me", {"userId": ALICE, "email": "Alice@x.test"}, []),
        ("/api/svc/user/api/users/me", {"userId": BOB}, ["userId"]),
        ("/api/svc/user/api/users/me", {"userId": ALICE, "email": "z@x.test"}, ["email"]),
        ("/api/svc/user/api/users/me", {"userId": ALICE, "any": ["x", {"k": BOB}]}, ["any[1].k"]),
        ("/api/ops/api/users/me", {"data": {"id": "7", "email": "bob@x.test"}}, ["data.email"]),
        (
            f"/api/svc/user/api/workspaces/{HOME}/members",
            [{"workspaceId": AWAY}],
            ["[0].workspaceId"],
        ),
        (
            f"/api/svc/user/api/workspaces/{HOME}/members",
            [{"userId": BOB, "userEmail": "alice@x.test"}],
            ["[0].userEmail"],
        ),
        (f"/x/api/workspaces/{HOME}/members", [{"userId": BOB, "userEmail": "b@y.test"}], []),
        (
            f"/api/svc/chat/api/chats/messages/{HOME}",
            {"message": [{"chatId": AWAY}]},
            ["message[0].chatId"],
        ),
        (
            f"/x/storage/folders/contents?workspaceId={HOME}",
            {"data": {"workspaceId": AWAY}},
            ["data.workspaceId"],
        ),
        (f"/x/storage/files/{HOME}", {"data": {"id": AWAY}}, ["data.id"]),
        (
            f"/x/api/projects/{HOME}/init-settings",
            {"data": {"project": {"projectId": AWAY}}},
            ["data.project.projectId"],
        ),
        (
            "/x/notifications",
            {"notifications": [{"targetUserId": BOB}]},
            ["notifications[0].targetUserId"],
        ),
        ("/x/notifications", {"notifications": [{"actorId": BOB, "targetUserId": ALICE}]}, []),
        ("/x/workspaces/all", [{"workspaceId": AWAY}, {"workspaceId": HOME}], []),
        ("/x/rooms", {"data": [{"userId": BOB, "workspaceId": None}]}, []),
    ],
)
def test_a_field_is_compared_with_what_was_asked(path: str, inside: Any, found: list[str]) -> None:
    """By the token, the path and the query; what the request does not name may be anybody's."""
    assert paths(asked(path), inside) == found


def test_what_is_new_names_its_maker_and_what_was_sent() -> None:
    """The body and the header of a request count as much as its path."""
    body = {"workspaceId": HOME, "assigneeId": BOB}
    inside = {"data": {"workspaceId": AWAY, "authorId": BOB, "assigneeId": BOB}}
    assert paths(asked("/x/boards", "POST", body), inside) == ["data.authorId", "data.workspaceId"]
    scoped = asked("/x/notifications", **{"x-workspace-id": HOME})
    assert paths(scoped, {"notifications": [{"workspaceId": AWAY}]}) == [
        "notifications[0].workspaceId"
    ]


def test_a_token_in_an_answer_is_the_askers() -> None:
    """In a refresh it is the refresh token that says who asks."""
    refresh = Asked(
        "https://apex.test/api/auth/refresh",
        {},
        json.dumps({"refreshToken": token()}).encode(),
        USERS,
        "POST",
    )
    theirs = {"accessToken": token(), "userId": ALICE}
    assert paths(refresh, theirs) == []
    assert paths(refresh, {"accessToken": token(BOB), "userId": BOB}) == [
        "sub of the token in accessToken",
        "userId",
    ]


def test_what_is_no_object_is_about_nobody() -> None:
    """Nonsense is judged elsewhere."""
    request = asked("/api/svc/user/api/users/me")
    nonsense: list[Any] = [None, [], "x", 7, {"userId": 7}]
    assert [paths(request, inside) for inside in nonsense] == [[]] * 5


def test_an_answer_of_somebody_else_is_a_finding_whatever_was_wanted() -> None:
    """It outranks what else is wrong with it; without a request nobody can compare."""
    request = asked("/api/svc/user/api/users/me")
    body = json.dumps({"userId": BOB}).encode()
    headers = {"content-type": "application/json", "age": "12", "x-cache": "Hit from cloudfront"}
    finding = explain(Answer("GET", request.url, 200, headers, body, request), 200)
    assert finding is not None
    assert finding.code is Code.FOREIGN_DATA
    assert "userId is bob's, not alice's" in finding.observed
    assert "a cache in front of user-service" in finding.cause
    assert explain(Answer("GET", request.url, 200, headers, body), 200) is None
    assert "user-service: it reads" in cause_of("user-service", {"x-cache": "Miss", "age": "0"})
