"""What the server says of people and of tracks."""

import pytest
from livekit.protocol import models, rtc

from replica.livekit.signal_messages import State, new_participant, track_info
from replica.livekit.tokens import Grants


@pytest.mark.parametrize("taken", ["canSubscribe", "canPublish", "canPublishData"])
def test_a_newcomer_may_do_what_was_not_taken_away(taken: str) -> None:
    """One grant that is false takes one permission."""
    info = new_participant(Grants("alice", "Alice", {taken: False}))
    may = info.permission
    assert (info.identity, info.name, info.state) == ("alice", "Alice", State.JOINED)
    assert {
        "canSubscribe": may.can_subscribe,
        "canPublish": may.can_publish,
        "canPublishData": may.can_publish_data,
    } == {name: name != taken for name in ("canSubscribe", "canPublish", "canPublishData")}


def test_a_track_is_told_as_it_was_announced() -> None:
    """Name, kind and source, and the codec that goes with the kind."""
    request = rtc.AddTrackRequest(sid="TR_1", name="tone", type=models.TrackType.AUDIO, muted=True)
    request.source = models.TrackSource.MICROPHONE
    told = track_info(request)
    assert (told.sid, told.name, told.muted, told.source) == (
        "TR_1",
        "tone",
        True,
        models.TrackSource.MICROPHONE,
    )
    assert told.mime_type == "audio/opus"
    request.type = models.TrackType.VIDEO
    assert track_info(request).mime_type == "video/VP8"
