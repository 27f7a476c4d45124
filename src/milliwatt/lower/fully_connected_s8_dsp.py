# SPDX-License-Identifier: Apache-2.0
"""Matrices times rows of int8 with DSP instructions: four filters at a time, no scratch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milliwatt.lower.matrix_layer import MatrixLayer, matrix_layer
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.real_scale import in_one_word
from milliwatt.lower.site import Site
from milliwatt.lower.tile_s8 import QUAD, Filters, channel_records, output_params, pack, unroll
from milliwatt.ops import Rounding
from milliwatt.ops.accumulate import rescale

OPERATORS = ("FULLY_CONNECTED", "CONV_2D")
RANK = -2

_GROUP = 4
_LARGEST_UNROLL = 4


def matches(site: Site) -> bool:
    """A core with DSP instructions, a matrix of int8, a depth of whole words."""
    layer = matrix_layer(site) if site.core.dsp else None
    if layer is None or layer.weights.shape[1] % 4 != 0:
        return False
    filters = _filters(site, layer)
    return filters.short and filters.constants.rounding is not Rounding.REAL


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The one kernel."""
    layer = matrix_layer(site)
    if layer is None:
        raise ValueError("the layer is no matrix")
    filters = _filters(site, layer)
    units, depth = filters.weights.shape
    packed = filters.packable
    params = {
        **output_params(filters.constants),
        "packed": int(packed),
        "unroll": unroll(depth // 4, largest=_LARGEST_UNROLL),
    }
    zero_point = filters.constants.output_offset
    shape = np.array([layer.rows, depth, units, zero_point], np.int32)
    arguments = (
        site.read(0),
        site.write(),
        Table("shape", shape),
        Table("weights", pack(filters, words=depth // 2, group=_GROUP, packed=packed)),
        Table("channels", channel_records(filters, group=_GROUP, packed=packed, folded=True)),
    )
    yield (site.call("mw_fully_connected_s8_dsp", params, arguments),)


def _filters(site: Site, layer: MatrixLayer) -> Filters:
    """The filters in the order in which SXTB16 leaves the inputs."""
    units, depth = layer.weights.shape
    return Filters(
        weights=layer.weights.reshape(units, depth // 4, 4)[:, :, QUAD].reshape(units, depth),
        bias=layer.bias,
        constants=in_one_word(rescale(site.signature, units, site.rounding)),
    )
