# SPDX-License-Identifier: Apache-2.0
"""Arguments seen as bytes, for kernels that move or take apart elements of any type."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from milliwatt.lower.program import Argument, Table


def as_bytes(argument: Argument) -> Argument:
    """The same memory as uint8_t; a constant's elements become their bytes, lowest first."""
    if isinstance(argument, Table):
        little_endian = argument.array.astype(argument.array.dtype.newbyteorder("<"))
        return Table(argument.role, np.frombuffer(little_endian.tobytes(), np.uint8), "uint8_t")
    return replace(argument, c_type="uint8_t")
