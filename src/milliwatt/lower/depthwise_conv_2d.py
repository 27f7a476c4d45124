# SPDX-License-Identifier: Apache-2.0
"""DEPTHWISE_CONV_2D: the portable kernels, any geometry, no scratch."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.lower.conv_2d import distance, geometry
from milliwatt.lower.program import KernelCall
from milliwatt.lower.rescale_tables import SUFFIX, bias_argument, constant_bias, rescaling
from milliwatt.lower.site import Site
from milliwatt.ops.depthwise_conv_2d import axes

OPERATORS = ("DEPTHWISE_CONV_2D",)


def matches(site: Site) -> bool:
    """Any types that the operator supports; 16-bit data wants a constant bias."""
    return constant_bias(site, 2)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The portable kernel of the element type."""
    signature = site.signature
    rows, columns = axes(signature)
    channels = signature.input(1).shape[3]
    output, tables = rescaling(site, signature, channels)
    multiplier = channels // signature.input(0).shape[3]
    arguments = (site.read(0), site.write(), site.read(1), bias_argument(site, 2, channels), *tables)
    yield (
        site.call(
            f"mw_depthwise_conv_2d_{SUFFIX[signature.outputs[0].dtype]}",
            {**geometry(site, rows, columns), "multiplier": multiplier, **output},
            arguments,
            overlaps=site.in_place(0, distance=distance(site, rows, columns)),
        ),
    )
