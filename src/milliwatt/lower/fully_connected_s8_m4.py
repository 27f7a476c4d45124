# SPDX-License-Identifier: Apache-2.0
"""Matrices times rows of int8 in generated assembly: eight filters at a time, inputs widened once or as used."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milliwatt.lower.filter_bank import FilterBank
from milliwatt.lower.matrix_layer import MatrixLayer, matrix_layer
from milliwatt.lower.paired_units import PairedUnits, pair_units
from milliwatt.lower.program import KernelCall, Overlap, Read, Scratch, Table
from milliwatt.lower.real_scale import in_one_word
from milliwatt.lower.site import Site
from milliwatt.lower.tile_s8 import QUAD
from milliwatt.ops.accumulate import rescale

OPERATORS = ("FULLY_CONNECTED", "CONV_2D")
RANK = -4

_WORD = 4
"""Inputs that are widened together."""

_OCTET = 8
"""Units that are computed at a time as long as there are so many."""

_UNROLLS = (4, 5, 3, 2, 1)
"""Words of inputs per turn, the best first: with 5 all that runs per eight filters has less than 900 bytes."""


def matches(site: Site) -> bool:
    """A core with DSP instructions and S registers, a matrix of int8, a depth of at least one word."""
    layer = matrix_layer(site) if site.core.dsp and site.core.fpu and site.optimize != "flash" else None
    return layer is not None and layer.weights.shape[1] >= _WORD


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """With widened inputs, unless RAM counts, and without scratch; nothing where no short form is exact."""
    layer = matrix_layer(site)
    if layer is None:
        raise ValueError("the layer is no matrix")
    paired = pair_units(_bank(site, layer))
    if paired is None:
        return
    if site.optimize != "ram":
        yield (_call(site, layer, paired, widened=True),)
    if layer.weights.shape[1] % _WORD == 0:
        yield (_call(site, layer, paired, widened=False),)


def _call(site: Site, layer: MatrixLayer, paired: PairedUnits, *, widened: bool) -> KernelCall:
    units, depth = layer.weights.shape
    words = -(-depth // _WORD)
    arguments = (
        site.read(0),
        site.write(),
        Scratch(8 * words if widened else 0, "uint32_t"),
        Table("layer", np.array([layer.rows, words, units, *paired.constants], np.int32)),
        Table("weights", paired.stream()),
    )
    params = {**_params(paired, units, depth), "widened": int(widened)}
    overlaps = _anywhere(site) if widened and layer.rows == 1 else ()
    return site.call("mw_fully_connected_s8_m4", params, arguments, overlaps=overlaps)


def _params(paired: PairedUnits, units: int, depth: int) -> dict[str, int | float]:
    words = -(-depth // _WORD)
    return {
        "low": paired.bank.constants.low,
        "high": paired.bank.constants.high,
        "jumps": int(paired.jumps),
        "uniform": int(paired.uniform),
        "shift": paired.shift,
        "unroll": next(turn for turn in _UNROLLS if words % turn == 0),
        "tail": depth % _WORD,
        "octets": int(units >= _OCTET),
        "rest": units % _OCTET,
    }


def _anywhere(site: Site) -> tuple[Overlap, ...]:
    """One row is read whole before anything is written: output and input may share any bytes."""
    source, output = site.read(0), site.write().value
    if not isinstance(source, Read):
        return ()
    most = max(site.type_of(output).bytes, site.type_of(source.value).bytes)
    return (Overlap(source.value, output, -most),)


def _bank(site: Site, layer: MatrixLayer) -> FilterBank:
    """The units, filled up with zeros to whole words, in the order in which SXTB16 leaves the inputs."""
    units, depth = layer.weights.shape
    words = -(-depth // _WORD)
    padded = np.zeros((units, words * _WORD), np.int64)
    padded[:, :depth] = layer.weights
    places = padded.reshape(units, words, _WORD)[:, :, QUAD].reshape(units, -1)
    constants = in_one_word(rescale(site.signature, units, site.rounding))
    return FilterBank(places, layer.bias + constants.input_offset * padded.sum(axis=1), constants)
