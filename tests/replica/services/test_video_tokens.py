"""What video-service asks of LiveKit."""

from replica.services import video_tokens
from replica.state import ReplicaState
from tests.support.sfu import RunningStandIn


async def test_rooms_are_made_and_ended_at_livekit(
    sfu: RunningStandIn, state: ReplicaState
) -> None:
    """With the service's own key, under the room's id."""
    state.livekit = sfu.livekit
    await video_tokens.make_room(state, "by-the-app")
    assert "by-the-app" in (await sfu.server.state())["rooms"]
    await video_tokens.end_room(state, "by-the-app")
    assert "by-the-app" not in (await sfu.server.state())["rooms"]


async def test_a_refusal_of_livekits_is_swallowed(sfu: RunningStandIn, state: ReplicaState) -> None:
    """That is why a 2xx of video-service proves nothing."""
    state.livekit = sfu.livekit
    await sfu.lie("livekit-key-is-unknown")
    await video_tokens.make_room(state, "never")
    assert "never" not in (await sfu.server.state())["rooms"]
