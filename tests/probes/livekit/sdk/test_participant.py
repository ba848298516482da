"""What one does in a call, by the real SDK: in a worker, since it may end the process that it runs
in.
"""

from probes.livekit.sdk import worker_process
from probes.livekit.sdk.messages import (
    CallEnded,
    DataReceived,
    ParticipantJoined,
    SelectedPath,
    TcpRejoin,
    ToneReceived,
)
from tests.probes.livekit.sdk.conftest import request
from tests.support.sfu import RunningStandIn


async def test_two_people_talk(sfu: RunningStandIn) -> None:
    """They join, send, speak, come again by TCP and leave; what each of these led to is told."""
    call = await worker_process.run_call(request(sfu, "talk"))
    assert call.crash == ""
    assert [joined.who for joined in call.every(ParticipantJoined)] == ["speaker", "listener"]
    assert {(data.who, data.mode, data.received_count) for data in call.every(DataReceived)} == {
        (who, mode, 10) for who in ("speaker", "listener") for mode in ("reliable", "lossy")
    }
    [sound] = call.every(ToneReceived)
    assert abs(sound.hertz - 1000) < 10
    assert sound.share > 0.9
    assert sound.after_s >= 0
    assert [path.protocol for path in call.every(SelectedPath)] == ["udp", "udp"]
    [again] = call.every(TcpRejoin)
    assert (again.protocol, again.port, again.received_count) == ("tcp", sfu.livekit.tcp_port, 3)
    assert call.messages[-1] == CallEnded()


async def test_lost_packets_are_counted(sfu: RunningStandIn) -> None:
    """Where a tenth of all packets is lost, the tone is heard and the loss is told."""
    await sfu.lie("livekit-loses-packets")
    call = await worker_process.run_call(request(sfu, "lossy", by_tcp=False))
    [sound] = call.every(ToneReceived)
    assert sound.after_s >= 0
    assert 0.02 < sound.lost_share < 0.3
    assert call.every(TcpRejoin) == []
