# SPDX-License-Identifier: Apache-2.0
"""Synthesised spectra of a fan's sound: normal ones at all speeds and loads, and four kinds of anomaly.

A spectrum is what a firmware computes from a microphone: the power of 128 bands, averaged over eight frames,
in steps of half a decibel above an arbitrary level.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ANOMALIES = ("bearing", "rub", "imbalance", "blocked inlet")
BANDS = 128
STEPS_PER_DECIBEL = 2

_RATE = 8000  # samples per second
_FRAME = 2 * BANDS
_FRAMES = 8
_BLADES = 7
_TIME = np.arange(_FRAME * _FRAMES) / _RATE
_BAND = np.arange(1, BANDS + 1)


def sound(anomaly: str | None, random: np.random.Generator) -> Array:
    """The fan's sound pressure, [frames * frame], arbitrary unit; ``anomaly`` is None for a normal fan."""
    turn, load = random.uniform(40, 60), random.uniform(0.5, 1.0)
    signal = _tones(turn, load, random, imbalance=anomaly == "imbalance")
    signal += _flow(
        load * (0.75 if anomaly == "blocked inlet" else 1.0), random, whistle=anomaly == "blocked inlet"
    )
    if anomaly == "bearing":
        signal += _ringing(random.uniform(2.5, 6) * turn, random)
    elif anomaly == "rub":
        scrape = random.normal(0, random.uniform(0.01, 0.08), len(_TIME))
        signal += np.maximum(0, np.cos(2 * np.pi * turn * _TIME)) * np.diff(scrape, prepend=0.0)
    return signal


def _tones(turn: float, load: float, random: np.random.Generator, *, imbalance: bool) -> Array:
    """Harmonics of the turn and of the blades' passing."""
    signal = np.zeros_like(_TIME)
    for harmonic in range(1, 4):
        level = (random.uniform(0.6, 2.0) if imbalance else random.uniform(0.3, 0.5)) / harmonic
        signal += level * np.cos(2 * np.pi * harmonic * turn * _TIME + random.uniform(0, 2 * np.pi))
    for harmonic in range(1, 6):
        level = load * random.uniform(0.8, 1.2) / harmonic
        passing = 2 * np.pi * harmonic * _BLADES * turn * _TIME
        signal += level * np.cos(passing + random.uniform(0, 2 * np.pi))
    return signal


def _flow(load: float, random: np.random.Generator, *, whistle: bool) -> Array:
    """The noise of the air: less at high frequency, louder with load; a blocked inlet adds a broad hump."""
    frequency = np.fft.rfftfreq(len(_TIME), 1 / _RATE)
    shape = 0.3 * load**2 / (1 + (frequency / 900) ** 2) ** 0.75 + 0.01
    if whistle:
        centre = random.uniform(1200, 2200)
        shape = shape * (1 + random.uniform(0.3, 1.5) * np.exp(-(((frequency - centre) / 300) ** 2)))
    signal: Array = np.fft.irfft(np.fft.rfft(random.normal(0, 1, len(_TIME))) * shape, len(_TIME))
    return signal


def _ringing(rate: float, random: np.random.Generator) -> Array:
    """Strokes of a defective bearing, each ringing a resonance."""
    resonance, strength = random.uniform(2600, 3600), random.uniform(0.02, 0.15)
    since = (_TIME * rate % 1) / rate
    signal: Array = strength * np.exp(-500 * since) * np.sin(2 * np.pi * resonance * since)
    return signal


def spectrum(signal: Array) -> Array:
    """The averaged power of the bands in half decibels, int8 [BANDS]."""
    frames = signal.reshape(_FRAMES, _FRAME) * np.hanning(_FRAME)
    power = (np.abs(np.fft.rfft(frames)[:, _BAND]) ** 2).mean(0)
    level = 10 * np.log10(power + 1e-9)
    steps: Array = np.rint(STEPS_PER_DECIBEL * level).clip(-128, 127).astype(np.int8)
    return steps


def normal(count: int, random: np.random.Generator) -> Array:
    """Spectra of normal fans, int8 [count, BANDS]."""
    return np.stack([spectrum(sound(None, random)) for _ in range(count)])


def anomalous(count: int, random: np.random.Generator) -> Array:
    """Spectra of all kinds of anomaly in turn, int8 [count, BANDS]."""
    kinds = [ANOMALIES[index % len(ANOMALIES)] for index in range(count)]
    return np.stack([spectrum(sound(kind, random)) for kind in kinds])
