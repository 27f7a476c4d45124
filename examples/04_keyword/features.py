# SPDX-License-Identifier: Apache-2.0
"""Mel-frequency cepstral coefficients as in keyword spotting on microcontrollers (Zhang et al., arXiv:1711.07128).

Frames of 40 ms every 20 ms, 40 mel bands of 20 to 4000 Hz, 10 coefficients: one second is [49, 10].
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FRAMES, COEFFICIENTS = 49, 10

_RATE, _LENGTH, _HOP = 16000, 640, 320
_SIZE, _BANDS = 1024, 40


def _mel(frequency: Array) -> Array:
    """O'Shaughnessy's formula."""
    mel: Array = 2595 * np.log10(1 + frequency / 700)
    return mel


def _filters() -> Array:
    """Triangles that are equally wide in mel, [bands, spectrum]."""
    low, high = _mel(np.array([20.0, 4000.0]))
    corners = np.linspace(low, high, _BANDS + 2)
    position = _mel(np.fft.rfftfreq(_SIZE, 1 / _RATE))[None]
    rising = (position - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - position) / (corners[2:] - corners[1:-1])[:, None]
    triangles: Array = np.minimum(rising, falling).clip(0)
    return triangles


def _cosines() -> Array:
    """The orthonormal discrete cosine transform of type II, [coefficients, bands]."""
    order, band = np.arange(COEFFICIENTS)[:, None], np.arange(_BANDS)[None]
    matrix = np.cos(np.pi * order * (2 * band + 1) / (2 * _BANDS)) * np.sqrt(2 / _BANDS)
    matrix[0] /= np.sqrt(2)
    transform: Array = matrix
    return transform


_FILTERS, _COSINES, _WINDOW = _filters(), _cosines(), np.hanning(_LENGTH)


def coefficients(sound: Array) -> Array:
    """Float64 [FRAMES, COEFFICIENTS] of one second of sound of peak 1, [16000]."""
    starts = np.arange(FRAMES) * _HOP
    frames = sound[starts[:, None] + np.arange(_LENGTH)] * _WINDOW
    power = np.abs(np.fft.rfft(frames, _SIZE)) ** 2
    result: Array = np.log(power @ _FILTERS.T + 1e-6) @ _COSINES.T
    return result
