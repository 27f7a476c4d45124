# SPDX-License-Identifier: Apache-2.0
"""FULLY_CONNECTED on int8 in generated assembly: eight filters at a time, inputs widened once or as they are used."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milliwatt.ir import DType
from milliwatt.lower.filter_bank import FilterBank
from milliwatt.lower.fully_connected import filter_offset
from milliwatt.lower.paired_units import PairedUnits, pair_units
from milliwatt.lower.program import KernelCall, Overlap, Read, Scratch, Table
from milliwatt.lower.site import Site
from milliwatt.lower.tile_s8 import QUAD
from milliwatt.ops.accumulate import rescale

OPERATORS = ("FULLY_CONNECTED",)
RANK = -2

_WORD = 4
"""Inputs that are widened together."""

_OCTET = 8
"""Units that are computed at a time as long as there are so many."""

_LARGEST_UNROLL = 4
"""Words of inputs per turn: the loop then has 430 bytes, and all that runs per eight filters less than 700."""


def matches(site: Site) -> bool:
    """A core with DSP instructions and S registers, int8, constant symmetric weights, a depth of at least one word."""
    signature = site.signature
    weights = signature.constant(1)
    fast = site.core.dsp and site.core.fpu and site.optimize != "flash"
    if not fast or signature.input(0).dtype is not DType.INT8 or weights is None:
        return False
    constant_bias = not signature.has_input(2) or signature.constant(2) is not None
    return constant_bias and weights.shape[1] >= _WORD and filter_offset(site) == 0


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """With widened inputs, unless RAM counts, and without scratch; nothing where no short form is exact."""
    paired = pair_units(_bank(site))
    if paired is None:
        return
    if site.optimize != "ram":
        yield (_call(site, paired, widened=True),)
    if site.signature.input(1).shape[1] % _WORD == 0:
        yield (_call(site, paired, widened=False),)


def _call(site: Site, paired: PairedUnits, *, widened: bool) -> KernelCall:
    units, depth = site.signature.input(1).shape
    words = -(-depth // _WORD)
    rows = site.signature.input(0).size // depth
    arguments = (
        site.read(0),
        site.write(),
        Scratch(8 * words if widened else 0, "uint32_t"),
        Table("layer", np.array([rows, words, units, *paired.constants], np.int32)),
        Table("weights", paired.stream()),
    )
    params = {**_params(paired, units, depth), "widened": int(widened)}
    overlaps = _anywhere(site) if widened and rows == 1 else ()
    return site.call("mw_fully_connected_s8_m4", params, arguments, overlaps=overlaps)


def _params(paired: PairedUnits, units: int, depth: int) -> dict[str, int | float]:
    words = -(-depth // _WORD)
    return {
        "low": paired.bank.constants.low,
        "high": paired.bank.constants.high,
        "jumps": int(paired.jumps),
        "uniform": int(paired.uniform),
        "unroll": max(turn for turn in range(1, _LARGEST_UNROLL + 1) if words % turn == 0),
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


def _bank(site: Site) -> FilterBank:
    """The units, filled up with zeros to whole words, in the order in which SXTB16 leaves the inputs."""
    weights = site.signature.constant(1)
    if weights is None:
        raise ValueError("the filter is not constant")
    units, depth = weights.shape
    words = -(-depth // _WORD)
    padded = np.zeros((units, words * _WORD), np.int64)
    padded[:, :depth] = weights
    places = padded.reshape(units, words, _WORD)[:, :, QUAD].reshape(units, -1)
    given = site.signature.constant(2)
    bias = np.zeros(units, np.int64) if given is None else given.reshape(-1).astype(np.int64)
    constants = rescale(site.signature, units, site.rounding)
    return FilterBank(places, bias + constants.input_offset * padded.sum(axis=1), constants)
