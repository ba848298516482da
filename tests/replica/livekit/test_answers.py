"""LiveKit over HTTP, as the replica starts it."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from tests.support.sfu import RunningStandIn

VALIDATE = "/rtc/validate"


async def test_a_server_with_its_redis_is_ready(sfu: RunningStandIn) -> None:
    """And one without it says since when it is not."""
    assert (sfu.get("/").status_code, sfu.get("/").text) == (200, "OK")
    await sfu.lie("livekit-loses-redis")
    answer = sfu.get("/")
    assert answer.status_code == 406
    assert answer.text.startswith("Not Ready\nNode Updated At ")


async def test_validate_knows_a_seat_from_none(sfu: RunningStandIn) -> None:
    """For every origin, refused or not: that is how one knows that it is LiveKit."""
    good, none = sfu.get(VALIDATE, sfu.token()), sfu.get(VALIDATE)
    assert (good.status_code, good.text) == (200, "success")
    assert (none.status_code, none.text) == (401, "no permissions to access the room\n")
    assert [each.headers["access-control-allow-origin"] for each in (good, none)] == ["*", "*"]
    assert sfu.get(f"{VALIDATE}?access_token={sfu.token()}").text == "success"


@pytest.mark.parametrize(
    "path", ["/", VALIDATE, "/rtc", "/nowhere", "/twirp/livekit.RoomService/ListRooms"]
)
async def test_a_bad_token_is_seen_before_the_path(sfu: RunningStandIn, path: str) -> None:
    """Whatever the path: the text is the same, and repeats the token."""
    bad = sfu.token(secret="t" * 32)
    answer = sfu.get(path, bad)
    assert answer.status_code == 401
    assert answer.text.startswith(f"invalid token: {bad}, error: ")


async def test_what_is_not_there(sfu: RunningStandIn) -> None:
    """A join without a socket is an empty 404, v1 and all else Go's own, and debug is closed unless
    it is not.
    """
    answers = [
        sfu.get(path)
        for path in ("/rtc", "/rtc/v1/validate", "/nowhere", "/debug/goroutine", "/debug/rooms")
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert [answer.text for answer in answers] == ["", *["404 page not found\n"] * 4]
    await sfu.lie("livekit-shows-debug", "livekit-is-another-version")
    assert sfu.get("/debug/goroutine").text.startswith("goroutine profile: total ")
    assert sfu.get("/rtc/v1/validate", sfu.token()).text == "join_request is required"
    assert sfu.get("/rtc/v1/validate?join_request=x", sfu.token()).text == "success"


async def test_a_clock_that_runs_ahead_shows(sfu: RunningStandIn) -> None:
    """In the one Date header, and in tokens that have ended before they began."""
    await sfu.lie("livekit-clock-runs-ahead")
    answer = sfu.get(VALIDATE, sfu.token())
    assert "token is expired" in answer.text
    (said,) = answer.headers.get_list("date")
    assert parsedate_to_datetime(said) > datetime.now(UTC) + timedelta(minutes=50)


async def test_browsers_may_ask_from_everywhere(sfu: RunningStandIn) -> None:
    """The origin that asks is allowed, preflight included."""
    answer = sfu.http.options(
        "/twirp/livekit.RoomService/ListRooms", headers={"Origin": "https://a.test"}
    )
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (
        204,
        "https://a.test",
    )
    assert "access-control-allow-origin" not in sfu.get("/").headers
