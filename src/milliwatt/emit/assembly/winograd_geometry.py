# SPDX-License-Identifier: Apache-2.0
"""The table of sizes that the Winograd convolution reads when it runs: see conv_winograd_s8_m4.py."""

from __future__ import annotations

from milliwatt.emit.assembly.scoped_listing import ScopedListing

CONSTANTS = (
    "in_c",
    "out_c",
    "data_group",
    "data_columns",
    "filter_taps",
    "filter_bytes",
    "turns",
    "back",
    "out_pitch",
)
"""The first words, which the prologue loads to S registers, as inner loops or each filter need them."""

GEOMETRY = (
    *CONSTANTS,
    "in_h",
    "in_w",
    "out_h",
    "out_w",
    "pad_top",
    "pad_left",
    "zero",
    "rows",
    "across",
    "work",
    "lines",
    "in_pitch",
    "above",
    "row_end",
    "last_inside",
    "before",
    "seen",
    "behind",
    "columns_behind",
    "zero_words",
    "zero_line",
    "tail",
    "row_skip",
    "strip_weights",
    "strip_records",
    "strip_output",
    "output",
)
"""All words in order; what they mean is in runtime/kernels/mw_conv_winograd_s8_m4.h."""


def read(code: ScopedListing, register: str, name: str) -> None:
    """Load a word of the table, whose address is kept as "geometry"."""
    code.fetch(register, "geometry")
    code.op(f"ldr {register}, [{register}, #{4 * GEOMETRY.index(name)}]")
