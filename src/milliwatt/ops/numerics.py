# SPDX-License-Identifier: Apache-2.0
"""What "equal to TFLite" means: the three contracts for rounding when accumulators are rescaled."""

from __future__ import annotations

import enum


class Rounding(enum.IntEnum):
    """How an int32 accumulator is multiplied by a real scale; the value is what the C kernels get.

    SINGLE: one 64-bit product, one rounding to nearest, ties upwards (XNNPACK, CMSIS-NN's single rounding).
    DOUBLE: gemmlowp's saturating rounding doubling high multiply, then a rounding shift, ties away from zero.
    """

    SINGLE = 1
    DOUBLE = 2


class Numerics(enum.Enum):
    """The contract that all four implementations of a model keep.

    LITERT: LiteRT's reference kernels. Measured: all operators round twice, but FULLY_CONNECTED once.
    TFLM: TensorFlow Lite Micro and CMSIS-NN in their default build, which round twice everywhere.
    FAST: one rounding everywhere, as XNNPACK does; the NumPy meaning is its definition.
    """

    LITERT = "litert"
    TFLM = "tflm"
    FAST = "fast"

    def rounding(self, op: str) -> Rounding:
        """How operator ``op`` (TFLite's name) rounds under this contract."""
        if self is Numerics.FAST:
            return Rounding.SINGLE
        if self is Numerics.LITERT and op in _LITERT_SINGLE:
            return Rounding.SINGLE
        return Rounding.DOUBLE


# Operators whose LiteRT reference kernel multiplies in 64 bits and rounds once (measured, ai-edge-litert 2.3).
_LITERT_SINGLE = frozenset({"FULLY_CONNECTED"})
