# SPDX-License-Identifier: Apache-2.0
"""Spoken words from espeak-ng's synthesiser, by many voices, at 16 kHz."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

RATE = 16000  # samples per second
KEYWORDS = ("yes", "no", "up", "down", "stop", "go")
CLASSES = ("silence", "unknown", *KEYWORDS)
OTHERS = ("left", "right", "on", "off", "house", "seven", "water", "happy", "bird", "tree", "marvin", "zero")

_ACCENTS = ("en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029")
# Speakers of the training set and of the test set.
TRAINING_VARIANTS = ("m1", "m2", "m3", "m4", "m5", "f1", "f2", "f3", "klatt2", "klatt4")
TEST_VARIANTS = ("m7", "m8", "f4", "f5")


@dataclass(frozen=True)
class Speaker:
    """A voice of espeak-ng: its accent, its variant, words per minute, pitch of 0 to 99."""

    accent: str
    variant: str
    speed: int
    pitch: int


def require_synthesiser() -> None:
    """Stop with one sentence when espeak-ng is not installed."""
    if shutil.which("espeak-ng") is None:
        raise SystemExit(
            "espeak-ng is not installed; this script needs it to make speech: apt-get install espeak-ng"
        )


def speaker(variants: tuple[str, ...], random: np.random.Generator) -> Speaker:
    """A speaker with one of the variants, drawn at random."""
    accent, variant = str(random.choice(_ACCENTS)), str(random.choice(variants))
    return Speaker(accent, variant, int(random.integers(120, 200)), int(random.integers(25, 75)))


def say(word: str, by: Speaker) -> Array:
    """The word as spoken, without silence around it, peak 1, float64 [samples]."""
    voice = ["-v", f"{by.accent}+{by.variant}", "-s", str(by.speed), "-p", str(by.pitch)]
    answer = subprocess.run(["espeak-ng", *voice, "--stdout", word], capture_output=True, check=True)
    with wave.open(io.BytesIO(answer.stdout)) as file:
        rate, frames = file.getframerate(), file.readframes(file.getnframes())
    signal = _resampled(np.frombuffer(frames, np.int16).astype(np.float64), rate)
    loud = np.flatnonzero(np.abs(signal) > 0.02 * np.abs(signal).max())
    spoken: Array = signal[loud[0] : loud[-1] + 1] / np.abs(signal).max()
    return spoken


def _resampled(signal: Array, rate: int) -> Array:
    """The signal at 16 kHz: its spectrum cut off at 8 kHz."""
    length = round(len(signal) * RATE / rate)
    resampled: Array = np.fft.irfft(np.fft.rfft(signal)[: length // 2 + 1], length)
    return resampled


def second(spoken: Array | None, random: np.random.Generator) -> Array:
    """One second of sound, float64 [RATE], with a word somewhere in it, or None for silence, in room noise."""
    slope = random.uniform(0, 1)
    spectrum = np.fft.rfft(random.normal(0, 1, RATE)) / np.maximum(np.arange(RATE // 2 + 1), 50) ** slope
    noise = np.fft.irfft(spectrum, RATE)
    sound: Array = noise / noise.std() * 10 ** random.uniform(-3.0, -1.6)
    if spoken is not None:
        word = spoken[: int(0.9 * RATE)] * 10 ** random.uniform(-0.9, -0.1)
        start = int(random.integers(0, RATE - len(word) + 1))
        sound[start : start + len(word)] += word
    return sound
