# SPDX-License-Identifier: Apache-2.0
"""Bias, mantissa and exponent tables, one entry per output channel, as all accumulating kernels take them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.lower.program import Table
from milliwatt.lower.site import Site
from milliwatt.ops.accumulate import Rescale

Array = npt.NDArray[Any]


def bias_array(site: Site, channels: int) -> Array:
    """The constant bias, or zeros where the model has none."""
    bias = site.signature.constant(2)
    return np.zeros(channels, np.int32) if bias is None else bias.reshape(-1)


def rescale_tables(site: Site, constants: Rescale) -> tuple[Table, Table, Table]:
    """(bias int32, mantissa int32, exponent int8), each of one entry per output channel."""
    channels = len(constants.mantissa)
    return (
        Table("bias", bias_array(site, channels)),
        Table("mantissa", constants.mantissa),
        Table("exponent", constants.exponent.astype(np.int8)),
    )
