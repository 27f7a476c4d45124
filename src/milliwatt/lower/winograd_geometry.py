# SPDX-License-Identifier: Apache-2.0
"""The table of sizes that mw_conv_winograd_s8_m4 reads when it runs, so that layers of any size share its code."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.lower.winograd_strips import COLUMN_BYTES, PRODUCTS, WinogradStrips

_OFFSET = 256  # see mw_winograd.h


def winograd_geometry(way: WinogradStrips, *, zero: int, record_words: int) -> npt.NDArray[Any]:
    """The table as int32; what its words mean is in runtime/kernels/mw_conv_winograd_s8_m4.h.

    Args:
        way: the layer and its strips.
        zero: the input's zero point.
        record_words: constants of each filter.
    """
    words = winograd_words(way, zero=zero, record_words=record_words)
    return np.array(list(words.values()), np.int64).astype(np.int32)


def winograd_words(way: WinogradStrips, *, zero: int, record_words: int) -> dict[str, int]:
    """The words of `winograd_geometry` by name, in order, some of them unsigned."""
    return {**_constants(way), **_image(way, zero), **_strip(way, record_words)}


def _constants(way: WinogradStrips) -> dict[str, int]:
    turns = way.in_c // 2 // way.turn
    return {
        "in_c": way.in_c,
        "out_c": way.out_c,
        "data_group": 2 * PRODUCTS * way.in_c * way.group,
        "data_columns": 4 * COLUMN_BYTES * way.tiles_across,
        "filter_taps": 9 * way.in_c,
        "filter_bytes": 2 * PRODUCTS * way.in_c * way.filters,
        "turns": turns,
        "back": 8 * PRODUCTS * way.turn * (turns - 1),
        "out_pitch": way.across.output * way.out_c,
    }


def _image(way: WinogradStrips, zero: int) -> dict[str, int]:
    down, across = way.down, way.across
    seen = min(across.input, way.columns - across.before)
    return {
        "in_h": down.input,
        "in_w": across.input,
        "out_h": down.output,
        "out_w": across.output,
        "pad_top": down.before,
        "pad_left": across.before,
        "zero": zero,
        "rows": way.rows,
        "across": way.tiles_across,
        "work": way.work,
        "lines": COLUMN_BYTES * way.columns,
        "in_pitch": across.input * way.in_c,
        "above": down.before * across.input * way.in_c,
        "row_end": 2 * way.tiles_down - down.before,
        "last_inside": down.input - 2 * way.rows - 2,
        "before": COLUMN_BYTES * across.before - 4,
        "seen": COLUMN_BYTES * seen,
        "behind": COLUMN_BYTES * (across.before + seen),
        "columns_behind": way.columns - across.before - seen,
        "zero_words": (zero & 0xFF) * 0x01010101,
        "zero_line": ((_OFFSET + 2 * zero) & 0xFFFF) * 0x10001,
    }


def _strip(way: WinogradStrips, record_words: int) -> dict[str, int]:
    width, pitch = way.across.output, way.across.output * way.out_c
    return {
        "tail": width - 4 * (way.tiles_across - 1),
        "row_skip": (2 * width - 4 * way.tiles_across) * way.out_c,
        "strip_weights": 9 * way.in_c * way.out_c,
        "strip_records": 4 * record_words * way.out_c,
        "strip_output": 2 * way.rows * pitch,
        "output": way.down.output * pitch,
    }
