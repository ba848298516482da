"""What the server says of itself, of people and of tracks."""

import time
from collections.abc import Sequence

from livekit.protocol import models, rtc

from replica.livekit.node import LiveKitNode, LiveKitRoom, new_id
from replica.livekit.tokens import Grants

State = models.ParticipantInfo.State


def join_response(
    node: LiveKitNode,
    room: LiveKitRoom,
    info: models.ParticipantInfo,
    relays: Sequence[rtc.ICEServer],
    *,
    subscriber_primary: bool,
) -> rtc.SignalResponse:
    """The first thing that somebody is told who joins."""
    answer = rtc.JoinResponse(
        room=room.to_message(),
        participant=info,
        other_participants=[other.info for other in room.others(info.identity)],
        server_version=node.server.version,
        server_info=node.server,
        ice_servers=relays,
        subscriber_primary=subscriber_primary,
        ping_timeout=15,
        ping_interval=5,
    )
    return rtc.SignalResponse(join=answer)


def new_participant(grants: Grants) -> models.ParticipantInfo:
    """Somebody who has just come in, and what he may do."""
    allowed = models.ParticipantPermission(
        can_subscribe=grants.allows("canSubscribe"),
        can_publish=grants.allows("canPublish"),
        can_publish_data=grants.allows("canPublishData"),
    )
    return models.ParticipantInfo(
        sid=new_id("PA"),
        identity=grants.identity,
        name=grants.name,
        state=State.JOINED,
        permission=allowed,
        joined_at=int(time.time()),
    )


def track_info(request: rtc.AddTrackRequest) -> models.TrackInfo:
    """A track as the others get to know it."""
    mime = "audio/opus" if request.type == models.TrackType.AUDIO else "video/VP8"
    return models.TrackInfo(
        sid=request.sid,
        type=request.type,
        name=request.name,
        muted=request.muted,
        source=request.source,
        mime_type=mime,
        disable_dtx=request.disable_dtx,
        disable_red=request.disable_red,
        stream=request.stream,
    )


def now_ms() -> int:
    return int(time.time() * 1000)
