# SPDX-License-Identifier: Apache-2.0
"""FULLY_CONNECTED on int8 with DSP instructions: four filters at a time, no scratch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milliwatt.ir import DType
from milliwatt.lower.fully_connected import filter_offset
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.site import Site
from milliwatt.lower.tile_s8 import QUAD, Filters, channel_records, output_params, pack, unroll
from milliwatt.ops.accumulate import rescale

OPERATORS = ("FULLY_CONNECTED",)
RANK = -1

_GROUP = 4
_LARGEST_UNROLL = 4


def matches(site: Site) -> bool:
    """A core with DSP instructions, int8, constant symmetric weights, a depth of whole words."""
    signature = site.signature
    weights = signature.constant(1)
    if not site.core.dsp or signature.input(0).dtype is not DType.INT8 or weights is None:
        return False
    constant_bias = not signature.has_input(2) or signature.constant(2) is not None
    fits = weights.shape[1] % 4 == 0 and filter_offset(site) == 0
    return constant_bias and fits and filters_of(site).short


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The one kernel."""
    filters = filters_of(site)
    units, depth = filters.weights.shape
    packed = filters.packable
    params = {
        **output_params(filters.constants),
        "packed": int(packed),
        "unroll": unroll(depth // 4, largest=_LARGEST_UNROLL),
    }
    zero_point = filters.constants.output_offset
    shape = np.array([site.signature.input(0).size // depth, depth, units, zero_point], np.int32)
    arguments = (
        site.read(0),
        site.write(),
        Table("shape", shape),
        Table("weights", pack(filters, words=depth // 2, group=_GROUP, packed=packed)),
        Table("channels", channel_records(filters, group=_GROUP, packed=packed, folded=True)),
    )
    yield (site.call("mw_fully_connected_s8_dsp", params, arguments),)


def filters_of(site: Site) -> Filters:
    """The filters in the order in which SXTB16 leaves the inputs."""
    weights = site.signature.constant(1)
    if weights is None:
        raise ValueError("the filter is not constant")
    units, depth = weights.shape
    bias = site.signature.constant(2)
    return Filters(
        weights=weights.reshape(units, depth // 4, 4)[:, :, QUAD].reshape(units, depth),
        bias=np.zeros(units, np.int64) if bias is None else bias.reshape(-1).astype(np.int64),
        constants=rescale(site.signature, units, site.rounding),
    )
