# SPDX-License-Identifier: Apache-2.0
"""The sizes that the generated Winograd convolution reads are those that lowering writes."""

from __future__ import annotations

import numpy as np

from milliwatt.emit.assembly.winograd_geometry import CONSTANTS, GEOMETRY
from milliwatt.lower.winograd_geometry import winograd_geometry, winograd_words
from milliwatt.lower.winograd_strips import WinogradStrips
from milliwatt.ops.window import Axis


def way() -> WinogradStrips:
    down = Axis(input=9, output=9, window=3, stride=1, dilation=1, before=1)
    across = Axis(input=6, output=6, window=3, stride=1, dilation=1, before=1)
    return WinogradStrips(down, across, 32, 8, 2, 4)


def test_words_stand_in_the_order_in_which_the_assembly_reads_them() -> None:
    words = winograd_words(way(), zero=-128, record_words=6)
    assert tuple(words) == GEOMETRY
    assert GEOMETRY[: len(CONSTANTS)] == CONSTANTS


def test_the_table_holds_the_words_modulo_two_to_the_32() -> None:
    table = winograd_geometry(way(), zero=-128, record_words=6)
    words = winograd_words(way(), zero=-128, record_words=6)
    assert table.dtype == np.int32
    assert [int(value) & 0xFFFFFFFF for value in table] == [value & 0xFFFFFFFF for value in words.values()]
    assert words["turns"] * way().turn * 2 == words["in_c"] == 32
    assert words["zero_words"] == 0x80808080
    assert words["tail"] == 2
    assert words["output"] == 9 * 6 * 8
