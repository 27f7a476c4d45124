# SPDX-License-Identifier: Apache-2.0
"""Synthesised vibration of a motor bearing in four conditions, as an 8-bit accelerometer of ±2 g sees it.

The model is the classical one of rolling-element bearings: a defect strikes at a fixed number of times per
turn, every stroke rings a resonance of the housing, an inner-race defect turns through the load zone and is
modulated by the turn (McFadden & Smith, J. Sound Vib. 96, 1984), and the strokes slip at random by about one
per cent (Randall & Antoni, Mech. Syst. Signal Process. 25, 2011). Rates are those of a 6205 bearing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

CONDITIONS = ("healthy", "imbalance", "outer race", "inner race")
RATE = 4096  # samples per second
WINDOW = 256  # samples: 62.5 ms, about 1.8 turns
STEPS_PER_G = 64

_STROKES_PER_TURN = {"outer race": 3.585, "inner race": 5.415}
_SLIP = 0.01
_TIME = np.arange(WINDOW) / RATE


@dataclass(frozen=True)
class Machine:
    """What stays the same over all recordings of one machine.

    Attributes:
        turn: turns per second.
        resonance: of the housing, in hertz.
        decay: of the resonance, in 1/s.
        noise: in g, root mean square.
        stroke: the acceleration of one stroke of a defect, in g.
        residual: the imbalance of the healthy machine, in g.
    """

    turn: float
    resonance: float
    decay: float
    noise: float
    stroke: float
    residual: float


def machine(random: np.random.Generator) -> Machine:
    """A machine drawn at random."""
    return Machine(
        turn=random.uniform(24, 33),
        resonance=random.uniform(1100, 1800),
        decay=random.uniform(250, 600),
        noise=random.uniform(0.05, 0.16),
        stroke=random.uniform(0.35, 1.0),
        residual=random.uniform(0.02, 0.12),
    )


def window(source: Machine, condition: str, random: np.random.Generator) -> Array:
    """One window of acceleration in g, [WINDOW]."""
    turn = source.turn * random.uniform(0.98, 1.02)
    phase = random.uniform(0, 2 * np.pi)
    unbalanced = random.uniform(0.25, 0.7) if condition == "imbalance" else source.residual
    signal = unbalanced * np.cos(2 * np.pi * turn * _TIME + phase)
    signal += 0.4 * source.residual * np.cos(4 * np.pi * turn * _TIME + random.uniform(0, 2 * np.pi))
    signal += random.normal(0, source.noise, WINDOW)
    if condition in _STROKES_PER_TURN:
        signal += _strokes(source, condition, turn=turn, random=random)
    return signal


def _strokes(source: Machine, condition: str, *, turn: float, random: np.random.Generator) -> Array:
    """The ringing of all strokes that reach into the window."""
    period = 1 / (_STROKES_PER_TURN[condition] * turn)
    count = int(_TIME[-1] / period) + 4
    # The first strokes lie before the window, so that their ringing is in it from the start.
    times = (np.arange(count) - 2 + random.uniform()) * period
    times = times + np.cumsum(random.normal(0, _SLIP * period, count))
    strength = source.stroke * random.uniform(0.8, 1.2, count)
    if condition == "inner race":
        loaded = np.cos(2 * np.pi * turn * times + random.uniform(0, 2 * np.pi))
        strength = strength * (0.3 + 0.7 * np.maximum(loaded, 0))
    since = _TIME[None] - times[:, None]
    ringing = (
        np.exp(-source.decay * since.clip(0)) * np.sin(2 * np.pi * source.resonance * since) * (since > 0)
    )
    total: Array = strength @ ringing
    return total


def data_set(machines: int, windows: int, random: np.random.Generator) -> tuple[Array, Array]:
    """Windows of every condition of several machines.

    Args:
        machines: how many machines are drawn.
        windows: of each machine in each condition.
        random: the source of all randomness.

    Returns:
        int8 [examples, WINDOW, 1, 1] in steps of 1/64 g, and int64 labels, the index in CONDITIONS.
    """
    signals, labels = [], []
    for _ in range(machines):
        source = machine(random)
        for label, condition in enumerate(CONDITIONS):
            signals += [window(source, condition, random) for _ in range(windows)]
            labels += [label] * windows
    steps = np.rint(np.stack(signals) * STEPS_PER_G).clip(-128, 127).astype(np.int8)
    return steps[:, :, None, None], np.array(labels)
