"""An offer's addresses are read whole, and the answer to it tells nothing of ours."""

import pytest

from probes.livekit import sdp

OFFER = """v=0\r
o=- 1 1 IN IP4 0.0.0.0\r
a=group:BUNDLE 0 1\r
a=msid-semantic: WMS *\r
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
a=mid:0\r
a=ice-ufrag:abcd\r
a=candidate:1 1 udp 2130706431 203.0.113.7 50001 typ host\r
a=candidate:1 2 udp 2130706431 203.0.113.7 50002 typ host\r
a=candidate:2 1 tcp 1671430143 203.0.113.7 7881 typ host tcptype passive\r
m=video 9 UDP/TLS/RTP/SAVPF 96 97\r
a=mid:1\r
a=candidate:1 1 udp 2130706431 203.0.113.7 50001 typ host\r
"""


def test_candidates_are_read_once_and_for_media_only() -> None:
    """Bundled media repeat them, and RTCP's are nobody's to dial."""
    assert [(c.transport, c.host, c.port) for c in sdp.candidates(OFFER)] == [
        ("udp", "203.0.113.7", 50001),
        ("tcp", "203.0.113.7", 7881),
    ]


def test_only_who_says_so_is_complete() -> None:
    """Candidates may follow by trickle."""
    assert not sdp.complete(OFFER)
    assert sdp.complete(OFFER + "a=end-of-candidates\r\n")


@pytest.mark.parametrize(
    ("init", "count"),
    [
        (
            '{"candidate": "candidate:1 1 udp 1 198.51.100.7 50000 typ srflx"}',
            1,
        ),
        ('{"candidate": ""}', 0),
        ('{"candidate": "candidate:1 1 udp x 198.51.100.7 50000 typ host"}', 0),
        ("[]", 0),
        ("no json", 0),
    ],
)
def test_a_trickle_brings_a_candidate_or_none(init: str, count: int) -> None:
    """The last one may be empty, and one that cannot be read is nobody's to dial."""
    assert len(sdp.parse_trickle(init)) == count


def test_an_answer_takes_data_and_declines_media() -> None:
    """Every section is answered in order, with our credentials and without a single address."""
    answer = sdp.make_answer(OFFER, "mine", "my-password").splitlines()
    assert [line for line in answer if line.startswith("m=")] == [
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "m=video 0 UDP/TLS/RTP/SAVPF 96 97",
    ]
    assert "a=group:BUNDLE 0" in answer
    assert "a=ice-ufrag:mine" in answer
    assert "a=msid-semantic: WMS" in answer
    assert not any("candidate" in line for line in answer)


def test_an_attribute_that_is_not_there_is_empty() -> None:
    """The first one counts where there are many."""
    assert sdp.first_attribute(OFFER, "mid") == "0"
    assert sdp.first_attribute(OFFER, "ice-pwd") == ""
