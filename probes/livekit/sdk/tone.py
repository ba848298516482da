"""A tone that is told from noise, silence and speech: 1 kHz, made and recognised."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from probes.livekit.sdk.messages import MIN_TONE_SHARE, TONE_HZ

RATE_HZ = 48_000  # samples a second, Opus' own
TOLERANCE_HZ = 10.0  # Hz
AUDIBLE = 200.0  # root mean square of 16 bits; comfort noise and a codec's rest stay below
_BAND_HZ = 20.0  # Hz on either side that count as the tone's
_LOUD = 8000

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class DetectedTone:
    """The strongest tone in some samples, and the share of all energy that is within 20 Hz of
    it.
    """

    hertz: float
    share: float

    @property
    def is_ours(self) -> bool:
        return abs(self.hertz - TONE_HZ) <= TOLERANCE_HZ and self.share >= MIN_TONE_SHARE


SILENCE = DetectedTone(0.0, 0.0)


def make_tone(duration_s: float) -> Samples:
    """So many seconds of the tone; any whole number of its periods may follow another."""
    at = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    return (np.sin(2 * np.pi * TONE_HZ * at) * _LOUD).astype(np.int16)


def detect_tone(samples: Samples) -> DetectedTone:
    """What is heard in `samples`, which are RATE a second; pure."""
    if not len(samples) or float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) < AUDIBLE:
        return SILENCE
    energy = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    peak = float(hertz[int(np.argmax(energy[1:])) + 1])
    # A window of n samples spreads a pure tone over two of its n / RATE wide steps.
    band = max(_BAND_HZ, 2 * RATE_HZ / len(samples))
    near = float(energy[np.abs(hertz - peak) <= band].sum())
    return DetectedTone(peak, near / float(energy.sum()))
