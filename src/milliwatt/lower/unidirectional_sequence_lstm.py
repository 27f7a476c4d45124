# SPDX-License-Identifier: Apache-2.0
"""UNIDIRECTIONAL_SEQUENCE_LSTM on int8 and float32."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milliwatt.ir import DType
from milliwatt.lower.program import Argument, KernelCall, Overlap, Table
from milliwatt.lower.recurrent import KEPT
from milliwatt.lower.site import Site
from milliwatt.ops.lstm_gates import (
    CELL,
    FORGET,
    INPUT,
    OUTPUT,
    cell_shift,
    gates,
    hidden_scale,
    integer_clip,
    integer_gates,
)
from milliwatt.ops.operator import Array
from milliwatt.ops.unidirectional_sequence_lstm import sizes

OPERATORS = ("UNIDIRECTIONAL_SEQUENCE_LSTM",)

_ORDER = (FORGET, CELL, OUTPUT, INPUT)
"""The gates in the order of the kernels."""


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the data's element type."""
    yield (integer(site) if site.signature.input(0).dtype is DType.INT8 else floating(site),)


def integer(site: Site) -> KernelCall:
    """int8 with an int16 cell state."""
    by_gate = {item.gate.index: item for item in integer_gates(site.signature)}
    ordered = [by_gate[index] for index in _ORDER if index in by_gate]
    mantissa, exponent, zero = hidden_scale(site.signature)
    params = {
        **_geometry(site, len(ordered)),
        "cell_bits": 15 + cell_shift(site.signature),
        "cell_clip": integer_clip(site.signature),
        "hidden_mantissa": mantissa,
        "hidden_exponent": exponent,
        "hidden_zero": zero,
        "rounding": int(site.rounding),
    }
    bias = np.stack([[item.bias, item.recurrent_bias] for item in ordered]).transpose(2, 0, 1)
    scales = np.array([[*item.scale, *item.recurrent_scale] for item in ordered], np.int32)
    tables = (Table("weights", _weights(site)), Table("bias", bias), Table("scales", scales))
    return site.call("mw_lstm_s8", params, (*_pointers(site), *tables), overlaps=_overlaps(site))


def floating(site: Site) -> KernelCall:
    """float32."""
    by_gate = {gate.index: gate for gate in gates(site.signature)}
    ordered = [by_gate[index] for index in _ORDER if index in by_gate]
    cells = site.signature.outputs[0].shape[2]
    params = {
        **_geometry(site, len(ordered)),
        "first_row": 0,
        **dict.fromkeys(("shown_stride", "hidden_stride", "cell_stride"), cells),
        **dict.fromkeys(("hidden_start", "cell_start"), KEPT),
        "cell_clip": float(site.signature.attrs["cell_clip"]),
    }
    bias = np.stack([gate.bias for gate in ordered], axis=1)
    tables = (Table("weights", _weights(site).transpose(0, 2, 1)), Table("bias", bias))
    # States that are kept have no initial values: those pointers are not read.
    arguments = (*_pointers(site), site.read(0), site.read(0), *tables)
    return site.call("mw_lstm_f32", params, arguments, overlaps=_overlaps(site))


def _weights(site: Site) -> Array:
    """[cells, gates, features + cells]."""
    by_gate = {gate.index: gate for gate in gates(site.signature)}
    ordered = [by_gate[index] for index in _ORDER if index in by_gate]
    return np.stack([np.concatenate([gate.weights, gate.recurrent], axis=1) for gate in ordered], axis=1)


def _geometry(site: Site, gate_count: int) -> dict[str, int | float]:
    batches, steps, features = sizes(site.signature)
    time_major = site.signature.attrs["time_major"]
    return {
        "batches": batches,
        "steps": steps,
        "features": features,
        "cells": site.signature.outputs[0].shape[2],
        "gates": gate_count,
        "batch_stride": 1 if time_major else steps,
        "step_stride": batches if time_major else 1,
    }


def _pointers(site: Site) -> tuple[Argument, ...]:
    return (site.read(0), site.write(), site.state(0), site.state(1))


def _overlaps(site: Site) -> tuple[Overlap, ...]:
    """Rows are written in order, each behind the last read of its own input row."""
    batches, steps, features = sizes(site.signature)
    if site.signature.attrs["time_major"] and batches > 1:
        return ()
    cells, width = site.signature.outputs[0].shape[2], site.signature.outputs[0].dtype.bytes
    distance = max((row + 1) * cells - row * features for row in (0, batches * steps - 1))
    return site.in_place(0, distance=distance * width)
