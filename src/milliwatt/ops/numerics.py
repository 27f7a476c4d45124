# SPDX-License-Identifier: Apache-2.0
"""What "equal to TFLite" means: the three contracts, and how accumulators are rounded when they are rescaled."""

from __future__ import annotations

import enum


class Rounding(enum.IntEnum):
    """How an accumulator is multiplied by a real scale; the value is what the C kernels get.

    SINGLE: one 64-bit product, one rounding to nearest, ties upwards (XNNPACK, CMSIS-NN's single rounding).
    DOUBLE: gemmlowp's saturating rounding doubling high multiply, then a rounding shift, ties away from zero.
    REAL: the product with the scale in double precision, one rounding to nearest, ties away from zero.
    """

    SINGLE = 1
    DOUBLE = 2
    REAL = 3


class Numerics(enum.Enum):
    """The contract that all four implementations of a model keep.

    LITERT: LiteRT's reference kernels. Measured: all operators round twice, but FULLY_CONNECTED once, in floating
        point.
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
        if self is Numerics.LITERT and op in _LITERT_REAL:
            return Rounding.REAL
        return Rounding.DOUBLE


# Operators whose LiteRT reference kernel multiplies accumulators by a double (measured, ai-edge-litert 2.3).
_LITERT_REAL = frozenset({"FULLY_CONNECTED"})
