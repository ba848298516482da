"""A part of a request is lost only where it was sent and the service calls it missing."""

import pytest

from probes.transport.identity import Asked
from probes.transport.lost_on_the_way import lost_part

URL = "https://x/api/svc/storage/folders?workspaceId=w-1&page="
SENT = {"authorization": "Bearer t0k3n", "x-workspace-id": "w-1"}
BODY = b'{"refreshToken": "r", "content": ""}'


def lost(words: str, status: int = 400, headers: dict[str, str] = SENT) -> str:
    return lost_part(Asked(URL, headers, BODY, {}), status, words)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("UNAUTHORIZED: Authorization header is required", "the header Authorization"),
        ("Missing authorization", "the header Authorization"),
        ("Authorization 헤더에서 토큰을 찾을 수 없습니다.", "the header Authorization"),
        ("BAD_REQUEST: Valid X-Workspace-Id header required", "the header X-Workspace-Id"),
        ("workspace_id is required", "workspaceId of the query"),
        ("missing query parameter workspaceId", "workspaceId of the query"),
        ("Field 'refreshToken' is required", "refreshToken of the body"),
        ("Invalid authorization header format", ""),
        ("Invalid or expired token", ""),
        ("content is required", ""),
        ("page is required", ""),
        ("not a member of the workspace", ""),
        ("", ""),
    ],
)
def test_what_is_called_missing_was_sent(words: str, part: str) -> None:
    """By the service's words; what was empty, or is called wrong, is not missing."""
    assert lost(words, 401) == part


def test_what_was_left_out_on_purpose_is_not_lost() -> None:
    """A probe without a token, and one with the scheme alone."""
    words = "Authorization header is required"
    assert lost(words, 401, {}) == lost(words, 401, {"Authorization": "Bearer"}) == ""
    assert lost(words, 401, {"Authorization": "Bearer x"})


@pytest.mark.parametrize("status", [200, 404, 409, 500, 503])
def test_only_a_refusal_says_so(status: int) -> None:
    """A failure quotes what it likes."""
    assert lost("Authorization header is required", status) == ""
