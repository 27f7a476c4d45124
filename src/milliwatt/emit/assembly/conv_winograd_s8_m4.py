# SPDX-License-Identifier: Apache-2.0
"""CONV_2D, int8, 3x3, stride 1: Winograd's F(2x4, 3x3), exact in integers, a third of the multiplications.

The C form, with the transforms and what the tables hold, is runtime/kernels/mw_conv_winograd_s8_m4.h.

Strips of one or more rows of tiles, 2x4 outputs each. Per strip the data of all tiles is transformed once. Then, two or
four filters a pass: their taps are transformed from int8; for each group of positions eight sums a frequency are
accumulated with SMLAD, two channels at a time, and transformed to outputs. So the transformed filters, four times as
large as the taps, are never stored but for one pass.

Scratch: the transformed data by groups of positions, within them by turn of channels, frequency, pair of channels,
position; then from "work" on either the columns of lines that the data's transform is in the middle of (and a row of
the zero point), or the transformed filters by turn of channels, frequency, pair of channels, filter, and behind them
the sums of one group.

Sizes come from a table, so that layers of any size share the code: inner loops have immediate offsets that only depend
on the length of a turn.
"""

from __future__ import annotations

from collections.abc import Mapping

from milliwatt.emit.assembly.scoped_listing import ScopedListing
from milliwatt.emit.assembly.winograd_data import transform_data
from milliwatt.emit.assembly.winograd_filters import transform_filters
from milliwatt.emit.assembly.winograd_geometry import CONSTANTS, read
from milliwatt.emit.assembly.winograd_outputs import write_outputs
from milliwatt.emit.assembly.winograd_products import keep_ends, more_turns, multiply
from milliwatt.emit.assembly.winograd_shape import WinogradShape, winograd_shape


def body(params: Mapping[str, int | float]) -> str:
    """The whole function. Arguments: r0 input, r1 output, r2 scratch, r3 weights, then records and geometry."""
    shape = winograd_shape(params)
    code = ScopedListing()
    _start(code, shape)
    strip = code.here()
    transform_data(code, shape)
    _passes(code, shape)
    _next_strip(code, strip)
    saved = code.borrowed
    head = ["push {r4-r11, lr}", "ldrd r12, lr, [sp, #36]", *([f"vpush {saved}"] if saved else [])]
    tail = [*([f"vpop {saved}"] if saved else []), "pop {r4-r11, pc}"]
    return "\n".join([*head, code.text(), *tail])


def _start(code: ScopedListing, shape: WinogradShape) -> None:
    """The arguments, the records in r12, the geometry in lr, to S registers; the data aligned."""
    code.keep_words(CONSTANTS, "lr")
    code.keep("geometry", "lr")
    code.keep("strip output", "r1")
    code.keep("weights", "r3")
    code.keep("records", "r12")
    if not shape.whole:
        read(code, "r4", "output")
        code.op("adds r1, r1, r4")
        code.keep("limit", "r1")
    code.op(f"adds r2, #{shape.alignment - 1}", f"bic r2, r2, #{shape.alignment - 1}")
    read(code, "r4", "work")
    code.op("adds r2, r2, r4")
    code.keep("work", "r2")
    read(code, "r4", "above")
    code.op("subs r0, r0, r4")
    code.keep("rows", "r0")
    read(code, "r0", "pad_top")
    code.op("rsbs r0, r0, #0")
    code.keep("row", "r0")
    keep_ends(code, shape)


def _passes(code: ScopedListing, shape: WinogradShape) -> None:
    """All filters on the strip."""
    code.fetch("r0", "strip output")
    code.keep("pass output", "r0")
    begin, done = code.label(), code.label()
    code.branch("b", begin)
    more, summed = more_turns(code, shape)
    code.place(begin)
    one_pass = code.here()
    transform_filters(code, shape)
    code.fetch("r0", "work")
    read(code, "r1", "work")
    code.op("subs r0, r0, r1")
    code.keep("data", "r0")
    code.fetch("r0", "pass output")
    code.keep("tile", "r0")
    read(code, "r0", "across")
    code.keep("tiles left", "r0")
    code.op("movs r0, #0")
    code.keep("position", "r0")
    # All that a layer with one turn runs for a group fits the 1 KB of an instruction cache.
    code.op(".balign 32")
    group = code.here()
    multiply(code, shape, more, summed)
    write_outputs(code, shape, next_group=group, done=done)
    code.place(done)
    code.fetch("r0", "records")
    code.op(f"adds r0, #{4 * shape.record_words * shape.filters}")
    code.keep("records", "r0")
    code.fetch("r0", "pass output")
    code.op(f"adds r0, #{shape.filters}")
    code.keep("pass output", "r0")
    code.fetch("r1", "strip output")
    code.fetch("r2", "out_c")
    code.op("adds r1, r1, r2", "cmp r0, r1")
    code.branch("bne", one_pass)
    code.forget("pass output", "data", "tile", "tiles left", "position", "positions")


def _next_strip(code: ScopedListing, strip: int) -> None:
    for name, verb in (("weights", "subs"), ("records", "subs"), ("strip output", "adds")):
        read(code, "r1", f"strip_{name.removeprefix('strip ')}")
        code.fetch("r0", name)
        code.op(f"{verb} r0, r0, r1")
        code.keep(name, "r0")
    code.fetch("r0", "row")
    read(code, "r1", "row_end")
    code.op("cmp r0, r1")
    code.branch("blt", strip)
