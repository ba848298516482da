"""A tone that is told from what else comes over a line."""

import numpy as np
import pytest

from probes.livekit.sdk import tone
from probes.livekit.sdk.tone import RATE_HZ, Samples


def sine(hertz: float, loud: float, seconds: float = 1.0) -> Samples:
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (np.sin(2 * np.pi * hertz * at) * loud).astype(np.int16)


def noise(loud: float, seconds: float = 1.0) -> Samples:
    return (np.random.default_rng(1).normal(0, loud, int(seconds * RATE_HZ))).astype(np.int16)


@pytest.mark.parametrize("seconds", [0.1, 0.5, 1.0])
def test_our_own_tone_is_recognised(seconds: float) -> None:
    """What is made is recognised, in a tenth of a second too."""
    heard = tone.detect_tone(tone.make_tone(seconds))
    assert heard.is_ours
    assert heard.hertz == pytest.approx(1000, abs=1)
    assert heard.share > 0.99


@pytest.mark.parametrize(
    ("sound", "samples"),
    [
        ("nothing", np.zeros(0, dtype=np.int16)),
        ("silence", np.zeros(RATE_HZ, dtype=np.int16)),
        ("comfort noise", noise(20)),
        ("noise", noise(3000)),
        ("another tone", sine(440, 8000)),
        ("a tone beside ours", sine(1011, 8000)),
        ("ours, too quiet to be anything", sine(1000, 50)),
        ("ours, half drowned", sine(1000, 4000) + noise(2000)),
    ],
)
def test_nothing_else_is_taken_for_it(sound: str, samples: Samples) -> None:
    """Silence, noise and other tones are none of ours."""
    assert not tone.detect_tone(samples).is_ours, sound


def test_a_codec_may_change_it_a_little() -> None:
    """Some noise and a small shift leave it ours."""
    assert tone.detect_tone(sine(1004, 6000) + noise(300)).is_ours


def test_frames_join_without_a_click() -> None:
    """A hundred frames of ten milliseconds are one pure second."""
    assert tone.detect_tone(np.concatenate([tone.make_tone(0.01)] * 100)).share > 0.999
