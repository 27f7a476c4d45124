# SPDX-License-Identifier: Apache-2.0
"""What the lowerings of LSTM, GRU and RNN share: geometry, where states live, in-place rules.

A state lives in the output that shows it last, in the node's state variable, or, when nobody reads that output, in
scratch of one batch. Likewise the sequence: when nobody reads it, all steps share one row of scratch.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.lower.program import Argument, KernelCall, Overlap, Scratch
from milliwatt.lower.site import Site
from milliwatt.ops.recurrent import FIRST_STATE, sizes

Array = npt.NDArray[Any]

KEPT, ZERO, GIVEN = range(3)
"""MW_START_KEPT, MW_START_ZERO and MW_START_GIVEN of mw_recurrent_f32.h."""


def geometry(site: Site) -> dict[str, int | float]:
    """The parameters of the loops."""
    steps, batch, features, cells = sizes(site.signature)
    backwards = site.signature.attrs["direction"] == "reverse"
    return {
        "batches": batch,
        "steps": steps,
        "features": features,
        "cells": cells,
        "first_row": (steps - 1) * batch if backwards else 0,
        "step_stride": -batch if backwards else batch,
        "shown_stride": cells if is_read(site, 0) else 0,
    }


def is_read(site: Site, output: int) -> bool:
    """Whether a node or the caller reads an output."""
    if output >= len(site.node.outputs):
        return False
    name = site.node.outputs[output]
    return name in site.graph.outputs or any(name in node.inputs for node in site.graph.nodes)


def sequence(site: Site) -> Argument:
    """Where the hidden state of every step goes."""
    return site.write() if is_read(site, 0) else Scratch(4 * sizes(site.signature)[3], "float")


def state(site: Site, index: int) -> tuple[Argument, Argument, int, int]:
    """Of state ``index``: where it lives, its initial value (the data where it is not read), elements from one
    batch to the next, and how it starts.
    """
    cells = sizes(site.signature)[3]
    if site.node.states:
        return site.state(index), site.read(0), cells, KEPT
    given = site.signature.has_input(FIRST_STATE + index)
    initial = site.read(FIRST_STATE + index) if given else site.read(0)
    start = GIVEN if given else ZERO
    if is_read(site, 1 + index):
        return site.write(1 + index), initial, cells, start
    return Scratch(4 * cells, "float"), initial, 0, start


def call(
    site: Site, kernel: str, params: dict[str, int | float], arguments: tuple[Argument, ...]
) -> KernelCall:
    """The call, with permissions to overlap, and named after the outputs that it makes."""
    made = site.call(kernel, params, arguments, overlaps=_overlaps(site))
    return replace(made, outputs=made.writes)


def _overlaps(site: Site) -> tuple[Overlap, ...]:
    """Each state over its initial value; the sequence over the data when rows are read in the order in which they lie:
    a row is written while the data's row is still needed, so it has to end below.
    """
    steps, batch, features, cells = sizes(site.signature)
    found = [
        Overlap(str(site.node.inputs[FIRST_STATE + index]), site.node.outputs[1 + index], 0)
        for index in range(len(site.node.outputs) - 1)
        if site.signature.has_input(FIRST_STATE + index)
        and site.node.inputs[FIRST_STATE + index] not in site.graph.constants
        and is_read(site, 1 + index)
    ]
    if batch == 1 and site.signature.attrs["direction"] == "forward" and is_read(site, 0):
        distance = max((row + 1) * cells - row * features for row in (0, steps - 1))
        found += site.in_place(0, distance=4 * distance)
    return tuple(found)


def biases(site: Site) -> tuple[Array, Array]:
    """Biases of the weights and of the recurrent weights, [gates * cells] each."""
    bias = site.signature.constant(3)
    rows = site.signature.input(1).shape[0]
    both = np.zeros((2, rows), np.float32) if bias is None else bias.reshape(2, rows)
    return both[0], both[1]


def merged_bias(site: Site) -> Array:
    """The sum of both biases, [gates * cells]."""
    ahead, back = biases(site)
    total: Array = ahead + back
    return total


def fused_weights(site: Site) -> Array:
    """[gates * cells, features + cells]."""
    weights, recurrent = site.signature.constant(1), site.signature.constant(2)
    if weights is None or recurrent is None:
        raise ValueError("the weights of a recurrent layer must be constant")
    return np.concatenate([weights, recurrent], axis=1)
