# SPDX-License-Identifier: Apache-2.0
"""How kernels on rows of 8-bit data serve int8 and uint8 alike."""

from __future__ import annotations

from milliwatt.ir import DType


def flip(dtype: DType) -> int:
    """The bits to flip so that the bytes compare as unsigned numbers."""
    return 128 if dtype is DType.INT8 else 0
