"""What one does in a call, by the real SDK: in a worker, since it may end the process that it runs
in.
"""

from probes.livekit.sdk import worker_process
from probes.livekit.sdk.messages import ByTcp, Data, Ended, Joined, Path, Sound
from tests.probes.livekit.sdk.conftest import wish
from tests.support.sfu import Standing


async def test_two_people_talk(sfu: Standing) -> None:
    """They join, send, speak, come again by TCP and leave; what each of these led to is told."""
    call = await worker_process.made(wish(sfu, "talk"))
    assert call.crash == ""
    assert [joined.who for joined in call.every(Joined)] == ["speaker", "listener"]
    assert {(data.who, data.way, data.heard) for data in call.every(Data)} == {
        (who, way, 10) for who in ("speaker", "listener") for way in ("reliable", "lossy")
    }
    [sound] = call.every(Sound)
    assert abs(sound.hertz - 1000) < 10
    assert sound.share > 0.9
    assert sound.after >= 0
    assert [path.protocol for path in call.every(Path)] == ["udp", "udp"]
    [again] = call.every(ByTcp)
    assert (again.protocol, again.port, again.heard) == ("tcp", sfu.livekit.tcp_port, 3)
    assert call.facts[-1] == Ended()


async def test_lost_packets_are_counted(sfu: Standing) -> None:
    """Where a tenth of all packets is lost, the tone is heard and the loss is told."""
    await sfu.lie("livekit-loses-packets")
    call = await worker_process.made(wish(sfu, "lossy", by_tcp=False))
    [sound] = call.every(Sound)
    assert sound.after >= 0
    assert 0.02 < sound.lost < 0.3
    assert call.every(ByTcp) == []
